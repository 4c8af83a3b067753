//! Everything that the adapter asks a node for, read from any answers.

use std::sync::Arc;

use bitcoincash::Transaction;
use bitcoincash::consensus::serialize;
use liaise_chain_api::conformance::promises;
use liaise_chain_api::{At, ChainError, DistributorReader, PaysInBatches, Submitter};
use liaise_summary::{Epoch, Payee};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::{LIFE, chain};
use crate::account::BchKeys;
use crate::prepared::{self, Held, Step};
use crate::reader::BchReader;
use crate::sample::secret;
use crate::submitter::BchSubmitter;

/// Whether the node's answers, a line each, are accepted as those to one of the adapter's questions. What is accepted is checked
/// for what the adapter promises of it. `which` is the question; its highest bit asks for what is final.
pub fn answered(which: u8, answers: &str) -> bool {
    let runtime: Result<Runtime, _> = Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(asked(which, answers)).is_ok()
}

async fn asked(which: u8, answers: &str) -> Result<(), ChainError> {
    let at = if which & 0x80 == 0 { At::Latest } else { At::Final };
    let reader = BchReader { chain: Arc::new(LIFE.chain(answers)) };
    let keys = BchKeys::new(secret("funder"))?;
    match which & 0x7f {
        0 => promises::distributor(&reader, at).await?,
        1 => promises::statements(&reader, Epoch(0), at).await?,
        2 => drop(reader.ranges(at).await?),
        3 => drop(reader.claimed(&Payee::from_20([5; 20]), at).await?),
        4 => drop(reader.unpaid(at).await?),
        5 => {
            let held = Held { tx: opening().clone(), step: Step::Controller { after: 0 }, since: 1 };
            let prepared = prepared::wrap(&chain(), &held, 7);
            BchSubmitter::of(reader, keys).status(&prepared).await?;
        }
        6 => {
            let balance = BchSubmitter::of(reader, keys).balance().await?;
            let lines = answers.len() as u128;
            assert!(balance <= lines * 2_100_000_000_000_000, "no coin has more than all coins");
        }
        7 => drop(BchSubmitter::of(reader, keys).funds().await?),
        8 => drop(reader.chain.endpoint.objection(opening()).await?),
        9 => {
            let held = Held { tx: opening().clone(), step: Step::Controller { after: 0 }, since: 1 };
            BchSubmitter::of(reader, keys).broadcast(&prepared::wrap(&chain(), &held, 7)).await?;
        }
        _ => drop(reader.chain.spender(&LIFE.links[0].outpoint(), 1, 8, &mut None).await?),
    }
    Ok(())
}

/// The life's second transaction.
fn opening() -> &'static Transaction {
    LIFE.example("open")
}

/// Answers that are accepted, a line each, by question.
pub fn answers() -> Vec<(u8, String)> {
    let hash = |byte: u8| hex::encode([byte; 32]);
    let (time, genesis) = (2_000_000_000u64, &LIFE.links[0]);
    let tip = json!({"chain": "regtest", "blocks": 100, "bestblockhash": hash(9), "mediantime": time});
    let token = json!({"category": LIFE.config.category().to_string(), "amount": "5", "nft": {"capability": "minting", "commitment": ""}});
    let controller =
        json!({"txid": genesis.txid.to_string(), "vout": 0, "amount": 0.00002, "height": 2, "tokenData": token});
    let coin = json!({"txid": hash(8), "vout": 1, "amount": 1.5, "height": 80});
    let scan = |unspent: Value| json!({"success": true, "bestblock": hash(9), "unspents": [unspent]});
    let header = |byte: u8, height: u8| json!({"hash": hash(byte), "confirmations": 9, "height": height, "mediantime": time - 9, "previousblockhash": hash(1)});
    let first = json!({"hex": hex::encode(serialize(LIFE.example("genesis"))), "blockhash": hash(2)});
    let thread = [tip.clone(), scan(controller), first, header(2, 2), header(1, 1)];
    let output = json!({"bestblock": hash(9), "value": 1});
    let spending = json!({"txid": hash(7), "vin": [{"txid": genesis.txid.to_string(), "vout": 0}]});
    let block = json!({"hash": hash(5), "height": 1, "tx": [{"txid": hash(6), "vin": [{"coinbase": "00"}]}, spending]});
    let with = |before: &[Value], after: &[Value]| [before, &thread, after].concat();
    let final_block = [json!(hash(4)), header(4, 90)];
    let no_such = "!-5".to_owned();
    let questions: Vec<(u8, Vec<Value>)> = vec![
        (0, with(&[], &[])),
        (0x80, with(&[], &final_block)),
        (1, with(&[], &[])),
        (2, with(&[], &[])),
        (3, with(&[], &[])),
        (4, with(&[], &[])),
        (6, vec![tip.clone(), scan(coin.clone())]),
        (7, vec![json!({"relayfee": 0.00001}), tip.clone(), scan(coin)]),
        (8, vec![json!([{"txid": hash(6), "allowed": false, "reject-reason": "dust"}])]),
        (9, vec![tip.clone(), json!(hash(6))]),
        (10, vec![json!(hash(5)), block]),
    ];
    let lines = |answers: &[Value]| answers.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let unseen = [lines(&[tip]), no_such, lines(&thread), lines(&[output])].join("\n");
    let mut all: Vec<(u8, String)> = questions.into_iter().map(|(which, answers)| (which, lines(&answers))).collect();
    all.push((5, unseen));
    all
}
