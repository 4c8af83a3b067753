//! Decoders that nothing outside needs, for tests/fuzz. Each gives what it read, written again.

use crate::bundle::{Blame, parse_manifest};
use crate::canonical::Json;
use crate::retrieval::Index;
use std::path::Path;

/// Any JSON with integers only, in its canonical form.
pub fn json(bytes: &[u8]) -> Option<Vec<u8>> {
    Json::parse(bytes).ok().map(|json| json.to_bytes())
}

/// A bundle's manifest, and the paths that it lists.
pub fn manifest(bytes: &[u8]) -> Option<(Vec<u8>, Vec<String>)> {
    let manifest = parse_manifest(bytes, &Blame(Path::new("bundle"))).ok()?;
    let paths = manifest.files.keys().cloned().collect();
    let text = serde_json::to_vec(&manifest).expect("a manifest is JSON");
    Some((Json::parse(&text).expect("it was just written").to_bytes(), paths))
}

/// The index's file.
pub fn index(bytes: &[u8]) -> Option<Vec<u8>> {
    Index::from_bytes(bytes, &"a file").ok().map(|index| index.to_bytes())
}
