//! What fits a transaction: no claim and no filing of a network may be too long to send.

use anchor_lang::prelude::Pubkey;
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
use crate::plan::with_budget;
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
    let reader = reader();
    let signer = Keypair::new_from_array([5; 32]);
    let call = reader.instruction(action, signer.pubkey(), &state(&reader), programs::TOKEN_2022)?;
    let addresses = shared_by_claims(&reader.addresses, programs::TOKEN_2022);
    let table = AddressLookupTableAccount { key: Pubkey::new_from_array([6; 32]), addresses };
    let birth = Birth { slot: 1, blockhash: Hash::new_from_array([3; 32]) };
    let calls = with_budget(&[call], 400_000, price);
    let message = transaction::message(signer.pubkey(), &calls, &[table], birth)?;
    let prepared = transaction::sign(&signer, &reader.config.chain, message, birth, FeeLimit(5_000))?;
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
    assert!(length(&Action::SubmitEpoch { statement, signatures }, u64::MAX).is_ok());
}

/// Of a tree of a million leaves, a lookup table holding only what all claims share. Shallower trees leave room for more:
/// a level is 40 bytes, a payee 64 and an account that is to be opened 32.
#[test]
fn a_run_of_two_fits_whatever_its_accounts() {
    let run = |log2: u8| {
        let leaves = (0..1u8 << log2).map(|i| RewardLeaf { payee: Payee([i + 1; 32]), amount: 5 }).collect();
        let siblings = vec![Node { hash: Hash32([8; 32]), sum: 7 }; usize::from(20 - log2)];
        Action::ClaimRange { leaves, proof: RangeProof { first: 0, log2, siblings } }
    };
    let fits = (0..5).filter(|log2| length(&run(*log2), 1).is_ok()).max();
    assert_eq!(fits, Some(1));
}
