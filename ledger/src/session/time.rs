//! Times of the text: RFC 3339 in UTC with whole seconds, `2026-11-25T18:33:00Z`, and no other spelling.

const DAY: u64 = 86_400;
/// The first second of the year 10000, which the form can't write.
pub const END_S: u64 = 253_402_300_800;

/// Writes a time, Unix seconds below the year 10000 (`253_402_300_800`), as RFC 3339 in UTC with whole seconds.
pub fn format(seconds: u64) -> String {
    let (year, month, day) = date(seconds / DAY);
    let s = seconds % DAY;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", s / 3600, s / 60 % 60, s % 60)
}

/// Reads what [`format`] writes.
pub fn parse(text: &str) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    if text.len() != 20 {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let seconds = days(year, month, day)? * DAY + hour * 3600 + minute * 60 + second;
    // Separators, signs, the 31st of short months and 24 o'clock all fail here.
    (format(seconds) == text).then_some(seconds)
}

/// Years start in March here, so that the leap day is the last (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year).checked_sub(719_468)
}

fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_692_803_367, "2023-08-23T15:09:27Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (END_S - 1, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!((format(seconds).as_str(), parse(text)), (text, Some(seconds)));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "1969-12-31T23:59:59Z",
            "2023-02-29T00:00:00Z",
            "2023-04-31T00:00:00Z",
            "2023-08-23T24:00:00Z",
            "2023-08-23T15:09:60Z",
            "2023-08-23t15:09:27Z",
            "2023-08-23T15:09:27z",
            "2023-08-23T15:09:+7Z",
            "2023-13-23T15:09:27Z",
            "2023-00-23T15:09:27Z",
            "2023-08-00T15:09:27Z",
            "2023-08-23T15:09:27.0Z",
            "2023-08-23 15:09:27Z",
            "é023-08-23T15:09:27",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
