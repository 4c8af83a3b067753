//! Whether a directory's oracle may sign: one row of its journal.

use liaise_ledger::Hash;
use serde::{Deserialize, Serialize};

use super::error::MoveError;
use super::rows::Rows;

const NAMESPACE: &str = "moving";
const ROW: &[u8] = b"standing";
const VERSION: u32 = 1;

/// How a directory stands in its oracle's moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It never took part in one: it signs.
    #[default]
    Home,
    /// It was made ready for a journal and signs nothing before that.
    Waiting {
        /// What it is called by those who export for it.
        host: Hash,
    },
    /// It has taken over: it signs.
    Arrived {
        /// What it was called.
        host: Hash,
        /// The checksum of the file that it took.
        file: Hash,
    },
    /// It gave its journal away: it signs nothing any more.
    Away {
        /// The host that takes it.
        to: Hash,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnDisk {
    v: u32,
    standing: Standing,
}

impl Standing {
    /// Whether the oracle may sign here.
    ///
    /// # Errors
    /// [`MoveError::Waiting`], [`MoveError::Away`].
    pub fn allow(self) -> Result<(), MoveError> {
        match self {
            Standing::Home | Standing::Arrived { .. } => Ok(()),
            Standing::Waiting { host } => Err(MoveError::Waiting { host }),
            Standing::Away { to } => Err(MoveError::Away { to }),
        }
    }

    /// How the directory of an open store stands.
    ///
    /// # Errors
    /// The store failed, or the row is damaged: then nothing may be signed.
    pub fn of(store: &liaise_store::Store) -> Result<Standing, MoveError> {
        Standing::read(&store.journal())
    }

    pub(super) fn read(rows: &impl Rows) -> Result<Standing, MoveError> {
        let Some(bytes) = rows.get(NAMESPACE, ROW)? else { return Ok(Standing::Home) };
        let row: OnDisk = serde_ipld_dagcbor::from_slice(&bytes)
            .map_err(|error| MoveError::Rows(format!("how this host stands: {error}")))?;
        if row.v != VERSION {
            return Err(MoveError::Rows(format!("how this host stands has version {}: update this program", row.v)));
        }
        Ok(row.standing)
    }

    /// Goes from one standing to another, durably.
    pub(super) fn change(rows: &impl Rows, from: Standing, to: Standing) -> Result<(), MoveError> {
        let before = (from != Standing::Home).then(|| from.encode());
        if rows.replace(NAMESPACE, ROW, before.as_deref(), &to.encode())? {
            return Ok(());
        }
        Err(MoveError::Rows("how this host stands changed meanwhile: is another command at work?".into()))
    }

    fn encode(self) -> Vec<u8> {
        serde_ipld_dagcbor::to_vec(&OnDisk { v: VERSION, standing: self }).expect("plain structs serialise")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_comes_back_from_its_row() {
        let (host, to, file) = (Hash([1; 32]), Hash([2; 32]), Hash([3; 32]));
        for standing in
            [Standing::Home, Standing::Waiting { host }, Standing::Arrived { host, file }, Standing::Away { to }]
        {
            let read: OnDisk = serde_ipld_dagcbor::from_slice(&standing.encode()).unwrap();
            assert_eq!((read.v, read.standing), (VERSION, standing));
        }
        assert!(Standing::Home.allow().is_ok() && Standing::Arrived { host, file }.allow().is_ok());
        assert!(matches!(Standing::Waiting { host }.allow(), Err(MoveError::Waiting { .. })));
        assert!(matches!(Standing::Away { to }.allow(), Err(MoveError::Away { .. })));
    }
}
