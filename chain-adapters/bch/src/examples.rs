//! contracts/bch/transactions.json, a distributor's life as JavaScript builds it and the virtual machine takes it: read as a
//! thread, and each transaction built again to the byte.

use std::sync::Arc;

use bitcoincash::consensus::{deserialize, serialize};
use bitcoincash::{OutPoint, Transaction, TxOut};
use liaise_chain_api::{Action, BlockRef, StatementSignature};
use liaise_summary::batch::batch_node;
use liaise_summary::{
    CompressedKey, DistributorId, Epoch, EpochStatement, Hash32, Node, OpenStatement, Payout, SumTree, sha256,
};
use secp256k1::{Message, SECP256K1, SecretKey};

use crate::account::{BchKeys, account_of_key};
use crate::coins::Coin;
use crate::config::BchConfig;
use crate::covenant::Value;
use crate::draft::Draft;
use crate::epochs::pay_of;
use crate::link::{Link, Place, Step, oracle_set_bytes};
use crate::plan::Planner;
use crate::reader::payable_s;
use crate::rpc::Info;
use crate::said::Brought;
use crate::sample::{Example, config_of, examples, public, secret, set_of, vector_keys};
use crate::thread::{Chain, Snapshot};

/// A quorum of the first seven.
fn quorum(digest: Hash32) -> Vec<StatementSignature> {
    let sign = |(seed, key): (String, CompressedKey)| {
        let secret = SecretKey::from_byte_array(secret(&seed)).expect("a key");
        let (id, rs) = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &secret).serialize_compact();
        let v = u8::try_from(i32::from(id)).expect("0 to 3");
        StatementSignature { key, rsv: [&rs[..], &[v]].concat().try_into().expect("65 bytes") }
    };
    vector_keys(7).into_iter().take(5).map(sign).collect()
}

fn chain_of(first: &Example) -> Chain {
    Chain::new(config_of(first)).expect("live values")
}

fn keys(rights: &[&str]) -> BchKeys {
    let mut keys = BchKeys::new(secret("funder")).expect("a key").naming(public("next guardian"));
    for right in rights {
        keys = keys.with_right(secret(right)).expect("a key");
    }
    keys
}

fn payouts(name: &str, count: usize, each: u64) -> Vec<Payout> {
    let one = |i: usize| {
        let hash = sha256(&[format!("{name} {i}").as_bytes()]);
        Payout { pubkey_hash: hash.0[..20].try_into().expect("twenty bytes"), amount: each }
    };
    (0..count).map(one).collect()
}

fn tree(epoch: u32) -> ([Vec<Payout>; 2], SumTree<Node>) {
    let batches = [payouts(&format!("a {epoch}"), 3, 1000), payouts(&format!("b {epoch}"), 2, 1000)];
    let nodes = (0..2).map(|batch| batch_node(Epoch(epoch), batch, &batches[batch as usize]).expect("a batch"));
    let tree = SumTree::from_ordered(nodes.collect()).expect("a tree");
    (batches, tree)
}

/// The thread so far, as if each transaction stood in a block of its own long ago.
struct Life {
    chain: Chain,
    links: Vec<Link>,
    epoch_utxo: Option<(OutPoint, TxOut)>,
}

impl Life {
    fn snapshot(&self) -> Snapshot {
        let at = BlockRef { number: 100, hash: [0; 32], time_s: u64::from(u32::MAX) - 1 };
        let tip = Info { chain: "regtest".to_owned(), blocks: 100, best: String::new(), mediantime: at.time_s + 1 };
        Snapshot { tip, at, links: Arc::new(self.links.clone()) }
    }

    fn draft(&self, action: &Action, rights: &[&str]) -> Draft {
        let snapshot = self.snapshot();
        let keys = keys(rights);
        let planner = Planner {
            chain: &self.chain,
            snapshot: &snapshot,
            keys: &keys,
            action,
            brought: Brought::with(action).1,
            undecided: &[],
            lock_most: u64::MAX,
        };
        let planned = match action {
            Action::Crank { payouts, proof, .. } => {
                let (outpoint, output) = self.epoch_utxo.as_ref().expect("an epoch");
                let pay = pay_of(output).expect("its state");
                return planner.batch_draft((*outpoint, output), &pay, payouts, proof).expect("it holds enough");
            }
            Action::Veto { digest, reason } => planner.veto_draft(*digest, sha256(&[reason])),
            Action::SubmitEpoch { statement, signatures, payouts } => planner.submit(statement, signatures, *payouts),
            Action::Open { statement, signatures } => planner.open(statement, signatures),
            other => planner.act_draft(other),
        };
        planned.expect("it is what the machine takes").0
    }

    fn filing(&self, epoch: u32, root: Node, owed: u64) -> Action {
        let last = self.links.last().expect("a genesis");
        let statement = EpochStatement {
            network: self.chain.config.terms.schedule.network,
            distributor: self.chain.config.distributor,
            epoch: Epoch(epoch),
            oracle_set: 1,
            head: last.state.head,
            root_hash: root.hash,
            root_sum: root.sum,
            owed,
            artefact: sha256(&[b"tree block"]),
        };
        // so many that they need the 20 000 satoshis that are the most
        Action::SubmitEpoch { statement, signatures: quorum(statement.digest()), payouts: 24 }
    }

    fn action(&self, name: &str) -> (Action, Vec<&'static str>) {
        let last = self.links.last().expect("a genesis");
        let head = last.state.head;
        let dao = ["liaise vector key 0", "liaise vector key 1", "liaise vector key 2"];
        let two = || {
            // the first two of the set sign
            let set: Vec<_> = vector_keys(3).into_iter().take(2).map(|(seed, _)| seed).collect();
            dao.iter().copied().filter(|seed| set.iter().any(|each| each == seed)).collect::<Vec<_>>()
        };
        let guarded = || [two(), vec!["guardian"]].concat();
        let crank = |batch: u32| {
            let (batches, tree) = tree(0);
            let payouts = batches[batch as usize].clone();
            Action::Crank { epoch: Epoch(0), payouts, proof: tree.proof(batch).expect("a batch") }
        };
        let nobody = Vec::new;
        match name {
            "open" => {
                let terms = &self.chain.config.terms;
                let statement = OpenStatement {
                    network: terms.schedule.network,
                    distributor: self.chain.config.distributor,
                    first: Epoch(0),
                    oracle_set: 1,
                    head,
                    old: DistributorId::ZERO,
                    epoch_delay_s: terms.delays.epoch_s,
                    long_delay_s: terms.delays.long_s,
                    schedule: terms.schedule.id(),
                };
                (Action::Open { statement, signatures: quorum(statement.digest()) }, two())
            }
            "submit" => (self.filing(0, tree(0).1.root(), 7), nobody()),
            "crank" => (crank(0), nobody()),
            "crank-last" => (crank(1), nobody()),
            "hand-over" => {
                let new = DistributorId(sha256(&[b"another distributor"]).0);
                (Action::HandOver { epoch: Epoch(180), new }, guarded())
            }
            "submit-again" | "submit-refiled" => (self.filing(1, tree(1).1.root(), 7), nobody()),
            "veto-guardian" => (Action::Veto { digest: head, reason: b"reason".to_vec() }, vec!["guardian"]),
            "veto-dao" => (Action::Veto { digest: head, reason: b"reason".to_vec() }, two()),
            "advance" => (Action::Advance { head, reason: b"split".to_vec() }, two()),
            "submit-nothing" => (self.filing(1, Node::PADDING, 9), nobody()),
            "submit-late" => {
                let root = batch_node(Epoch(1), 0, &payouts("late", 1, 4)).expect("a batch");
                (self.filing(1, root, 5), nobody())
            }
            "guardian" => {
                let guardian = account_of_key(&self.chain.config.chain, &public("next guardian"));
                (Action::SetGuardian { guardian }, guarded())
            }
            "rotate" => (Action::Rotate { set: set_of(2, 9) }, [two(), vec!["next guardian"]].concat()),
            other => panic!("no action for {other}"),
        }
    }

    /// Takes a transaction of the file into the thread.
    fn push(&mut self, tx: &Transaction) {
        let number = self.links.len() as u64 + 1;
        let block = BlockRef { number, hash: [0; 32], time_s: 2_000_000_000 + number };
        let place = Place { block, since_s: block.time_s };
        let (config, covenants) = (&self.chain.config, &self.chain.covenants);
        let spends = tx.input[0].previous_output;
        if self.epoch_utxo.as_ref().is_some_and(|(outpoint, _)| *outpoint == spends) {
            let left = OutPoint { txid: tx.compute_txid(), vout: 0 };
            self.epoch_utxo = Some((left, tx.output[0].clone()));
            return;
        }
        let link = match self.links.last() {
            None => Link::genesis(config, covenants, tx, place),
            Some(last) => last.next(config, covenants, tx, place),
        };
        let link = link.expect("what the virtual machine takes");
        self.epoch_utxo =
            link.epoch_output.clone().map(|output| (link.epoch_outpoint(), output)).or(self.epoch_utxo.take());
        self.links.push(link);
    }
}

#[test]
fn a_life_that_javascript_built_is_built_again_to_the_byte() {
    let examples = examples();
    let mut life = Life { chain: chain_of(&examples[0]), links: Vec::new(), epoch_utxo: None };
    life.push(&examples[0].tx);
    for example in &examples[1..] {
        let (action, rights) = life.action(&example.name);
        let draft = life.draft(&action, &rights);
        let covenants = draft.inputs.len();
        let coins = example.tx.input[covenants..].iter().zip(&example.sources[covenants..]);
        let coins: Vec<Coin> =
            coins.map(|(input, output)| Coin { outpoint: input.previous_output, output: output.clone() }).collect();
        let built = match coins.is_empty() {
            true => draft.bare(),
            false => {
                let change = example.tx.output.last().expect("a change").value.to_sat();
                draft.with_coins(&coins, &keys(&[]), change)
            }
        };
        assert_eq!(built, example.tx, "{}", example.name);
        assert_eq!(hex::encode(serialize(&built)), hex::encode(serialize(&example.tx)), "{}", example.name);
        if !coins.is_empty() {
            assert_eq!(draft.size(coins.len(), &keys(&[]).script()), serialize(&built).len(), "{}", example.name);
        }
        life.push(&example.tx);
    }
    let last = life.links.last().expect("a thread");
    assert_eq!((last.oracle_set.version(), last.state.next), (2, 2));
    let vetoes = life.links.iter().filter(|link| matches!(link.step, Step::Vetoed { .. })).count();
    assert_eq!(vetoes, 2);
}

/// Whatever a node sends as a transaction is read or refused, and nothing else: bytes changed here and there in each.
#[test]
fn spoiled_transactions_are_refused_without_a_panic() {
    let examples = examples();
    let chain = chain_of(&examples[0]);
    let place = Place { block: BlockRef { number: 1, hash: [0; 32], time_s: 1 }, since_s: 1 };
    let genesis = Link::genesis(&chain.config, &chain.covenants, &examples[0].tx, place.clone()).expect("a genesis");
    let (mut read, mut taken) = (0, 0);
    for (number, example) in examples.iter().enumerate() {
        let good = serialize(&example.tx);
        for round in 0..300u32 {
            let dice = sha256(&[&number.to_be_bytes(), &round.to_be_bytes()]).0;
            let mut bytes = good.clone();
            for bite in dice[..30].chunks(5).take(1 + round as usize % 6) {
                let at = u32::from_be_bytes(bite[..4].try_into().expect("four bytes")) as usize % bytes.len();
                bytes[at] ^= bite[4];
            }
            let Ok(tx) = deserialize::<Transaction>(&bytes) else { continue };
            read += 1;
            taken += u32::from(genesis.next(&chain.config, &chain.covenants, &tx, place.clone()).is_ok());
            let _ = Link::genesis(&chain.config, &chain.covenants, &tx, place.clone());
            for output in &tx.output {
                let _ = pay_of(output);
            }
        }
    }
    // signatures are the chain's to judge: an opening with a spoiled one may be read
    assert!(read > 1000 && taken < 300, "{read} are transactions, {taken} of them follow the genesis");
}

/// What an act shows is what its argument is the hash of, and an oracle set the next version.
#[test]
fn an_act_that_shows_something_else_is_no_part_of_a_thread() {
    let examples = examples();
    let mut life = Life { chain: chain_of(&examples[0]), links: Vec::new(), epoch_utxo: None };
    examples[..examples.len() - 1].iter().for_each(|example| life.push(&example.tx));
    let (last, rotate) = (life.links.last().expect("a thread"), &examples.last().expect("a life").tx);
    let controller = &life.chain.covenants.controller;
    let (path, good) = controller.read(rotate.input[0].script_sig.as_bytes()).expect("it unlocks");
    let next = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut arguments = good.clone();
        change(&mut arguments);
        let values: Vec<Value> = arguments.into_iter().map(Value::Bytes).collect();
        let mut tx = rotate.clone();
        tx.input[0].script_sig = controller.unlock(path, &values);
        last.next(&life.chain.config, &life.chain.covenants, &tx, last.place.clone()).map(|link| link.step)
    };
    next(&|_| ()).expect("what the virtual machine takes");
    let [other, far] = [set_of(2, 7), set_of(3, 9)].map(|set| oracle_set_bytes(&set));
    assert!(next(&|arguments| arguments[4] = other.clone()).is_err(), "another set than the hash's");
    let told = next(&|arguments| (arguments[2], arguments[4]) = (sha256(&[&far]).0.to_vec(), far.clone()));
    assert_eq!(told, Err("it shows an oracle set of another version than the next"));
}

/// A node may claim any time for a block: then what waits never counts.
#[test]
fn a_wait_that_ends_beyond_all_time_never_ends() {
    let examples = examples();
    let chain = chain_of(&examples[0]);
    let place = Place { block: BlockRef { number: 1, hash: [0; 32], time_s: u64::MAX }, since_s: u64::MAX };
    let genesis = Link::genesis(&chain.config, &chain.covenants, &examples[0].tx, place.clone()).expect("a genesis");
    let opening = genesis.next(&chain.config, &chain.covenants, &examples[1].tx, place).expect("an opening");
    assert_eq!(payable_s(&opening, &chain.config), u64::MAX);
}

#[test]
fn a_transaction_that_no_covenant_takes_is_no_part_of_a_thread() {
    let examples = examples();
    let chain = chain_of(&examples[0]);
    let place = Place { block: BlockRef { number: 1, hash: [0; 32], time_s: 1 }, since_s: 1 };
    let genesis = Link::genesis(&chain.config, &chain.covenants, &examples[0].tx, place.clone()).expect("a genesis");
    let next =
        |tx: &Transaction| genesis.next(&chain.config, &chain.covenants, tx, place.clone()).map(|link| link.step);
    let good = &examples[1].tx;
    next(good).expect("an opening");
    let spoiled = |spoil: &dyn Fn(&mut Transaction)| {
        let mut tx = good.clone();
        spoil(&mut tx);
        next(&tx)
    };
    let token = |tx: &mut Transaction| tx.output[0].token.clone().expect("a token");
    let cases: [&dyn Fn(&mut Transaction); 6] = [
        &|tx| tx.input[0].previous_output.vout = 1,
        &|tx| tx.input[0].script_sig = bitcoincash::ScriptBuf::new(),
        &|tx| tx.output[0].token = None,
        &|tx| tx.output[0].script_pubkey = tx.output[1].script_pubkey.clone(),
        &|tx| {
            let mut other = token(tx);
            other.commitment[7] ^= 1;
            tx.output[0].token = Some(other);
        },
        &|tx| {
            let mut other = token(tx);
            other.bitfield ^= 3;
            tx.output[0].token = Some(other);
        },
    ];
    for (number, spoil) in cases.into_iter().enumerate() {
        assert!(spoiled(spoil).is_err(), "case {number}");
    }
    // a life's later transaction does not follow the genesis, nor does another deployment's thread begin with this one
    assert!(next(&examples[2].tx).is_err());
    let other = BchConfig { distributor: DistributorId([9; 32]), ..chain.config.clone() };
    assert!(Link::genesis(&other, &chain.covenants, &examples[0].tx, place.clone()).is_err());
}
