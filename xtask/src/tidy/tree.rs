//! The files of the clone that git knows or would add, with their text.

use std::collections::BTreeMap;
use std::fs;

use crate::failure::Failure;
use crate::host::Host;
use crate::process;

/// Larger files are data: nobody reads them, and no check does.
const TEXT_LIMIT: u64 = 4 << 20;

/// Paths relative to the root, with `/`; no text where a file is binary or large.
#[derive(Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads the clone. Ignored files are left out, files not yet committed are not.
    pub fn load(host: &Host) -> Result<Self, Failure> {
        let listed = process::capture(host.command("git").args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))
        .map_err(|failure| failure.remedy("tidy needs git, and a clone made with it"))?;
        let mut files = BTreeMap::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            let full = host.root.join(path);
            // Listed but deleted in the work tree, or a link to elsewhere.
            let Ok(found) = fs::symlink_metadata(&full) else { continue };
            let text = if found.is_file() && found.len() <= TEXT_LIMIT {
                let bytes = fs::read(&full).map_err(|error| Failure::file("read", &full, &error))?;
                String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
            } else {
                None
            };
            files.insert(path.to_string(), text);
        }
        Ok(Self { files })
    }

    /// A tree of the given files, for tests.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_string(), Some((*text).to_string()))).collect() }
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether `path` is a file or a folder with files in it; the root is the empty path.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        path.is_empty() || self.files.contains_key(path) || {
            let folder = format!("{path}/");
            self.files.range(folder.clone()..).next().is_some_and(|(first, _)| first.starts_with(&folder))
        }
    }

    /// Every file with text.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Every file with text whose name ends in one of `endings`, as in `.rs`.
    pub fn ending<'a>(&'a self, endings: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts().filter(move |(path, _)| endings.iter().any(|ending| path.ends_with(ending)))
    }

    /// Top-level folders, hidden ones left out.
    pub fn folders(&self) -> Vec<&str> {
        let mut folders: Vec<&str> = self
            .files
            .keys()
            .filter_map(|path| path.split_once('/').map(|(folder, _)| folder))
            .filter(|folder| !folder.starts_with('.'))
            .collect();
        folders.sort_unstable();
        folders.dedup();
        folders
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn folders_exist_by_their_files() {
        let tree = Tree::of(&[("a/b/c.md", ""), ("a-b/x", ""), (".ci/run", ""), ("README.md", "")]);
        for there in ["", "a", "a/", "a/b", "a/b/c.md", "a-b", "README.md"] {
            assert!(tree.has(there), "{there}");
        }
        for absent in ["b", "a/c", "a/b/c", "READ"] {
            assert!(!tree.has(absent), "{absent}");
        }
        assert_eq!(tree.folders(), ["a", "a-b"]);
    }
}
