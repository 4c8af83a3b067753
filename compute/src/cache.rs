//! Where set-up puts the runtime, the models and the sample corpus.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The folder that `compute/setup/fetch.py` fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache(PathBuf);

impl Default for Cache {
    /// `$LIAISE_CACHE`, else `$XDG_CACHE_HOME/liaise`, else `~/.cache/liaise`.
    fn default() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self(set("LIAISE_CACHE").unwrap_or_else(|| {
            set("XDG_CACHE_HOME").unwrap_or_else(|| set("HOME").unwrap_or_default().join(".cache")).join("liaise")
        }))
    }
}

impl Cache {
    /// A cache at this folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// ONNX Runtime's library: the GPU build where it is installed, else the CPU build.
    ///
    /// # Errors
    /// [`Error::Library`] where neither is installed.
    pub fn library(&self) -> Result<PathBuf> {
        let folder = |flavour: &str| self.0.join(format!("onnxruntime-{RUNTIME_VERSION}-{flavour}"));
        ["gpu", "cpu"]
            .iter()
            .flat_map(|flavour| {
                let folder = folder(flavour);
                LIBRARY_NAMES.map(move |name| folder.join(name))
            })
            .find(|path| path.is_file())
            .ok_or_else(|| Error::Library { path: folder("cpu"), why: "not installed".into() })
    }

    /// The bundle of the retrieval model.
    pub fn minilm(&self) -> PathBuf {
        self.0.join("adapters").join("minilm-l6-v2-1")
    }

    /// The passages of the sample corpus, for [`crate::retrieval::read_passages`].
    pub fn passages(&self) -> PathBuf {
        self.0.join("corpus").join("kjv-1.json")
    }
}

/// The version that set-up installs and manifests name.
pub(crate) const RUNTIME_VERSION: &str = "1.31.1";
const LIBRARY_NAMES: [&str; 2] = ["libonnxruntime.so.1.31.1", "libonnxruntime.1.31.1.dylib"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cache_names_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let error = cache.library().unwrap_err().to_string();
        assert!(error.contains("cargo xtask setup"), "{error}");
        for flavour in ["cpu", "gpu"] {
            let made = folder.path().join(format!("onnxruntime-1.31.1-{flavour}"));
            std::fs::create_dir(&made).unwrap();
            std::fs::write(made.join(LIBRARY_NAMES[0]), "").unwrap();
            // Whatever was installed last: the GPU build wins over the CPU build.
            assert_eq!(cache.library().unwrap(), made.join(LIBRARY_NAMES[0]));
        }
    }
}
