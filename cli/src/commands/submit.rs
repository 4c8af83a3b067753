//! Sending something to the distributor: through the submission journal of the user's own store, or not at all.

use crate::exit::{Kind, OrExit, fail};
use clap::Args;
use liaise_chain_api::{
    Account, Action, ChainError, ChainId, Cost, FeeLimit, Outcome, Prepared, Quote, Retry, Status, Submitter,
};
use liaise_node::chain::Coin;
use liaise_oracle::journal::{Journal, JournalError, Progress};
use liaise_store::Store;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// The longest wait for a transaction's block.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(500);
const DRY_RUN: &str = "dry run: nothing was sent";

/// What a transaction may cost.
#[derive(Clone, Copy, Debug, Args)]
pub struct FeeArgs {
    /// The most that one transaction may cost, in the smallest unit of the chain's coin [default: 10000000000000000 wei,
    /// 10000000 lamports or 2000000 satoshis].
    #[arg(long, value_name = "AMOUNT")]
    max_fee: Option<u128>,
}

impl FeeArgs {
    /// The limit on a chain.
    pub fn limit(self, chain: &ChainId) -> FeeLimit {
        self.max_fee.map_or(Coin::of(chain).fee_limit, FeeLimit)
    }
}

/// How a submission ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Our transaction did it, finally.
    Final(String),
    /// Our transaction did it, in a block that is not final yet.
    Included(String),
    /// Somebody else did it before.
    ByOthers,
}

impl Sent {
    /// The transaction, if it is ours.
    pub fn transaction(&self) -> Option<&str> {
        match self {
            Sent::Final(id) | Sent::Included(id) => Some(id),
            Sent::ByOthers => None,
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Sent::Final(id) => format!("transaction {id}, final"),
            Sent::Included(id) => format!("transaction {id}, included and not final yet"),
            Sent::ByOthers => "done already by another transaction".into(),
        }
    }
}

/// What became of an action that was sent, or only looked at.
pub struct Done {
    /// For JSON: who, the fee, the transaction, and in words.
    pub json: Map<String, Value>,
    /// For people.
    pub words: String,
}

/// Sends an action, or in a dry run says what it would cost and sends nothing. The store is opened only to send.
pub async fn send_or_estimate(
    store: impl FnOnce() -> eyre::Result<Store>,
    submitter: &dyn Submitter,
    action: &Action,
    fee: FeeArgs,
    dry_run: bool,
) -> eyre::Result<Done> {
    let by = submitter.account();
    if dry_run {
        let fee = estimate(submitter, action, fee.limit(submitter.chain()), &[]).await?;
        let unit = Coin::of(submitter.chain()).unit;
        let max = fee.max;
        let has = submitter.balance().await.or_exit(Kind::Chain)?;
        let missing = max.0.saturating_sub(has);
        let short = match missing {
            0 => String::new(),
            _ => format!("{by} has {has} {unit}: {missing} are missing, send them before it is sent.\n"),
        };
        let words = format!(
            "{}{short}Dry run: {} would be sent by {by}, for at most {max} {unit}; nothing was sent.",
            parts(&fee.parts, unit),
            action.name()
        );
        let mut json = outcome(by, Err(&fee));
        json.insert("missing".to_owned(), json!(missing.to_string()));
        return Ok(Done { json, words });
    }
    let sent = send(&store()?, submitter, action, fee.limit(submitter.chain())).await?;
    Ok(Done { json: outcome(by, Ok(&sent)), words: format!("{}: {}", action.name(), sent.words()) })
}

/// What became of an action, for JSON. Fees pass 2^53, so they are decimal strings.
fn outcome(by: &Account, sent: Result<&Sent, &Quote>) -> Map<String, Value> {
    let (fee_max, transaction, outcome) = match sent {
        Ok(sent) => (None, sent.transaction(), sent.words()),
        Err(quote) => (Some(quote), None, DRY_RUN.to_owned()),
    };
    let fee_parts = fee_max.map(|quote| &quote.parts);
    let fee_max = fee_max.map(|quote| quote.max.to_string());
    let pairs = [
        ("by", json!(by)),
        ("fee_max", json!(fee_max)),
        ("fee_parts", json!(fee_parts)),
        ("transaction", json!(transaction)),
        ("outcome", json!(outcome)),
    ];
    pairs.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()
}

/// The parts of a cost for people, a line each.
pub fn parts(costs: &[Cost], unit: &str) -> String {
    costs.iter().map(|part| format!("  {} {unit}: {}\n", part.amount, part.what)).collect()
}

/// A chain's answer, with the exit code of its error.
pub fn or_chain<T>(answer: Result<T, ChainError>) -> eyre::Result<T> {
    answer.or_else(|error| {
        let kind = chain_kind(&error);
        Err(error).or_exit(kind)
    })
}

/// The exit code of a chain's error: what the contract refuses is refused, the rest is the chain.
fn chain_kind(error: &ChainError) -> Kind {
    match error {
        ChainError::Refused { refusal: liaise_chain_api::Refusal::Proof, .. } => Kind::Proof,
        ChainError::Refused { .. } => Kind::Refused,
        _ => Kind::Chain,
    }
}

fn journal_error<T>(error: JournalError) -> eyre::Result<T> {
    let kind = match &error {
        JournalError::Chain(chain) => chain_kind(chain),
        _ => Kind::Integrity,
    };
    Err(error).or_exit(kind)
}

/// Writes an action down, sends it, and waits until its transaction is in a block. Called again it goes on, and never
/// sends a second transaction for the same purpose while a first may be on its way.
pub async fn send(store: &Store, submitter: &dyn Submitter, action: &Action, fee: FeeLimit) -> eyre::Result<Sent> {
    let mut journal = Journal::open(store.clone()).or_else(journal_error)?;
    let purpose = action.purpose(&submitter.id());
    let deadline = Instant::now() + PATIENCE;
    loop {
        match journal.want(submitter, action, fee).await {
            Ok(Progress::Done(id)) => return Ok(Sent::Final(id.to_string())),
            Ok(Progress::DoneByOthers) => return Ok(Sent::ByOthers),
            Ok(Progress::Idle) => {
                return fail(
                    Kind::Refused,
                    format!("the transaction to {} came to nothing: read how it stands and try again", action.name()),
                );
            }
            Ok(Progress::UnderWay(id)) => {
                if let Some(prepared) = journal.live().get(&purpose).cloned() {
                    let status = submitter.status(&prepared).await;
                    if let Ok(Status::Included { outcome: Outcome::Succeeded, .. }) = status {
                        return Ok(Sent::Included(id.to_string()));
                    }
                }
                if Instant::now() > deadline {
                    let why = format!(
                        "transaction {id} is in no block after {} s: it is written down, the same command goes on",
                        PATIENCE.as_secs()
                    );
                    return fail(Kind::Chain, why);
                }
            }
            // what this directory sent before, and the node lost, comes first
            Err(JournalError::Chain(ChainError::Blocked { .. })) if Instant::now() < deadline => {
                journal.resume(submitter).await;
            }
            Err(error) if error.retry() == Retry::Later && Instant::now() < deadline && is_transport(&error) => {}
            Err(error) => return journal_error(error),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Writes an action down and sends it, and does not wait for its block: what follows it may be sent at once. Returns all that is
/// under way on the submitter's chain then. [`send`] of the same action waits.
pub async fn begin(
    store: &Store,
    submitter: &dyn Submitter,
    action: &Action,
    fee: FeeLimit,
) -> eyre::Result<Vec<Prepared>> {
    let mut journal = Journal::open(store.clone()).or_else(journal_error)?;
    match journal.want(submitter, action, fee).await {
        Ok(_) => {}
        // it is written down: whoever waits for it sends it again
        Err(error) if is_transport(&error) => {}
        Err(error) => return journal_error(error),
    }
    let here = |prepared: &&Prepared| prepared.chain == *submitter.chain();
    Ok(journal.live().values().filter(here).cloned().collect())
}

/// Whether waiting a little may help: not for lack of money, nor for what the contract says.
fn is_transport(error: &JournalError) -> bool {
    matches!(error, JournalError::Chain(ChainError::Unreachable { .. } | ChainError::Rejected { .. }))
}

/// The most that an action may cost now, or after those before it, with its parts.
pub async fn estimate(
    submitter: &dyn Submitter,
    action: &Action,
    fee: FeeLimit,
    before: &[Prepared],
) -> eyre::Result<Quote> {
    match submitter.quote(action, fee, before).await {
        Err(ChainError::FeeTooHigh { needed, .. } | ChainError::Funds { needed, .. }) => {
            Ok(Quote { max: FeeLimit(needed), parts: vec![], bytes: None })
        }
        answer => or_chain(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths of the commands that have an argument.
    fn with_argument(command: &clap::Command, id: &str, above: &str, found: &mut Vec<String>) {
        let path = format!("{above} {}", command.get_name());
        if command.get_arguments().any(|argument| argument.get_id() == id) {
            found.push(path.clone());
        }
        command.get_subcommands().for_each(|sub| with_argument(sub, id, &path, found));
    }

    #[test]
    fn whatever_spends_can_be_tried_without_spending() {
        use clap::CommandFactory;
        let (mut spends, mut dry) = (vec![], vec![]);
        with_argument(&crate::Cli::command(), "max_fee", "", &mut spends);
        with_argument(&crate::Cli::command(), "dry_run", "", &mut dry);
        assert_eq!(spends, [" liaise claim", " liaise oracle submit", " liaise dao veto", " liaise dao send"]);
        assert!(spends.iter().all(|command| dry.contains(command)), "{dry:?}");
    }

    #[test]
    fn the_limit_that_help_tells_is_the_chains() {
        use clap::CommandFactory;
        let claim = crate::Cli::command().find_subcommand("claim").expect("there is one").clone();
        let help = claim.get_arguments().find(|a| a.get_id() == "max_fee").and_then(|a| a.get_help()).expect("help");
        for chain in ["eip155:1", "solana:x", "bch:bitcoincash"] {
            let coin = Coin::of(&chain.parse().unwrap());
            assert!(help.to_string().contains(&format!("{} {}", coin.fee_limit, coin.unit)), "{chain}: {help}");
            assert_eq!(FeeArgs { max_fee: None }.limit(&chain.parse().unwrap()), coin.fee_limit);
        }
        assert_eq!(FeeArgs { max_fee: Some(7) }.limit(&"solana:x".parse().unwrap()), FeeLimit(7));
    }

    #[test]
    fn an_outcome_has_a_transaction_or_a_fee() {
        let by = Account::evm(1, [1; 20]);
        let sent = outcome(&by, Ok(&Sent::Included("0x01".into())));
        assert_eq!((&sent["transaction"], &sent["fee_max"]), (&json!("0x01"), &Value::Null));
        let parts = vec![Cost { what: "rent of an account".into(), amount: 7 }];
        let quote = Quote { max: FeeLimit(u128::MAX), parts, bytes: None };
        let dry = outcome(&by, Err(&quote));
        assert_eq!((&dry["transaction"], &dry["fee_max"]), (&Value::Null, &json!(u128::MAX.to_string())));
        assert_eq!(dry["fee_parts"], json!([{"what": "rent of an account", "amount": "7"}]));
        assert_eq!(super::parts(&quote.parts, "lamports"), "  7 lamports: rent of an account\n");
        assert_eq!(outcome(&by, Ok(&Sent::ByOthers))["transaction"], Value::Null);
    }
}
