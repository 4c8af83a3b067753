//! A message's block for people: bytes in hex, ids as text.

use ipld_core::ipld::Ipld;
use serde_json::{Map, Value};

/// A value of DAG-CBOR as JSON. Unlike DAG-JSON it can't be read back: bytes and links become plain text.
pub fn to_json(value: &Ipld) -> Value {
    match value {
        Ipld::Null => Value::Null,
        Ipld::Bool(value) => Value::Bool(*value),
        Ipld::Integer(n) => number(*n),
        Ipld::Float(value) => serde_json::Number::from_f64(*value).map_or(Value::Null, Value::Number),
        Ipld::String(text) => Value::String(text.clone()),
        Ipld::Bytes(bytes) => Value::String(hex::encode(bytes)),
        Ipld::Link(id) => Value::String(id.to_string()),
        Ipld::List(items) => Value::Array(items.iter().map(to_json).collect()),
        Ipld::Map(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), to_json(value))).collect::<Map<_, _>>())
        }
    }
}

fn number(n: i128) -> Value {
    match (i64::try_from(n), u64::try_from(n)) {
        (Ok(n), _) => n.into(),
        (_, Ok(n)) => n.into(),
        _ => Value::String(n.to_string()),
    }
}

/// Lines of `key: value`, deeper values indented.
pub fn lines(value: &Value, indent: usize) -> Vec<String> {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            map.iter().flat_map(|(key, value)| entry(&format!("{pad}{key}:"), value, indent)).collect()
        }
        Value::Array(items) => items.iter().flat_map(|value| entry(&format!("{pad}-"), value, indent)).collect(),
        plain => vec![format!("{pad}{}", one(plain))],
    }
}

fn entry(head: &str, value: &Value, indent: usize) -> Vec<String> {
    match value {
        Value::Object(map) if map.is_empty() => vec![format!("{head} {{}}")],
        Value::Array(items) if items.is_empty() => vec![format!("{head} []")],
        Value::Object(_) | Value::Array(_) => {
            std::iter::once(head.to_owned()).chain(lines(value, indent + 2)).collect()
        }
        plain => vec![format!("{head} {}", one(plain))],
    }
}

/// Strings of strangers can hold anything: control characters are escaped, so that none acts on the terminal.
fn one(value: &Value) -> String {
    match value {
        Value::String(text) => escape(text),
        other => other.to_string(),
    }
}

/// A text whose control characters are escaped.
pub fn escape(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn bytes_and_ids_are_text_and_no_stranger_writes_to_the_terminal() {
        let id = liaise_ledger::hash::block_cid(b"x");
        let map: BTreeMap<String, Ipld> = [
            ("bytes".to_owned(), Ipld::Bytes(vec![1, 255])),
            ("link".to_owned(), Ipld::Link(id)),
            ("list".to_owned(), Ipld::List(vec![Ipld::Integer(1), Ipld::Null])),
            ("text".to_owned(), Ipld::String("a\u{1b}[2Jb".into())),
        ]
        .into();
        let json = to_json(&Ipld::Map(map));
        assert_eq!(json["bytes"], "01ff");
        assert_eq!(json["link"], id.to_string());
        let text = lines(&json, 0);
        assert_eq!(text[2..5], ["list:", "  - 1", "  - null"]);
        assert!(!text.join("\n").contains('\u{1b}'));
        assert_eq!(to_json(&Ipld::Integer(i128::from(u64::MAX))), u64::MAX);
    }
}
