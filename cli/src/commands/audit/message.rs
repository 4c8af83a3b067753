//! `liaise audit message`.

use super::{MessageArgs, or_audit_exit};
use crate::commands::context::{Context, cid, epoch_now, histories};
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use cid::Cid;
use liaise_ledger::EpochNumber;
use liaise_node::{Histories, Replica, blocking, refold};
use liaise_oracle::audit::{MessageReport, MessageStatus, audit_message};
use serde_json::{Value, json};

pub async fn run(context: &Context, args: &MessageArgs) -> eyre::Result<()> {
    let id = cid(&args.id)?;
    let replica = context.current().await?;
    let store = replica.store.clone();
    let (known, receipts) =
        blocking(move || Ok::<_, liaise_store::StoreError>((store.load(&id)?, store.receipts_of(&id)?)))
            .await
            .or_exit(Kind::Integrity)?;
    let Some(message) = known else {
        return fail(Kind::Refused, format!("message {id} is not here: synchronise, or check the id"));
    };
    let histories = histories(&replica);
    let from = receipts.iter().map(|receipt| receipt.receipt.wall_ms).min().map(|ms| replica.genesis.epoch_of(ms));
    let report = match args.epoch {
        Some(epoch) => Some((epoch, at(&replica, &histories, &id, epoch).await?)),
        None => search(&replica, &histories, &id, from.unwrap_or(-1)).await?,
    };
    let (kind, author) = (message.message.body.kind(), message.message.author.to_string());
    if args.json {
        return output::json(&json!({
            "id": id.to_string(),
            "kind": kind,
            "author": author,
            "received_by": receipts.iter().map(|r| json!({"store": hex::encode(r.store), "wall_ms": r.receipt.wall_ms})).collect::<Vec<_>>(),
            "epoch": report.as_ref().map(|(epoch, _)| epoch),
            "report": report.as_ref().map(|(_, report)| to_json(report)),
        }));
    }
    say!("{id}\n{kind} of {author}");
    for receipt in &receipts {
        say!("received by {} at {} ms since 1970", output::short(&hex::encode(receipt.store)), receipt.receipt.wall_ms);
    }
    let Some((epoch, report)) = report else {
        say!("no epoch that counts it is attested yet");
        return Ok(());
    };
    say!("epoch {epoch}: {}", words(&report.status));
    for (account, reason) in &report.counted_for {
        say!("counts for {account}: {reason}");
    }
    Ok(())
}

/// The first attested epoch that is done with a message, or the newest attested one.
async fn search(
    replica: &Replica,
    histories: &Histories,
    id: &Cid,
    from: EpochNumber,
) -> eyre::Result<Option<(EpochNumber, MessageReport)>> {
    let mut last = None;
    for epoch in from.max(-1)..=epoch_now(replica) {
        if histories.of(epoch).await.or_exit(Kind::Refused)?.is_none() {
            break;
        }
        let report = at(replica, histories, id, epoch).await?;
        let done = matches!(report.status, MessageStatus::Done { .. });
        last = Some((epoch, report));
        if done {
            break;
        }
    }
    Ok(last)
}

async fn at(replica: &Replica, histories: &Histories, id: &Cid, epoch: EpochNumber) -> eyre::Result<MessageReport> {
    let refolded = or_audit_exit(refold(replica, histories, epoch).await)?;
    if refolded.folded.history != refolded.attested {
        let why = format!(
            "epoch {epoch} folds to {} here, and {} is attested: see `liaise audit epoch {epoch}`",
            refolded.folded.history, refolded.attested
        );
        return fail(Kind::Integrity, why);
    }
    audit_message(id, &refolded.before, &refolded.input, &refolded.folded).or_exit(Kind::Integrity)
}

fn words(status: &MessageStatus) -> String {
    match status {
        MessageStatus::Unknown => "no witness's sealed receipts count it".into(),
        MessageStatus::Waits => "it waits: too few witnesses, or a parent or its session is not observed".into(),
        MessageStatus::Open { at_ms, epoch } => {
            format!("observed at {at_ms} ms since 1970, in epoch {epoch}; its task is still open")
        }
        MessageStatus::Done { at_ms, seal } => {
            format!("observed at {at_ms} ms since 1970; the seal of epoch {seal} is done with it")
        }
    }
}

fn to_json(report: &MessageReport) -> Value {
    let (status, at_ms, epoch) = match report.status {
        MessageStatus::Unknown => ("unknown", None, None),
        MessageStatus::Waits => ("waits", None, None),
        MessageStatus::Open { at_ms, epoch } => ("open", Some(at_ms), Some(epoch)),
        MessageStatus::Done { at_ms, seal } => ("done", Some(at_ms), Some(seal)),
    };
    let counted = report.counted_for.iter().map(|(account, reason)| {
        json!({"account": account, "code": reason.code, "text": reason.code.text(), "value": reason.value})
    });
    json!({"status": status, "observed_ms": at_ms, "epoch": epoch, "counted_for": counted.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_a_sentence() {
        assert!(words(&MessageStatus::Done { at_ms: 7, seal: 3 }).contains("epoch 3"));
        assert!(words(&MessageStatus::Waits).starts_with("it waits"));
    }
}
