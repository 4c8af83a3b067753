//! Limits and per-kind rules of form, all checked before the signature.

use super::{Message, MessageError, is_message_id};
use crate::account::Author;
use crate::body::Body;
use crate::hash::{Hash, RAW};
use cid::Cid;
use unicode_normalization::is_nfc;

/// The longest block, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// The most data items of a block, keys included; the fullest verdict has some 5 100. So no block takes much more memory
/// than it has bytes.
pub const MAX_ITEMS: usize = 8192;
/// The most parents of a message.
pub const MAX_PARENTS: usize = 16;
/// The most receipts of a batch.
pub const MAX_RECEIPTS: usize = 512;
/// The most chunks of a retrieval-add or a retrieval-remove.
pub const MAX_CHUNKS: usize = 256;
/// The most adapters of a capability, blobs of a result or openings of a verdict.
pub const MAX_LIST: usize = 512;
/// The longest reason or source, in bytes of UTF-8.
pub const MAX_REASON_BYTES: usize = 1024;
/// Safe for every consumer of JSON: sequences and rounds stay below 2^53.
const MAX_INTEGER: u64 = 1 << 53;

type Check = Result<(), MessageError>;

fn need(good: bool, field: &'static str, why: &str) -> Check {
    if good { Ok(()) } else { Err(MessageError::field(field, why)) }
}

pub(super) fn check(message: &Message) -> Check {
    need(message.parents.len() <= MAX_PARENTS, "parents", "more than 16")?;
    need(
        message.parents.iter().chain(&message.prev).chain(&message.task).all(is_message_id),
        "parents",
        "not all of prev, task and parents are CIDs of messages (CIDv1, dag-cbor, sha2-256)",
    )?;
    need((message.seq == 0) == message.prev.is_none(), "prev", "it is null at sequence 0 and only there")?;
    need(message.seq < MAX_INTEGER && message.time_ms < MAX_INTEGER, "seq", "seq and time_ms stay below 2^53")?;
    key(message)?;
    author(message)?;
    place(message)?;
    body(&message.body)
}

/// The signing key belongs to the author, or is a session key of 32 bytes.
fn key(message: &Message) -> Check {
    let good = match &message.author {
        Author::Account(_) => message.key.len() == 32,
        Author::Store(key) => message.key.as_slice() == key,
        Author::Oracle(key) | Author::Dao(key) => message.key.as_slice() == key,
    };
    need(good, "key", "not the author's key, or no Ed25519 key of 32 bytes for an account")
}

/// Which kind of author may say what.
fn author(message: &Message) -> Check {
    let good = match &message.body {
        Body::Receipts(_) | Body::Seal(_) => matches!(message.author, Author::Store(_)),
        Body::Vote(_) => matches!(message.author, Author::Oracle(_)),
        Body::Decree(_) => matches!(message.author, Author::Dao(_)),
        _ => matches!(message.author, Author::Account(_)),
    };
    need(good, "author", "this kind of author may not publish this kind of message")
}

/// Task and parents say what the body says: the tree can be walked from either.
fn place(message: &Message) -> Check {
    let parent =
        |cid: &Cid| need(message.parents.contains(cid), "parents", "the message that the body refers to is missing");
    let in_task = || match &message.task {
        Some(task) => parent(task),
        None => Err(MessageError::field("task", "null, but this kind belongs to a task")),
    };
    match &message.body {
        Body::Prompt(p) => {
            need(message.task.is_none(), "task", "not null, but a prompt is the root of its own task")?;
            parent(&p.ticket)
        }
        Body::RetrievalAdd(a) => {
            need(message.task.is_none(), "task", "not null, but a retrieval-add is the root of its own task")?;
            parent(&a.ticket)
        }
        Body::Commit(_) => in_task(),
        Body::Result(r) => in_task().and(parent(&r.commit)),
        Body::VerdictCommit(v) => in_task().and(parent(&v.result)),
        Body::Verdict(v) => in_task().and(parent(&v.commit)).and(parent(&v.result)),
        Body::Feedback(f) => in_task().and(parent(&f.result)),
        _ => need(message.task.is_none(), "task", "not null, but this kind belongs to no task"),
    }
}

fn nfc(text: &str, field: &'static str) -> Check {
    need(is_nfc(text), field, "not in Unicode NFC; normalise it before you sign")
}

fn blob(cid: &Cid, field: &'static str) -> Check {
    need(cid.codec() == RAW && Hash::from_cid(cid).is_some(), field, "not the CID of a blob (CIDv1, raw, sha2-256)")
}

fn reason(text: &str, field: &'static str) -> Check {
    need(text.len() <= MAX_REASON_BYTES, field, "longer than 1024 bytes")
}

fn signed_text(field: &'static str, text: &str, signature: &[u8]) -> Check {
    need(text.len() <= 4096 && signature.len() <= 256, field, "text above 4096 bytes or signature above 256")
}

fn body(body: &Body) -> Check {
    match body {
        Body::Session(s) => signed_text("session", &s.text, &s.signature),
        Body::Link(link) => {
            need((1..=2).contains(&link.texts.len()), "texts", "neither one nor two")?;
            link.texts.iter().try_for_each(|signed| signed_text("texts", &signed.text, &signed.signature))
        }
        Body::Capability(c) => {
            need(
                c.adapters.len() <= MAX_LIST && c.adapters.windows(2).all(|w| w[0] < w[1]),
                "adapters",
                "more than 512, or not strictly ascending",
            )?;
            need(
                c.region.len() == 2 && c.region.bytes().all(|b| b.is_ascii_uppercase()),
                "region",
                "not two upper-case letters of ISO 3166-1",
            )?;
            need(c.slots > 0, "slots", "zero")
        }
        Body::Ticket(t) => need(
            t.round < MAX_INTEGER && (-4..1 << 31).contains(&t.snapshot) && t.max_units < MAX_INTEGER,
            "ticket",
            "a number is out of range",
        ),
        Body::Prompt(p) => {
            need(!p.text.trim().is_empty(), "text", "the prompt is empty: ask something")?;
            nfc(&p.text, "text")
        }
        Body::Commit(_) => Ok(()),
        Body::Result(r) => {
            need(r.blobs.len() <= MAX_LIST, "blobs", "more than 512")?;
            need(r.units < MAX_INTEGER, "units", "2^53 or more")?;
            r.blobs.iter().try_for_each(|cid| blob(cid, "blobs"))
        }
        Body::VerdictCommit(v) => need(v.round < MAX_INTEGER, "round", "2^53 or more"),
        Body::Verdict(v) => {
            need(v.score <= 1000, "score", "above 1000")?;
            need(
                v.opened.len() <= MAX_LIST && v.opened.iter().all(|o| o.siblings.len() <= 32),
                "opened",
                "more than 512, or a path longer than 32",
            )?;
            reason(&v.reason, "reason")
        }
        Body::Feedback(f) => {
            need(f.rating <= 1000, "rating", "above 1000")?;
            reason(&f.text, "text").and(nfc(&f.text, "text"))
        }
        Body::RetrievalAdd(a) => {
            need((1..=MAX_CHUNKS).contains(&a.chunks.len()), "chunks", "none, or more than 256")?;
            a.chunks.iter().try_for_each(|c| blob(&c.blob, "chunks").and(reason(&c.source, "source")))
        }
        Body::RetrievalRemove(r) => {
            need((1..=MAX_CHUNKS).contains(&r.chunks.len()), "chunks", "none, or more than 256")?;
            r.chunks.iter().try_for_each(|c| blob(c, "chunks")).and(reason(&r.reason, "reason"))
        }
        Body::Receipts(r) => {
            need(r.receipts.len() <= MAX_RECEIPTS, "receipts", "more than 512")?;
            need(!r.receipts.is_empty() || r.close.is_some(), "receipts", "none, and it closes no epoch")?;
            need(
                r.first.checked_add(r.receipts.len() as u64).is_some_and(|n| n < MAX_INTEGER),
                "first",
                "2^53 or more",
            )?;
            need(
                r.previous.iter().chain(r.receipts.iter().map(|r| &r.id)).all(is_message_id),
                "receipts",
                "not all ids are CIDs of messages",
            )
        }
        Body::Seal(s) => need(
            s.batches.len() <= 256 && s.batches.iter().flatten().all(is_message_id),
            "batches",
            "more than 256, or not CIDs of messages",
        ),
        Body::Vote(v) => {
            need(
                matches!(v.statement.len(), 200 | 84 | 80),
                "statement",
                "neither the 200 bytes of a statement, the 84 of an attestation nor the 80 of a veto",
            )?;
            need(v.signature.len() == 65, "signature", "not 65 bytes r, s, v")?;
            need(v.history.iter().chain(&v.tree).all(is_message_id), "history", "not the CID of a DAG-CBOR block")
        }
        Body::Decree(d) => need(
            d.signatures.len() <= 256 && d.signatures.windows(2).all(|w| w[0].key < w[1].key),
            "signatures",
            "more than 256, or not strictly ascending by key",
        ),
    }
}
