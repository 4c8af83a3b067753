//! `liaise audit epoch`.

use super::{EpochArgs, or_audit_exit};
use crate::commands::context::{Context, histories};
use crate::exit::{Kind, fail};
use crate::output::{self, say, xlv};
use liaise_ledger::Hash;
use liaise_node::audit_epoch;
use serde_json::json;

pub async fn run(context: &Context, args: &EpochArgs) -> eyre::Result<()> {
    let replica = context.current().await?;
    let reader = if args.no_chain { None } else { Some(context.reader().await?) };
    let report = or_audit_exit(audit_epoch(&replica, &histories(&replica), reader.as_deref(), args.epoch).await)?;
    if args.json {
        let difference = |d: &liaise_oracle::audit::Difference| json!({"what": d.what, "which": d.which, "derived": d.derived, "claimed": d.claimed});
        output::json(&json!({
            "epoch": report.epoch,
            "true": report.is_true(),
            "history": report.history.to_string(),
            "tree": report.tree.map(|id| id.to_string()),
            "root": report.root.map(|root| json!({"hash": Hash(root.hash), "sum": root.sum.to_string()})),
            "differences": report.differences.iter().map(difference).collect::<Vec<_>>(),
        }))?;
    } else {
        say!("epoch           {}", report.epoch);
        say!("history         {}", report.history);
        match (report.tree, report.root) {
            (Some(tree), Some(root)) => {
                say!("tree            {tree}");
                say!("root            {} over {}, computed two ways", Hash(root.hash), xlv(root.sum));
            }
            _ => say!("filing          none was accepted on this chain, or it was left aside"),
        }
        for difference in &report.differences {
            say!("differs         {difference}");
        }
    }
    if report.is_true() {
        if !args.json {
            say!("Everything that was claimed is what is derived here, to the byte.");
        }
        return Ok(());
    }
    fail(
        Kind::Integrity,
        format!("epoch {}: {} things are claimed otherwise than derived", args.epoch, report.differences.len()),
    )
}
