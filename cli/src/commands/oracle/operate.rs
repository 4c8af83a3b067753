//! `liaise oracle sign` and `submit`: one pass in an operator's directory.

use super::{OperatorArgs, SubmitArgs};
use crate::commands::context::{chain_number_of, or_node_exit};
use crate::commands::submit::{estimate, send};
use crate::exit::{Kind, OrExit, fail};
use crate::output::{say, xlv};
use liaise_chain_api::Action;
use liaise_ledger::EpochNumber;
use liaise_node::client::Wallet;
use liaise_node::config::{NodeConfig, OracleRole, Role};
use liaise_node::{Due, Next, Replica, chain, keys, next_filing, open_replica, read_genesis, sign_once};

/// An operator's copy of the ledger, up to date, and its role.
async fn open(args: &OperatorArgs) -> eyre::Result<(Replica, OracleRole)> {
    let config = NodeConfig::load(&args.dir).or_exit(Kind::Usage)?;
    let Role::Oracle(role) = config.role else {
        return fail(
            Kind::Usage,
            format!("role.kind in {}: not an oracle's directory", args.dir.join("node.toml").display()),
        );
    };
    let genesis = read_genesis(&config.genesis).or_exit(Kind::Usage)?;
    let dir = args.dir.join("ledger");
    let replica =
        open_replica(&dir, genesis, config.calendar.as_deref(), &config.stores).await.or_exit(Kind::Refused)?;
    replica.catch_up().await.or_exit(Kind::Refused)?;
    Ok((replica, role))
}

pub async fn sign(args: &OperatorArgs) -> eyre::Result<()> {
    let (replica, role) = open(args).await?;
    let passphrase = args.passphrase.read(&role.key.display().to_string())?;
    or_node_exit(sign_once(&replica, &role, &passphrase).await)?;
    let reader = chain::reader(&role.chain).await.or_exit(Kind::Chain)?;
    let next = next_filing(&replica, reader.as_ref()).await.or_exit(Kind::Refused)?;
    say!("{}", describe(&next));
    Ok(())
}

pub async fn submit(args: &SubmitArgs) -> eyre::Result<()> {
    let (replica, role) = open(&args.operator).await?;
    let Some(path) = &role.submitter else {
        return fail(
            Kind::Usage,
            "role.submitter in node.toml: name the keystore of the account that pays for the transaction",
        );
    };
    let reader = chain::reader(&role.chain).await.or_exit(Kind::Chain)?;
    let next = next_filing(&replica, reader.as_ref()).await.or_exit(Kind::Refused)?;
    say!("{}", describe(&next));
    let Some(action) = next.action else { return Ok(()) };
    if let Action::SubmitEpoch { statement, .. } = &action {
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
    let wallet = Wallet::new(&secret, chain_number_of(&role.chain)?).or_exit(Kind::Usage)?;
    let submitter = chain::submitter(&role.chain, &wallet).await.or_exit(Kind::Chain)?;
    if args.dry_run {
        let fee = estimate(submitter.as_ref(), &action, args.fee.limit()).await?;
        say!(
            "Dry run: {} would be sent by {}, for at most {fee} of the coin's smallest unit; nothing was sent.",
            action.name(),
            submitter.account()
        );
        return Ok(());
    }
    let sent = send(&replica.store, submitter.as_ref(), &action, args.fee.limit()).await?;
    say!("{}", sent.words());
    Ok(())
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
        Due::Epoch(filing) => {
            let s = &filing.statement;
            format!("EPOCH {}, root {} over {}, owed {}", s.epoch, s.root_hash, xlv(s.root_sum), xlv(s.owed))
        }
    };
    let quorum = if next.action.is_some() { "a quorum has signed it" } else { "no quorum has signed it yet" };
    format!("due: {what}; statement {}; {quorum}", due.statement().digest())
}
