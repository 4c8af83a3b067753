//! A wallet's delegation to a hot key, as a file that can be carried to the node.

use super::{ClientError, Wallet};
use liaise_ledger::genesis::Genesis;
use liaise_ledger::session::{Scopes, SessionText};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What `session.toml` holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// The exact text that the wallet signed.
    pub text: String,
    /// The wallet's signature, in hex.
    pub signature: String,
}

const FILE: &str = "session.toml";

impl Delegation {
    /// Lets a wallet sign for a key: from now for as long as the network allows.
    ///
    /// # Errors
    /// The wallet can't sign.
    pub fn sign(
        genesis: &Genesis,
        wallet: &Wallet,
        key: [u8; 32],
        scopes: Scopes,
        now_ms: u64,
    ) -> Result<Self, ClientError> {
        let issued_s = now_ms / 1000;
        let expires_s = issued_s + genesis.parameters.session_max_s;
        let text = SessionText::grant(genesis, wallet.account(), key, scopes, issued_s, expires_s).render();
        let signature = hex::encode(wallet.sign_text(&text)?);
        Ok(Delegation { text, signature })
    }

    /// Writes it into a node's directory.
    ///
    /// # Errors
    /// The directory can't be written.
    pub fn save(&self, dir: &Path) -> Result<(), ClientError> {
        let text = toml::to_string(self).map_err(|error| ClientError::Wallet(error.to_string()))?;
        std::fs::write(dir.join(FILE), text).map_err(|error| ClientError::Wallet(format!("{FILE}: {error}")))
    }

    /// Reads it from a node's directory.
    ///
    /// # Errors
    /// It is missing or malformed.
    pub fn load(dir: &Path) -> Result<Delegation, ClientError> {
        let path = dir.join(FILE);
        let missing = |error| {
            ClientError::Wallet(format!("{}: {error}; write it with `liaise account delegate`", path.display()))
        };
        let text = std::fs::read_to_string(&path).map_err(missing)?;
        toml::from_str(&text).map_err(|error| ClientError::Wallet(format!("{}: {error}", path.display())))
    }
}
