//! Which file holds which vectors.

use serde::Serialize;

use crate::{draws, ed25519, genesis_files, links, sessions};

/// Every file of this crate's vectors: name and text.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("draw.json", json(&draws::all())),
        ("ed25519.json", json(&ed25519::all())),
        ("session.json", json(&sessions::all())),
        ("link.json", json(&links::all())),
        ("genesis.json", json(&genesis_files::all())),
    ]
}

fn json(cases: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(cases).expect("plain structs serialise");
    text.push('\n');
    text
}
