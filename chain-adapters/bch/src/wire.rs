//! Transactions as they travel, from whoever sends them.

use bitcoincash::Transaction;
use bitcoincash::consensus::deserialize;

/// Reads a transaction. Its decoder makes room for as many inputs and outputs as are announced, up to 64 MB, before it looks at
/// the first: what announces more than it brings is refused before.
pub(crate) fn transaction(bytes: &[u8]) -> Option<Transaction> {
    brings_what_it_announces(bytes)?;
    deserialize(bytes).ok()
}

/// Walks over a transaction: version 4 bytes; inputs of 36 bytes, a script and 4; outputs of 8 and a script; lock time 4.
fn brings_what_it_announces(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.get(4..)?;
    for _ in 0..length(&mut rest)? {
        skip(&mut rest, 36)?;
        let script = length(&mut rest)?;
        skip(&mut rest, script.checked_add(4)?)?;
    }
    for _ in 0..length(&mut rest)? {
        skip(&mut rest, 8)?;
        let script = length(&mut rest)?;
        skip(&mut rest, script)?;
    }
    (rest.len() == 4).then_some(())
}

/// A length or a count: one byte, or 0xfd, 0xfe, 0xff and two, four or eight.
fn length(rest: &mut &[u8]) -> Option<usize> {
    let (first, after) = rest.split_first()?;
    let width = match first {
        0xfd => 2,
        0xfe => 4,
        0xff => 8,
        _ => 0,
    };
    let (wide, after) = after.split_at_checked(width)?;
    *rest = after;
    if width == 0 {
        return Some(usize::from(*first));
    }
    let mut bytes = [0; 8];
    bytes[..width].copy_from_slice(wide);
    usize::try_from(u64::from_le_bytes(bytes)).ok()
}

fn skip(rest: &mut &[u8], count: usize) -> Option<()> {
    *rest = rest.get(count..)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::examples;
    use bitcoincash::consensus::serialize;

    #[test]
    fn real_transactions_are_read_and_nothing_cut_or_longer() {
        for example in examples() {
            let bytes = serialize(&example.tx);
            assert_eq!(transaction(&bytes), Some(example.tx), "{}", example.name);
            assert_eq!(transaction(&bytes[..bytes.len() - 1]), None);
            assert_eq!(transaction(&[&bytes[..], &[0]].concat()), None);
        }
    }

    /// Found by the fuzzer: 28 bytes for which the decoder alone makes room of 64 MB.
    #[test]
    fn what_announces_more_than_it_brings_is_refused_before_room_is_made() {
        let found = hex::decode("01ffffffffffffffffffffffffffffffffffffffffffffffffffff09").expect("hex");
        let many = [&[2, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x00][..], &[0; 40]].concat();
        let long = [&[2, 0, 0, 0, 1][..], &[0; 36], &[0xff; 9], &[0; 8]].concat();
        for bytes in [found, many, long, vec![], vec![0; 4]] {
            assert_eq!(brings_what_it_announces(&bytes), None, "{bytes:?}");
        }
    }
}
