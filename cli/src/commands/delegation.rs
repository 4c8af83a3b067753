//! A wallet lets a compute node's hot key work for its account.

use super::context::Context;
use crate::exit::{Kind, OrExit};
use liaise_ledger::session::Scopes;
use liaise_node::client::{Delegation, Wallet};
use liaise_node::keys::{self, Secret};

/// Signs for a hot key: from now for as long as the network allows.
pub fn sign(context: &Context, wallet: &Wallet, hot: [u8; 32]) -> eyre::Result<Delegation> {
    let now_ms = context.calendar()?.wall_ms();
    Delegation::sign(&context.genesis, wallet, hot, Scopes::WORK, now_ms).or_exit(Kind::Usage)
}

/// A hot key's public half.
pub fn public(secret: &Secret) -> eyre::Result<[u8; 32]> {
    let public = keys::ed25519(secret).public();
    public.try_into().map_err(|_| eyre::eyre!("a session key has 32 bytes"))
}

/// When a grant ends, as its text says it to people.
pub fn expiry(delegation: &Delegation) -> &str {
    delegation.text.lines().find_map(|line| line.strip_prefix("Expiration Time: ")).unwrap_or("never")
}
