//! `liaise link add` and `liaise link revoke`: the texts, and the wallets' signatures that can be had here.

use super::file::{LinkFile, publish};
use super::state::Links;
use super::{AddArgs, OutArgs, Party, RevokeArgs};
use crate::commands::context::Context;
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use liaise_ledger::{Account, LinkText};
use liaise_node::{Replica, keys};
use serde_json::json;

/// How long the texts wait for the other wallet and the network. Seconds.
const LIFE_S: u64 = 3 * 86_400;

/// Random bytes, when the texts are issued, and when they expire; Unix seconds.
fn times(replica: &Replica) -> ([u8; 32], u64, u64) {
    let issued_s = replica.calendar.wall_ms() / 1_000;
    (*keys::random_secret(), issued_s, issued_s + LIFE_S)
}

pub async fn add(context: &Context, args: &AddArgs) -> eyre::Result<()> {
    let passphrase = &args.out.passphrase;
    let parties = [Party::read(context, &args.one, passphrase)?, Party::read(context, &args.other, passphrase)?];
    let [one, other] = [parties[0].account(), parties[1].account()];
    let (replica, links) = Links::read(context).await?;
    links.check(&one, &other)?;
    let (nonce, issued_s, expires_s) = times(&replica);
    let (low, high) = (one.clone().min(other.clone()), one.max(other));
    let low = LinkText::link(&context.genesis, low, high, nonce, issued_s, expires_s);
    send(context, &replica, &parties, &[low.clone(), low.of_the_other()], &args.out).await
}

pub async fn revoke(context: &Context, args: &RevokeArgs) -> eyre::Result<()> {
    let signer = Party::read(context, &args.signer, &args.out.passphrase)?;
    let account = signer.account();
    let leaves: Account = match &args.account {
        Some(text) => text.parse().or_exit(Kind::Usage)?,
        None => account.clone(),
    };
    let (replica, links) = Links::read(context).await?;
    let cluster = links.cluster(&account);
    let coming = |of: &Account| {
        links
            .accounts()
            .any(|(who, state)| state.coming.iter().any(|link| !link.ends && (who == of || link.other == *of)))
    };
    if !cluster.contains(&leaves) && !coming(&leaves) {
        return fail(Kind::Usage, format!("{leaves} is not linked with {account}: see `liaise link list`"));
    }
    if cluster.len() == 1 && !coming(&account) {
        return fail(Kind::Usage, format!("{account} is linked with nobody: see `liaise link list`"));
    }
    let (nonce, issued_s, expires_s) = times(&replica);
    let text = LinkText::unlink(&context.genesis, account, leaves, nonce, issued_s, expires_s);
    send(context, &replica, &[signer], &[text], &args.out).await
}

/// Signs what can be signed here; then publishes the texts, shows them, or writes them down.
async fn send(
    context: &Context,
    replica: &Replica,
    parties: &[Party],
    texts: &[LinkText],
    args: &OutArgs,
) -> eyre::Result<()> {
    let mut file = LinkFile::new(texts);
    if args.dry_run {
        if args.json {
            return output::json(&file);
        }
        say!("{}", file.shown());
        say!("Dry run: nothing was signed or sent.");
        return Ok(());
    }
    for wallet in parties.iter().filter_map(Party::wallet) {
        file.sign(wallet)?;
    }
    let missing: Vec<String> = file.missing().iter().map(ToString::to_string).collect();
    let Some(out) = &args.out else {
        if missing.is_empty() {
            return publish(context, replica, &file, args.json).await;
        }
        let names = missing.join(" and ");
        return fail(
            Kind::Usage,
            format!(
                "the wallet of {names} is not here: write the texts with --out FILE, and sign there with `liaise link sign FILE`"
            ),
        );
    };
    file.create(out)?;
    if args.json {
        return output::json(&json!({"file": out, "missing": missing}));
    }
    say!("{}: nothing is published yet.", out.display());
    match missing.as_slice() {
        [] => say!("All have signed: `liaise link sign {} --key NAME` publishes it.", out.display()),
        _ => say!("Still to sign, with `liaise link sign {}`: {}.", out.display(), missing.join(", ")),
    }
    Ok(())
}
