//! tests/vectors, which every implementation reads: the program says the same in real transactions.
//!
//! The vectors name a distributor of another chain. What a distributor's account holds decides who it is, so that here an
//! account is written at the vector's address, with what the vector presupposes.

use anchor_lang::AccountSerialize;
use emission::events::{EpochAccepted, OpenAccepted, OracleSetRotated};
use emission::{
    Books, Distributor, EmissionError, Held, NamedLeaf, OPEN_ENDED, Opening, Oracles, Root, Summary, instruction,
};
use emission_tests::calls::Calls;
use emission_tests::{OracleKeys, Setup, World};
use liaise_summary::{DistributorId, Epoch, Hash32, NetworkId, OpenStatement};
use serde_json::Value;
use solana_address::Address;
use solana_signer::Signer;

fn load(name: &str) -> Vec<Value> {
    let path = format!("{}/../../../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).expect("JSON")
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("hex");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().expect("its length")
}

fn u64_of(value: &Value) -> u64 {
    value.as_str().expect("a decimal string").parse().expect("64 bits")
}

fn u32_of(value: &Value) -> u32 {
    u32::try_from(value.as_u64().expect("a number")).expect("32 bits")
}

/// A world in which accounts can be written.
struct Stage {
    world: World,
    state: Distributor,
}

impl Stage {
    fn new() -> Self {
        let mut world = World::opened(Setup::default());
        world.pass(&[world.calls.settle()], &[]);
        // the year 2100
        world.chain.set_time(4_102_444_800);
        let state = world.state();
        Self { world, state }
    }

    /// Writes a distributor at `address`, and the set of these keys.
    fn write(&mut self, address: [u8; 32], set_version: u32, keys: Vec<[u8; 33]>) -> Calls {
        let calls = Calls { distributor: Address::new_from_array(address), ..self.world.calls.clone() };
        let oracles = Oracles { version: 1, bump: 0, set_version, keys };
        self.put(calls.distributor, &self.state.clone(), Distributor::SPACE);
        self.put(calls.oracles, &oracles, Oracles::SPACE);
        calls
    }

    fn put(&mut self, address: Address, account: &impl AccountSerialize, space: usize) {
        let mut data = vec![];
        account.try_serialize(&mut data).expect("bytes");
        data.resize(space, 0);
        self.world.chain.put(address, emission::ID, data);
    }
}

/// The signers of a vector, who are its whole set here, and their signatures.
fn signed(case: &Value) -> (Vec<[u8; 33]>, Vec<[u8; 65]>) {
    let signatures = case["signatures"].as_array().expect("signatures");
    signatures.iter().map(|entry| (array(&entry["public_key"]), array::<65>(&entry["signature"]))).unzip()
}

#[test]
fn epoch_summaries() {
    let mut stage = Stage::new();
    let mut accepted = 0;
    for case in load("epoch-summary.json") {
        let fields = &case["fields"];
        let (keys, signatures) = signed(&case);
        let (epoch, set_version) = (u32_of(&fields["epoch"]), u32_of(&fields["oracle_set"]));
        stage.state.rules.network = array(&fields["network"]);
        stage.state.head = array(&fields["head"]);
        // as much as any root may say is owed
        stage.state.books = Books { start: epoch, end: OPEN_ENDED, owed: u64::MAX, ..Books::default() };
        let calls = stage.write(array(&fields["distributor"]), set_version, keys);
        let summary = Summary {
            epoch,
            root_hash: array(&fields["root_hash"]),
            root_sum: u64_of(&fields["root_sum"]),
            owed: u64_of(&fields["owed"]),
            artefact: array(&fields["artefact"]),
        };
        let submission = calls.submit(summary, signatures.clone());
        if epoch == OPEN_ENDED {
            // No range has the last number.
            stage.world.refuse(submission, &[], EmissionError::EpochOutOfRange);
            continue;
        }
        // One bit of any field, and these are nobody's signatures.
        let other = calls.submit(Summary { owed: summary.owed ^ 1, ..summary }, signatures);
        stage.world.refuse(other, &[], EmissionError::NotAMember);
        let event = stage.world.pass(&[submission], &[]).event::<EpochAccepted>();
        assert_eq!(event.digest.to_vec(), bytes(&case["digest"]), "{}", case["name"]);
        accepted += 1;
    }
    assert_eq!(accepted, 2);
}

#[test]
fn open_statements() {
    let mut stage = Stage::new();
    let schedule = load("schedule-id.json").remove(0);
    set_schedule(&mut stage, &schedule);
    let mut accepted = 0;
    let cases = load("statements.json");
    for case in cases.iter().filter(|case| case["fields"]["tag"] == "LIAISE/OPEN/01") {
        let fields = &case["fields"];
        let (keys, signatures) = signed(case);
        let (first, head) = (u32_of(&fields["epoch"]), array(&fields["head"]));
        let body = bytes(&fields["body"]);
        let old: [u8; 32] = body[..32].try_into().expect("32 bytes");
        let number = |at: usize| u32::from_be_bytes(body[at..at + 4].try_into().expect("4 bytes"));
        stage.state.rules.network = array(&fields["network"]);
        (stage.state.rules.epoch_delay_s, stage.state.rules.long_delay_s) = (number(40), number(44));
        (stage.state.head, stage.state.approval) = (head, Some(Opening { first, old, head }));
        stage.state.books = Books::default();
        let calls = stage.write(array(&fields["distributor"]), u32_of(&fields["oracle_set"]), keys);
        let event = stage.world.pass(&[calls.open(first, old, signatures)], &[]).event::<OpenAccepted>();
        assert_eq!(event.digest.to_vec(), bytes(&case["digest"]), "{}", case["name"]);
        accepted += 1;
    }
    assert_eq!(accepted, 2);
}

fn set_schedule(stage: &mut Stage, case: &Value) {
    let rules = &mut stage.state.rules;
    rules.network = array(&case["network"]);
    (rules.genesis_s, rules.supply) = (u64_of(&case["genesis_s"]), u64_of(&case["supply"]));
    (rules.epochs, rules.epoch_s) = (u32_of(&case["epochs"]), u32_of(&case["epoch_s"]));
    rules.term_epochs = u32_of(&case["term"]);
}

/// An opening signed over the vector's id is taken only if the program comes to the same id.
#[test]
fn schedule_ids() {
    let mut stage = Stage::new();
    let keys = OracleKeys::new(0, 7);
    let cases = load("schedule-id.json");
    for case in &cases {
        set_schedule(&mut stage, case);
        stage.state.books = Books::default();
        (stage.state.head, stage.state.approval) = ([0; 32], Some(Opening { first: 0, old: [0; 32], head: [0; 32] }));
        let calls = stage.write([77; 32], 1, keys.compressed());
        let rules = &stage.state.rules;
        let statement = |schedule| OpenStatement {
            network: NetworkId(rules.network),
            distributor: DistributorId([77; 32]),
            first: Epoch(0),
            oracle_set: 1,
            head: Hash32::ZERO,
            old: DistributorId::ZERO,
            epoch_delay_s: rules.epoch_delay_s,
            long_delay_s: rules.long_delay_s,
            schedule: Hash32(schedule),
        };
        let id: [u8; 32] = array(&case["id"]);
        let other = keys.quorum(&statement([1; 32]).digest());
        let good = keys.quorum(&statement(id).digest());
        let refused = calls.open(0, [0; 32], other);
        stage.world.refuse(refused, &[], EmissionError::NotAMember);
        stage.world.pass(&[calls.open(0, [0; 32], good)], &[]);
    }
    assert_eq!(cases.len(), 2);
}

/// Issued may grow by exactly the vector's emission.
#[test]
fn schedules() {
    let mut stage = Stage::new();
    // after the last number's second
    stage.world.chain.set_time(1 << 33);
    let keys = OracleKeys::new(0, 5);
    let cases = load("schedule.json");
    let mut filed = 0;
    for case in &cases {
        let epoch = u32_of(&case["epoch"]);
        if epoch == OPEN_ENDED || u64_of(&case["supply"]) >> 63 != 0 {
            // no range has that number, no distributor that supply
            continue;
        }
        let rules = &mut stage.state.rules;
        (rules.genesis_s, rules.epoch_s) = (0, 1);
        (rules.supply, rules.epochs) = (u64_of(&case["supply"]), u32_of(&case["epochs"]));
        stage.state.books = Books { start: epoch, end: OPEN_ENDED, ..Books::default() };
        let emission = u64_of(&case["emission"]);
        for (sum, fits) in [(emission + 1, false), (emission, true)] {
            let calls = stage.write(stage.world.calls.distributor.to_bytes(), 1, keys.compressed());
            let root = liaise_summary::Node { hash: Hash32([1; 32]), sum };
            let summary = emission_tests::world::summary(epoch, root, 0);
            let digest = stage.world.statement(&summary).digest();
            let submission = calls.submit(summary, keys.quorum(&digest));
            if fits {
                stage.world.pass(&[submission], &[]);
                filed += 1;
            } else {
                stage.world.refuse(submission, &[], EmissionError::IssuedTooMuch);
            }
        }
    }
    assert!(filed >= 10, "{filed} of {}", cases.len());
}

#[test]
fn veto_heads() {
    let mut stage = Stage::new();
    let authority = stage.world.authority.insecure_clone();
    let cases = load("veto-head.json");
    for case in &cases {
        let head = array(&case["head"]);
        stage.state.head = head;
        let keys = stage.world.oracles.compressed();
        let calls = stage.write([78; 32], 1, keys);
        let advance = instruction::Advance { head, reason: bytes(&case["reason"]) };
        stage.world.pass(&[calls.act(authority.pubkey(), &[authority.pubkey()], &advance)], &[&authority]);
        let state = stage.world.chain.read::<Distributor>(&calls.distributor);
        assert_eq!(state.head.to_vec(), bytes(&case["next"]));
    }
    assert!(cases.len() >= 4);
}

#[test]
fn oracle_sets() {
    let mut stage = Stage::new();
    let authority = stage.world.authority.insecure_clone();
    let cases = load("oracle-set.json");
    for case in &cases {
        let version = u32_of(&case["version"]);
        let keys: Vec<[u8; 33]> = case["keys"].as_array().expect("keys").iter().map(array).collect();
        let calls = stage.write([79; 32], version - 1, keys.clone());
        let rotate = instruction::Rotate { version, keys };
        let call = calls.rotate(authority.pubkey(), &[authority.pubkey()], &rotate);
        let event = stage.world.pass(&[call], &[&authority]).event::<OracleSetRotated>();
        assert_eq!(event.set_hash.to_vec(), bytes(&case["hash"]));
    }
    assert!(cases.len() >= 5);
}

fn packed(siblings: &Value) -> Vec<u8> {
    let siblings = siblings.as_array().expect("siblings").iter();
    siblings.flat_map(|node| [bytes(&node["hash"]), u64_of(&node["sum"]).to_be_bytes().to_vec()].concat()).collect()
}

/// Single leaves by `is_valid_leaf`; runs by `claim_range`, whose leaves are all named, so that it proves and pays nobody.
#[test]
fn reward_trees() {
    let mut stage = Stage::new();
    let (mut proofs, mut ranges) = (0, 0);
    for case in load("reward-tree.json").iter().filter(|case| case["error"].is_null()) {
        let leaves = case["leaves"].as_array().expect("leaves");
        let leaf = |index: u32| {
            let leaf = &leaves[index as usize];
            (Address::new_from_array(array(&leaf["payee"])), u64_of(&leaf["amount"]))
        };
        let root = Root { epoch: 0, hash: array(&case["root"]["hash"]), sum: u64_of(&case["root"]["sum"]) };
        stage.state.books.newest = Some(root);
        let keys = stage.world.oracles.compressed();
        let calls = stage.write([80; 32], 1, keys);
        for proof in case["proofs"].as_array().expect("proofs") {
            let index = u32_of(&proof["index"]);
            let (payee, amount) = leaf(index);
            for (amount, holds) in [(amount, true), (amount - 1, false)] {
                let siblings = packed(&proof["siblings"]);
                let check = calls.is_valid_leaf(Held::Newest, payee, amount, index, siblings);
                let answer = stage.world.pass(&[check], &[]).returned::<bool>();
                assert_eq!(answer, holds, "{} leaf {index}", case["name"]);
            }
            proofs += 1;
        }
        for range in case["ranges"].as_array().expect("ranges") {
            let (first, log2) = (u32_of(&range["first"]), u32_of(&range["log2"]));
            let places = first..first + (1 << log2);
            if places.len() > 128 {
                // more names than a program's memory holds
                continue;
            }
            let amounts: Vec<u64> = places.clone().map(|place| leaf(place).1).collect();
            let named = places.clone().map(|place| NamedLeaf { at: (place - first) as u8, payee: leaf(place).0 });
            let named: Vec<NamedLeaf> = named.collect();
            let siblings = packed(&range["siblings"]);
            let claim =
                |amounts| calls.claim_range(stage.world.payer(), &[], first, amounts, named.clone(), siblings.clone());
            let (good, mut greedy) = (claim(amounts.clone()), amounts);
            greedy[0] -= 1;
            let greedy = claim(greedy);
            let receipt = stage.world.chain.send_of_any_length(&[good]).unwrap_or_else(|refusal| panic!("{refusal:?}"));
            assert_eq!(receipt.returned::<u64>(), 0);
            assert!(stage.world.chain.send_of_any_length(&[greedy]).is_err());
            ranges += 1;
        }
    }
    assert!(proofs >= 30 && ranges >= 20, "{proofs} proofs, {ranges} ranges");
}
