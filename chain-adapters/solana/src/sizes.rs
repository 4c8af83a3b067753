//! What fits a transaction: no claim and no filing of a network may be too long to send.

use anchor_lang::prelude::Pubkey;
use anchor_lang::solana_program::instruction::Instruction;
use liaise_chain_api::{
    Account, Action, BlockRef, ChainError, Delays, Distributor, DistributorReader, FeeLimit, HeldRoots, SetRef,
    StatementSignature,
};
use liaise_summary::{
    Emission, Epoch, EpochStatement, Hash32, NetworkId, Node, Payee, Proof, RangeProof, RewardLeaf, Schedule, quorum,
};
use solana_sdk::hash::Hash;
use solana_sdk::message::AddressLookupTableAccount;
use solana_sdk::signature::Keypair;
use solana_sdk::signer::Signer;

use crate::addresses::{Addresses, programs};
use crate::code::Code;
use crate::config::SolanaConfig;
use crate::deploy::shared_by_claims;
use crate::endpoint::Endpoint;
use crate::history::History;
use crate::instruction::Sender;
use crate::plan::{Opened, OpenedKind, longest_run, with_budget};
use crate::reader::SolanaReader;
use crate::transaction::{self, Birth};

fn reader() -> SolanaReader {
    let chain = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp".parse().expect("a chain");
    let config = SolanaConfig::new(chain, "http://127.0.0.1:1", crate::PROGRAM, Pubkey::new_from_array([1; 32]));
    let endpoint = Endpoint::new(&config.endpoint, 1).expect("a url");
    let addresses = Addresses::new(config.program, config.distributor);
    let code = Code { hash: Hash32::ZERO, upgrade_authority: None };
    SolanaReader { config, endpoint, addresses, code, history: History::default() }
}

/// A distributor that was never opened.
fn state(reader: &SolanaReader) -> Distributor {
    let account = Account::solana(&reader.config.chain, [9; 32]);
    let emission = Emission { supply: 1_000, epochs: 10 };
    Distributor {
        id: reader.id(),
        at: BlockRef { number: 1, hash: [0; 32], time_s: 1 },
        code_hash: Hash32::ZERO,
        schedule: Schedule { network: NetworkId([2; 32]), genesis_s: 0, emission, epoch_s: 1, term_epochs: 1 },
        delays: Delays { epoch_s: 1, long_s: 2 },
        notice_epochs: 1,
        guarded_until_s: 0,
        authority: account.clone().into(),
        guardian: account,
        oracle_set: SetRef { version: 1, hash: Hash32::ZERO, set: None },
        range: None,
        next: Epoch(0),
        head: Hash32::ZERO,
        root_sum: 0,
        owed: 0,
        pending: None,
        held: HeldRoots::default(),
        unclaimed: 0,
    }
}

/// The bytes of an action's transaction with a deployment's lookup table, or the refusal.
fn length(action: &Action, price: u64) -> Result<usize, ChainError> {
    length_of(&[instruction_of(action)?], price)
}

fn instruction_of(action: &Action) -> Result<Instruction, ChainError> {
    let reader = reader();
    let sender = Sender::alone(Keypair::new_from_array([5; 32]).pubkey());
    reader.instruction(action, &sender, &state(&reader), programs::TOKEN_2022)
}

fn length_of(calls: &[Instruction], price: u64) -> Result<usize, ChainError> {
    let reader = reader();
    let signer = Keypair::new_from_array([5; 32]);
    let addresses = shared_by_claims(&reader.addresses, programs::TOKEN_2022);
    let table = AddressLookupTableAccount { key: Pubkey::new_from_array([6; 32]), addresses };
    let birth = Birth { slot: 1, blockhash: Hash::new_from_array([3; 32]) };
    let calls = with_budget(calls, 400_000, price);
    let message = transaction::message(signer.pubkey(), &calls, &[table], birth)?;
    let prepared = transaction::sign(&[&signer], &reader.config.chain, message, birth, FeeLimit(5_000))?;
    Ok(transaction::held(&prepared, &reader.config.chain)?.wire.len())
}

fn claim(levels: usize) -> Action {
    let siblings = vec![Node { hash: Hash32([8; 32]), sum: 7 }; levels];
    Action::Claim { leaf: RewardLeaf { payee: Payee([4; 32]), amount: 5 }, proof: Proof { index: 0, siblings } }
}

#[test]
fn a_claim_from_a_tree_of_a_million_leaves_fits_at_any_price() {
    assert!(length(&claim(20), u64::MAX).expect("it fits") <= transaction::MAX_BYTES);
    // two million at no price; beyond that a tree is deeper than a transaction is long
    assert!(length(&claim(21), 0).is_ok());
    match length(&claim(22), 0) {
        Err(ChainError::Input { what: "the call", detail }) => assert!(detail.contains("1232 fit"), "{detail}"),
        other => panic!("it is too long, and it gives {other:?}"),
    }
}

#[test]
fn a_filing_by_the_largest_set_fits_at_any_price() {
    let statement = EpochStatement {
        network: NetworkId([2; 32]),
        distributor: reader().id(),
        epoch: Epoch(0),
        oracle_set: 1,
        head: Hash32::ZERO,
        root_hash: Hash32([3; 32]),
        root_sum: u64::MAX,
        owed: u64::MAX,
        artefact: Hash32([4; 32]),
    };
    let signed = |i: u8| StatementSignature { key: [i; 33], rsv: [i; 65] };
    let signatures = (0..u8::try_from(quorum(15)).expect("few")).map(signed).collect();
    assert!(length(&Action::SubmitEpoch { statement, signatures, payouts: 0 }, u64::MAX).is_ok());
}

/// A run of leaves whose payees lack every account, under a lookup table that holds only what all claims share.
fn run_length(depth: u8, log2: u8) -> Result<usize, ChainError> {
    let leaves: Vec<RewardLeaf> =
        (0..1u8 << log2).map(|i| RewardLeaf { payee: Payee([i + 100; 32]), amount: u64::MAX >> 8 }).collect();
    let siblings = vec![Node { hash: Hash32([8; 32]), sum: 7 }; usize::from(depth - log2)];
    let reader = reader();
    let opened = leaves.iter().map(|leaf| {
        let payee = Pubkey::new_from_array(leaf.payee.0);
        let address = reader.addresses.destination(&payee, &programs::TOKEN_2022);
        Opened { kind: OpenedKind::TokenAccount, address, payee, lamports: 1 }
    });
    let payer = Keypair::new_from_array([5; 32]).pubkey();
    let mut calls: Vec<_> = opened.map(|opened| reader.open(payer, &opened, programs::TOKEN_2022)).collect();
    calls.push(instruction_of(&Action::ClaimRange { leaves, proof: RangeProof { first: 0, log2, siblings } })?);
    length_of(&calls, u64::MAX)
}

/// What is promised fits; of twice as many leaves it was tried that they don't, so that nothing is given away.
#[test]
fn the_longest_run_fits_whatever_its_payees_lack() {
    let mut given = Vec::new();
    for depth in 0..=24 {
        let log2 = longest_run(depth);
        assert!(log2 == 0 || run_length(depth, log2).is_ok(), "2^{log2} leaves of 2^{depth}");
        if log2 < depth {
            given.push((depth, log2, run_length(depth, log2 + 1).is_ok()));
        }
    }
    let wasted: Vec<_> = given.iter().filter(|(_, log2, more)| *more && *log2 > 0).collect();
    assert!(wasted.is_empty(), "{wasted:?}");
    assert_eq!([2, 4, 8, 12, 16, 20].map(longest_run), [2, 2, 2, 2, 1, 0]);
}
