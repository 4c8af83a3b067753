//! A folder with a model becomes a bundle: its manifest is given every file's size and hash, and its one way of being written.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    bundle::Bundle,
    canonical::Json,
    error::{Error, Result},
    hash::sha256,
};

const MANIFEST: &str = "manifest.json";
const REMEDY: &str = "see docs/add-a-model.md for a manifest that works";

/// Writes the `files` of a folder's `manifest.json` from what lies beside it, writes the manifest canonically, and opens the
/// bundle that this makes. Everything else in the manifest is its author's.
///
/// # Errors
/// [`Error::Bundle`] names the file or field: a manifest that is missing or no JSON of integers, links and other things that
/// no bundle may hold, and whatever [`Bundle::open`] refuses. The manifest is replaced at once or not at all.
pub fn pack(folder: &Path) -> Result<Bundle> {
    let blame = |place: &str, problem: String| Error::Bundle {
        bundle: folder.to_owned(),
        place: place.to_owned(),
        problem,
        remedy: REMEDY,
    };
    let path = folder.join(MANIFEST);
    let text = fs::read(&path).map_err(|error| blame(MANIFEST, format!("can't be read ({error})")))?;
    let Json::Map(mut manifest) = Json::parse(&text).map_err(|error| blame(MANIFEST, error.to_string()))? else {
        return Err(blame(MANIFEST, "is no JSON object".into()));
    };
    let next = folder.join(".manifest.json.next");
    // A run that was cut off may have left it.
    let _ = fs::remove_file(&next);
    let mut files = BTreeMap::new();
    for (name, file) in files_below(folder, &blame)? {
        let bytes = fs::read(&file).map_err(Error::io(&file))?;
        let length = i64::try_from(bytes.len()).map_err(|_| blame(&name, "is too long".into()))?;
        let entry = [("bytes", Json::Int(length)), ("sha256", Json::Text(hex::encode(sha256(&[&bytes]))))];
        files.insert(name, Json::Map(entry.map(|(key, value)| (key.to_owned(), value)).into()));
    }
    manifest.insert("files".into(), Json::Map(files));
    fs::write(&next, Json::Map(manifest).to_bytes()).map_err(Error::io(&next))?;
    fs::rename(&next, &path).map_err(Error::io(&path))?;
    Bundle::open(folder)
}

/// Every plain file but the manifest, by its path with `/`.
fn files_below(folder: &Path, blame: &dyn Fn(&str, String) -> Error) -> Result<Vec<(String, PathBuf)>> {
    let (mut found, mut pending) = (vec![], vec![(folder.to_owned(), String::new())]);
    while let Some((at, prefix)) = pending.pop() {
        for entry in fs::read_dir(&at).map_err(Error::io(&at))? {
            let entry = entry.map_err(Error::io(&at))?;
            let Ok(own) = entry.file_name().into_string() else {
                return Err(blame(&entry.file_name().to_string_lossy(), "has a name that is not UTF-8".into()));
            };
            let name = format!("{prefix}{own}");
            let kind = entry.file_type().map_err(Error::io(&entry.path()))?;
            if kind.is_dir() {
                pending.push((entry.path(), format!("{name}/")));
            } else if !kind.is_file() {
                return Err(blame(&name, "is no plain file: copy it in place of the link".into()));
            } else if name != MANIFEST {
                found.push((name, entry.path()));
            }
        }
    }
    Ok(found)
}
