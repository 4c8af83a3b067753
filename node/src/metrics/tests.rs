//! What the endpoint shows of a running store, and whether the dashboard, the alerts and the documents name what it shows.

use super::*;
use crate::config::MetricsConfig;
use crate::testing::Town;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A row of the documentation: name, kind, the roles that have it, its help.
type Documented = BTreeMap<String, (String, Vec<&'static str>, String)>;

/// Every metric of every role, as the endpoint describes it.
async fn documented() -> Documented {
    let town = Town::start().await;
    // What has no series yet is not described.
    let (store, compute) = (StoreMetrics::default(), ComputeMetrics::new(0));
    store.answered("status", &crate::rpc::Response::Done);
    compute.serves(&liaise_ledger::Hash([1; 32]), "CPU", 2);
    let roles: [(&'static str, Replica, Arc<dyn Instruments>); 3] = [
        ("store", town.witness.clone(), Arc::new(store)),
        ("oracle", town.follower().await, Arc::new(OracleMetrics::new())),
        ("compute", town.witness.clone(), Arc::new(compute)),
    ];
    let mut all = Documented::new();
    for (role, replica, instruments) in roles {
        let text = Metrics::new(replica, role, instruments).render().unwrap();
        let mut help = "";
        for line in text.lines() {
            if let Some(described) = line.strip_prefix("# HELP ") {
                help = described.split_once(' ').unwrap().1.trim_end_matches('.');
            }
            let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) else {
                continue;
            };
            let row = all.entry(name.into()).or_insert_with(|| (kind.into(), vec![], help.into()));
            row.1.push(role);
        }
    }
    // A compute node's or an oracle's copy of the ledger gives no receipts.
    all.get_mut("liaise_receipts_signed_total").expect("a witness has it").1 = vec!["store"];
    all
}

/// Words of this program's metrics in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("liaise_") && word.len() > "liaise_".len()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboard_and_alerts_name_only_what_the_endpoint_shows() {
    let documented = documented().await;
    let mut series: BTreeSet<String> = BTreeSet::new();
    for (name, (kind, ..)) in &documented {
        match kind.as_str() {
            "histogram" => series.extend(["bucket", "sum", "count"].map(|part| format!("{name}_{part}"))),
            _ => drop(series.insert(name.clone())),
        }
    }
    for file in ["deploy/prometheus/alerts.yml", "deploy/prometheus/alerts.test.yml", "deploy/grafana/liaise.json"] {
        let text = repository(file);
        let named = named(&text);
        assert!(named.len() > 10, "{file} names hardly any metric: {named:?}");
        let unknown: Vec<_> = named.iter().filter(|name| !series.contains(**name)).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}, which no node shows");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_lists_every_metric() {
    let mut table = String::from("| metric | kind | roles | what |\n|---|---|---|---|\n");
    for (name, (kind, roles, help)) in documented().await {
        let roles = if roles.len() == 3 { "all".to_owned() } else { roles.join(", ") };
        table.push_str(&format!("| `{name}` | {kind} | {roles} | {help} |\n"));
    }
    assert!(repository("docs/monitoring.md").contains(&table), "write this table into docs/monitoring.md:\n{table}");
}

#[test]
fn every_alert_is_tested_and_explained() {
    let (alerts, tests) = (repository("deploy/prometheus/alerts.yml"), repository("deploy/prometheus/alerts.test.yml"));
    let guide = repository("docs/guides/alerts.md");
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        assert!(guide.contains(&format!("\n## {name}\n")), "docs/guides/alerts.md has no heading {name}");
        assert!(alerts.contains(&format!("docs/guides/alerts.md#{}\n", name.to_lowercase())), "{name} has no runbook");
        let asked = tests.matches(&format!("alertname: {name}\n")).count();
        let quiet = tests.matches(&format!("alertname: {name}\n        exp_alerts: []\n")).count();
        assert!(quiet >= 1 && asked > quiet, "{name}: one test in which it fires, and one in which it does not");
    }
}

/// A request over a real connection; the whole answer.
async fn ask(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_shows_what_happened() {
    let town = Town::start().await;
    let message = town.session();
    let mut forged = message.signed.clone();
    forged.signature[0] ^= 1;
    let follower = town.follower().await;
    for messages in [vec![forged], vec![message.signed.clone()], vec![message.signed.clone()]] {
        town.witness.ingest(messages).await.unwrap();
    }
    follower.catch_up().await.unwrap();

    let config = MetricsConfig { listen: "127.0.0.1:0".parse().unwrap(), allow_remote: false };
    let endpoint = Endpoint::bind(&config).await.unwrap();
    let address = endpoint.address();
    let metrics = Metrics::new(town.witness.clone(), "store", Arc::new(StoreMetrics::default()));
    let serving = tokio::spawn(endpoint.serve(Arc::new(metrics)));
    let answer = ask(address, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"), "{answer}");
    let head = town.witness.store.head().unwrap();
    for line in [
        "liaise_messages_ingested_total{outcome=\"accepted\"} 1".to_owned(),
        "liaise_messages_ingested_total{outcome=\"duplicate\"} 1".to_owned(),
        "liaise_messages_ingested_total{outcome=\"refused\"} 1".to_owned(),
        "liaise_messages_refused_total{reason=\"signature\"} 1".to_owned(),
        "liaise_messages_refused_total{reason=\"session-scope\"} 0".to_owned(),
        "liaise_receipts_signed_total 1".to_owned(),
        format!("liaise_ledger_head {head}"),
        "liaise_epoch_current -1".to_owned(),
        "liaise_epoch_sealed -2".to_owned(),
        "liaise_epoch_seal_overdue_seconds 0".to_owned(),
        "liaise_peers_connected 1".to_owned(),
        "liaise_peers_configured 0".to_owned(),
        "liaise_ledger_wanted_messages 0".to_owned(),
    ] {
        assert!(answer.lines().any(|shown| shown == line), "{line} is not in {answer}");
    }
    // The follower's address is known to the mesh, and to nobody else.
    assert!(!answer.contains("127.0.0.1") && !answer.contains("/ip4/"), "{answer}");
    let length = ask(address, "HEAD /metrics HTTP/1.1\r\n\r\n").await;
    assert!(length.starts_with("HTTP/1.1 200 OK") && length.ends_with("\r\n\r\n"), "{length}");
    assert!(ask(address, "GET /secrets HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404"));
    serving.abort();
}
