//! A witness' chain of receipts batches, as one row.

use liaise_ledger::Hash;
use liaise_ledger::body::Receipts;

/// Where a witness' chain stands, as far as this store knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// What the witness is called in this store's rows.
    pub ordinal: u16,
    /// The place of its next receipt.
    pub next: u64,
    /// Its newest batch, by the key's own sequence.
    pub last: Option<Hash>,
    /// That batch's place in the key's own sequence.
    pub last_seq: u64,
    /// The newest receipt's wall time.
    pub wall_ms: u64,
    /// The newest epoch that it closed.
    pub closed: Option<i64>,
}

impl Chain {
    /// Takes in a batch, in any order.
    pub fn merge(&mut self, id: Hash, seq: u64, batch: &Receipts) {
        if self.last.is_none() || seq > self.last_seq {
            (self.last, self.last_seq) = (Some(id), seq);
            self.next = batch.first + batch.receipts.len() as u64;
        }
        self.wall_ms = batch.receipts.iter().map(|receipt| receipt.wall_ms).fold(self.wall_ms, u64::max);
        self.closed = self.closed.max(batch.close);
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.ordinal.to_be_bytes().to_vec();
        for number in [self.next, self.wall_ms, self.last_seq, self.closed.unwrap_or_default() as u64] {
            out.extend(number.to_be_bytes());
        }
        out.extend([u8::from(self.last.is_some()), u8::from(self.closed.is_some())]);
        out.extend(self.last.unwrap_or_default().0);
        out
    }

    pub fn decode(bytes: &[u8]) -> Option<Chain> {
        let number = |i: usize| Some(u64::from_be_bytes(bytes.get(2 + 8 * i..10 + 8 * i)?.try_into().ok()?));
        let last = Hash(bytes.get(36..)?.try_into().ok()?);
        let (has_last, has_closed) = (bytes[34], bytes[35]);
        let closed = number(3)? as i64;
        // A row has one encoding: what is not set is zero.
        let set = |flag: u8, zero: bool| flag == 1 || (flag == 0 && zero);
        if !set(has_last, last == Hash::ZERO) || !set(has_closed, closed == 0) {
            return None;
        }
        Some(Chain {
            ordinal: u16::from_be_bytes(bytes[..2].try_into().ok()?),
            next: number(0)?,
            wall_ms: number(1)?,
            last: (has_last == 1).then_some(last),
            last_seq: number(2)?,
            closed: (has_closed == 1).then_some(closed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_the_disk() {
        let full = Chain { ordinal: 3, next: 9, last: Some(Hash([7; 32])), last_seq: 2, wall_ms: 5, closed: Some(-1) };
        for chain in [full, Chain::default()] {
            assert_eq!(Chain::decode(&chain.encode()), Some(chain));
        }
        assert_eq!(Chain::decode(&[0; 67]), None);
        for (at, damaged) in [(34, 2), (35, 0), (34, 0)] {
            let mut row = Chain { closed: Some(7), ..full }.encode();
            row[at] = damaged;
            assert_eq!(Chain::decode(&row), None, "byte {at} is {damaged}");
        }
    }
}
