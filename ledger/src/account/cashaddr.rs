//! CashAddr, how Bitcoin Cash writes addresses (the specification's 5-bit digits with a 40-bit checksum over the prefix).

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// Digits of a version byte and 20 bytes of hash; of the checksum.
const PAYLOAD_DIGITS: usize = 34;
const CHECKSUM_DIGITS: usize = 8;
/// Version bytes of a hash of 160 bits: of a key, and of a key whose holder understands tokens.
const P2PKH: u8 = 0x00;
const TOKEN_P2PKH: u8 = 0x10;

fn polymod(values: impl Iterator<Item = u8>) -> u64 {
    const GENERATORS: [u64; 5] = [0x98_f2bc_8e61, 0x79_b76d_99e2, 0xf3_3e5f_b3c4, 0xae_2eab_e2a8, 0x1e_4f43_e470];
    values.fold(1u64, |c, d| {
        let top = c >> 35;
        let mut c = ((c & 0x07_ffff_ffff) << 5) ^ u64::from(d);
        for (i, g) in GENERATORS.iter().enumerate() {
            if top >> i & 1 == 1 {
                c ^= g;
            }
        }
        c
    }) ^ 1
}

fn spread(prefix: &str) -> impl Iterator<Item = u8> {
    prefix.bytes().map(|b| b & 31).chain([0])
}

/// Digits of `from` bits as digits of `to` bits, high bits first; what is left over is filled with zeros.
fn regroup(digits: &[u8], from: u32, to: u32) -> Vec<u8> {
    let (mut held, mut bits, mut out) = (0u32, 0, Vec::new());
    for digit in digits {
        held = (held << from | u32::from(*digit)) & 0xffff;
        bits += from;
        while bits >= to {
            bits -= to;
            out.push((held >> bits & ((1 << to) - 1)) as u8);
        }
    }
    if bits > 0 && to == 5 {
        out.push((held << (to - bits) & 31) as u8);
    }
    out
}

/// The hash of the key behind a P2PKH address, with or without its prefix, in its plain (`q`) or token-aware (`z`) form.
pub fn decode(prefix: &str, address: &str) -> Result<[u8; 20], &'static str> {
    let body = address.strip_prefix(prefix).map_or(address, |rest| rest.strip_prefix(':').unwrap_or(rest));
    let digits: Vec<u8> = body
        .bytes()
        .map(|b| ALPHABET.iter().position(|a| *a == b).map(|p| p as u8))
        .collect::<Option<_>>()
        .ok_or("it must be lower-case cashaddr")?;
    let whole = PAYLOAD_DIGITS + CHECKSUM_DIGITS;
    if digits.len() != whole || polymod(spread(prefix).chain(digits.iter().copied())) != 0 {
        return Err("its checksum or length is wrong");
    }
    let payload = regroup(&digits[..PAYLOAD_DIGITS], 5, 8);
    if payload[0] != P2PKH && payload[0] != TOKEN_P2PKH {
        return Err("only P2PKH addresses can sign offline");
    }
    if regroup(&payload, 8, 5) != digits[..PAYLOAD_DIGITS] {
        return Err("its last bits are not zero");
    }
    Ok(payload[1..].try_into().expect("34 digits of 5 bits hold 21 bytes"))
}

/// The plain (`q`) P2PKH address of a key's hash, without its prefix.
pub fn encode(prefix: &str, hash: &[u8; 20]) -> String {
    let mut digits = regroup(&[&[P2PKH], hash.as_slice()].concat(), 8, 5);
    let check = polymod(spread(prefix).chain(digits.iter().copied()).chain([0; CHECKSUM_DIGITS]));
    digits.extend((0..CHECKSUM_DIGITS).rev().map(|i| (check >> (5 * i) & 31) as u8));
    digits.iter().map(|d| ALPHABET[usize::from(*d)] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's pairs of the same 20 bytes under the prefixes in use here.
    #[test]
    fn published_addresses_are_read_and_written() {
        let hash: [u8; 20] = hex::decode("f5bf48b397dae70be82b3cca4793f8eb2b6cdac9").unwrap().try_into().unwrap();
        let address = "qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2";
        assert_eq!(decode("bitcoincash", address), Ok(hash));
        assert_eq!(decode("bitcoincash", &format!("bitcoincash:{address}")), Ok(hash));
        assert_eq!(encode("bitcoincash", &hash), address);
        assert!(decode("bchtest", address).is_err(), "the checksum holds the prefix");
    }

    #[test]
    fn one_changed_digit_is_refused() {
        let address = encode("bchreg", &[7; 20]);
        for at in 0..address.len() {
            let mut changed = address.clone().into_bytes();
            changed[at] = if changed[at] == b'q' { b'p' } else { b'q' };
            assert!(decode("bchreg", std::str::from_utf8(&changed).unwrap()).is_err(), "digit {at}");
        }
    }
}
