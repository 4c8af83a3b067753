//! An epoch of many payouts, paid batch after batch on the local chain by a process that is killed on the way and started
//! again: `cargo run --release -p liaise-chain-bch --example bch-payouts [PAYOUTS]`, 100 000 where it is left out.
//!
//! The process that pays keeps nothing. It asks the chain which batch is next; what it sent before it was killed it makes
//! again, and since every byte of a batch is forced, that is the same transaction.

mod crank;
mod site;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use liaise_chain_api::{At, DistributorReader, PaysInBatches};
use liaise_chain_bch::{BchConfig, BchReader};
use liaise_summary::{BATCH_PAYOUTS, Payee};

use site::Site;

/// Payees whose balance is looked at in the end.
const SAMPLE: usize = 50;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run(100_000).await,
        ["crank", url, distributor, payouts] => crank::run(url, distributor, payouts).await,
        [payouts] => match payouts.parse() {
            Ok(payouts) if payouts > 0 => run(payouts).await,
            _ => return usage(),
        },
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: bch-payouts [PAYOUTS]   how many are paid, 100000 where it is left out");
    ExitCode::from(2)
}

async fn run(payouts: usize) {
    let site = Site::start(payouts).await;
    let batches = payouts.div_ceil(BATCH_PAYOUTS);
    println!("{payouts} payouts in {batches} batches; {} satoshis are locked for them", site.locked_sats);
    let began = Instant::now();
    let killed_after = batches / 2;
    let mut first = spawn(&site, payouts);
    let sent = follow(&mut first, killed_after);
    first.kill().expect("it runs");
    first.wait().expect("it ends");
    println!("killed after {sent} batches; started again");
    let mut second = spawn(&site, payouts);
    let sent = follow(&mut second, usize::MAX);
    assert!(second.wait().expect("it ends").success(), "the second process pays all that is left");
    assert_eq!(sent, batches, "it sends every batch, those before the kill once more");
    let seconds = began.elapsed().as_secs_f32();
    site.devnet.mine(1).await.expect("the devnet obeys");
    check(&site, payouts).await;
    println!("all paid, each once, in {seconds:.1} s, the devnet's judgement of every script twice over included");
}

fn spawn(site: &Site, payouts: usize) -> Child {
    let distributor = hex::encode(site.config.distributor.0);
    Command::new(std::env::current_exe().expect("it runs"))
        .args(["crank", &site.config.endpoint, &distributor, &payouts.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// Prints what a process says until it has sent `batches`, or ends. Returns how many it sent.
fn follow(child: &mut Child, batches: usize) -> usize {
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut sent = 0;
    for line in lines.map_while(Result::ok) {
        println!("  {line}");
        sent += usize::from(line.starts_with("batch "));
        if sent >= batches {
            break;
        }
    }
    sent
}

async fn check(site: &Site, payouts: usize) {
    let reader = BchReader::connect(BchConfig { ..site.config.clone() }).await.expect("the devnet answers");
    assert_eq!(reader.unpaid(At::Latest).await.expect("readable"), [], "nothing is left");
    let paid = site::payouts(payouts);
    for payout in paid.iter().step_by(payouts.div_ceil(SAMPLE)) {
        let payee = Payee::from_20(payout.pubkey_hash);
        let claimed = reader.claimed(&payee, At::Latest).await.expect("readable").total;
        assert_eq!(claimed, payout.amount, "payee {payee}");
        let held = site.devnet.tokens(&site.category(), payout.pubkey_hash).await.expect("the devnet answers");
        assert_eq!(held, payout.amount, "payee {payee}");
    }
}
