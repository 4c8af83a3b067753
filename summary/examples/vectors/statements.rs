//! Vectors of statements, sets, heads and the schedule.

use hex::encode as hex;
use liaise_summary::{
    DaoAct, DaoSet, DaoStatement, DistributorId, Emission, Epoch, EpochStatement, Hash32, NetworkId, OpenStatement,
    OracleSet, Schedule, SettleStatement, Statement, sha256, veto_head,
};
use serde::Serialize;

use crate::keys;

/// A hash that stands for something real, named so that nobody wonders where its bytes come from.
fn named(name: &str) -> Hash32 {
    sha256(&[name.as_bytes()])
}

fn network() -> NetworkId {
    NetworkId(named("liaise vector network").0)
}

fn schedule_of_mainnet_size() -> Schedule {
    Schedule {
        network: network(),
        genesis_s: 1_767_225_600,
        emission: Emission { supply: 100_000_000_000_000_000, epochs: 7305 },
        epoch_s: 86_400,
        term_epochs: 180,
    }
}

#[derive(Serialize)]
pub struct Signature {
    public_key: String,
    signature: String,
}

fn signatures(statement: &Statement, n: usize, signers: usize) -> Vec<Signature> {
    keys::sign(statement.digest(), n, signers)
        .into_iter()
        .map(|(key, bytes)| Signature { public_key: hex(key), signature: hex(bytes) })
        .collect()
}

#[derive(Serialize)]
pub struct EpochFields {
    network: String,
    distributor: String,
    epoch: u32,
    oracle_set: u32,
    head: String,
    root_hash: String,
    root_sum: String,
    owed: String,
    artefact: String,
}

#[derive(Serialize)]
pub struct Case<F> {
    name: &'static str,
    fields: F,
    bytes: String,
    digest: String,
    signatures: Vec<Signature>,
}

pub fn epoch_summaries() -> Vec<Case<EpochFields>> {
    let distributor = DistributorId::evm(42_161, [0x11; 20]);
    let first = EpochStatement {
        network: network(),
        distributor,
        epoch: Epoch(0),
        oracle_set: 1,
        head: Hash32::ZERO,
        root_hash: named("liaise vector root 0"),
        root_sum: 13_689_253_935_660,
        owed: 1,
        artefact: named("liaise vector tree block 0"),
    };
    let without_pay = EpochStatement {
        epoch: Epoch(1),
        head: first.digest(),
        root_hash: Hash32::ZERO,
        root_sum: 0,
        owed: 0,
        artefact: named("liaise vector tree block 1"),
        ..first
    };
    let largest = EpochStatement {
        epoch: Epoch(u32::MAX),
        oracle_set: u32::MAX,
        root_sum: (1 << 63) - 1,
        owed: (1 << 63) - 1,
        ..without_pay
    };
    let cases = [
        ("first epoch, 5 of 7", first, 7, 5),
        ("epoch without pay, 9 of 13", without_pay, 13, 9),
        ("largest values, 10 of 15", largest, 15, 10),
    ];
    cases
        .into_iter()
        .map(|(name, statement, n, signers)| {
            let fields = EpochFields {
                network: statement.network.to_string(),
                distributor: statement.distributor.to_string(),
                epoch: statement.epoch.0,
                oracle_set: statement.oracle_set,
                head: statement.head.to_string(),
                root_hash: statement.root_hash.to_string(),
                root_sum: statement.root_sum.to_string(),
                owed: statement.owed.to_string(),
                artefact: statement.artefact.to_string(),
            };
            case(name, fields, &statement.into(), n, signers)
        })
        .collect()
}

#[derive(Serialize)]
pub struct OtherFields {
    tag: String,
    network: String,
    distributor: String,
    epoch: u32,
    oracle_set: u32,
    head: String,
    body: String,
}

pub fn others() -> Vec<Case<OtherFields>> {
    let distributor = DistributorId::evm(42_161, [0x11; 20]);
    let next = DistributorId(named("liaise vector next distributor").0);
    let open = OpenStatement {
        network: network(),
        distributor,
        first: Epoch(0),
        oracle_set: 1,
        head: Hash32::ZERO,
        old: DistributorId::ZERO,
        epoch_delay_s: 21_600,
        long_delay_s: 604_800,
        schedule: schedule_of_mainnet_size().id(),
    };
    let reopen =
        OpenStatement { first: Epoch(180), oracle_set: 2, head: named("liaise vector head"), old: next, ..open };
    let settle = SettleStatement {
        network: network(),
        distributor,
        epoch: Epoch(7),
        oracle_set: 1,
        previous: Hash32::ZERO,
        root_hash: named("liaise vector settle root"),
        root_sum: 123_456_789,
        leaves: 3,
        artefact: named("liaise vector settle artefact"),
    };
    let dao = |number, act| {
        let decree = named("liaise vector decree");
        Statement::Dao(DaoStatement { network: network(), distributor, number, act, decree })
    };
    let (oracles, dao_set) = (oracle_set(2, 7), dao_set(2, 2, 3));
    let advance = DaoAct::AdvanceHead { head: named("liaise vector head"), reason: named("the oracles split") };
    let guardian = DaoAct::Guardian { key: sha256(&[&keys::public_keys(1)[0]]) };
    let cases = [
        ("open, first term", Statement::Open(open), 7, 5),
        ("open, later term", Statement::Open(reopen), 7, 5),
        ("settle", Statement::Settle(settle), 7, 5),
        ("dao, hand over", dao(1, DaoAct::HandOver { epoch: Epoch(180), new: next }), 3, 2),
        ("dao, next dao set", dao(2, DaoAct::DaoSet { set: dao_set.hash() }), 3, 2),
        ("dao, advance the head", dao(3, advance), 3, 2),
        ("dao, next guardian", dao(4, guardian), 3, 2),
        ("dao, rotate the oracles", dao(5, DaoAct::Rotate { set: oracles.hash() }), 3, 2),
    ];
    cases
        .into_iter()
        .map(|(name, statement, n, signers)| {
            let bytes = statement.encode();
            let text = |range: std::ops::Range<usize>| hex(&bytes[range]);
            let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
            let fields = OtherFields {
                tag: String::from_utf8(bytes[..16].to_vec()).expect("ascii").trim_end_matches('\0').to_owned(),
                network: text(16..48),
                distributor: text(48..80),
                epoch: number(80),
                oracle_set: number(84),
                head: text(88..120),
                body: text(120..200),
            };
            case(name, fields, &statement, n, signers)
        })
        .collect()
}

fn case<F>(name: &'static str, fields: F, statement: &Statement, n: usize, signers: usize) -> Case<F> {
    Case {
        name,
        fields,
        bytes: hex(statement.encode()),
        digest: statement.digest().to_string(),
        signatures: signatures(statement, n, signers),
    }
}

#[derive(Serialize)]
pub struct ScheduleCase {
    supply: String,
    epochs: u32,
    epoch: u32,
    emission: String,
    cumulative: String,
}

pub fn schedule() -> Vec<ScheduleCase> {
    let sizes = [(100_000_000_000_000_000, 7305), (10_007, 14), ((1 << 63) - 1, u32::MAX), (5, 7)];
    sizes
        .into_iter()
        .flat_map(|(supply, epochs)| {
            let emission = Emission { supply, epochs };
            let numbers = [0, 1, epochs / 2, epochs - 1, epochs];
            numbers.into_iter().map(move |epoch| ScheduleCase {
                supply: supply.to_string(),
                epochs,
                epoch,
                emission: emission.epoch(Epoch(epoch)).to_string(),
                cumulative: emission.cumulative_floor(Epoch(epoch)).to_string(),
            })
        })
        .collect()
}

#[derive(Serialize)]
pub struct ScheduleId {
    network: String,
    genesis_s: String,
    supply: String,
    epochs: u32,
    epoch_s: u32,
    term: u32,
    id: String,
}

pub fn schedule_ids() -> Vec<ScheduleId> {
    let mainnet = schedule_of_mainnet_size();
    let local = Schedule { emission: Emission { supply: 10_007, epochs: 14 }, epoch_s: 60, term_epochs: 4, ..mainnet };
    [mainnet, local]
        .into_iter()
        .map(|schedule| ScheduleId {
            network: schedule.network.to_string(),
            genesis_s: schedule.genesis_s.to_string(),
            supply: schedule.emission.supply.to_string(),
            epochs: schedule.emission.epochs,
            epoch_s: schedule.epoch_s,
            term: schedule.term_epochs,
            id: schedule.id().to_string(),
        })
        .collect()
}

fn oracle_set(version: u32, n: usize) -> OracleSet {
    OracleSet::new(version, keys::public_keys(n)).expect("a valid set")
}

fn dao_set(version: u32, threshold: u32, n: usize) -> DaoSet {
    DaoSet::new(version, threshold, keys::public_keys(n)).expect("a valid set")
}

#[derive(Serialize)]
pub struct SetCase {
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<u32>,
    keys: Vec<String>,
    hash: String,
}

pub fn oracle_sets() -> Vec<SetCase> {
    [(1, 5), (1, 7), (2, 7), (2, 13), (u32::MAX, 15)]
        .into_iter()
        .map(|(version, n)| {
            let set = oracle_set(version, n);
            let keys = set.keys().iter().map(hex).collect();
            SetCase { version, threshold: None, keys, hash: set.hash().to_string() }
        })
        .collect()
}

pub fn dao_sets() -> Vec<SetCase> {
    [(1, 1, 1), (1, 2, 3), (2, 2, 3), (7, 10, 15)]
        .into_iter()
        .map(|(version, threshold, n)| {
            let set = dao_set(version, threshold, n);
            let keys = set.keys().iter().map(hex).collect();
            SetCase { version, threshold: Some(threshold), keys, hash: set.hash().to_string() }
        })
        .collect()
}

#[derive(Serialize)]
pub struct VetoHead {
    head: String,
    reason: String,
    next: String,
}

pub fn veto_heads() -> Vec<VetoHead> {
    let long = "x".repeat(300);
    let cases = [
        (Hash32::ZERO, ""),
        (Hash32::ZERO, "the oracles split"),
        (named("liaise vector head"), "epoch 7 pays a stranger: naïve"),
        (named("liaise vector head"), long.as_str()),
    ];
    cases
        .into_iter()
        .map(|(head, reason)| VetoHead {
            head: head.to_string(),
            reason: hex(reason),
            next: veto_head(head, reason.as_bytes()).to_string(),
        })
        .collect()
}

#[derive(Serialize)]
pub struct DistributorCase {
    account: String,
    id: String,
}

pub fn distributor_ids() -> Vec<DistributorCase> {
    [(1u64, [0; 20]), (42_161, [0x11; 20]), (31_337, [0xab; 20]), (u64::MAX, [0xff; 20])]
        .into_iter()
        .map(|(chain_id, address)| DistributorCase {
            account: format!("eip155:{chain_id}:0x{}", hex(address)),
            id: DistributorId::evm(chain_id, address).to_string(),
        })
        .collect()
}
