//! A node's session.toml: what the wallet signed, held against the network's rules and the node's key.

use liaise_ledger::body::Session as SessionBody;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::session::{Scope, Session, SessionGrant, SessionOutcome, SessionText};
use liaise_ledger::{Account, Author};
use liaise_node::client::Delegation;

const REMEDY: &str = "sign it anew with `liaise account delegate`";

/// What the delegation grants at this time. Without the node's key the text's own is taken: then the file is only held
/// against itself.
pub fn check(
    delegation: &Delegation,
    genesis: &Genesis,
    account: &Account,
    hot: Option<[u8; 32]>,
    now_ms: u64,
) -> Result<SessionGrant, String> {
    let named = SessionText::parse(&delegation.text).map_err(|error| format!("{error}; {REMEDY}"))?.key;
    if hot.is_some_and(|hot| hot != named) {
        return Err(format!("it is for key {}, and the node has another; {REMEDY}", hex::encode(named)));
    }
    let signature = hex::decode(&delegation.signature).map_err(|error| format!("signature: {error}; {REMEDY}"))?;
    let body = SessionBody { text: delegation.text.clone(), signature: signature.into() };
    let outcome = Session::check(&body, &Author::Account(account.clone()), &named, genesis);
    let SessionOutcome::Grant(grant) = outcome.map_err(|error| format!("{error}; {REMEDY}"))? else {
        return Err(format!("it ends a key's power and grants none; {REMEDY}"));
    };
    if !grant.scopes.contains(Scope::Work) {
        return Err(format!("it does not let the key work; {REMEDY}"));
    }
    if grant.expires_ms <= now_ms {
        return Err(format!("it has expired; {REMEDY}"));
    }
    Ok(grant)
}
