//! `liaise oracle status`.

use crate::commands::context::{Context, epoch_now, histories};
use crate::exit::{Kind, OrExit};
use crate::output::{self, say, xlv, xlv_number};
use liaise_chain_api::{At, Distributor, Pending};
use liaise_ledger::body::Body;
use liaise_ledger::{Author, EpochNumber};
use liaise_node::{Replica, blocking};
use liaise_store::StoreError;
use liaise_summary::{Epoch, Statement};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub async fn run(context: &Context, as_json: bool) -> eyre::Result<()> {
    let replica = context.current().await?;
    let at = context.reader().await?.distributor(At::Latest).await.or_exit(Kind::Chain)?;
    let now = epoch_now(&replica);
    let sealed = replica.store.newest_seal().or_exit(Kind::Integrity)?;
    let attested = histories(&replica).newest(now).await.or_exit(Kind::Refused)?.map(|block| block.epoch);
    let signed = signers(&replica, at.next).await.or_exit(Kind::Integrity)?;
    let quorum = replica.genesis.oracle_quorum();
    if as_json {
        let signers: Vec<Value> = signed.iter().map(|(head, keys)| json!({"head": head, "oracles": keys})).collect();
        let mut value = describe(&at);
        value["epoch_now"] = json!(now);
        value["sealed"] = json!(sealed);
        value["attested"] = json!(attested);
        value["quorum"] = json!(quorum);
        value["signed_for_next"] = json!(signers);
        return output::json(&value);
    }
    let of = |epoch: Option<EpochNumber>| epoch.map_or("none".into(), |epoch| epoch.to_string());
    say!("now             epoch {now}, sealed {}, attested {}", of(sealed), of(attested));
    say!("distributor     {}", at.id);
    say!("next to file    epoch {}", at.next);
    say!("head            {}", at.head);
    say!("trees           {} in the newest, {} owed beside it", xlv(at.root_sum), xlv(at.owed));
    match &at.pending {
        Some(p) => say!(
            "pending         {:?} of epoch {}, payable at {} (Unix seconds), root sum {} XLV",
            p.kind,
            p.epoch,
            p.payable_s,
            xlv_number(p.root.sum.into())
        ),
        None => say!("pending         nothing"),
    }
    match &at.held.newest {
        Some(held) => say!(
            "payable         tree of epoch {}, {}; {} unclaimed",
            held.epoch,
            xlv(held.root.sum),
            xlv(at.unclaimed)
        ),
        None => say!("payable         nothing yet"),
    }
    for (head, keys) in &signed {
        say!("signed          epoch {} over head {}: {} of {quorum}", at.next, output::short(head), keys.len());
    }
    Ok(())
}

/// What is pending as JSON.
pub fn pending(p: &Pending) -> Value {
    json!({
        "kind": format!("{:?}", p.kind).to_lowercase(),
        "epoch": p.epoch.0,
        "digest": p.digest.to_string(),
        "payable_s": p.payable_s,
        "root_sum": p.root.sum.to_string(),
        "guardian_spent": p.guardian_spent,
    })
}

/// A distributor as JSON.
pub fn describe(at: &Distributor) -> Value {
    let pending = at.pending.as_ref().map(pending);
    let held = |held: &liaise_chain_api::HeldRoot| json!({"epoch": held.epoch.0, "root": held.root.hash.to_string(), "sum": held.root.sum.to_string()});
    json!({
        "distributor": at.id.to_string(),
        "block": at.at.number,
        "block_time_s": at.at.time_s,
        "range": at.range.map(|r| json!({"first": r.first.0, "end": r.end.map(|e| e.0), "handed_to": r.handed_to.map(|d| d.to_string())})),
        "next": at.next.0,
        "head": at.head.to_string(),
        "root_sum": at.root_sum.to_string(),
        "owed": at.owed.to_string(),
        "pending": pending,
        "payable": at.held.newest.as_ref().map(held),
        "payable_before": at.held.before.as_ref().map(held),
        "unclaimed": at.unclaimed.to_string(),
        "oracle_set": at.oracle_set.version,
    })
}

/// Which oracles have signed an EPOCH statement for an epoch, by the head that it follows.
async fn signers(replica: &Replica, next: Epoch) -> Result<Vec<(String, Vec<String>)>, StoreError> {
    let replica = replica.clone();
    blocking(move || {
        let mut found: std::collections::BTreeMap<String, BTreeSet<String>> = Default::default();
        for id in replica.store.kind("vote")? {
            let Some(message) = replica.store.load(&id)? else { continue };
            let (Author::Oracle(key), Body::Vote(vote)) = (message.message.author, message.message.body) else {
                continue;
            };
            if let Ok(Statement::Epoch(statement)) = Statement::decode(&vote.statement)
                && statement.epoch == next
                && replica.genesis.oracles.keys.contains(&key)
            {
                found.entry(statement.head.to_string()).or_default().insert(hex::encode(key));
            }
        }
        Ok(found.into_iter().map(|(head, keys)| (head, keys.into_iter().collect())).collect())
    })
    .await
}
