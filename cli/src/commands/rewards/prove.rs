//! `liaise rewards prove`.

use super::proof_file::ProofFile;
use super::{ProveArgs, or_payable_exit, payee_of};
use crate::commands::context::Context;
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, NOT_ADVICE, say, xlv};
use liaise_node::Payable;
use serde_json::json;
use std::io::Write;

pub async fn run(context: &Context, args: &ProveArgs) -> eyre::Result<()> {
    let account = args.who.account(context)?;
    let payee = payee_of(&account)?;
    let replica = if args.offline { context.offline().await? } else { context.current().await? };
    let reader = context.reader().await?;
    if reader.batches().is_some() {
        return fail(
            Kind::Usage,
            "pay comes in batches on this chain and nobody proves a place of their own: `liaise claim` has yours paid",
        );
    }
    let payable = or_payable_exit(Payable::newest(&replica, reader.as_ref()).await)?;
    let Some((leaf, proof)) = or_payable_exit(payable.leaf(&payee))? else {
        let why = format!(
            "{account} has no leaf in the tree of epoch {}: it has earned nothing that is payable",
            payable.held.epoch.0
        );
        return fail(Kind::Refused, why);
    };
    let chain = reader.chain().to_string();
    let file = ProofFile::new(&payable.distributor, &chain, &payable.held, account.as_str(), &leaf, &proof);
    let text = serde_json::to_string_pretty(&file)?;
    let Some(out) = &args.out else {
        say!("{text}");
        return Ok(());
    };
    let written = std::fs::File::create_new(out).and_then(|mut created| writeln!(created, "{text}"));
    written.map_err(|error| eyre::eyre!("{}: {error}", out.display())).or_exit(Kind::Usage)?;
    if args.who.json {
        return output::json(&json!({
            "file": out,
            "account": account,
            "epoch": file.epoch,
            "amount": leaf.amount.to_string(),
        }));
    }
    say!("{} proves {} of {account} in the tree of epoch {}", out.display(), xlv(leaf.amount), file.epoch);
    say!("Anybody may send it: liaise claim --proof {}", out.display());
    say!("{NOT_ADVICE}");
    Ok(())
}
