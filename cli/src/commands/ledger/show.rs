//! `liaise ledger show`.

use super::text::{escape, lines, to_json};
use super::{ShowArgs, store};
use crate::commands::context::{Context, cid};
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use cid::Cid;
use ipld_core::ipld::Ipld;
use liaise_ledger::{Body, Verified};
use liaise_node::blocking;
use liaise_store::{Store, StoreError};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Deeper trees are cut: what a stranger posts must not exhaust the stack.
const MAX_DEPTH: usize = 64;

/// A message and what follows from it.
struct Branch {
    message: Verified,
    children: Vec<Branch>,
}

pub async fn run(context: &Context, args: &ShowArgs) -> eyre::Result<()> {
    let id = cid(&args.id)?;
    let store = store(context, args.offline).await?;
    let depth = if args.tree { MAX_DEPTH } else { 0 };
    let branch = blocking(move || branch(&store, &id, depth, &mut BTreeSet::new())).await.or_exit(Kind::Integrity)?;
    let Some(branch) = branch else {
        return fail(
            Kind::Refused,
            format!("message {id} is not here: synchronise with `liaise ledger sync`, or check the id"),
        );
    };
    match (args.json, args.tree) {
        (true, true) => output::json(&tree_json(&branch)?),
        (true, false) => output::json(&message_json(&branch.message)?),
        (false, true) => {
            tree_lines(&branch, 0).iter().for_each(|line| say!("{line}"));
            Ok(())
        }
        (false, false) => {
            say!("{}", branch.message.id);
            lines(&message_json(&branch.message)?["message"], 2).iter().for_each(|line| say!("{line}"));
            Ok(())
        }
    }
}

/// A message with its children, each once: a message with two parents stands under the first that is reached.
fn branch(store: &Store, id: &Cid, depth: usize, seen: &mut BTreeSet<Cid>) -> Result<Option<Branch>, StoreError> {
    if !seen.insert(*id) {
        return Ok(None);
    }
    let Some(message) = store.load(id)? else { return Ok(None) };
    let mut children = vec![];
    if depth > 0 {
        for child in store.children(id)? {
            children.extend(branch(store, &child, depth - 1, seen)?);
        }
    }
    Ok(Some(Branch { message, children }))
}

fn message_json(message: &Verified) -> eyre::Result<Value> {
    let block: Ipld = serde_ipld_dagcbor::from_slice(&message.signed.block).or_exit(Kind::Integrity)?;
    Ok(json!({
        "id": message.id.to_string(),
        "signature": hex::encode(&message.signed.signature),
        "message": to_json(&block),
    }))
}

fn tree_json(branch: &Branch) -> eyre::Result<Value> {
    let mut value = message_json(&branch.message)?;
    let children = branch.children.iter().map(tree_json).collect::<eyre::Result<Vec<Value>>>()?;
    value["children"] = Value::Array(children);
    Ok(value)
}

fn tree_lines(branch: &Branch, indent: usize) -> Vec<String> {
    let message = &branch.message.message;
    let head = format!("{}{} {}", " ".repeat(indent), message.body.kind(), branch.message.id);
    let says = gist(&message.body).map_or(String::new(), |gist| format!(": {gist}"));
    let by = format!("{}by {}{says}", " ".repeat(indent + 2), message.author);
    let below = branch.children.iter().flat_map(|child| tree_lines(child, indent + 4));
    [head, by].into_iter().chain(below).collect()
}

/// What a message says, in a few words.
fn gist(body: &Body) -> Option<String> {
    Some(match body {
        Body::Ticket(ticket) => format!("round {}, snapshot {}", ticket.round, ticket.snapshot),
        Body::Prompt(prompt) => escape(&prompt.text),
        Body::Result(result) => format!("{} units", result.units),
        Body::Verdict(verdict) => format!("{} of 1000, {}", verdict.score, escape(&verdict.reason)),
        Body::Feedback(feedback) => format!("{} of 1000, {}", feedback.rating, escape(&feedback.text)),
        Body::RetrievalAdd(add) => format!("{} chunks", add.chunks.len()),
        Body::RetrievalRemove(remove) => format!("{} chunks, {}", remove.chunks.len(), escape(&remove.reason)),
        _ => return None,
    })
}
