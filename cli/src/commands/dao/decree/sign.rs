//! What a decree's file says, a member's signature under it, and its publication.

use super::file::{DecreeFile, FileSignature};
use super::write::words;
use super::{ShowArgs, SignArgs, standing};
use crate::commands::context::{Context, key_path};
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use liaise_ledger::body::{Body, DaoSignature, Decree};
use liaise_ledger::{Author, Draft};
use liaise_node::Replica;
use liaise_node::keys::{self, sign_act};
use liaise_oracle::fold::{Shared, decree_refusal};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

pub async fn show(context: &Context, args: &ShowArgs) -> eyre::Result<()> {
    let (file, act) = DecreeFile::read(&args.file)?;
    let signatures = file.signatures(&act)?;
    let dao = &context.genesis.dao;
    let of_the_set = |signature: &&DaoSignature| dao.keys.binary_search(&signature.key).is_ok();
    let signed: Vec<String> = signatures.iter().filter(of_the_set).map(|s| hex::encode(*s.key)).collect();
    if args.json {
        return output::json(&json!({
            "number": act.number, "digest": act.digest(), "effective": act.effective, "proposal": act.proposal,
            "words": words(&act), "signed_by": signed, "threshold": dao.threshold,
        }));
    }
    say!("{}", words(&act));
    say!("digest          {}", act.digest());
    say!("signed          {} of {} that must: {}", signed.len(), dao.threshold, signed.join(", "));
    Ok(())
}

pub async fn sign(context: &Context, args: &SignArgs) -> eyre::Result<()> {
    let (mut file, act) = DecreeFile::read(&args.file)?;
    let (replica, known, seal) = standing(context).await?;
    let known = known.unwrap_or_else(|| Shared::of_genesis(&context.genesis));
    if act.network != context.genesis.network_id() {
        return fail(Kind::Usage, format!("it is for network {}, not this one", act.network));
    }
    if (act.number, act.previous) != (known.decree + 1, known.decree_digest) {
        let next = known.decree + 1;
        return fail(
            Kind::Refused,
            format!("it has number {} and does not follow what is in force: the next is {next}", act.number),
        );
    }
    if let Some(why) = decree_refusal(&known, seal, &act) {
        return fail(Kind::Refused, format!("it could not come into force: {why}"));
    }
    if !args.json {
        say!("{}", words(&act));
    }
    if args.dry_run {
        if args.json {
            return output::json(&json!({"digest": act.digest(), "words": words(&act), "signed": false}));
        }
        say!("Dry run: nothing was signed.");
        return Ok(());
    }
    let path = key_path(&context.home, &args.key)?;
    let secret = keys::open(&path, &args.passphrase.read(&path.display().to_string())?).or_exit(Kind::Usage)?;
    let signature = sign_act(&secret, &act).or_exit(Kind::Usage)?;
    let dao = &context.genesis.dao;
    if dao.keys.binary_search(&signature.key).is_err() {
        return fail(Kind::Refused, format!("key {} is not in the DAO's set", hex::encode(*signature.key)));
    }
    let own = FileSignature { key: hex::encode(*signature.key), signature: hex::encode(*signature.signature) };
    file.signatures.retain(|known| known.key != own.key);
    file.signatures.push(own);
    file.signatures.sort_by(|a, b| a.key.cmp(&b.key));
    std::fs::write(&args.file, file.text()?).or_exit(Kind::Usage)?;
    let mut signatures = file.signatures(&act)?;
    signatures.retain(|signature| dao.keys.binary_search(&signature.key).is_ok());
    let missing = (dao.threshold as usize).saturating_sub(signatures.len());
    let message = match missing {
        0 if !args.keep => Some(publish(&replica, &secret, &path, Decree { act: act.clone(), signatures }).await?),
        _ => None,
    };
    if args.json {
        return output::json(&json!({"digest": act.digest(), "signed": true, "missing": missing, "message": message}));
    }
    match (message, missing) {
        (Some(message), _) => say!("Published: {message}. It counts once an epoch is sealed with it."),
        (None, 0) => say!("All that must have signed: `liaise dao decree sign` without --keep publishes it."),
        (None, missing) => say!("Signed; {missing} more must sign {}.", args.file.display()),
    }
    Ok(())
}

/// Says a decree with the signing member's own key.
async fn publish(replica: &Replica, secret: &keys::Secret, path: &Path, decree: Decree) -> eyre::Result<String> {
    let signer = Arc::new(keys::secp256k1(secret, path).or_exit(Kind::Usage)?);
    let key = signer.public().try_into().map_err(|_| eyre::eyre!("a secp256k1 key has 33 bytes"))?;
    let time_ms = replica.calendar.wall_ms();
    let draft = Draft { author: Author::Dao(key), parents: vec![], task: None, time_ms, body: Body::Decree(decree) };
    Ok(replica.say(signer, draft).await.or_exit(Kind::Refused)?.id.to_string())
}
