//! A distributor's accounts, log and records as a node sends them.

use anchor_lang::prelude::Pubkey;
use anchor_lang::{AccountSerialize, Event as _};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use liaise_emission::events::{EpochAccepted, OpenAccepted};
use liaise_emission::{ACCOUNT_VERSION, Books, Claimed, Distributor, Kind, OPEN_ENDED, Oracles, Pending, Root, Rules};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, OpenStatement, OracleSet};
use serde_json::{Value, json};
use solana_sdk::hash::Hash;

use super::{distributor, program, signed};
use crate::addresses::programs;

/// The slot that the answers are of.
const SLOT: u64 = 120;
/// The start of epoch 0, Unix seconds.
const GENESIS_S: u64 = 1_900_000_800;
/// The head before what the log tells of.
const HEAD: [u8; 32] = [8; 32];

/// Answers that are accepted, a line each, by question.
pub fn answers() -> Vec<(u8, String)> {
    let of = program();
    let genesis = json!("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d");
    let [distributor, oracles, claimed] = accounts();
    let accounts = at_slot(json!([
        account(of, &distributor),
        account(of, &oracles),
        account(programs::TOKEN, &[&[0; 64][..], &40u64.to_le_bytes()].concat()),
        account(Pubkey::default(), &[&[0; 32][..], &(GENESIS_S + 500_000).to_le_bytes()].concat()),
    ]));
    let block = |slot: u64| json!({"previousBlockhash": hash(2), "blockhash": hash(3), "parentSlot": slot - 1, "blockTime": GENESIS_S});
    let listed = json!([{"signature": hash(6), "slot": SLOT, "err": null, "memo": null, "blockTime": GENESIS_S,
        "confirmationStatus": "finalized"}]);
    let status = at_slot(json!([{"slot": SLOT, "confirmations": null, "err": null, "status": {"Ok": null},
        "confirmationStatus": "finalized"}]));
    let unseen = at_slot(json!([null]));
    let (filed, opened) = (record(&filing()), record(&opening()));
    let questions: Vec<(u8, Vec<Value>)> = vec![
        (0, vec![genesis.clone(), accounts.clone(), block(SLOT)]),
        (1, vec![genesis.clone(), accounts.clone(), listed.clone(), filed.clone(), block(SLOT)]),
        (2, vec![genesis.clone(), accounts, block(SLOT), listed, opened]),
        (3, vec![genesis.clone(), at_slot(json!([account(of, &claimed)]))]),
        (4, vec![status, filed, block(SLOT)]),
        (4, vec![unseen.clone(), at_slot(json!(false)), unseen, block(99), Value::Null, genesis]),
        (5, vec![at_slot(json!([account(programs::LOOKUP_TABLE, &lookup_table())]))]),
        (6, vec![at_slot(account(programs::UPGRADEABLE_LOADER, &loader_record()))]),
        (7, vec![json!([{"slot": SLOT, "prioritizationFee": 7}])]),
        (8, vec![at_slot(json!({"blockhash": hash(3), "lastValidBlockHeight": 240}))]),
        (9, vec![at_slot(json!({"err": null, "logs": [], "accounts": [account(of, &[])], "unitsConsumed": 150}))]),
    ];
    let lines = |answers: Vec<Value>| answers.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    questions.into_iter().map(|(which, answers)| (which, lines(answers))).collect()
}

/// A distributor, its oracle set, and what a payee was paid, as their accounts hold them.
pub fn accounts() -> [Vec<u8>; 3] {
    let claimed = Claimed { version: ACCOUNT_VERSION, bump: 255, destination_bump: 254, amount: 7 };
    [account_bytes(&state()), oracle_set_account(&oracle_set()), account_bytes(&claimed)]
}

/// What the loader keeps of a program that somebody can replace.
pub fn loader_record() -> Vec<u8> {
    [&3u32.to_le_bytes()[..], &[0; 8], &[1], &[7; 32], b"code"].concat()
}

/// Lines of a log in which the program wrote these events.
pub(super) fn log_of(events: &[Vec<u8>]) -> String {
    let program = program();
    let written: String =
        events.iter().map(|data| format!("Program data: {}\n", BASE64_STANDARD.encode(data))).collect();
    format!("Program {program} invoke [1]\n{written}Program {program} success")
}

/// The bytes of one of the program's accounts.
pub(super) fn account_bytes(account: &impl AccountSerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    account.try_serialize(&mut bytes).expect("memory takes it");
    bytes
}

/// An oracle set as its account holds it.
pub fn oracle_set_account(set: &OracleSet) -> Vec<u8> {
    let (set_version, keys) = (set.version(), set.keys().to_vec());
    account_bytes(&Oracles { version: ACCOUNT_VERSION, bump: 255, set_version, keys })
}

fn oracle_set() -> OracleSet {
    let key = |i: u8| [&[2][..], &[i; 32]].concat().try_into().expect("33 bytes");
    OracleSet::new(1, (1..=7).map(key).collect()).expect("a set")
}

fn hash(byte: u8) -> String {
    Hash::new_from_array([byte; 32]).to_string()
}

fn at_slot(value: Value) -> Value {
    json!({"context": {"slot": SLOT}, "value": value})
}

fn account(owner: Pubkey, bytes: &[u8]) -> Value {
    let (data, owner) = (json!([BASE64_STANDARD.encode(bytes), "base64"]), owner.to_string());
    json!({"lamports": 9, "data": data, "owner": owner, "executable": false, "rentEpoch": 0, "space": bytes.len()})
}

/// A transaction's record with its log.
fn record(event: &[u8]) -> Value {
    let (_, bytes) = signed();
    let log = log_of(&[event.to_vec()]);
    let meta = json!({"err": null, "status": {"Ok": null}, "fee": 5000, "preBalances": [9000, 1],
        "postBalances": [4000, 1], "innerInstructions": [], "logMessages": log.lines().collect::<Vec<_>>(),
        "preTokenBalances": [], "postTokenBalances": [], "rewards": []});
    let transaction = json!([BASE64_STANDARD.encode(&bytes[9..]), "base64"]);
    json!({"slot": SLOT, "transaction": transaction, "meta": meta, "blockTime": GENESIS_S, "version": 0})
}

/// A lookup table that is not going away, with one address.
fn lookup_table() -> Vec<u8> {
    let mut meta = [&1u32.to_le_bytes()[..], &u64::MAX.to_le_bytes()].concat();
    meta.resize(56, 0);
    [meta, vec![7; 32]].concat()
}

/// A distributor with an epoch that waits, and one before it that is payable.
fn state() -> Distributor {
    let root = |epoch: u32, sum: u64| Root { epoch, hash: [4; 32], sum };
    let waiting = Pending { kind: Kind::Epoch, payable_at_s: GENESIS_S + 400_000, root: root(3, 60), owed: 5 };
    Distributor {
        version: ACCOUNT_VERSION,
        bump: 255,
        id: [9; 32],
        mint: Pubkey::default(),
        vault: Pubkey::default(),
        oracles: Pubkey::default(),
        token_program: programs::TOKEN,
        rules: rules(),
        guardian: Pubkey::new_from_array([6; 32]),
        head: HEAD,
        handed_to: [0; 32],
        books: Books {
            end: OPEN_ENDED,
            newest: Some(root(2, 40)),
            previous: Some(root(1, 20)),
            pending: Some(waiting),
            ..Books::default()
        },
        approval: None,
        consents: vec![],
    }
}

fn rules() -> Rules {
    Rules {
        network: [3; 32],
        genesis_s: GENESIS_S,
        supply: 1 << 60,
        epochs: 7305,
        epoch_s: 86_400,
        term_epochs: 180,
        epoch_delay_s: 21_600,
        long_delay_s: 604_800,
        notice_epochs: 7,
        guarded_until_s: GENESIS_S,
        authority: Pubkey::new_from_array([6; 32]),
        token_dao: false,
    }
}

/// The event of epoch 3's filing.
fn filing() -> Vec<u8> {
    let (distributor, rules) = (distributor(), rules());
    let statement = EpochStatement {
        network: rules.schedule().network,
        distributor: DistributorId(distributor.to_bytes()),
        epoch: Epoch(3),
        oracle_set: 1,
        head: Hash32(HEAD),
        root_hash: Hash32([4; 32]),
        root_sum: 60,
        owed: 5,
        artefact: Hash32([5; 32]),
    };
    let event = EpochAccepted {
        distributor,
        epoch: 3,
        digest: statement.digest().0,
        previous_head: HEAD,
        set_version: 1,
        kind: Kind::Epoch,
        payable_at_s: GENESIS_S + 400_000,
        root_hash: [4; 32],
        root_sum: 60,
        owed: 5,
        artefact: [5; 32],
    };
    event.data()
}

/// The event of the opening at epoch 0.
fn opening() -> Vec<u8> {
    let (distributor, rules) = (distributor(), rules());
    let statement = OpenStatement {
        network: rules.schedule().network,
        distributor: DistributorId(distributor.to_bytes()),
        first: Epoch(0),
        oracle_set: 1,
        head: Hash32(HEAD),
        old: DistributorId::ZERO,
        epoch_delay_s: rules.epoch_delay_s,
        long_delay_s: rules.long_delay_s,
        schedule: rules.schedule().id(),
    };
    let event = OpenAccepted {
        distributor,
        first: 0,
        digest: statement.digest().0,
        previous_head: HEAD,
        set_version: 1,
        payable_at_s: GENESIS_S,
        old: [0; 32],
    };
    event.data()
}
