//! Pushes: how Script writes bytes and numbers, and how an unlocking script is read again.

/// The shortest push of the bytes, as consensus demands.
pub(crate) fn push(bytes: &[u8]) -> Vec<u8> {
    let header = match *bytes {
        [] => return vec![0],
        [small @ 1..=16] => return vec![0x50 + small],
        [0x81] => return vec![0x4f],
        _ => match bytes.len() {
            // the first arm of the outer match took 0, so this is a push of 1 to 75 bytes
            length @ 1..=75 => vec![length as u8],
            length @ 76..=255 => vec![0x4c, length as u8],
            length => {
                let length = u16::try_from(length).expect("a stack item has at most 10 000 bytes").to_le_bytes();
                vec![0x4d, length[0], length[1]]
            }
        },
    };
    [header, bytes.to_vec()].concat()
}

/// A non-negative number as Script writes it: little-endian, as few bytes as possible, the top bit free for the sign.
pub(crate) fn number(value: u64) -> Vec<u8> {
    let mut bytes = value.to_le_bytes().to_vec();
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    if bytes.last().is_some_and(|top| top & 0x80 != 0) {
        bytes.push(0);
    }
    bytes
}

/// The number that Script reads in these bytes, where it is not negative and fits 63 bits.
pub(crate) fn read_number(bytes: &[u8]) -> Option<u64> {
    if bytes.len() > 8 || bytes.last().is_some_and(|top| top & 0x80 != 0) {
        return None;
    }
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    Some(u64::from_le_bytes(wide))
}

/// What a script of pushes alone leaves on the stack, the first push first; none for any other script.
pub(crate) fn pushed(script: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = script;
    let mut items = Vec::new();
    while let Some((&code, after)) = rest.split_first() {
        let (length, after) = match code {
            0 => (0, after),
            0x4f => {
                items.push(vec![0x81]);
                rest = after;
                continue;
            }
            0x51..=0x60 => {
                items.push(vec![code - 0x50]);
                rest = after;
                continue;
            }
            1..=75 => (usize::from(code), after),
            0x4c => (usize::from(*after.first()?), &after[1..]),
            0x4d => (usize::from(u16::from_le_bytes(after.get(..2)?.try_into().ok()?)), &after[2..]),
            _ => return None,
        };
        items.push(after.get(..length)?.to_vec());
        rest = &after[length..];
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_read_again() {
        let lengths = [0, 1, 2, 75, 76, 255, 256, 3645, 10_000];
        let mut items: Vec<Vec<u8>> = lengths.iter().map(|&length| vec![7; length]).collect();
        items.extend([vec![1], vec![16], vec![17], vec![0x81], vec![0x80], vec![0]]);
        let script: Vec<u8> = items.iter().flat_map(|item| push(item)).collect();
        assert_eq!(pushed(&script), Some(items));
    }

    #[test]
    fn the_shortest_form_is_taken() {
        assert_eq!(push(&[]), [0]);
        assert_eq!(push(&[16]), [0x60]);
        assert_eq!(push(&[0x81]), [0x4f]);
        assert_eq!(push(&[17]), [1, 17]);
        assert_eq!(push(&[9; 76])[..2], [0x4c, 76]);
        assert_eq!(push(&[9; 256])[..3], [0x4d, 0, 1]);
    }

    #[test]
    fn numbers_keep_their_sign_bit_free() {
        assert!(number(0).is_empty());
        assert_eq!(number(127), [127]);
        assert_eq!(number(128), [128, 0]);
        assert_eq!(number(255), [255, 0]);
        assert_eq!(number(256), [0, 1]);
        for value in [0, 1, 127, 128, 32_767, 32_768, 500_000_000, (1 << 63) - 1] {
            assert_eq!(read_number(&number(value)), Some(value));
        }
        assert_eq!(read_number(&[0x81]), None, "-1");
        assert_eq!(read_number(&[0; 9]), None);
    }

    #[test]
    fn other_scripts_and_broken_pushes_are_refused() {
        for script in [&[0x76][..], &[5, 1], &[0x4c], &[0x4c, 2, 1], &[0x4d, 1], &[0x4d, 9, 0, 1], &[0x4e, 0, 0, 0, 0]]
        {
            assert_eq!(pushed(script), None, "{script:?}");
        }
    }
}
