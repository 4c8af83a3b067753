//! `liaise oracle fold` and `verify`: what anybody derives on a copy of the ledger.

use super::EpochArgs;
use crate::commands::context::{Context, histories};
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say, xlv};
use liaise_ledger::{EpochNumber, Hash};
use liaise_node::{FoldedAt, Replica, accepted_statement, fold_up_to, folded_at, load_distributor};
use liaise_oracle::artefact::TreeBlock;
use liaise_oracle::audit::check_root;
use liaise_oracle::fold::{DistributorState, file};
use liaise_summary::{Epoch, EpochStatement};
use serde_json::json;

/// Folds from genesis up to an epoch; nothing that others attest to is relied on.
pub async fn derive(replica: &Replica, wanted: Option<EpochNumber>) -> eyre::Result<FoldedAt> {
    let newest = fold_up_to(replica, wanted).await.or_exit(Kind::Integrity)?;
    let epoch = match (wanted.or(newest), newest) {
        (Some(epoch), Some(newest)) if epoch <= newest => epoch,
        (Some(epoch), newest) => {
            let newest = newest.map_or("none".into(), |epoch| epoch.to_string());
            return fail(
                Kind::Refused,
                format!("epoch {epoch} is not sealed yet, or not all that its seal counts is here; newest: {newest}"),
            );
        }
        (None, _) => return fail(Kind::Refused, "no epoch is sealed yet: wait until the first one is closed"),
    };
    match folded_at(replica, epoch).await.or_exit(Kind::Integrity)? {
        Some(folded) => Ok(folded),
        None => fail(Kind::Refused, format!("epoch {epoch} can't be folded here yet: synchronise and try again")),
    }
}

pub async fn fold(context: &Context, args: &EpochArgs) -> eyre::Result<()> {
    let replica = args.replica(context).await?;
    let folded = derive(&replica, args.epoch).await?;
    let attested = histories(&replica).of(folded.epoch).await.or_exit(Kind::Refused)?;
    let attested = attested.map(|block| liaise_node::history_id(&block));
    let (net, held) = folded.pay.iter().fold((0u64, 0u64), |(net, held), s| (net + s.net, held + s.held));
    if args.json {
        output::json(&json!({
            "epoch": folded.epoch,
            "history": folded.history.to_string(),
            "attested": attested.map(|id| id.to_string()),
            "eligibility": folded.block.eligibility,
            "retrieval": folded.block.retrieval,
            "accounts": folded.pay.len(),
            "tasks": folded.task_count,
            "emission": folded.emission.to_string(),
            "net": net.to_string(),
            "held": held.to_string(),
            "unemitted": folded.unemitted.to_string(),
        }))?;
    } else {
        say!("epoch           {}", folded.epoch);
        say!("history         {}", folded.history);
        say!("attested        {}", attested.map_or("not yet".into(), |id| id.to_string()));
        say!("eligibility     {}", folded.block.eligibility);
        say!("documents       {}", folded.block.retrieval);
        say!("work            {} tasks, {} accounts", folded.task_count, folded.pay.len());
        say!("emission        {}", xlv(folded.emission));
        say!("net             {}", xlv(net));
        say!("held            {}", xlv(held));
        say!("unemitted       {}", xlv(folded.unemitted));
    }
    match attested {
        Some(id) if id != folded.history => fail(
            Kind::Integrity,
            format!("the oracles attest to history {id}, and {} is derived here: report both", folded.history),
        ),
        _ => Ok(()),
    }
}

pub async fn verify(context: &Context, args: &EpochArgs) -> eyre::Result<()> {
    let replica = args.replica(context).await?;
    let reader = context.reader().await?;
    let number = match args.epoch {
        Some(epoch) => u32::try_from(epoch)
            .map_err(|_| eyre::eyre!("epoch {epoch}: only epochs from 0 on are filed"))
            .or_exit(Kind::Usage)?,
        None => {
            let next = reader.distributor(liaise_chain_api::At::Latest).await.or_exit(Kind::Chain)?.next;
            let last = next.previous().ok_or_else(|| eyre::eyre!("nothing is filed on this distributor yet"));
            last.or_exit(Kind::Refused)?.0
        }
    };
    let statement = accepted_statement(reader.as_ref(), Epoch(number)).await.or_exit(Kind::Chain)?;
    let Some(statement) = statement else {
        return fail(
            Kind::Refused,
            format!("no statement of epoch {number} stands on this distributor: it is not filed yet, or was vetoed"),
        );
    };
    let folded = derive(&replica, Some(number.into())).await?;
    let before = before(&replica, &statement).await?;
    let filing = file(&folded, &before, replica.network, Hash(statement.head.0), statement.oracle_set)
        .or_exit(Kind::Integrity)?;
    let root = check_root(&filing).or_exit(Kind::Integrity)?;
    let same = filing.statement == statement;
    if args.json {
        output::json(&json!({
            "epoch": number,
            "root": Hash(root.hash),
            "sum": root.sum.to_string(),
            "accepted_root": statement.root_hash.to_string(),
            "accepted_sum": statement.root_sum.to_string(),
            "same": same,
        }))?;
    } else {
        say!("epoch           {number}");
        say!("derived root    {} over {}, computed two ways", Hash(root.hash), xlv(root.sum));
        say!("accepted root   {} over {}", statement.root_hash, xlv(statement.root_sum));
    }
    if same {
        if !args.json {
            say!("The statement on the chain is what everybody derives, to the byte.");
        }
        return Ok(());
    }
    fail(
        Kind::Integrity,
        format!(
            "the accepted statement of epoch {number} is not what is derived here; `liaise audit epoch {number}` says where"
        ),
    )
}

/// What the distributor's tree was before a statement: named by the statement's own tree block.
async fn before(replica: &Replica, statement: &EpochStatement) -> eyre::Result<DistributorState> {
    let tree = Hash(statement.artefact.0).to_cid(liaise_ledger::hash::DAG_CBOR);
    let found = liaise_node::fetch_blobs(replica, &[tree]).await.or_exit(Kind::Refused)?;
    let mut blocks = liaise_oracle::artefact::Blocks::default();
    for bytes in found.into_values() {
        blocks.insert(bytes);
    }
    let block: TreeBlock = blocks.read(&tree, "tree block").or_exit(Kind::Integrity)?;
    match block.previous.as_ref().and_then(Hash::from_cid) {
        Some(previous) => load_distributor(replica, &previous.0).await.or_exit(Kind::Refused),
        None => Ok(DistributorState::new(block.distributor, block.chain)),
    }
}
