//! What a host's oracle has signed, and whether it may sign at all.

use cid::Cid;
use liaise_ledger::Body;
use liaise_store::{Store, StoreError};
use liaise_summary::CompressedKey;

use super::error::MoveError;
use super::rows::SIGNED;
use super::standing::Standing;
use crate::quorum::{SignGuard, allows_for, guarded};

/// An oracle's rows of what it signed, in the store's journal. Refuses everything where the journal is not this host's.
pub struct Guard(pub Store);

impl Guard {
    fn allow(&self) -> Result<(), String> {
        Standing::of(&self.0).and_then(Standing::allow).map_err(|error| error.to_string())
    }
}

impl SignGuard for Guard {
    fn load(&self, slot: &[u8]) -> Result<Option<Vec<u8>>, String> {
        self.allow()?;
        self.0.journal().get(SIGNED, slot).map_err(|error| error.to_string())
    }

    fn replace(&self, slot: &[u8], expected: Option<&[u8]>, value: &[u8]) -> Result<bool, String> {
        self.allow()?;
        self.0.journal().compare_and_set(SIGNED, slot, expected, Some(value)).map_err(|error| error.to_string())
    }
}

/// Whether this host's oracle may sign: the journal is here, and it is the newest as far as the ledger shows. Ask it of a
/// store that has just been brought up to date.
///
/// # Errors
/// [`MoveError::Away`], [`MoveError::Waiting`], [`MoveError::Behind`], or the store failed.
pub fn may_sign(store: &Store, key: &CompressedKey) -> Result<(), MoveError> {
    Standing::of(store)?.allow()?;
    check_votes(store, key)
}

/// Whether the journal allows for every vote of a key that this copy of the ledger holds.
///
/// # Errors
/// [`MoveError::Behind`] names one that it does not allow for; the store failed.
pub fn check_votes(store: &Store, key: &CompressedKey) -> Result<(), MoveError> {
    let journal = store.journal();
    match first_unknown(store, key, |slot| journal.get(SIGNED, slot))? {
        Some(vote) => Err(MoveError::Behind { vote }),
        None => Ok(()),
    }
}

/// The bytes that a key's votes in the ledger sign, in its order, each with the message that says it.
///
/// # Errors
/// The store failed.
pub fn votes_of(store: &Store, key: &CompressedKey) -> Result<Vec<(Cid, Vec<u8>)>, StoreError> {
    let mut found = vec![];
    for seq in 0..store.place(key)?.seq {
        for id in store.by_key(key, seq)? {
            if let Some(Body::Vote(vote)) = store.load(&id)?.map(|message| message.message.body) {
                found.push((id, vote.statement.into_vec()));
            }
        }
    }
    Ok(found)
}

/// The first vote of a key in the ledger that some rows do not allow for.
pub(super) fn first_unknown(
    store: &Store,
    key: &CompressedKey,
    row: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<Option<Cid>, StoreError> {
    for (id, bytes) in votes_of(store, key)? {
        // What no oracle of this program would sign binds nobody.
        let Some((slot, signed)) = guarded(&bytes) else { continue };
        if !row(&slot)?.is_some_and(|row| allows_for(&row, &signed)) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
