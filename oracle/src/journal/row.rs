//! A purpose's row on disk.

use liaise_chain_api::{Prepared, SubmissionId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::JournalError;
use super::machine::{End, Past, Stage};

/// The version that is written: keeps the whole transaction of what ended by our own. Older ones are read for ever.
const VERSION: u32 = 2;
/// The version that kept its id alone.
const IDS_ALONE: u32 = 1;

/// What a restart needs of a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// How far it is; never [`Stage::Signed`], which exists in memory alone.
    pub stage: Stage,
    /// Earlier transactions that came to nothing, oldest first.
    pub past: Vec<Past>,
}

/// `O` is what is kept of a transaction of ours that achieved it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk<O> {
    v: u32,
    stage: StageOnDisk<O>,
    past: Vec<Past>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StageOnDisk<O> {
    Idle,
    Live(Prepared),
    Ended(EndOnDisk<O>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EndOnDisk<O> {
    Ours(O),
    Others,
}

impl Row {
    /// The row as DAG-CBOR.
    ///
    /// # Panics
    /// For a stage that exists in memory alone: whoever stores it has mixed up "signed" and "on disk".
    pub fn encode(&self) -> Vec<u8> {
        match &self.stage {
            Stage::Idle => self.write(VERSION, StageOnDisk::<Prepared>::Idle),
            Stage::Live(prepared) => self.write(VERSION, StageOnDisk::<Prepared>::Live(prepared.clone())),
            Stage::Ended(End::Others) => self.write(VERSION, StageOnDisk::<Prepared>::Ended(EndOnDisk::Others)),
            Stage::Ended(End::Ours { sent: Some(sent), .. }) => {
                self.write(VERSION, StageOnDisk::Ended(EndOnDisk::Ours(sent.clone())))
            }
            Stage::Ended(End::Ours { id, sent: None }) => {
                self.write(IDS_ALONE, StageOnDisk::Ended(EndOnDisk::Ours(id.clone())))
            }
            Stage::Signed(_) => panic!("invariant: a signed transaction is on disk as live, or not at all"),
        }
    }

    fn write<O: Serialize>(&self, v: u32, stage: StageOnDisk<O>) -> Vec<u8> {
        let row = OnDisk { v, stage, past: self.past.clone() };
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
        let Version { v } = serde_ipld_dagcbor::from_slice(bytes).map_err(|error| damaged(&error))?;
        match v {
            IDS_ALONE => read(bytes, |id: SubmissionId| End::Ours { id, sent: None }),
            VERSION => read(bytes, |sent: Prepared| End::Ours { id: sent.id.clone(), sent: Some(sent) }),
            0 => Err(damaged(&"there was no version 0")),
            newer => Err(JournalError::Newer { found: newer, supported: VERSION }),
        }
    }
}

fn read<O: DeserializeOwned>(bytes: &[u8], ours: impl FnOnce(O) -> End) -> Result<Row, JournalError> {
    let row: OnDisk<O> = serde_ipld_dagcbor::from_slice(bytes).map_err(|error| damaged(&error))?;
    let stage = match row.stage {
        StageOnDisk::Idle => Stage::Idle,
        StageOnDisk::Live(prepared) => Stage::Live(prepared),
        StageOnDisk::Ended(EndOnDisk::Ours(kept)) => Stage::Ended(ours(kept)),
        StageOnDisk::Ended(EndOnDisk::Others) => Stage::Ended(End::Others),
    };
    Ok(Row { stage, past: row.past })
}

fn damaged(error: &dyn std::fmt::Display) -> JournalError {
    JournalError::Damaged { detail: error.to_string() }
}
