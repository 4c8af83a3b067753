//! The committed schema, checked by a validator that knows nothing of this crate.

use crate::messages::samples;
use cddl::ast::CDDL;
use cddl::validator::Validator;
use cddl::validator::cbor::{self, CBORValidator};
use ipld_core::ipld::Ipld;
use std::collections::BTreeSet;

const SCHEMA: &str = include_str!("../../schema.cddl");

/// Parsed once: parsing takes far longer than checking.
fn schema() -> CDDL<'static> {
    cddl::cddl_from_str(SCHEMA, true).expect("the schema is CDDL")
}

fn matches(schema: &CDDL<'_>, value: &Ipld) -> Result<(), String> {
    let block = serde_ipld_dagcbor::to_vec(value).unwrap();
    let value: ciborium::Value = ciborium::from_reader(block.as_slice()).unwrap();
    let checked: cbor::Result<std::io::Error> = CBORValidator::new(schema, value.into(), None).validate();
    checked.map_err(|error| error.to_string())
}

fn ipld(block: &[u8]) -> Ipld {
    serde_ipld_dagcbor::from_slice(block).unwrap()
}

/// Every variant of a value that differs from it in one place: a field less, a field more, a value of another type.
/// Not a field more where it stays valid, in metadata, nor in maps within lists, where the validator overlooks it;
/// decoding does not, because it encodes again and compares.
fn spoiled(value: &Ipld, path: &str, may_grow: bool) -> Vec<(String, Ipld)> {
    let mut out = vec![];
    if let Ipld::Map(map) = value {
        let put = |key: &str, new: Ipld| {
            let mut changed = map.clone();
            changed.insert(key.to_owned(), new);
            Ipld::Map(changed)
        };
        if may_grow {
            out.push((format!("{path}: one more"), put("surprise", Ipld::Null)));
        }
        for (key, field) in map {
            let at = format!("{path}.{key}");
            let mut less = map.clone();
            less.remove(key);
            out.push((format!("{at}: missing"), Ipld::Map(less)));
            let other = if matches!(field, Ipld::Bool(_)) { Ipld::Integer(1) } else { Ipld::Bool(true) };
            out.push((format!("{at}: another type"), put(key, other)));
            let deeper = spoiled(field, &at, may_grow && key != "metadata");
            out.extend(deeper.into_iter().map(|(what, new)| (what, put(key, new))));
        }
    }
    if let Ipld::List(items) = value {
        for (i, item) in items.iter().enumerate() {
            let at = format!("{path}.{i}");
            let put = |new: Ipld| {
                let mut changed = items.clone();
                changed[i] = new;
                Ipld::List(changed)
            };
            out.push((format!("{at}: another type"), put(Ipld::Bool(true))));
            out.extend(spoiled(item, &at, false).into_iter().map(|(what, new)| (what, put(new))));
        }
    }
    out
}

#[test]
fn every_kind_matches_the_schema() {
    let schema = schema();
    let mut kinds = BTreeSet::new();
    for sample in samples() {
        matches(&schema, &ipld(&sample.signed.block)).unwrap_or_else(|e| panic!("{}: {e}", sample.message.body.kind()));
        kinds.insert(sample.message.body.kind());
    }
    assert_eq!(kinds.len(), 16);
}

/// The schema says no less than the types: whatever misses a field, has one more, or one of another type, fails it.
#[test]
fn nothing_else_matches_the_schema() {
    let schema = schema();
    let mut tried = 0;
    for sample in samples() {
        let kind = sample.message.body.kind();
        for (what, bad) in spoiled(&ipld(&sample.signed.block), kind, true) {
            assert!(matches(&schema, &bad).is_err(), "{what}");
            tried += 1;
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn limits_stand_in_the_schema() {
    let schema = schema();
    let changed = |kind: &str, field: &str, value: Ipld| {
        let sample = samples().into_iter().find(|m| m.message.body.kind() == kind).unwrap();
        let Ipld::Map(mut message) = ipld(&sample.signed.block) else { panic!("a map") };
        let Some(Ipld::Map(body)) = message.get_mut("body") else { panic!("a map") };
        let Some(Ipld::Map(fields)) = body.get_mut(kind) else { panic!("a map") };
        fields.insert(field.into(), value).unwrap();
        matches(&schema, &Ipld::Map(message))
    };
    for (kind, field, good, bad) in [
        ("verdict", "score", Ipld::Integer(1000), Ipld::Integer(1001)),
        ("feedback", "rating", Ipld::Integer(0), Ipld::Integer(-1)),
        ("ticket", "snapshot", Ipld::Integer(-4), Ipld::Integer(-5)),
        ("ticket", "round", Ipld::Integer((1 << 53) - 1), Ipld::Integer(1 << 53)),
        ("commit", "hash", Ipld::Bytes(vec![0; 32]), Ipld::Bytes(vec![0; 31])),
        ("vote", "statement", Ipld::Bytes(vec![0; 84]), Ipld::Bytes(vec![0; 81])),
        ("capability", "region", Ipld::String("CH".into()), Ipld::String("CHE".into())),
        ("receipts", "close", Ipld::Null, Ipld::String("now".into())),
    ] {
        assert_eq!(changed(kind, field, good), Ok(()), "{kind}.{field}");
        assert!(changed(kind, field, bad).is_err(), "{kind}.{field}");
    }
}
