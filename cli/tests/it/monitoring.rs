//! A real Prometheus server reads a store, an oracle and a compute node of a running network: the alerts' rules evaluate, every
//! query of the dashboard has an answer, and the values are what ledger and chain say.

use crate::program::{LIAISE, alone, text};
use liaise_chain_api::At;
use liaise_cli::demo::{Corpus, Ledger, Network, Plan, Stages, add_documents, ask, file_everything, local_parameters};
use liaise_compute::Cache;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const WATCHED: [&str; 3] = ["store-1", "oracle-1", "node-1"];
/// The longest that a server or a scrape may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn tool(name: &str) -> PathBuf {
    let path = Cache::default().path().join("prometheus").join(name);
    assert!(path.is_file(), "{} is missing; run `cargo xtask setup`", path.display());
    path
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// One request over HTTP/1.0; the body of a good answer.
fn http(to: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{request}: {answer}"));
    assert!(head.split(' ').nth(1) == Some("200"), "{request}: {head}");
    body.to_owned()
}

fn get(from: SocketAddr, path: &str) -> String {
    http(from, &format!("GET {path} HTTP/1.0\r\n\r\n"))
}

/// A Prometheus server; killed when dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// One that scrapes the endpoints each second, with the alerts of deploy/.
    fn start(dir: &Path, targets: &[SocketAddr]) -> Server {
        let targets: Vec<String> = targets.iter().map(|target| format!("\"{target}\"")).collect();
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [\"{}\"]\nscrape_configs:\n  \
             - job_name: liaise\n    static_configs: [{{ targets: [{}] }}]\n",
            repository("deploy/prometheus/alerts.yml").canonicalize().unwrap().display(),
            targets.join(", ")
        );
        std::fs::write(dir.join("prometheus.yml"), config).unwrap();
        let address = free_address();
        let mut process = Command::new(tool("prometheus"))
            .arg(format!("--config.file={}", dir.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let ready = log.by_ref().any(|line| line.unwrap().contains("Server is ready to receive web requests"));
        // What it logs later goes nowhere, but must not block it.
        std::thread::spawn(move || log.for_each(drop));
        let server = Server { process, address };
        assert!(ready, "the server did not start");
        server
    }

    /// A query's answer, by promtool; it fails where the server finds fault with the query.
    fn query(&self, expression: &str) -> Vec<Value> {
        let server = format!("http://{}", self.address);
        let output = Command::new(tool("promtool"))
            .args(["query", "instant", "--format=json", &server, expression])
            .output()
            .unwrap();
        assert!(output.status.success(), "{expression}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// The one value of a query.
    fn value(&self, expression: &str) -> f64 {
        let found = self.query(expression);
        assert_eq!(found.len(), 1, "{expression}: {found:?}");
        found[0]["value"][1].as_str().unwrap().parse().unwrap()
    }

    /// Waits until a query's one value is as wanted.
    fn until(&self, expression: &str, wanted: f64) {
        let since = Instant::now();
        while self.query(expression).len() != 1 || self.value(expression) != wanted {
            assert!(since.elapsed() < PATIENCE, "{expression} did not become {wanted}: {:?}", self.query(expression));
            std::thread::sleep(Duration::from_millis(250));
        }
    }
}

/// Gives nodes of a running network their endpoints, each with a restart as an operator does it.
async fn open_endpoints(network: &mut Network) -> Vec<SocketAddr> {
    let mut addresses = vec![];
    for name in WATCHED {
        network.terminate(name).await.unwrap();
        let address = free_address();
        let toml = network.dir().join(name).join("node.toml");
        let config = std::fs::read_to_string(&toml).unwrap();
        std::fs::write(&toml, format!("{config}\n[metrics]\nlisten = \"{address}\"\n")).unwrap();
        network.restart(name).await.unwrap();
        addresses.push(address);
    }
    addresses
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_prometheus_reads_a_running_network() {
    let _alone = alone().await;
    let dir = tempfile::tempdir().unwrap();
    let corpus = Corpus::read(Some(24), Some(2)).unwrap();
    let (place, parameters) = (Some(dir.path().join("network")), local_parameters());
    let plan = Plan { dir: place, ..Plan::new(LIAISE.into(), parameters) };
    let stages = Stages::new();
    let mut network = Network::start(plan, &stages).await.unwrap();
    let endpoints = open_endpoints(&mut network).await;
    let server = Server::start(dir.path(), &endpoints);

    network.open_term(&stages).await.unwrap();
    add_documents(&network, &corpus, &stages).await.unwrap();
    network.close_epoch(&stages).await.unwrap();
    ask(&network, &corpus.questions, &mut Ledger::default(), &stages).await.unwrap();
    network.close_epoch(&stages).await.unwrap();
    file_everything(&mut network, None, &stages).await.unwrap();

    let at = network.site.reader.distributor(At::Latest).await.unwrap();
    let filed = f64::from(at.next.0 - 1);
    assert!(filed >= 1.0, "two epochs at least are filed");
    tokio::task::block_in_place(|| {
        endpoints_are_well_formed(&endpoints);
        server.until("sum(up{job=\"liaise\"})", 3.0);
        server.until("liaise_oracle_epoch_filed", filed);
        server.until("liaise_compute_earned_epoch", (network.epoch - 1) as f64);
        values_are_those_of_ledger_and_chain(&server, &network, &endpoints);
        every_rule_evaluates(&server);
        every_panel_has_an_answer(&server);
    });

    network.kill("node-1").await;
    tokio::task::block_in_place(|| server.until("sum(up{job=\"liaise\"})", 2.0));
    drop(server);
    network.stop().await;
}

/// promtool's own rules for names, types and help; and nobody's address.
fn endpoints_are_well_formed(endpoints: &[SocketAddr]) {
    for endpoint in endpoints {
        let shown = get(*endpoint, "/metrics");
        let mut lint = Command::new(tool("promtool"))
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        lint.stdin.take().unwrap().write_all(shown.as_bytes()).unwrap();
        let output = lint.wait_with_output().unwrap();
        let (said, complained) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && said.is_empty() && complained.is_empty(), "{said}{complained}");
        for address in ["127.0.0.1", "/ip4/", "/tcp/"] {
            assert!(!shown.contains(address), "{address} is in {shown}");
        }
    }
}

fn values_are_those_of_ledger_and_chain(server: &Server, network: &Network, endpoints: &[SocketAddr]) {
    let [store, oracle, node] = [0, 1, 2].map(|n| format!("{{instance=\"{}\"}}", endpoints[n]));
    let of = |name: &str, labels: &str| server.value(&format!("{name}{labels}"));
    assert!(of("liaise_receipts_signed_total", &store) > 20.0);
    assert_eq!(server.query("liaise_receipts_signed_total").len(), 1, "only a witness signs receipts");
    let epochs = ["liaise_epoch_sealed", "liaise_store_epoch_closed"].map(|name| of(name, &store));
    assert!(epochs[0] >= (network.epoch - 1) as f64 && epochs[1] >= epochs[0], "{epochs:?}");
    assert!(of("liaise_oracle_epoch_folded", &oracle) >= (network.epoch - 1) as f64);
    assert!(server.value("liaise_oracle_signatures_total{statement=\"epoch\"}") >= 2.0);
    assert_eq!(server.value("sum(liaise_oracle_signing_refused_total)"), 0.0);
    assert!(server.value("sum(liaise_oracle_submissions_total{outcome=\"sent\"})") >= 1.0, "oracle-1 is first in line");
    for watched in [&store, &oracle, &node] {
        assert!(of("liaise_ledger_head", watched) > 100.0);
        assert!(of("liaise_peers_configured_connected", watched) >= 3.0);
        let (free, size) = (of("liaise_disk_free_bytes", watched), of("liaise_disk_size_bytes", watched));
        assert!(0.0 < free && free < size, "{free} of {size}");
        assert!(of("liaise_ledger_size_bytes", watched) > 10_000.0);
    }
    server.until("liaise_oracle_submitter_balance_coin_units", balance(network, &oracle_account(network)));
    let head = server.value("liaise_chain_head_number");
    assert!(head > 10.0 && server.value("liaise_chain_final_lag_blocks") < head, "{head}");
    let done = server.value("sum(liaise_compute_tasks_total{outcome=\"done\"})");
    let inferred = server.value("sum(liaise_compute_inference_seconds_count)");
    assert!(done >= 1.0 && inferred >= done, "{done} pieces of work, {inferred} inferences");
    assert_eq!(server.query("liaise_compute_device_info{device=\"CPU\"}").len(), 1);
}

/// The account that pays for oracle-1's submissions: the second of anvil's.
fn oracle_account(network: &Network) -> String {
    let passphrase = std::fs::read_to_string(network.dir().join("passphrase")).unwrap();
    let secret = liaise_node::keys::open(&network.dir().join("oracle-1/submitter.json"), &passphrase).unwrap();
    let wallet = liaise_node::client::Wallet::new(&secret, &"eip155:31337".parse().unwrap()).unwrap();
    wallet.account().address().to_owned()
}

/// What the chain's own RPC says, without the adapter that the node asks through.
fn balance(network: &Network, account: &str) -> f64 {
    let rpc: SocketAddr =
        network.site.chain.config().rpc.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    let body =
        format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBalance\",\"params\":[\"{account}\",\"latest\"]}}");
    let request =
        format!("POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer: Value = serde_json::from_str(&http(rpc, &request)).unwrap();
    let wei = answer["result"].as_str().unwrap_or_else(|| panic!("{answer}"));
    u128::from_str_radix(wei.trim_start_matches("0x"), 16).unwrap() as f64
}

fn every_rule_evaluates(server: &Server) {
    let rules: Value = serde_json::from_str(&get(server.address, "/api/v1/rules")).unwrap();
    let rules = rules["data"]["groups"][0]["rules"].as_array().unwrap();
    assert!(rules.len() >= 10, "{rules:?}");
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{}: {}", rule["name"], rule["lastError"]);
    }
}

/// Every query as Grafana sends it: with its variables filled in.
fn every_panel_has_an_answer(server: &Server) {
    let dashboard = std::fs::read_to_string(repository("deploy/grafana/liaise.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let mut asked = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().unwrap();
            let filled =
                expression.replace("$job", "liaise").replace("$instance", ".*").replace("$__rate_interval", "1m");
            let found = server.query(&filled);
            // What shows trouble alone is empty where there is none.
            assert!(!found.is_empty() || expression.ends_with("> 0"), "{}: {filled} finds nothing", panel["title"]);
            asked += 1;
        }
    }
    assert!(asked >= 40, "{asked} queries");
}
