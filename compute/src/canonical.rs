//! Canonical JSON: sorted keys, no white space, integers within 53 bits only, no key twice.
//!
//! It is written here rather than left to `serde_json`, whose map silently keeps the last of two equal keys and whose
//! order another crate can switch (`preserve_order`): both would change adapter ids.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};

/// The largest integer that every reader of JSON reads as what it is.
const MAX_INT: u64 = (1 << 53) - 1;

/// A JSON value without floating point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object, sorted by its keys' bytes.
    Map(BTreeMap<String, Json>),
}

impl Json {
    /// Parses a text; refuses floats, keys that come twice and anything after the value.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The one way to write this value.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// The value as a typed struct.
    pub(crate) fn decode<T: de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.to_bytes())
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Json::Null => out.extend_from_slice(b"null"),
            Json::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Json::Int(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Json::Text(text) => write_text(text, out),
            Json::List(items) => write_all(b"[]", items, out, |item, out| item.write(out)),
            Json::Map(entries) => write_all(b"{}", entries, out, |(key, value), out| {
                write_text(key, out);
                out.push(b':');
                value.write(out);
            }),
        }
    }
}

fn write_all<T>(
    brackets: &[u8; 2],
    items: impl IntoIterator<Item = T>,
    out: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    out.push(brackets[0]);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(brackets[1]);
}

/// Escapes what JSON demands and nothing else, as Python's `json.dumps(..., ensure_ascii=False)` does.
fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            c if u32::from(c) < 0x20 => out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes()),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => to.serialize_unit(),
            Json::Bool(value) => to.serialize_bool(*value),
            Json::Int(value) => to.serialize_i64(*value),
            Json::Text(text) => to.serialize_str(text),
            Json::List(items) => to.collect_seq(items),
            Json::Map(entries) => to.collect_map(entries),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with integers only")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
        if value.unsigned_abs() > MAX_INT {
            return Err(E::custom(format!("{value} is above 2^53 - 1, where readers of JSON differ")));
        }
        Ok(Json::Int(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::custom(format!("{value} is above 2^53 - 1, where readers of JSON differ"))),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
        Err(E::custom(format!("{value:?} is no integer")))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value()?;
            if map.contains_key(&key) {
                return Err(de::Error::custom(format!("key `{key}` comes twice")));
            }
            map.insert(key, value);
        }
        Ok(Json::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_one_form() {
        let json = Json::parse(br#" {"b":[1,-2,true,null],"a":"x\u0001\"\u00e9\n"} "#).unwrap();
        let bytes = json.to_bytes();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), "{\"a\":\"x\\u0001\\\"é\\n\",\"b\":[1,-2,true,null]}");
        assert_eq!(Json::parse(&bytes).unwrap(), json);
    }

    #[test]
    fn refuses_what_has_two_readings() {
        for (text, part) in [
            (r#"{"a":1,"a":2}"#, "`a` comes twice"),
            (r#"{"a":{"b":1,"b":1}}"#, "`b` comes twice"),
            (r#"{"a":1.0}"#, "no integer"),
            (r#"{"a":18446744073709551615}"#, "2^53"),
            (r#"{"a":9007199254740992}"#, "2^53"),
            (r#"{"a":-9007199254740992}"#, "2^53"),
            (r#"{"a":1e3}"#, "no integer"),
            (r#"{"a":1} x"#, "trailing"),
        ] {
            let error = Json::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let largest = br#"{"a":9007199254740991,"b":-9007199254740991}"#;
        assert_eq!(Json::parse(largest).unwrap().to_bytes(), largest);
    }
}
