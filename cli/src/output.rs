//! How things look: money with its unit, tables, JSON.

mod print;

use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use serde::{Serialize, Serializer};

pub(crate) use print::{note, say};
pub use print::{tell, to_stderr, to_stdout};

/// Shown wherever tokens or rewards appear.
pub const NOT_ADVICE: &str = "XLV is a utility token. Nothing here is investment advice.";

/// An amount of base units, 8 decimals, with its unit.
pub fn xlv(base_units: u64) -> String {
    format!("{} XLV", xlv_number(u128::from(base_units)))
}

/// The same without the unit, for columns that name it.
pub fn xlv_number(base_units: u128) -> String {
    format!("{}.{:08}", base_units / 100_000_000, base_units % 100_000_000)
}

/// Base units in JSON: a decimal string, because many readers of JSON know no integers above 2^53.
pub fn units<S: Serializer>(base_units: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(base_units)
}

/// A table with a header.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    if !table.is_tty() {
        // A log has no width of its own.
        table.set_width(160);
    }
    table
}

/// Prints a value as one JSON document.
pub fn json(value: &impl Serialize) -> eyre::Result<()> {
    say!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// The first and last digits of a long identifier.
pub fn short(text: &str) -> String {
    if text.len() <= 16 || !text.is_ascii() {
        text.to_owned()
    } else {
        format!("{}…{}", &text[..8], &text[text.len() - 6..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_eight_decimals_and_its_unit() {
        assert_eq!(xlv(0), "0.00000000 XLV");
        assert_eq!(xlv(100_000_001), "1.00000001 XLV");
        assert_eq!(xlv(u64::MAX), "184467440737.09551615 XLV");
    }
}
