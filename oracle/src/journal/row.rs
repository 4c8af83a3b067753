//! A purpose's row on disk.

use liaise_chain_api::Prepared;
use serde::{Deserialize, Serialize};

use super::error::JournalError;
use super::machine::{End, Past, Stage};

/// The version that is written. Older ones are read for ever.
const VERSION: u32 = 1;

/// What a restart needs of a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// How far it is; never [`Stage::Signed`], which exists in memory alone.
    pub stage: Stage,
    /// Earlier transactions that came to nothing, oldest first.
    pub past: Vec<Past>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk {
    v: u32,
    stage: StageOnDisk,
    past: Vec<Past>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StageOnDisk {
    Idle,
    Live(Prepared),
    Ended(End),
}

impl Row {
    /// The row as DAG-CBOR.
    ///
    /// # Panics
    /// For a stage that exists in memory alone: whoever stores it has mixed up "signed" and "on disk".
    pub fn encode(&self) -> Vec<u8> {
        let stage = match &self.stage {
            Stage::Idle => StageOnDisk::Idle,
            Stage::Live(prepared) => StageOnDisk::Live(prepared.clone()),
            Stage::Ended(end) => StageOnDisk::Ended(end.clone()),
            Stage::Signed(_) => panic!("invariant: a signed transaction is on disk as live, or not at all"),
        };
        let row = OnDisk { v: VERSION, stage, past: self.past.clone() };
        serde_ipld_dagcbor::to_vec(&row).expect("plain structs serialise")
    }

    /// Reads a row.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] for bytes that are no row, [`JournalError::Newer`] for a later version's.
    pub fn decode(bytes: &[u8]) -> Result<Self, JournalError> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let damaged = |error: &dyn std::fmt::Display| JournalError::Damaged { detail: error.to_string() };
        let Version { v } = serde_ipld_dagcbor::from_slice(bytes).map_err(|error| damaged(&error))?;
        if v > VERSION {
            return Err(JournalError::Newer { found: v, supported: VERSION });
        }
        let row: OnDisk = serde_ipld_dagcbor::from_slice(bytes).map_err(|error| damaged(&error))?;
        let stage = match row.stage {
            StageOnDisk::Idle => Stage::Idle,
            StageOnDisk::Live(prepared) => Stage::Live(prepared),
            StageOnDisk::Ended(end) => Stage::Ended(end),
        };
        Ok(Self { stage, past: row.past })
    }
}
