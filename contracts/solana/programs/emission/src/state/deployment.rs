//! What is fixed for ever when a distributor is created.

use anchor_lang::prelude::*;
use liaise_summary::{Emission, Hash32, NetworkId, Schedule, sha256};

use crate::error::EmissionError;

/// Longest address of the token's metadata, bytes.
pub const MAX_URI: usize = 200;

/// The rules that never change.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Network id: hash of the genesis.
    pub network: [u8; 32],
    /// Start of epoch 0, Unix seconds.
    pub genesis_s: u64,
    /// Base units that all epochs together may issue, below 2^63.
    pub supply: u64,
    /// Number of epochs that issue something.
    pub epochs: u32,
    /// Seconds of an epoch.
    pub epoch_s: u32,
    /// Epochs of a term: hand-overs happen at its multiples.
    pub term_epochs: u32,
    /// Seconds from acceptance until an epoch is payable.
    pub epoch_delay_s: u32,
    /// Seconds that an OPEN and a refiled statement wait.
    pub long_delay_s: u32,
    /// Fewest epochs between the next one to be filed and a hand-over.
    pub notice_epochs: u32,
    /// Unix seconds until which rotation, hand-over and change of guardian need the guardian's consent.
    pub guarded_until_s: u64,
    /// The DAO authority: a governance's or a vault's address, a council, or a key.
    pub authority: Pubkey,
    /// Whether holders of the token vote in that DAO: then the guardian stands in while there are none.
    pub token_dao: bool,
}

impl Rules {
    /// As the oracles know it.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            network: NetworkId(self.network),
            genesis_s: self.genesis_s,
            emission: Emission { supply: self.supply, epochs: self.epochs },
            epoch_s: self.epoch_s,
            term_epochs: self.term_epochs,
        }
    }

    fn check(&self) -> Result<()> {
        require!(self.network != [0; 32], EmissionError::InvalidNetwork);
        require!(self.supply != 0 && self.supply >> 63 == 0, EmissionError::InvalidSupply);
        let schedule = self.epochs != 0 && self.epoch_s != 0 && self.term_epochs != 0;
        require!(schedule, EmissionError::InvalidSchedule);
        require!(self.long_delay_s >= self.epoch_delay_s, EmissionError::InvalidDelays);
        require!(self.authority != Pubkey::default(), EmissionError::ZeroKey);
        Ok(())
    }
}

/// The rules, and who starts.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// What never changes.
    pub rules: Rules,
    /// Who may veto a statement once.
    pub guardian: Pubkey,
    /// SPL Token or Token-2022; only the latter's mint carries name, symbol and icon itself.
    pub token_program: Pubkey,
    /// Where the token's metadata with its icon is.
    pub uri: String,
    /// Version of the first oracle set.
    pub set_version: u32,
    /// Its keys, strictly ascending, 5 to 15.
    pub oracles: Vec<[u8; 33]>,
}

impl Deployment {
    /// What the distributor's address is made of: SHA-256 of the bytes as the instruction carries them.
    pub fn id(&self) -> Result<Hash32> {
        let mut bytes = Vec::with_capacity(1024);
        self.serialize(&mut bytes)?;
        Ok(sha256(&[&bytes]))
    }

    /// Refuses values that make no sense.
    pub fn check(&self) -> Result<()> {
        self.rules.check()?;
        require!(self.guardian != Pubkey::default(), EmissionError::ZeroKey);
        require!(self.uri.len() <= MAX_URI, EmissionError::UriTooLong);
        Ok(())
    }
}
