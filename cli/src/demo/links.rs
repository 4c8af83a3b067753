//! Everybody's accounts on the network's other chains, linked before the first epoch: one owner, wherever the term goes.

use super::genesis::{Founding, Person};
use liaise_ledger::body::{Body, Link, SignedText};
use liaise_ledger::{ChainId, LinkText};
use liaise_node::client::{Client, Wallet};
use liaise_node::{Library, Replica, keys};
use serde_bytes::ByteBuf;
use std::sync::Arc;

/// How long the texts wait, seconds.
const LIFE_S: u64 = 86_400;

/// Links everybody but some users. Returns how many links were signed.
pub async fn link_everybody(
    founding: &Founding,
    unlinked: &[usize],
    replica: &Replica,
    library: &Arc<Library>,
) -> eyre::Result<usize> {
    let users = founding.users.iter().enumerate().filter(|(place, _)| !unlinked.contains(place));
    let mut count = 0;
    for person in founding.nodes.iter().chain(users.map(|(_, user)| user)) {
        count += link(founding, person, replica, library).await?;
    }
    Ok(count)
}

/// Links a person's account with its accounts on all other chains of the genesis. Returns how many links were signed.
pub async fn link(
    founding: &Founding,
    person: &Person,
    replica: &Replica,
    library: &Arc<Library>,
) -> eyre::Result<usize> {
    // Later texts are newer ones: of an account only the newest counts.
    let issued_s = replica.calendar.wall_ms() / 1_000;
    let others = founding.genesis.chains.iter().filter(|chain| !person.account().is_on(chain));
    let mut count = 0;
    for (at, chain) in (issued_s..).zip(others) {
        let other = Wallet::new(&person.wallet_secret, chain)?;
        let link = signed(founding, &person.wallet, &other, at)?;
        let key = Arc::new(keys::ed25519(&keys::random_secret()));
        let client = Client::new(replica.clone(), person.account(), key, library.clone());
        client.say(vec![], None, Body::Link(link)).await?;
        count += 1;
    }
    Ok(count)
}

/// Both wallets' texts.
fn signed(founding: &Founding, one: &Wallet, other: &Wallet, issued_s: u64) -> eyre::Result<Link> {
    let (low, high) = if one.account() < other.account() { (one, other) } else { (other, one) };
    let nonce = *keys::random_secret();
    let genesis = &founding.genesis;
    let text = LinkText::link(genesis, low.account(), high.account(), nonce, issued_s, issued_s + LIFE_S);
    let sign = |wallet: &Wallet, text: &LinkText| -> eyre::Result<SignedText> {
        let text = text.render();
        Ok(SignedText { signature: ByteBuf::from(wallet.sign_text(&text)?), text })
    };
    Ok(Link { texts: vec![sign(low, &text)?, sign(high, &text.of_the_other())?] })
}

/// The three chains of a network of which some run, ascending.
pub fn chains(running: &[ChainId]) -> Vec<ChainId> {
    let others = ["bch:bchreg", "eip155:31337", "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1"];
    let others = others.into_iter().map(|chain| chain.parse::<ChainId>().expect("a chain id"));
    let is_new = |chain: &ChainId| running.iter().all(|known| known.namespace() != chain.namespace());
    let mut chains: Vec<ChainId> = others.filter(is_new).collect();
    chains.extend_from_slice(running);
    chains.sort();
    chains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_has_an_account_on_every_chain() {
        for term in ["bch:bchtest", "eip155:412346", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"] {
            let term: ChainId = term.parse().unwrap();
            let chains = chains(std::slice::from_ref(&term));
            assert!(chains.len() == 3 && chains.contains(&term) && chains.is_sorted());
            let secret = keys::random_secret();
            assert!(chains.iter().all(|chain| Wallet::new(&secret, chain).unwrap().account().is_on(chain)));
        }
    }
}
