//! What a fold needs of a message, and no more: a fifth of its size, with everything hashed and proved that depends on the
//! message alone.

use std::sync::OnceLock;

use cid::Cid;
use liaise_ledger::body::{
    Body, Capability, Decree, Link as LinkBody, Opening, Session as SessionBody, TaskResult, Ticket, Verdict,
};
use liaise_ledger::genesis::Genesis;
use liaise_ledger::link::{Link, LinkAct, LinkClaim};
use liaise_ledger::plain_tree::verify_evidence;
use liaise_ledger::session::{Scope, Session, SessionOutcome};
use liaise_ledger::{Account, Author, Hash, Message, Verified};
use serde_bytes::ByteBuf;

use super::lot::Kept;

/// Where a parent stands among a message's parents. Form checks see to it that whatever a body names is one of them.
pub type ParentAt = u8;

/// See the module. Made of a [`Verified`].
#[derive(Clone, Debug)]
pub struct Fact {
    /// The account that it speaks for; null for other authors.
    pub account: Option<Account>,
    /// The session key that signed it, where it speaks for an account.
    pub key: Hash,
    /// Whether it is the first of its key's sequence.
    pub is_first: bool,
    /// `H` of author, key and sequence.
    pub place: Hash,
    /// The scope that its key's session needs.
    pub scope: Option<Scope>,
    /// Digests of its parents.
    pub parents: Box<[Hash]>,
    /// The task's root among the parents; null for what belongs to none.
    pub task: Option<ParentAt>,
    /// What it says.
    pub says: Says,
}

/// What a message says, as far as a fold asks. Small: what is large stands behind a pointer.
#[derive(Clone, Debug)]
pub enum Says {
    /// A delegation or a revocation.
    Session(Box<Delegation>),
    /// A link or its end.
    Link(Box<Joining>),
    /// What a node serves.
    Capability(Box<Capability>),
    /// A ticket.
    Ticket(Box<Drawing>),
    /// A task's root.
    Root(Box<Root>),
    /// The hash that a result will open.
    Commit(Box<Hash>),
    /// A result.
    Result(Box<Opened>),
    /// A verdict-commit.
    VerdictCommit(Box<Promised>),
    /// A verdict.
    Verdict(Box<Ruled>),
    /// Chunks that retrieval returns no more.
    Removal(Box<Removed>),
    /// A decree.
    Decree(Box<Decree>),
    /// Receipts, seals and votes: nobody gives receipts for them.
    Unreceipted,
    /// Nothing that a rule reads.
    Nothing,
}

/// Of what kind a [`Says`] is: most questions need no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Session,
    Link,
    Capability,
    Ticket,
    Root,
    Commit,
    Result,
    VerdictCommit,
    Verdict,
    Removal,
    Decree,
    Unreceipted,
    Nothing,
}

/// A ticket, and its draw where that was worked out before.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The ticket.
    pub ticket: Ticket,
    /// Its draw.
    pub kept: Option<Kept>,
}

/// A `session` message, and whether it verifies: found out once.
#[derive(Clone, Debug)]
pub struct Delegation {
    body: SessionBody,
    author: Author,
    key: ByteBuf,
    outcome: OnceLock<Option<SessionOutcome>>,
}

impl Delegation {
    /// What it says, if its wallet signed it; found out at the first call.
    pub fn outcome(&self, genesis: &Genesis) -> Option<&SessionOutcome> {
        let Delegation { body, author, key, outcome } = self;
        outcome.get_or_init(|| Session::check(body, author, key, genesis).ok()).as_ref()
    }
}

/// A `link` message, and whether it verifies: found out once.
#[derive(Clone, Debug)]
pub struct Joining {
    body: LinkBody,
    author: Author,
    outcome: OnceLock<Option<LinkClaim>>,
}

impl Joining {
    /// What it says, if its wallets signed it; found out at the first call.
    pub fn outcome(&self, genesis: &Genesis) -> Option<&LinkClaim> {
        let Joining { body, author, outcome } = self;
        outcome.get_or_init(|| Link::check(body, author, genesis).ok()).as_ref()
    }

    /// The accounts that it is about, if its wallets signed it.
    pub fn accounts(&self, genesis: &Genesis) -> impl Iterator<Item = &Account> {
        self.outcome(genesis).into_iter().flat_map(|claim| {
            let left = match &claim.act {
                LinkAct::Unlink(left) => Some(left),
                LinkAct::Link => None,
            };
            claim.signers.iter().chain(left)
        })
    }
}

/// What a curator takes out of retrieval.
#[derive(Clone, Debug)]
pub struct Removed {
    /// Digests of the chunks.
    pub chunks: Vec<Hash>,
}

/// A verdict-commit.
#[derive(Clone, Copy, Debug)]
pub struct Promised {
    /// The judged result among the parents.
    pub result: ParentAt,
    /// The hash that the verdict will open.
    pub hash: Hash,
    /// The round that draws what is opened.
    pub round: u64,
}

/// The root of a task.
#[derive(Clone, Debug)]
pub struct Root {
    /// Its ticket among the parents.
    pub ticket: ParentAt,
    /// `H` of a prompt's text; null for an addition to retrieval.
    pub text: Option<Hash>,
    /// The retrieval snapshot that a prompt asks for, or null.
    pub snapshot: Option<Box<Hash>>,
    /// Ids of the chunks that are added.
    pub chunks: Box<[Hash]>,
}

/// A result, without its output.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The commit that it opens among the parents.
    pub commit: ParentAt,
    /// The hash that the commit must hold.
    pub hash: Hash,
    /// The adapter that it names.
    pub adapter: Hash,
    /// The retrieval snapshot that it names.
    pub snapshot: Option<Box<Hash>>,
    /// It leaves none of configuration, seed and system prompt out.
    pub is_complete: bool,
    /// Work units.
    pub units: u64,
}

/// A verdict, without its evidence.
#[derive(Clone, Debug)]
pub struct Ruled {
    /// The verdict-commit that it opens among the parents.
    pub commit: ParentAt,
    /// The judged result among the parents.
    pub result: ParentAt,
    /// The hash that the verdict-commit must hold.
    pub hash: Hash,
    /// 0 to 1000.
    pub score: u16,
    /// How many values the judge has.
    pub count: u32,
    /// The positions that it opens, in its order.
    pub positions: Box<[u32]>,
    /// Whether every opened value stands under its root.
    pub is_proved: bool,
}

impl From<Verified> for Fact {
    fn from(message: Verified) -> Fact {
        Fact::of(&message)
    }
}

impl Fact {
    /// What a message says.
    pub fn of(message: &Verified) -> Fact {
        let Verified { id, message, .. } = message;
        let parents: Box<[Hash]> = message.parents.iter().map(digest).collect();
        let at = |cid: &Cid| message.parents.iter().position(|parent| parent == cid).expect(IS_PARENT) as ParentAt;
        let says = match (&message.body, &message.author) {
            (Body::Session(body), _) => Says::Session(Box::new(Delegation {
                body: body.clone(),
                author: message.author.clone(),
                key: message.key.clone(),
                outcome: OnceLock::new(),
            })),
            (Body::Link(body), author) => {
                Says::Link(Box::new(Joining { body: body.clone(), author: author.clone(), outcome: OnceLock::new() }))
            }
            (Body::Capability(body), _) => Says::Capability(Box::new(body.clone())),
            (Body::Ticket(ticket), _) => Says::Ticket(Box::new(Drawing { ticket: ticket.clone(), kept: None })),
            (Body::Prompt(prompt), _) => Says::Root(Box::new(Root {
                ticket: at(&prompt.ticket),
                text: Some(Hash::of(&[prompt.text.as_bytes()])),
                snapshot: prompt.snapshot.map(Box::new),
                chunks: Box::default(),
            })),
            (Body::RetrievalAdd(add), _) => Says::Root(Box::new(Root {
                ticket: at(&add.ticket),
                text: None,
                snapshot: None,
                chunks: add.chunks.iter().filter_map(|chunk| Hash::from_cid(&chunk.blob)).collect(),
            })),
            (Body::Commit(commit), _) => Says::Commit(Box::new(commit.hash)),
            (Body::Result(result), Author::Account(account)) => {
                Says::Result(Box::new(opened(result, at(&result.commit), task_of(message, id), account)))
            }
            (Body::VerdictCommit(commit), _) => {
                let (result, hash, round) = (at(&commit.result), commit.hash, commit.round);
                Says::VerdictCommit(Box::new(Promised { result, hash, round }))
            }
            (Body::Verdict(verdict), Author::Account(account)) => {
                Says::Verdict(Box::new(ruled(verdict, at(&verdict.commit), at(&verdict.result), account)))
            }
            (Body::RetrievalRemove(remove), _) => {
                let chunks = remove.chunks.iter().filter_map(Hash::from_cid).collect();
                Says::Removal(Box::new(Removed { chunks }))
            }
            (Body::Decree(decree), _) => Says::Decree(Box::new(decree.clone())),
            (body, _) if !body.is_receipted() => Says::Unreceipted,
            _ => Says::Nothing,
        };
        Fact {
            account: match &message.author {
                Author::Account(account) => Some(account.clone()),
                _ => None,
            },
            key: message.key.as_slice().try_into().map_or(Hash::ZERO, Hash),
            is_first: message.seq == 0,
            place: place_of(message),
            scope: Scope::needed_by(&message.body),
            task: message.task.as_ref().map(at),
            parents,
            says,
        }
    }
}

impl Says {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Says::Session(_) => Kind::Session,
            Says::Link(_) => Kind::Link,
            Says::Capability(_) => Kind::Capability,
            Says::Ticket(_) => Kind::Ticket,
            Says::Root(_) => Kind::Root,
            Says::Commit(_) => Kind::Commit,
            Says::Result(_) => Kind::Result,
            Says::VerdictCommit(_) => Kind::VerdictCommit,
            Says::Verdict(_) => Kind::Verdict,
            Says::Removal(_) => Kind::Removal,
            Says::Decree(_) => Kind::Decree,
            Says::Unreceipted => Kind::Unreceipted,
            Says::Nothing => Kind::Nothing,
        }
    }
}

const IS_PARENT: &str = "a message of good form has what its body names among its parents";

/// A message's digest.
pub fn digest(id: &Cid) -> Hash {
    Hash::from_cid(id).expect("a message is named by SHA-256")
}

/// The place of a message in its key's sequence, as one hash.
fn place_of(message: &Message) -> Hash {
    let (account, others);
    let author = match &message.author {
        Author::Account(known) => {
            account = known;
            account.as_str()
        }
        author => {
            others = author.to_string();
            &others
        }
    };
    Hash::of(&[author.as_bytes(), b"\0", &message.key, &message.seq.to_be_bytes()])
}

fn task_of<'m>(message: &'m Message, id: &'m Cid) -> &'m Cid {
    message.task.as_ref().unwrap_or(id)
}

fn opened(result: &TaskResult, commit: ParentAt, task: &Cid, account: &Account) -> Opened {
    let binding = &result.binding;
    Opened {
        commit,
        hash: TaskResult::commitment(task, &result.output, account, &result.salt),
        adapter: binding.adapter,
        snapshot: binding.snapshot.map(Box::new),
        is_complete: [binding.config, binding.seed, binding.system_prompt].iter().all(|hash| *hash != Hash::ZERO),
        units: result.units,
    }
}

fn ruled(verdict: &Verdict, commit: ParentAt, result: ParentAt, account: &Account) -> Ruled {
    let Verdict { score, root, count, salt, opened, .. } = verdict;
    let proves = |o: &Opening| verify_evidence(root, *count, o.index, o.value, &o.siblings);
    Ruled {
        commit,
        result,
        hash: Verdict::commitment(&verdict.result, *score, root, *count, account, salt),
        score: *score,
        count: *count,
        positions: opened.iter().map(|opening| opening.index).collect(),
        is_proved: opened.iter().all(proves),
    }
}
