//! `liaise audit assignment`.

use super::AssignmentArgs;
use crate::commands::context::{Context, cid, epoch_now, histories};
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use cid::Cid;
use liaise_ledger::{Account, Assignment, Author, Body, EpochNumber, Verified};
use liaise_node::{Histories, Replica, blocking, fetch_round};
use liaise_oracle::fold::TaskRow;
use liaise_store::StoreError;
use serde_json::json;
use std::collections::BTreeSet;

pub async fn run(context: &Context, args: &AssignmentArgs) -> eyre::Result<()> {
    let id = cid(&args.id)?;
    let replica = context.current().await?;
    let root = load(&replica, id).await?;
    let (ticket, task) = match &root.message.body {
        Body::Ticket(_) => (root, None),
        Body::Prompt(prompt) => (load(&replica, prompt.ticket).await?, Some(id)),
        Body::RetrievalAdd(add) => (load(&replica, add.ticket).await?, Some(id)),
        other => {
            return fail(
                Kind::Usage,
                format!("{id} is a {}: name a prompt, a retrieval-add or a ticket", other.kind()),
            );
        }
    };
    let Body::Ticket(terms) = ticket.message.body.clone() else {
        return fail(Kind::Integrity, format!("{} is a {}, not a ticket", ticket.id, ticket.message.body.kind()));
    };
    let signature =
        fetch_round(&replica.links, &replica.store, &replica.genesis, terms.round).await.or_exit(Kind::Refused)?;
    let histories = histories(&replica);
    let snapshot = histories.eligibility(terms.snapshot).await.or_exit(Kind::Integrity)?;
    let Some(snapshot) = snapshot else {
        return fail(Kind::Refused, format!("the snapshot of epoch {} is not attested yet", terms.snapshot));
    };
    let drawn = Assignment::compute(&replica.genesis, &ticket, &signature, &snapshot).or_exit(Kind::Integrity)?;
    let committed = match task {
        Some(task) => committed(&replica, task).await.or_exit(Kind::Integrity)?,
        None => BTreeSet::new(),
    };
    let rows: Vec<(String, u32, bool)> = drawn
        .rows(&snapshot)
        .map(|row| (row.account.to_string(), row.weight, committed.contains(&row.account)))
        .collect();
    if args.json {
        let order = rows
            .iter()
            .map(|(account, weight, committed)| json!({"account": account, "weight": weight, "committed": committed}));
        output::json(&json!({
            "ticket": ticket.id.to_string(),
            "round": terms.round,
            "snapshot": terms.snapshot,
            "eligibility": drawn.eligibility,
            "adapter": terms.adapter,
            "order": order.collect::<Vec<_>>(),
        }))?;
    } else {
        say!("ticket          {}", ticket.id);
        say!("round           {}, verified against the beacon's key", terms.round);
        say!("snapshot        epoch {}, root {}", terms.snapshot, drawn.eligibility);
        say!("adapter         {}", terms.adapter);
        let mut table = output::table(&["place", "account", "weight", "raced"]);
        for (place, (account, weight, committed)) in rows.iter().enumerate() {
            let raced = if *committed { "yes" } else { "" };
            table.add_row([(place + 1).to_string(), account.clone(), weight.to_string(), raced.into()]);
        }
        say!("{table}");
    }
    let Some(task) = task else { return Ok(()) };
    match winner(&replica, &histories, task, terms.snapshot).await? {
        Some(account) if drawn.place(&snapshot, &account).is_none() => {
            fail(Kind::Integrity, format!("{account} won task {task} and was never drawn for it"))
        }
        _ => Ok(()),
    }
}

async fn load(replica: &Replica, id: Cid) -> eyre::Result<Verified> {
    let store = replica.store.clone();
    match blocking(move || store.load(&id)).await.or_exit(Kind::Integrity)? {
        Some(message) => Ok(message),
        None => fail(Kind::Refused, format!("message {id} is not here: synchronise, or check the id")),
    }
}

/// Who published a commit.
async fn committed(replica: &Replica, task: Cid) -> Result<BTreeSet<Account>, StoreError> {
    let store = replica.store.clone();
    blocking(move || {
        let mut found = BTreeSet::new();
        for id in store.task(&task)? {
            let Some(message) = store.load(&id)? else { continue };
            if let (Author::Account(account), Body::Commit(_)) = (message.message.author, message.message.body) {
                found.insert(account);
            }
        }
        Ok(found)
    })
    .await
}

/// Who won, as an attested epoch says; `None` before one does.
async fn winner(
    replica: &Replica,
    histories: &Histories,
    task: Cid,
    from: EpochNumber,
) -> eyre::Result<Option<Account>> {
    for epoch in from.max(0)..=epoch_now(replica) {
        let Some(block) = histories.of(epoch).await.or_exit(Kind::Refused)? else { continue };
        let rows: Vec<TaskRow> = histories.rows(epoch, &block.tasks).await.or_exit(Kind::Integrity)?;
        if let Some(row) = rows.into_iter().find(|row| row.task == task) {
            return Ok(row.winner);
        }
    }
    Ok(None)
}
