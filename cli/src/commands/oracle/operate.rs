//! `liaise oracle sign` and `submit`: one pass in an operator's directory.

use super::check::oracle_config;
use super::journal::or_move_exit;
use super::{OperatorArgs, SubmitArgs, pending};
use crate::commands::context::or_node_exit;
use crate::commands::submit::send_or_estimate;
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say, xlv};
use liaise_chain_api::{Action, DistributorReader};
use liaise_ledger::{ChainId, EpochNumber};
use liaise_node::client::Wallet;
use liaise_node::config::{ChainConfig, OracleRole};
use liaise_node::{Due, Next, Replica, Terms, chain, keys, next_filing, open_replica, read_genesis, sign_once};
use liaise_oracle::moving::Standing;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An operator's copy of the ledger, up to date, and its role.
pub async fn current(dir: &Path) -> eyre::Result<(Replica, OracleRole)> {
    let (config, role) = oracle_config(dir)?;
    let genesis = or_node_exit(read_genesis(&config.genesis))?;
    let ledger = dir.join("ledger");
    let replica = or_node_exit(open_replica(&ledger, genesis, config.calendar.as_deref(), &config.stores).await)?;
    replica.catch_up().await.or_exit(Kind::Refused)?;
    Ok((replica, role))
}

/// The distributor that an operator works on, and the table of terms over all that it is configured for.
pub struct Desk {
    /// How its chain is reached.
    pub config: ChainConfig,
    /// Keystore of the account that pays there.
    pub submitter: Option<PathBuf>,
    /// Reads it.
    pub reader: Arc<dyn DistributorReader>,
    /// Over all of them.
    pub terms: Terms,
}

impl Desk {
    /// The desk of a chain of the role; of the present term's by default.
    pub async fn open(role: &OracleRole, chain: Option<&ChainId>) -> eyre::Result<Desk> {
        let mut readers = vec![];
        let mut desk = None;
        for (config, submitter) in role.offices() {
            let reader = chain::reader(config).await.or_exit(Kind::Chain)?;
            if desk.is_none() && chain.is_none_or(|chain| chain == reader.chain()) {
                desk = Some((config.clone(), submitter.cloned(), reader.clone()));
            }
            readers.push(reader);
        }
        let Some((config, submitter, reader)) = desk else {
            let known: Vec<&str> = role.chains().map(|chain| chain.id.as_str()).collect();
            return fail(Kind::Usage, format!("node.toml has no such chain: it has {}", known.join(", ")));
        };
        Ok(Desk { config, submitter, reader, terms: Terms::new(readers) })
    }
}

pub async fn sign(args: &OperatorArgs) -> eyre::Result<()> {
    let (replica, role) = current(&args.dir).await?;
    let passphrase = args.passphrase.read(&role.key.display().to_string())?;
    or_node_exit(sign_once(&replica, &role, &passphrase).await)?;
    let desk = Desk::open(&role, args.chain.as_ref()).await?;
    let next = next_filing(&replica, desk.reader.as_ref(), &desk.terms).await.or_exit(Kind::Refused)?;
    if args.json {
        return output::json(&to_json(&next));
    }
    say!("{}", describe(&next));
    Ok(())
}

pub async fn submit(args: &SubmitArgs) -> eyre::Result<()> {
    let (replica, role) = current(&args.operator.dir).await?;
    or_move_exit(Standing::of(&replica.store).and_then(Standing::allow))?;
    let desk = Desk::open(&role, args.operator.chain.as_ref()).await?;
    let Some(path) = &desk.submitter else {
        return fail(
            Kind::Usage,
            "role.submitter in node.toml: name the keystore of the account that pays for the transaction",
        );
    };
    let next = next_filing(&replica, desk.reader.as_ref(), &desk.terms).await.or_exit(Kind::Refused)?;
    let as_json = args.operator.json;
    if !as_json {
        say!("{}", describe(&next));
    }
    let Some(action) = &next.action else {
        return if as_json { output::json(&to_json(&next)) } else { Ok(()) };
    };
    if let Action::SubmitEpoch { statement, .. } = action {
        let end_s = replica.genesis.epoch_end_ms(EpochNumber::from(statement.epoch.0)) / 1000;
        if next.at.at.time_s < end_s {
            return fail(
                Kind::Refused,
                format!(
                    "epoch {} has not ended by the chain's clock: wait {} s",
                    statement.epoch,
                    end_s - next.at.at.time_s
                ),
            );
        }
    }
    let passphrase = args.operator.passphrase.read(&path.display().to_string())?;
    let secret = keys::open(path, &passphrase).or_exit(Kind::Usage)?;
    let wallet = Wallet::new(&secret, &desk.config.chain().or_exit(Kind::Usage)?).or_exit(Kind::Usage)?;
    let submitter = chain::submitter(&desk.config, &wallet).await.or_exit(Kind::Chain)?;
    let done =
        send_or_estimate(|| Ok(replica.store.clone()), submitter.as_ref(), action, args.fee, args.dry_run).await?;
    if as_json {
        let mut value = to_json(&next);
        value.as_object_mut().expect("an object").extend(done.json);
        return output::json(&value);
    }
    say!("{}", done.words);
    Ok(())
}

/// What the distributor waits for, in JSON.
fn to_json(next: &Next) -> Value {
    let due = next.due.as_ref().map(|due| {
        let digest = due.statement().digest().to_string();
        match due {
            Due::Open(open) => json!({"kind": "open", "epoch": open.first.0, "digest": digest}),
            Due::Epoch(filing) | Due::Late(filing) => {
                let s = &filing.statement;
                json!({
                    "kind": if matches!(due, Due::Late(_)) { "late" } else { "epoch" },
                    "epoch": s.epoch.0,
                    "digest": digest,
                    "root": s.root_hash.to_string(),
                    "root_sum": s.root_sum.to_string(),
                    "owed": s.owed.to_string(),
                })
            }
        }
    });
    json!({
        "next": next.at.next.0,
        "due": due,
        "pending": next.at.pending.as_ref().map(pending),
        "action": next.action.as_ref().map(Action::name),
    })
}

/// What the distributor waits for, in words.
fn describe(next: &Next) -> String {
    let Some(due) = &next.due else {
        return match &next.at.pending {
            Some(pending) => format!(
                "nothing to sign: {:?} of epoch {} is pending until {} (Unix seconds)",
                pending.kind, pending.epoch, pending.payable_s
            ),
            None => format!("nothing to sign: epoch {} is not folded yet, or is not this distributor's", next.at.next),
        };
    };
    let what = match due {
        Due::Open(open) => format!("OPEN from epoch {} on", open.first),
        Due::Epoch(filing) | Due::Late(filing) => {
            let s = &filing.statement;
            let what = if matches!(due, Due::Late(_)) { "late pay under EPOCH" } else { "EPOCH" };
            format!("{what} {}, root {} over {}, owed {}", s.epoch, s.root_hash, xlv(s.root_sum), xlv(s.owed))
        }
    };
    let quorum = if next.action.is_some() { "a quorum has signed it" } else { "no quorum has signed it yet" };
    format!("due: {what}; statement {}; {quorum}", due.statement().digest())
}
