//! A user's session: a hot key in the home directory that the wallet delegates to once, and again when it expires.

use super::context::{Context, key_name, library};
use crate::exit::{Kind, OrExit};
use crate::secrets::PassphraseArgs;
use liaise_ledger::session::{Purpose, Scopes, SessionText};
use liaise_ledger::{Account, Body};
use liaise_node::client::{Client, Wallet};
use liaise_node::{Pace, Replica, blocking, keys};
use liaise_store::Store;
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A session with less time left is not used for anything new.
const MARGIN_MS: u64 = 3_600_000;

/// What a session key's own messages say about it.
enum Standing {
    /// Nothing was signed with it yet.
    Fresh,
    /// It may sign.
    Good,
    /// It may sign no more.
    Over,
}

/// A client of an account, with an open session. The replica is followed from now on.
pub async fn open(
    context: &Context,
    replica: &Replica,
    name: Option<&str>,
    passphrase: &PassphraseArgs,
) -> eyre::Result<Client> {
    let name = key_name(&context.home, name)?;
    let path = context.key_path(&name)?;
    let words = passphrase.read(&path.display().to_string())?;
    let secret = keys::open(&path, &words).or_exit(Kind::Usage)?;
    let wallet = Wallet::new(&secret, &context.chain()?).or_exit(Kind::Usage)?;
    let session = session_key(context, replica, &name, &wallet.account(), &words).await?;
    tokio::spawn({
        let replica = replica.clone();
        async move { replica.follow(Pace::AtOnce).await }
    });
    let client = Client::new(replica.clone(), wallet.account(), Arc::new(keys::ed25519(&session)), library(replica)?);
    client.open_session(&wallet, Scopes::PROMPT).await.or_exit(Kind::Refused)?;
    Ok(client)
}

/// The first of the name's session keys that is not over; a new one where all are.
async fn session_key(
    context: &Context,
    replica: &Replica,
    name: &str,
    account: &Account,
    passphrase: &Zeroizing<String>,
) -> eyre::Result<keys::Secret> {
    // Keys that a home directory moved to another network brought along are for other accounts or networks: by network.
    let network = replica.network.to_string();
    for number in 1u32.. {
        let path = context.home.path(session_file(&network, name, number));
        if !path.exists() {
            let secret = keys::random_secret();
            keys::create(&path, &secret, passphrase, keys::Cost::Standard).or_exit(Kind::Usage)?;
            return Ok(secret);
        }
        let secret = keys::open(&path, passphrase).or_exit(Kind::Usage)?;
        let (store, key, account, now) =
            (replica.store.clone(), keys::ed25519(&secret).public(), account.clone(), replica.calendar.wall_ms());
        let standing = blocking(move || standing(&store, &key, &account, now)).await.or_exit(Kind::Integrity)?;
        if !matches!(standing, Standing::Over) {
            return Ok(secret);
        }
    }
    unreachable!("there are fewer session files than numbers")
}

fn session_file(network: &str, name: &str, number: u32) -> PathBuf {
    PathBuf::from(format!("sessions/{}-{name}-{number}.json", &network[..8]))
}

fn standing(store: &Store, key: &[u8], account: &Account, now_ms: u64) -> Result<Standing, liaise_store::StoreError> {
    let mut standing = Standing::Fresh;
    for id in store.by_key(key, 0)? {
        let Some(Body::Session(session)) = store.load(&id)?.map(|message| message.message.body) else { continue };
        standing = Standing::Over;
        let Ok(text) = SessionText::parse(&session.text) else { continue };
        if let Purpose::Grant { expires_s, .. } = text.purpose
            && text.account == *account
            && expires_s * 1000 > now_ms + MARGIN_MS
        {
            return Ok(Standing::Good);
        }
    }
    Ok(standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_two_networks_have_two_files() {
        let (one, two) = ("a".repeat(64), "b".repeat(64));
        assert_ne!(session_file(&one, "me", 1), session_file(&two, "me", 1));
        assert_ne!(session_file(&one, "me", 1), session_file(&one, "me", 2));
    }
}
