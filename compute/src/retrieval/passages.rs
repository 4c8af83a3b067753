//! The passages of a sample corpus, as set-up writes them.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A passage and what it consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passage {
    /// The text that is embedded: a heading, then one line a verse.
    pub text: String,
    /// Names of its lines in order, the heading excepted, such as `Ruth 1:16`.
    pub lines: Vec<String>,
}

/// Reads a corpus: a JSON array of passages.
///
/// # Errors
/// [`Error::Documents`] where it is not installed or is damaged.
pub fn read_passages(path: &Path) -> Result<Vec<Passage>> {
    let fail = |problem: String| Error::Documents { what: path.display().to_string(), problem };
    let bytes = fs::read(path).map_err(|error| fail(format!("{error}; run `cargo xtask setup`")))?;
    serde_json::from_slice(&bytes).map_err(|error| fail(format!("is damaged ({error}); run `cargo xtask setup`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_corpus_names_the_remedy() {
        let error = read_passages(Path::new("/nowhere/kjv.json")).unwrap_err().to_string();
        assert!(error.contains("/nowhere/kjv.json") && error.contains("cargo xtask setup"), "{error}");
    }
}
