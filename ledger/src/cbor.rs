//! A look at CBOR before anything decodes it: how much it announces.
//!
//! A decoder makes room for what a list announces, and a byte on the wire may be a hundred in memory: a list of nulls, or
//! lists in lists that each announce a million. So what strangers send is counted first, which takes no memory at all.

pub mod strict;

/// Whether the bytes are one whole item of definite length that holds at most `limit` items, itself and every key
/// included. Says nothing of what the items are.
pub fn is_within(bytes: &[u8], limit: usize) -> bool {
    let limit = limit as u64;
    let (mut rest, mut seen, mut awaited) = (bytes, 0u64, 1u64);
    while awaited > 0 {
        let Some(Head { major, argument, rest: after, .. }) = head(rest) else { return false };
        let (content, children) = match major {
            2 | 3 => (argument, 0),
            4 => (0, argument),
            5 => (0, argument.saturating_mul(2)),
            6 => (0, 1),
            _ => (0, 0),
        };
        let Some(after) = usize::try_from(content).ok().and_then(|length| after.get(length..)) else { return false };
        rest = after;
        seen += 1;
        awaited = (awaited - 1).saturating_add(children);
        if seen.saturating_add(awaited) > limit {
            return false;
        }
    }
    rest.is_empty()
}

/// What an item begins with.
struct Head<'a> {
    /// The major type.
    major: u8,
    argument: u64,
    /// The least argument that needs a head of this length.
    least: u64,
    /// What follows.
    rest: &'a [u8],
}

/// An item's head; `None` for one that is cut off or of indefinite length, which DAG-CBOR has not.
#[inline]
fn head(bytes: &[u8]) -> Option<Head<'_>> {
    fn number<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
        bytes.split_first_chunk().map(|(number, rest)| (*number, rest))
    }
    let (first, rest) = bytes.split_first()?;
    let (argument, least, rest) = match first & 31 {
        small @ 0..=23 => (u64::from(small), 0, rest),
        24 => number(rest).map(|(bytes, rest)| (u8::from_be_bytes(bytes).into(), 24, rest))?,
        25 => number(rest).map(|(bytes, rest)| (u16::from_be_bytes(bytes).into(), 1 << 8, rest))?,
        26 => number(rest).map(|(bytes, rest)| (u32::from_be_bytes(bytes).into(), 1 << 16, rest))?,
        27 => number(rest).map(|(bytes, rest)| (u64::from_be_bytes(bytes), 1 << 32, rest))?,
        _ => return None,
    };
    Some(Head { major: first >> 5, argument, least, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_and_key_counts() {
        // {"a": [1, null, h'0102'], "b": 42(1000.0)}
        let bytes = b"\xa2\x61a\x83\x01\xf6\x42\x01\x02\x61b\xd8\x2a\xfb\x40\x8f\x40\x00\x00\x00\x00\x00";
        assert!(is_within(bytes, 9));
        assert!(!is_within(bytes, 8));
        for end in 0..bytes.len() {
            assert!(!is_within(&bytes[..end], 100), "cut at {end}");
        }
        assert!(!is_within(&[&bytes[..], &[0]].concat(), 100), "something follows");
    }

    #[test]
    fn what_is_announced_counts_before_it_comes() {
        let nested: Vec<u8> = std::iter::repeat_n(b"\x9a\x7f\xff\xff\xff", 50).flatten().copied().collect();
        for bytes in [&nested[..], b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff"] {
            assert!(!is_within(bytes, 1 << 20));
        }
        assert!(!is_within(b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 10), "a string longer than all bytes");
        assert!(!is_within(b"\x9f\xff", 10), "of indefinite length");
        assert!(!is_within(b"\x1c", 10), "a reserved head");
    }
}
