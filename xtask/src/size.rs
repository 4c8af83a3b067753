//! Sizes as people read them.

/// `bytes` in decimal units, as package managers print them: `950 B`, `2.4 MB`, `31 MB`.
pub fn human(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "kB", "MB", "GB"];
    let mut unit = 0;
    let mut tenths = u128::from(bytes) * 10;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths = (tenths + 500) / 1000;
        unit += 1;
    }
    if unit == 0 || tenths >= 100 {
        format!("{} {}", (tenths + 5) / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn units_change_at_a_thousand() {
        for (bytes, text) in [
            (0, "0 B"),
            (950, "950 B"),
            (1_000, "1.0 kB"),
            (2_445_000, "2.4 MB"),
            (31_240_000, "31 MB"),
            (999_999, "1.0 MB"),
            (1_600_000_000, "1.6 GB"),
            (4_200_000_000_000, "4200 GB"),
        ] {
            assert_eq!(human(bytes), text, "{bytes}");
        }
    }
}
