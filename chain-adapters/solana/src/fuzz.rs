//! Decoders that nothing outside needs, for tests: what journals kept, what nodes answer, and what programs log.

use anchor_lang::prelude::Pubkey;
use anchor_lang::solana_program::instruction::Instruction;
use anchor_lang::{AccountDeserialize, AccountSerialize, Event as _};
use liaise_chain_api::{ChainId, FeeLimit, Prepared, SubmissionId};
use liaise_emission::events::{HandedOver, StatementVetoed};
use liaise_emission::{Claimed, Distributor, Oracles};
use liaise_summary::{Hash32, OracleSet};
use solana_sdk::hash::Hash;
use solana_sdk::signature::{Keypair, Signature};
use solana_sdk::signer::Signer;

use crate::code::Code;
use crate::events::events;
use crate::transaction::{self, Birth};

mod answers;
mod samples;

pub use answers::answered;
pub use samples::{accounts, answers, loader_record, oracle_set_account};

fn chain() -> ChainId {
    "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp".parse().expect("a chain id")
}

fn program() -> Pubkey {
    Pubkey::new_from_array([7; 32])
}

fn distributor() -> Pubkey {
    Pubkey::new_from_array([1; 32])
}

/// The birth slot of a transaction that a journal kept under this id; `None` where it is refused.
pub fn transaction(id: &str, bytes: &[u8]) -> Option<u64> {
    let (chain, id) = (chain(), SubmissionId(id.to_owned()));
    let prepared = Prepared { chain: chain.clone(), id, bytes: bytes.to_vec(), fee_max: FeeLimit(0) };
    transaction::held(&prepared, &chain).ok().map(|held| held.birth.slot)
}

/// The birth slot of a transaction that a journal kept under whatever id its bytes have; `None` where it is refused.
pub fn named(bytes: &[u8]) -> Option<u64> {
    // after layout and slot, and the number of signatures in one byte
    let signature: [u8; 64] = bytes.get(10..74)?.try_into().expect("64 bytes");
    transaction(&Signature::from(signature).to_string(), bytes)
}

/// A signed transaction as a journal keeps it, with its id.
pub fn signed() -> (String, Vec<u8>) {
    let signer = Keypair::new_from_array([7; 32]);
    let birth = Birth { slot: 99, blockhash: Hash::new_from_array([3; 32]) };
    let call = Instruction { program_id: program(), accounts: vec![], data: vec![1, 2, 3] };
    let message = transaction::message(signer.pubkey(), &[call], &[], birth).expect("a message");
    let prepared = transaction::sign(&[&signer], &chain(), message, birth, FeeLimit(5000)).expect("a key signs");
    (prepared.id.0, prepared.bytes)
}

/// How many events the lines of a log hold; `None` for a log that is cut off or damaged.
pub fn log(lines: &str) -> Option<usize> {
    let lines: Vec<String> = lines.lines().map(ToOwned::to_owned).collect();
    events(&lines, &program(), &distributor()).ok().map(|events| events.len())
}

/// A log with two events.
pub fn logged() -> String {
    let vetoed = StatementVetoed {
        distributor: distributor(),
        digest: [2; 32],
        by: Pubkey::default(),
        new_head: [3; 32],
        reason: b"a wrong fold".to_vec(),
    };
    let handed = HandedOver { distributor: distributor(), end: 180, new_distributor: [4; 32] };
    samples::log_of(&[vetoed.data(), handed.data()])
}

/// SHA-256 of the code in what the loader keeps.
pub fn code(data: &[u8]) -> Option<Hash32> {
    Code::read(data).map(|code| code.hash)
}

/// One of the program's accounts, read, written, and read and written again. `None` where it is refused.
pub fn account(which: u8, data: &[u8]) -> Option<[Vec<u8>; 2]> {
    fn again<T: AccountDeserialize + AccountSerialize>(data: &[u8]) -> Option<[Vec<u8>; 2]> {
        let written = samples::account_bytes(&T::try_deserialize(&mut &data[..]).ok()?);
        let second = T::try_deserialize(&mut &written[..]).expect("what was written can be read");
        Some([written, samples::account_bytes(&second)])
    }
    match which % 3 {
        0 => again::<Distributor>(data),
        1 => again::<Oracles>(data),
        _ => again::<Claimed>(data),
    }
}

/// The oracle set in its account.
pub fn oracle_set(data: &[u8]) -> Option<OracleSet> {
    Oracles::try_deserialize(&mut &data[..]).ok()?.set().ok()
}
