//! The distributor of LIAISE on Solana: what it accepts, when that becomes payable, and who is paid.
//!
//! The same promises as on every chain (contracts/PROMISES.md). Statements, sets and trees are the crate
//! `liaise-summary`, the very code that oracles run; here stand the accounts around it. [`state::Books`] is the heart:
//! pure, and what every instruction brings up to date first.

pub mod error;
pub mod events;
mod instructions;
mod pda;
pub mod seeds;
pub mod state;
mod token;

use anchor_lang::prelude::*;

pub use error::EmissionError;
pub use instructions::*;
pub use state::*;

// The address of local networks, whose key everybody has: its secret is SHA-256 of `liaise local emission program`. A live
// network puts its own here before it builds (README, Deployment).
declare_id!("3rF5gcUHKWofJdpJcoWE3XG4gaSfRBXGAbqJMdFgJFTr");

#[cfg(not(feature = "no-entrypoint"))]
solana_security_txt::security_txt! {
    name: "LIAISE emission",
    project_url: "https://github.com/liaise/liaise",
    contacts: "link:https://github.com/liaise/liaise/security/advisories/new",
    policy: "https://github.com/liaise/liaise/blob/main/contracts/solana/SECURITY.md",
    source_code: "https://github.com/liaise/liaise/tree/main/contracts/solana"
}

#[program]
pub mod emission {
    use super::*;

    /// Creates a distributor with its mint, its vault and its oracle set. Anybody may: the address is made of the
    /// deployment's hash, so that whoever is first creates exactly this one.
    pub fn create_distributor<'info>(
        context: Context<'info, CreateDistributor<'info>>,
        deployment: Box<Deployment>,
    ) -> Result<()> {
        instructions::distributor_create(context, deployment)
    }

    /// Creates an m-of-n account that can be a DAO authority or a guardian. Anybody may; it never changes.
    pub fn create_council<'info>(
        context: Context<'info, CreateCouncil<'info>>,
        threshold: u8,
        members: Vec<Pubkey>,
    ) -> Result<()> {
        instructions::council_create(context, threshold, members)
    }

    /// Files an epoch. Anybody may; the signatures decide: 65 bytes each (r, s, v; v 0 or 1, s low), in ascending order
    /// of the signers' compressed keys, a quorum or more. Network, distributor, set version and head come from the
    /// distributor itself: signed bytes that name another are a wrong signature here.
    pub fn submit<'info>(
        context: Context<'info, Submit<'info>>,
        summary: Summary,
        signatures: Vec<[u8; 65]>,
    ) -> Result<()> {
        instructions::epoch_submit(context, summary, signatures)
    }

    /// Strikes out the pending statement: the guardian once, the DAO authority always. `digest` names the statement, so
    /// that a late transaction strikes no other; the reason is public, and its hash enters the new head.
    pub fn veto<'info>(context: Context<'info, Act<'info>>, digest: [u8; 32], reason: Vec<u8>) -> Result<()> {
        instructions::statement_veto(context, digest, reason)
    }

    /// Moves the head when nothing is pending, for oracles that split. DAO authority; the guardian while nobody can vote.
    pub fn advance<'info>(context: Context<'info, Act<'info>>, head: [u8; 32], reason: Vec<u8>) -> Result<()> {
        instructions::head_advance(context, head, reason)
    }

    /// Ends the range before epoch `end`, irrevocably, in favour of `new_distributor`. DAO authority, with the guardian's
    /// consent until `guarded_until_s`.
    pub fn hand_over<'info>(context: Context<'info, Act<'info>>, end: u32, new_distributor: [u8; 32]) -> Result<()> {
        instructions::range_hand_over(context, end, new_distributor)
    }

    /// Agrees to the opening of a range over `head`; a later approval replaces it. `old` is the distributor that held the
    /// term, zero for the network's first. DAO authority; the guardian while nobody can vote.
    pub fn approve_open<'info>(
        context: Context<'info, Act<'info>>,
        first: u32,
        old: [u8; 32],
        head: [u8; 32],
    ) -> Result<()> {
        instructions::opening_approve(context, first, old, head)
    }

    /// Opens the approved range by the oracles' OPEN statement. Anybody may, once nobody can upgrade the program.
    pub fn open<'info>(
        context: Context<'info, Open<'info>>,
        first: u32,
        old: [u8; 32],
        signatures: Vec<[u8; 65]>,
    ) -> Result<()> {
        instructions::range_open(context, first, old, signatures)
    }

    /// Replaces the oracle set by the next version: 5 to 15 compressed keys, strictly ascending. DAO authority, with the
    /// guardian's consent until `guarded_until_s`.
    pub fn rotate<'info>(context: Context<'info, Rotate<'info>>, version: u32, keys: Vec<[u8; 33]>) -> Result<()> {
        instructions::oracles_rotate(context, version, keys)
    }

    /// Names another guardian. DAO authority, with the present guardian's consent until `guarded_until_s`.
    pub fn set_guardian<'info>(context: Context<'info, Act<'info>>, guardian: Pubkey) -> Result<()> {
        instructions::guardian_set(context, guardian)
    }

    /// The guardian agrees, or no longer agrees, to one exact call of `rotate`, `hand_over` or `set_guardian`, named by
    /// the SHA-256 of its instruction data. The call uses the consent up.
    pub fn consent<'info>(context: Context<'info, Consent<'info>>, call_hash: [u8; 32], given: bool) -> Result<()> {
        instructions::guardian_consent(context, call_hash, given)
    }

    /// Writes down what has become payable. Anybody may; every other call that changes something does it too.
    pub fn settle<'info>(context: Context<'info, Settle<'info>>) -> Result<()> {
        context.accounts.books.settle()
    }

    /// Pays the payee what the leaf holds above what it had, to its associated token account, which is created where it
    /// is missing. Anybody may. `proof` is 40 bytes a sibling (hash, sum u64 big-endian) from the leaf upwards.
    /// Returns what was paid; nothing is no error.
    pub fn claim<'info>(context: Context<'info, Claim<'info>>, amount: u64, index: u32, proof: Vec<u8>) -> Result<u64> {
        instructions::leaf_claim(context, amount, index, proof)
    }

    /// Pays a run of 2^k neighbouring leaves with one proof, `first` being a multiple of 2^k. `amounts` are the leaves'.
    /// Whom a leaf pays is read from the accounts after the named ones, two a leaf in the leaves' order: the payee's
    /// associated token account, which must exist, and its claimed account. A leaf in `named` has no accounts and is not
    /// paid; nor has padding (amount 0). A leaf that was paid already is skipped. Returns what was paid.
    pub fn claim_range<'info>(
        context: Context<'info, ClaimRange<'info>>,
        first: u32,
        amounts: Vec<u64>,
        named: Vec<NamedLeaf>,
        proof: Vec<u8>,
    ) -> Result<u64> {
        instructions::run_claim(context, first, amounts, named, proof)
    }

    /// Returns the held roots with their epochs, as of now: what waits, what is payable, and what was before.
    pub fn held_roots<'info>(context: Context<'info, Read<'info>>) -> Result<HeldRoots> {
        instructions::roots_read(context)
    }

    /// Returns whether the leaf stands in that held root. A malformed proof is an error, a wrong one is false.
    pub fn is_valid_leaf<'info>(
        context: Context<'info, Read<'info>>,
        which: Held,
        payee: Pubkey,
        amount: u64,
        index: u32,
        proof: Vec<u8>,
    ) -> Result<bool> {
        instructions::leaf_check(context, which, payee, amount, index, proof)
    }
}
