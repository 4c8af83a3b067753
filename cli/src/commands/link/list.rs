//! `liaise link list`.

use super::state::Links;
use super::{ListArgs, Party};
use crate::commands::context::Context;
use crate::output::{self, say};
use liaise_ledger::{Account, EpochNumber};
use serde::Serialize;
use std::collections::BTreeSet;

/// What is known of links at an epoch.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Listed {
    /// The newest attested epoch, or null.
    epoch: Option<EpochNumber>,
    /// Accounts that count as one, each ascending.
    clusters: Vec<Vec<Account>>,
    /// What was signed and is not in force yet.
    coming: Vec<Coming>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Coming {
    /// From then on it is in force.
    epoch: EpochNumber,
    /// `link` or `unlink`.
    act: &'static str,
    signer: Account,
    other: Account,
    message: String,
}

fn listed(links: &Links, of: Option<&Account>) -> Listed {
    let mut clusters: BTreeSet<Vec<Account>> = BTreeSet::new();
    let mut coming = vec![];
    for (account, state) in links.accounts() {
        let cluster = links.cluster(account);
        let concerns = |other: &Account| of.is_none_or(|of| cluster.contains(of) || other == of);
        coming.extend(state.coming.iter().filter(|link| concerns(&link.other)).map(|link| Coming {
            epoch: link.epoch,
            act: if link.ends { "unlink" } else { "link" },
            signer: account.clone(),
            other: link.other.clone(),
            message: link.message.to_string(),
        }));
        if cluster.len() > 1 && of.is_none_or(|of| cluster.contains(of)) {
            clusters.insert(cluster);
        }
    }
    coming.sort_by(|a, b| (a.epoch, &a.message).cmp(&(b.epoch, &b.message)));
    Listed { epoch: links.epoch, clusters: clusters.into_iter().collect(), coming }
}

pub async fn run(context: &Context, args: &ListArgs) -> eyre::Result<()> {
    let account = args.account.as_deref().map(|text| Party::read(context, text, &args.passphrase)).transpose()?;
    let account = account.map(|party| party.account());
    let (_, links) = Links::read(context).await?;
    let listed = listed(&links, account.as_ref());
    if args.json {
        return output::json(&listed);
    }
    match listed.epoch {
        Some(epoch) => say!("As of epoch {epoch}, the newest that is attested:"),
        None => say!("No epoch is attested yet."),
    }
    if listed.clusters.is_empty() {
        say!("nobody is linked{}", account.map(|account| format!(" with {account}")).unwrap_or_default());
    }
    for cluster in &listed.clusters {
        say!("{}", cluster.iter().map(Account::to_string).collect::<Vec<_>>().join("\n  = "));
    }
    for link in &listed.coming {
        let what = if link.act == "link" { "is linked with" } else { "puts out" };
        say!("from epoch {}: {} {what} {}", link.epoch, link.signer, link.other);
    }
    Ok(())
}
