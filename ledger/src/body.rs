//! The body kinds: one closed enum. `docs/protocol.md` lists every field; `ledger/schema.cddl` is the committed schema.
//!
//! On the wire a body is a map with one key, the kind in kebab-case, and the kind's fields beneath. No field is ever
//! absent: what does not apply is null.

use crate::account::{Account, ChainId};
use crate::hash::Hash;
use cid::Cid;
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Body {
    /// A wallet delegates to a session key, or revokes one.
    Session(Session),
    /// Wallets say that their accounts are one owner's, or that they are no longer.
    Link(Link),
    /// A node says what it serves.
    Capability(Capability),
    /// A promise to prompt, signed before the round that draws its racers.
    Ticket(Ticket),
    /// A question to the network: the root of a task.
    Prompt(Prompt),
    /// A racer has finished and binds itself to its output.
    Commit(Commit),
    /// A racer reveals its output.
    Result(TaskResult),
    /// A judge has finished and binds itself to its verdict.
    VerdictCommit(VerdictCommit),
    /// A judge reveals its verdict.
    Verdict(Verdict),
    /// The prompting user rates a result.
    Feedback(Feedback),
    /// A curator adds documents: the root of a task, as a prompt is.
    RetrievalAdd(RetrievalAdd),
    /// A curator removes documents; it acts at receipt.
    RetrievalRemove(RetrievalRemove),
    /// A store's receipts for consecutive places of its sequence.
    Receipts(Receipts),
    /// The vector of close batches on which the witnesses agreed.
    Seal(Seal),
    /// An oracle's signature under a statement, a veto or an attestation to a history block.
    Vote(Vote),
    /// A decision that carries the DAO set's signatures.
    Decree(Decree),
}

/// See [`Body::Session`]. The message is signed by the session key itself (sequence 0 of it, or, for a revocation, any
/// later one of the key that revokes), which proves that its holder agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The exact CAIP-122 text that the wallet signed.
    pub text: String,
    /// The wallet's signature in its own scheme (EVM: 65 bytes r, s, v).
    pub signature: ByteBuf,
}

/// See [`Body::Link`]. Any key may sign the message: the wallets' signatures within it decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// To link, what both accounts' wallets signed, the lower account's first; to end a link, what one of them signed.
    pub texts: Vec<SignedText>,
}

/// A text and its wallet's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedText {
    /// The exact CAIP-122 text that the wallet signed.
    pub text: String,
    /// The wallet's signature in its own scheme (EVM: 65 bytes r, s, v).
    pub signature: ByteBuf,
}

/// See [`Body::Capability`]. The newest observed one of an account counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    /// Model adapters that the node serves, ascending.
    pub adapters: Vec<Hash>,
    /// ISO 3166-1 alpha-2 code of the declared region.
    pub region: String,
    /// Tasks that it can work on at once.
    pub slots: u16,
    /// Keeps no snapshot of the ledger.
    pub light: bool,
    /// From this beacon round on it takes no work (a drain), or null.
    pub drain_round: Option<u64>,
}

/// See [`Body::Ticket`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The beacon round whose signature draws the racers.
    pub round: u64,
    /// The sealed epoch whose eligibility snapshot is drawn from.
    pub snapshot: i64,
    /// The model adapter or workflow that the task will use.
    pub adapter: Hash,
    /// The most work units that the task may count.
    pub max_units: u64,
}

/// See [`Body::Prompt`]. Parents: its ticket, and the earlier prompt or result that it follows up, if any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The ticket that it uses.
    pub ticket: Cid,
    /// The user's words, in Unicode NFC, not empty.
    pub text: String,
    /// What else the primitive takes, as its own DAG-CBOR.
    pub params: ByteBuf,
    /// The retrieval snapshot to answer from, or null where the primitive uses none.
    pub snapshot: Option<Hash>,
    /// X25519 key to which racers seal the early answer.
    pub reply_key: ByteArray<32>,
}

/// See [`Body::Commit`]. Parents: the prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// See [`TaskResult::commitment`].
    pub hash: Hash,
}

/// Everything that an inference used, by hash. A record with one missing is not eligible for reward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The model adapter: weights, tokenizer, graph and runtime settings.
    pub adapter: Hash,
    /// `H` of the configuration that the primitive ran with.
    pub config: Hash,
    /// `H` of the seed; of no bytes where the primitive draws nothing.
    pub seed: Hash,
    /// The retrieval snapshot, or null where the primitive uses none.
    pub snapshot: Option<Hash>,
    /// `H` of the system prompt; of no bytes where there is none.
    pub system_prompt: Hash,
}

/// See [`Body::Result`]. Parents: the prompt and the commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskResult {
    /// The commit that it opens.
    pub commit: Cid,
    /// The commit's salt.
    pub salt: ByteArray<32>,
    /// DAG-CBOR of the primitive's output. Text of documents is never in it, only where to find it: documents can be removed.
    pub output: ByteBuf,
    /// Blobs that belong to the output.
    pub blobs: Vec<Cid>,
    /// What the inference used.
    pub binding: Binding,
    /// Work units by the adapter's certified table.
    pub units: u64,
}

impl TaskResult {
    /// What the commit holds: `H(LIAISE/COMMIT/1, prompt, H(output), H(account), salt)`.
    pub fn commitment(prompt: &Cid, output: &[u8], account: &Account, salt: &[u8; 32]) -> Hash {
        let prompt = prompt.hash().digest();
        let output = Hash::of(&[output]);
        Hash::of(&[&crate::hash::tag("LIAISE/COMMIT/1"), prompt, &output.0, &account.hash().0, salt])
    }
}

/// See [`Body::VerdictCommit`]. Parents: the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictCommit {
    /// The result that is judged.
    pub result: Cid,
    /// See [`Verdict::commitment`].
    pub hash: Hash,
    /// The beacon round whose signature draws what the evidence opens.
    pub round: u64,
}

/// See [`Body::Verdict`]. Parents: the result and the verdict commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The verdict commit that it opens.
    pub commit: Cid,
    /// The result that is judged.
    pub result: Cid,
    /// 0 (refused) to 1000 (agrees fully); 500 and more accepts.
    pub score: u16,
    /// The commit's salt.
    pub salt: ByteArray<32>,
    /// Root of the plain Merkle tree over the judge's own values.
    pub root: Hash,
    /// Number of those values.
    pub count: u32,
    /// The values at the positions that the round's signature drew, in the order of the draw.
    pub opened: Vec<Opening>,
    /// Why, in a few words: shown to the user and in statements.
    pub reason: String,
}

impl Verdict {
    /// What the verdict commit holds: `H(LIAISE/VERDICT/1, result, score u16, root, count u32, H(account), salt)`.
    pub fn commitment(result: &Cid, score: u16, root: &Hash, count: u32, account: &Account, salt: &[u8; 32]) -> Hash {
        Hash::of(&[
            &crate::hash::tag("LIAISE/VERDICT/1"),
            result.hash().digest(),
            &score.to_be_bytes(),
            &root.0,
            &count.to_be_bytes(),
            &account.hash().0,
            salt,
        ])
    }
}

/// One of a judge's values with its path to the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Position among the values.
    pub index: u32,
    /// The value: what the judge computed itself (for example a cosine in millionths).
    pub value: i64,
    /// Sibling hashes from the leaf upwards.
    pub siblings: Vec<Hash>,
}

/// See [`Body::Feedback`]. Parents: the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// The result that is rated.
    pub result: Cid,
    /// 0 (useless) to 1000 (perfect).
    pub rating: u16,
    /// The user's words, in Unicode NFC; may be empty.
    pub text: String,
}

/// See [`Body::RetrievalAdd`]. Parents: its ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetrievalAdd {
    /// The ticket that it uses.
    pub ticket: Cid,
    /// The documents' chunks, in the order of the work.
    pub chunks: Vec<Chunk>,
    /// X25519 key to which racers seal the early answer.
    pub reply_key: ByteArray<32>,
}

/// A piece of a document: its bytes are a blob and may be absent, its id stays for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// CID of the text's bytes.
    pub blob: Cid,
    /// Where it comes from, as cited to users.
    pub source: String,
}

/// See [`Body::RetrievalRemove`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetrievalRemove {
    /// The chunks' blobs; stores purge these bytes and whatever was computed from them.
    pub chunks: Vec<Cid>,
    /// Why.
    pub reason: String,
}

/// See [`Body::Receipts`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipts {
    /// The store's batch before this one, or null at its first.
    pub previous: Option<Cid>,
    /// Drawn anew at each start of the store: monotonic times compare within one boot only.
    pub boot: ByteArray<16>,
    /// Place of the first receipt in the store's sequence; the others follow without a gap.
    pub first: u64,
    /// The epoch that this batch closes for the store, or null.
    pub close: Option<i64>,
    /// At most 512.
    pub receipts: Vec<Receipt>,
}

/// A store's word that a message was durable at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The message.
    pub id: Cid,
    /// The store's monotonic clock, in nanoseconds since its boot.
    pub mono_ns: u64,
    /// The store's wall clock, in milliseconds since 1970.
    pub wall_ms: u64,
}

/// See [`Body::Seal`]. Whoever publishes it need not be trusted: the certificate proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The epoch.
    pub epoch: i64,
    /// The witnesses' close batches in key order; null for a store that did not make it. At least Q are set.
    pub batches: Vec<Option<Cid>>,
    /// Commit certificate of the witnesses' consensus, in the encoding of `oracle::seal`.
    pub certificate: ByteBuf,
}

/// See [`Body::Vote`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The 200 bytes of a statement, the 84 of an attestation to a history block, or the 80 of a veto.
    pub statement: ByteBuf,
    /// r, s, v (0 or 1) over `H` of those bytes; low s.
    pub signature: ByteBuf,
    /// The history block behind an EPOCH statement or an attestation, else null.
    pub history: Option<Cid>,
    /// The tree block behind an EPOCH statement, else null.
    pub tree: Option<Cid>,
}

/// See [`Body::Decree`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decree {
    /// What was decided.
    pub act: Act,
    /// At least the DAO set's threshold, ascending by key, over [`Act::digest`].
    pub signatures: Vec<DaoSignature>,
}

/// The signed part of a decree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The last decree's number + 1; the first is 1.
    pub number: u32,
    /// Digest of the decree before, or null at the first.
    pub previous: Option<Hash>,
    /// The network that it is for.
    pub network: Hash,
    /// First epoch in which it counts; rows and distributors count from their seal.
    pub effective: i64,
    /// The on-chain proposal that it carries out, or null.
    pub proposal: Option<String>,
    /// What it sets.
    pub value: DecreeValue,
}

impl Act {
    /// `H` of its DAG-CBOR.
    pub fn digest(&self) -> Hash {
        Hash::of(&[&serde_ipld_dagcbor::to_vec(self).expect("an act always encodes")])
    }
}

/// One signature of a decree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaoSignature {
    /// Compressed secp256k1 key of the DAO set.
    pub key: ByteArray<33>,
    /// 64 bytes r, s; low s.
    pub signature: ByteArray<64>,
}

/// What a decree sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DecreeValue {
    /// A deployment that may be opened.
    Distributor(DistributorDecree),
    /// A row of the table of terms: the first, or an emergency.
    Row(RowDecree),
    /// A model adapter is certified: from its effective epoch on its work earns.
    Certify(CertifyDecree),
    /// A certified adapter earns no more.
    Withdraw(WithdrawDecree),
}

/// See [`DecreeValue::Distributor`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistributorDecree {
    /// CAIP-2.
    pub chain: ChainId,
    /// Its 32-byte identity in statements.
    pub distributor: Hash,
    /// Contract address, program or category, in the chain's own spelling.
    pub address: String,
    /// `H` of the deployed code.
    pub code: Hash,
    /// The DAO authority, in the chain's own spelling.
    pub authority: String,
    /// The guardian, in the chain's own spelling.
    pub guardian: String,
    /// Seconds that an epoch waits before it is payable.
    pub epoch_delay_s: u32,
    /// Seconds that an opening or a refiled statement waits.
    pub long_delay_s: u32,
    /// Epochs of notice before a hand-over.
    pub notice_epochs: u32,
    /// Until then the guardian must agree to rotation, hand-over and its own change.
    pub guarded_until_s: u64,
}

/// See [`DecreeValue::Row`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowDecree {
    /// First epoch of the range.
    pub first: i64,
    /// The distributor that holds it.
    pub new: Hash,
    /// The one that it takes the term from; zero for the first row.
    pub old: Hash,
}

/// See [`DecreeValue::Certify`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertifyDecree {
    /// The adapter's id.
    pub adapter: Hash,
    /// The canonical manifest whose domain-separated hash is the id; work units and thresholds are read from it.
    pub manifest: ByteBuf,
}

/// See [`DecreeValue::Withdraw`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawDecree {
    /// The adapter's id.
    pub adapter: Hash,
    /// Why.
    pub reason: String,
}

impl Body {
    /// The kind, as on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Body::Session(_) => "session",
            Body::Link(_) => "link",
            Body::Capability(_) => "capability",
            Body::Ticket(_) => "ticket",
            Body::Prompt(_) => "prompt",
            Body::Commit(_) => "commit",
            Body::Result(_) => "result",
            Body::VerdictCommit(_) => "verdict-commit",
            Body::Verdict(_) => "verdict",
            Body::Feedback(_) => "feedback",
            Body::RetrievalAdd(_) => "retrieval-add",
            Body::RetrievalRemove(_) => "retrieval-remove",
            Body::Receipts(_) => "receipts",
            Body::Seal(_) => "seal",
            Body::Vote(_) => "vote",
            Body::Decree(_) => "decree",
        }
    }

    /// Receipts, seals and votes are not receipted; everything else is, decrees too.
    pub fn is_receipted(&self) -> bool {
        !matches!(self, Body::Receipts(_) | Body::Seal(_) | Body::Vote(_))
    }
}
