//! Amounts that nodes write as decimals of BCH, in satoshis, without a float's arithmetic.

/// Decimals of BCH.
const DECIMALS: i32 = 8;
/// All satoshis that there will ever be.
const MOST_SATS: u64 = 21_000_000 * 100_000_000;

/// Satoshis of a decimal of BCH such as `0.00001`, `1e-5` or `50.0`; none for what is no whole number of them.
pub(crate) fn sats(text: &str) -> Option<u64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || digits.len() > 30 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let mut value: u128 = digits.parse().ok()?;
    if value == 0 {
        return Some(0);
    }
    let mut places = DECIMALS.checked_add(exponent)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    while places > 0 {
        value = value.checked_mul(10).filter(|value| *value <= u128::from(MOST_SATS))?;
        places -= 1;
    }
    while places < 0 {
        if !value.is_multiple_of(10) {
            return None;
        }
        value /= 10;
        places += 1;
    }
    u64::try_from(value).ok().filter(|value| *value <= MOST_SATS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_satoshis_are_read_exactly() {
        let cases = [
            ("0.00001", 1_000),
            ("1e-5", 1_000),
            ("1.5E-7", 15),
            ("50.0", 5_000_000_000),
            ("0", 0),
            ("0.0", 0),
            ("0e999999", 0),
            ("20999999.9769", 2_099_999_997_690_000),
            ("0.10000000", 10_000_000),
        ];
        for (text, expected) in cases {
            assert_eq!(sats(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn parts_of_satoshis_negatives_and_nonsense_are_refused() {
        for text in ["0.000000001", "1e-9", "-1", "", ".", "e5", "1e", "21000001", "1e99", "1e-2147483648", "+1"] {
            assert_eq!(sats(text), None, "{text}");
        }
    }
}
