//! What became of one message in one epoch.

use cid::Cid;
use liaise_ledger::{Account, EpochNumber, Hash};

use crate::fold::{EpochInput, FoldError, FoldState, Folded, Reason, StoreReceipt};

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageStatus {
    /// No counted receipt of any witness.
    Unknown,
    /// Counted receipts, but fewer than the quorum, or a parent or its session is not observed.
    Waits,
    /// Observed, and part of a task that is open.
    Open {
        /// Milliseconds since 1970.
        at_ms: u64,
        /// Its epoch.
        epoch: EpochNumber,
    },
    /// Observed and done with.
    Done {
        /// Milliseconds since 1970.
        at_ms: u64,
        /// The seal that was done with it.
        seal: EpochNumber,
    },
}

/// See [`audit_message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageReport {
    /// The message.
    pub id: Cid,
    /// Where it stands after the epoch.
    pub status: MessageStatus,
    /// The first counted receipt of each witness, by key, as far as this epoch and its state know them.
    pub receipts: Vec<StoreReceipt>,
    /// What rests on it in the epoch's statements: whose, and which reason.
    pub counted_for: Vec<(Account, Reason)>,
}

/// Says what became of a message by the end of a folded epoch.
///
/// # Errors
/// The fold's blocks are not at hand.
pub fn audit_message(
    id: &Cid,
    before: &FoldState,
    input: &EpochInput,
    folded: &Folded,
) -> Result<MessageReport, FoldError> {
    let mut receipts: Vec<StoreReceipt> = before.carry.get(id).map_or(vec![], |carried| carried.receipts.clone());
    for receipt in input.part.receipts_of(id) {
        if receipts.iter().all(|known| known.store != receipt.store) {
            receipts.push(receipt);
        }
    }
    receipts.sort_by_key(|receipt| receipt.store);
    let done = Hash::from_cid(id).and_then(|digest| {
        folded.next.observed.iter().find_map(|(seal, rows)| Some((*seal, rows.get(&digest)?.at_ms)))
    });
    let status = match (done, folded.next.carry.get(id)) {
        (Some((seal, at_ms)), _) => MessageStatus::Done { at_ms, seal },
        (None, Some(carried)) => match carried.observation {
            Some(observation) => MessageStatus::Open { at_ms: observation.at_ms, epoch: observation.epoch },
            None => MessageStatus::Waits,
        },
        (None, None) => MessageStatus::Unknown,
    };
    let rests = |reason: &&Reason| reason.messages.contains(id);
    let statements = folded.statements()?;
    let counted_for = statements.iter().flat_map(|statement| {
        let reasons = statement.reasons.iter().filter(rests);
        reasons.map(|reason| (statement.account.clone(), reason.clone()))
    });
    let counted_for = counted_for.collect();
    Ok(MessageReport { id: *id, status, receipts, counted_for })
}
