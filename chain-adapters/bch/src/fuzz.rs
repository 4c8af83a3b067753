//! Decoders that nothing outside needs, for tests/fuzz: what nodes answer, what journals kept, and what transactions say.

use std::collections::VecDeque;
use std::sync::{LazyLock, Mutex, PoisonError};

use bitcoincash::consensus::serialize;
use bitcoincash::{ScriptBuf, Transaction, TxOut};
use liaise_chain_api::{BlockRef, ChainId, FeeLimit, Prepared, SubmissionId};
use reqwest::StatusCode;
use serde_json::Value as Json;

use crate::config::BchConfig;
use crate::covenant::Value;
use crate::decimal;
use crate::endpoint::{Endpoint, Failure};
use crate::epochs::Placed;
use crate::link::{Link, Place, dao_set_bytes, oracle_set_bytes, read_dao, read_oracles};
use crate::prepared::{self, Held, Step};
use crate::sample::{Example, config_of, examples};
use crate::script::{push, pushed};
use crate::state::EpochPay;
use crate::terms::Covenants;
use crate::thread::Chain;
use crate::wire;

mod questions;

pub use questions::{answered, answers};

/// Paths of the controller, by number.
const PATHS: [&str; 4] = ["submit", "veto", "open", "act"];

/// The answers that are left, the next one first. A line is one result; `!` and a number are a node's error.
pub(crate) struct Answers(Mutex<VecDeque<String>>);

impl Answers {
    fn new(lines: &str) -> Self {
        Self(Mutex::new(lines.lines().map(ToOwned::to_owned).collect()))
    }

    /// What is answered to the next question.
    pub(crate) fn next(&self, endpoint: &Endpoint) -> Result<Json, Failure> {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let line = line.ok_or_else(|| Failure::Chain(endpoint.nonsense("no answer")))?;
        if let Some(code) = line.strip_prefix('!').and_then(|code| code.parse().ok()) {
            return Err(Failure::Answered { code, message: "it says no".to_owned() });
        }
        serde_json::from_str(&line).map_err(|_| Failure::Chain(endpoint.nonsense("no JSON")))
    }
}

/// A distributor's life as the virtual machine took it.
struct Life {
    config: BchConfig,
    covenants: Covenants,
    examples: Vec<Example>,
    links: Vec<Link>,
    /// The first epoch's UTXO.
    epoch: TxOut,
}

static LIFE: LazyLock<Life> = LazyLock::new(|| {
    let examples = examples();
    let config = config_of(&examples[0]);
    let covenants = Covenants::of(&config.terms);
    let place = |number: u64| {
        let block = BlockRef { number, hash: [0; 32], time_s: 2_000_000_000 + number };
        Place { block, since_s: block.time_s }
    };
    let mut links = vec![Link::genesis(&config, &covenants, &examples[0].tx, place(1)).expect("a genesis")];
    for example in &examples[1..] {
        let last = links.last().expect("it was just begun");
        if example.tx.input[0].previous_output == last.outpoint() {
            links.push(last.next(&config, &covenants, &example.tx, place(links.len() as u64 + 1)).expect("a step"));
        }
    }
    let crank = examples.iter().find(|example| example.name == "crank").expect("a batch was paid");
    let epoch = crank.sources[0].clone();
    Life { config, covenants, examples, links, epoch }
});

impl Life {
    fn chain(&self, lines: &str) -> Chain {
        Chain::of(self.config.clone(), self.covenants.clone(), Endpoint::given(Answers::new(lines)))
    }

    fn example(&self, name: &str) -> &Transaction {
        &self.examples.iter().find(|example| example.name == name).expect("an example of that name").tx
    }
}

fn chain() -> ChainId {
    LIFE.config.chain.clone()
}

/// What a journal kept, under whatever id its transaction has, written again.
pub fn kept(bytes: &[u8]) -> Option<Vec<u8>> {
    let tx = wire::transaction(bytes.get(14..)?)?;
    let id = SubmissionId(tx.compute_txid().to_string());
    let prepared = Prepared { chain: chain(), id, bytes: bytes.to_vec(), fee_max: FeeLimit(0) };
    Some(prepared::wrap(&chain(), &prepared::held(&prepared, &chain()).ok()?, 0).bytes)
}

/// A controller's and an epoch's transaction as a journal keeps them.
pub fn prepared() -> [Vec<u8>; 2] {
    let kept = |name: &str, step: Step| {
        prepared::wrap(&chain(), &Held { tx: LIFE.example(name).clone(), step, since: 9 }, 0).bytes
    };
    [kept("advance", Step::Controller { after: 7 }), kept("crank", Step::Epoch { filed: 2, batch: 0 })]
}

/// Whether the body of an answer to question 0 holds a result.
pub fn body(text: &[u8]) -> bool {
    LIFE.chain("").endpoint.read(StatusCode::OK, text, 0).is_ok()
}

/// Whether a transaction follows the one of this number. It must leave the state that its output holds.
pub fn follows(number: u8, bytes: &[u8]) -> Option<bool> {
    let tx = wire::transaction(bytes)?;
    assert_eq!(serialize(&tx), bytes, "a transaction has one encoding");
    let link = LIFE.links.get(usize::from(number))?;
    let next = link.next(&LIFE.config, &LIFE.covenants, &tx, link.place.clone());
    if let Ok(next) = &next {
        let token = next.output.token.as_ref().expect("the controller's");
        assert_eq!(token.commitment, next.state.encode(), "the state is what the output holds");
        assert_eq!(next.state.keys.set, next.oracle_set.hash());
        assert_eq!(next.state.keys.dao, next.dao.hash());
    }
    Some(next.is_ok())
}

/// The transactions that follow, with the numbers of those that they follow.
pub fn following() -> Vec<(u8, Vec<u8>)> {
    let of = |link: &Link| LIFE.examples.iter().find(|example| example.tx.compute_txid() == link.txid);
    let later = LIFE.links[1..].iter().map(|link| serialize(&of(link).expect("it was made of one").tx));
    (0..).zip(later).collect()
}

/// Whether the path of this number does with these arguments what the transaction after `number` left: the script is made of
/// them, the outputs are those of that transaction.
pub fn unlocked(number: u8, path: u8, arguments: &[&[u8]]) -> Option<bool> {
    let path = *PATHS.get(usize::from(path))?;
    let controller = &LIFE.covenants.controller;
    if controller.arity(path) != Some(arguments.len()) || arguments.iter().any(|bytes| bytes.len() > 10_000) {
        return None;
    }
    let next = LIFE.links.get(usize::from(number) + 1)?;
    let mut tx = LIFE.examples.iter().find(|example| example.tx.compute_txid() == next.txid)?.tx.clone();
    let values: Vec<Value> = arguments.iter().map(|bytes| Value::Bytes(bytes.to_vec())).collect();
    tx.input[0].script_sig = controller.unlock(path, &values);
    let read = controller.read(tx.input[0].script_sig.as_bytes()).expect("what was written can be read");
    assert_eq!((read.0, &read.1[..]), (path, &arguments.iter().map(|bytes| bytes.to_vec()).collect::<Vec<_>>()[..]));
    follows(number, &serialize(&tx))
}

/// Path and arguments of each transaction that follows.
pub fn unlocking() -> Vec<(u8, u8, Vec<Vec<u8>>)> {
    let read = |(number, bytes): (u8, Vec<u8>)| {
        let tx = wire::transaction(&bytes).expect("it was just written");
        let script: ScriptBuf = tx.input[0].script_sig.clone();
        let (path, arguments) = LIFE.covenants.controller.read(script.as_bytes()).expect("it unlocks the controller");
        let path = PATHS.iter().position(|each| *each == path).expect("one of four");
        (number, u8::try_from(path).expect("few"), arguments)
    };
    following().into_iter().map(read).collect()
}

/// What a script of pushes leaves, pushed again and read again.
pub fn pushes(script: &[u8]) -> Option<[Vec<Vec<u8>>; 2]> {
    let items = pushed(script)?;
    let again: Vec<u8> = items.iter().flat_map(|item| push(item)).collect();
    let second = pushed(&again).expect("what was written can be read");
    Some([items, second])
}

/// An epoch's commitment, written again.
pub fn commitment(bytes: &[u8]) -> Option<Vec<u8>> {
    EpochPay::decode(bytes).map(|pay| pay.encode())
}

/// The commitment of the life's first epoch.
pub fn committed() -> Vec<u8> {
    LIFE.epoch.token.as_ref().expect("an epoch's").commitment.clone()
}

/// An oracle set, or a DAO set where `dao`, from what its hash is of, written again.
pub fn set(dao: bool, bytes: &[u8]) -> Option<Vec<u8>> {
    match dao {
        false => read_oracles(bytes).map(|set| oracle_set_bytes(&set)),
        true => read_dao(bytes).map(|set| dao_set_bytes(&set)),
    }
}

/// The life's first sets, so written.
pub fn sets() -> [Vec<u8>; 2] {
    let founders = &LIFE.config.founders;
    [oracle_set_bytes(&founders.oracle_set), dao_set_bytes(&founders.dao)]
}

/// Base units that a transaction pays out of the first epoch's UTXO, and what is left there; `None` for one that does not add up.
pub fn batch(bytes: &[u8]) -> Option<[u64; 3]> {
    let tx = wire::transaction(bytes)?;
    let at = Placed { height: 1, block: String::new() };
    let batch = LIFE.chain("").read_batch(&tx, at, &LIFE.epoch).ok()?;
    let paid = batch.payouts.iter().map(|payout| payout.amount).sum();
    Some([crate::epochs::amount_of(&LIFE.epoch), paid, batch.left.as_ref().map_or(0, crate::epochs::amount_of)])
}

/// The life's first batch.
pub fn paid() -> Vec<u8> {
    serialize(LIFE.example("crank"))
}

/// Satoshis of a decimal of BCH.
pub fn sats(text: &str) -> Option<u64> {
    decimal::sats(text)
}
