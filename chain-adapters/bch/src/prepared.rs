//! What was prepared: the transaction, and with it what its end is judged by.
//!
//! Bytes of a [`Prepared`]: 01; height of the newest final block when it was signed u32; kind 01 (controller) or 02 (epoch);
//! number of the controller's transaction that it follows, or that filed the epoch, u32; batch u32, 0 for a controller;
//! then the transaction as it travels. Integers are big-endian.

use bitcoincash::Transaction;
use bitcoincash::consensus::serialize;
use liaise_chain_api::{ChainError, ChainId, FeeLimit, Prepared, SubmissionId};

use crate::wire;

const VERSION: u8 = 1;
const CONTROLLER: u8 = 1;
const EPOCH: u8 = 2;
const HEADER_BYTES: usize = 14;

/// Which step of which thread a transaction takes. Another transaction in that place means that it never will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It follows the controller's transaction of this number.
    Controller { after: usize },
    /// It pays this batch of the epoch that the controller's transaction of this number filed.
    Epoch { filed: usize, batch: u32 },
}

/// What decides the fate of a prepared transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) tx: Transaction,
    pub(crate) step: Step,
    /// Height of the newest final block when it was signed: what spends one of its coins is above.
    pub(crate) since: u64,
}

/// Wraps a signed transaction.
///
/// # Panics
/// For heights or numbers beyond 32 bits.
pub(crate) fn wrap(chain: &ChainId, held: &Held, cost: u64) -> Prepared {
    let narrow = |number: u64| u32::try_from(number).expect("a height or a thread below 2^32");
    let (kind, number, batch) = match held.step {
        Step::Controller { after } => (CONTROLLER, after, 0),
        Step::Epoch { filed, batch } => (EPOCH, filed, batch),
    };
    let mut bytes = vec![VERSION];
    bytes.extend(narrow(held.since).to_be_bytes());
    bytes.push(kind);
    bytes.extend(narrow(number as u64).to_be_bytes());
    bytes.extend(batch.to_be_bytes());
    bytes.extend(serialize(&held.tx));
    Prepared {
        chain: chain.clone(),
        id: SubmissionId(held.tx.compute_txid().to_string()),
        bytes,
        fee_max: FeeLimit(u128::from(cost)),
    }
}

/// Reads a prepared transaction again and checks that it is what it says.
///
/// # Errors
/// [`ChainError::Input`] for bytes of another chain or id, or that are no signed transaction.
pub(crate) fn held(prepared: &Prepared, chain: &ChainId) -> Result<Held, ChainError> {
    let bad = |detail: String| ChainError::Input { what: "the prepared transaction", detail };
    if prepared.chain != *chain {
        return Err(bad(format!("it is for {}: use that chain's adapter", prepared.chain)));
    }
    let damaged = |what: &str| bad(format!("{what}: the journal is damaged"));
    let (header, wire) = prepared.bytes.split_at_checked(HEADER_BYTES).ok_or_else(|| damaged("it is cut off"))?;
    let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().expect("four bytes"));
    let (place, batch) = (number(6) as usize, number(10));
    let step = match (header[0], header[5], batch) {
        (VERSION, CONTROLLER, 0) => Step::Controller { after: place },
        (VERSION, EPOCH, batch) => Step::Epoch { filed: place, batch },
        _ => return Err(damaged("its header is of no known form")),
    };
    let tx = wire::transaction(wire).ok_or_else(|| damaged("its bytes are no transaction"))?;
    if tx.compute_txid().to_string() != prepared.id.0 {
        return Err(damaged("its bytes have another id"));
    }
    if tx.input.is_empty() {
        return Err(damaged("it spends nothing"));
    }
    Ok(Held { tx, step, since: u64::from(number(1)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoincash::absolute::LockTime;
    use bitcoincash::transaction::Version;
    use bitcoincash::{Amount, ScriptBuf, TxIn, TxOut};

    fn good() -> (ChainId, Held, Prepared) {
        let chain: ChainId = "bch:bchreg".parse().expect("a chain");
        let output = TxOut { value: Amount::from_sat(5), script_pubkey: ScriptBuf::from(vec![0x51]), token: None };
        let tx = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn::default()],
            output: vec![output],
        };
        let held = Held { tx, step: Step::Epoch { filed: 7, batch: 9 }, since: 800_000 };
        let prepared = wrap(&chain, &held, 4711);
        (chain, held, prepared)
    }

    #[test]
    fn what_was_prepared_is_read_again() {
        let (chain, expected, prepared) = good();
        assert_eq!(held(&prepared, &chain).expect("readable"), expected);
        assert_eq!(prepared.fee_max, FeeLimit(4711));
    }

    #[test]
    fn damaged_and_foreign_bytes_are_refused() {
        let (chain, _, good) = good();
        let spoiled = |at: usize| {
            let mut prepared = good.clone();
            prepared.bytes[at] ^= 0x40;
            prepared
        };
        let mut longer = good.clone();
        longer.bytes.push(0);
        let mut short = good.clone();
        short.bytes.truncate(9);
        for bad in [spoiled(0), spoiled(5), spoiled(20), spoiled(60), longer, short] {
            assert!(matches!(held(&bad, &chain), Err(ChainError::Input { .. })), "{bad:?}");
        }
        let mut idle = held(&good, &chain).expect("readable");
        idle.tx.input.clear();
        assert!(matches!(held(&wrap(&chain, &idle, 0), &chain), Err(ChainError::Input { .. })), "it spends nothing");
        let other: ChainId = "bch:bitcoincash".parse().expect("a chain");
        assert!(matches!(held(&good, &other), Err(ChainError::Input { .. })));
    }
}
