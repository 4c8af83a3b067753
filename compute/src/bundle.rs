//! A folder that holds a model and nothing else, every byte of it named by the manifest.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{
    canonical::Json,
    error::{Error, Result},
    hash::{AdapterId, sha256},
    manifest::{FileEntry, Manifest},
};

const MANIFEST: &str = "manifest.json";
const DOMAIN: &[u8; 16] = b"LIAISE/ADAPTER/1";
const MANIFEST_MAX: u64 = 1 << 20;
/// Bytes of a file's path in a bundle, and of one part of it.
const NAME_MAX: usize = 1024;
const PART_MAX: usize = 255;
const REINSTALL: &str = "delete the folder and run `cargo xtask setup`";
const FIX_MANIFEST: &str = "have the bundle's author write the manifest again";

/// A bundle whose files were all checked when it was opened.
#[derive(Clone, Debug)]
pub struct Bundle {
    folder: PathBuf,
    id: AdapterId,
    manifest: Manifest,
}

impl Bundle {
    /// Opens a folder and checks every file in it against the manifest.
    ///
    /// # Errors
    /// [`Error::Bundle`] names the file or field: files that are extra, missing, altered, of another length, no
    /// plain files; paths that lead elsewhere; a manifest that is not canonical JSON.
    pub fn open(folder: &Path) -> Result<Self> {
        let bytes = read_manifest(folder)?;
        let manifest = parse_manifest(&bytes, &Blame(folder))?;
        check_folder(folder, &manifest)?;
        for (name, entry) in &manifest.files {
            check_file(folder, name, entry)?;
        }
        Ok(Self { folder: folder.into(), id: AdapterId(sha256(&[DOMAIN, &bytes])), manifest })
    }

    /// Opens a folder that must be the adapter `id`, as the network certified it.
    ///
    /// # Errors
    /// As [`Bundle::open`], and where it is another adapter.
    pub fn open_as(folder: &Path, id: AdapterId) -> Result<Self> {
        let bytes = read_manifest(folder)?;
        let have = AdapterId(sha256(&[DOMAIN, &bytes]));
        if have != id {
            return Err(Blame(folder).file(MANIFEST, format!("is adapter {have}, expected {id}")));
        }
        Self::open(folder)
    }

    /// The adapter's id.
    pub fn id(&self) -> AdapterId {
        self.id
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The path of a file that the manifest lists.
    ///
    /// # Errors
    /// [`Error::Bundle`] for any other.
    pub fn file(&self, name: &str) -> Result<PathBuf> {
        match self.manifest.files.contains_key(name) {
            true => Ok(self.folder.join(name)),
            false => Err(Blame(&self.folder).manifest(name, "is needed and not in `files`")),
        }
    }

    /// The kind's own settings as a typed struct.
    ///
    /// # Errors
    /// [`Error::Bundle`] names a missing, unknown or mistyped setting.
    pub fn config<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        self.manifest.config.decode().map_err(|e| Blame(&self.folder).manifest("config", e.to_string()))
    }

    /// An entry of the table of sampled parts, in thousandths.
    ///
    /// # Errors
    /// [`Error::Bundle`] where the table lacks it or it is not within 1 and 1000.
    pub fn sample_permille(&self, task: &str) -> Result<u32> {
        match self.manifest.verification.sample_permille.get(task) {
            Some(&permille @ 1..=1000) => Ok(permille),
            _ => {
                let place = format!("verification.sample_permille.{task}");
                Err(Blame(&self.folder).manifest(&place, "must be between 1 and 1000"))
            }
        }
    }
}

/// Says which bundle is at fault.
pub(crate) struct Blame<'a>(pub &'a Path);

impl Blame<'_> {
    fn file(&self, place: &str, problem: impl Into<String>) -> Error {
        self.error(place, problem.into(), REINSTALL)
    }

    fn manifest(&self, place: &str, problem: impl Into<String>) -> Error {
        self.error(place, problem.into(), FIX_MANIFEST)
    }

    fn error(&self, place: &str, problem: String, remedy: &'static str) -> Error {
        // The name of a stranger's file must not act on the terminal that shows it.
        let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
        Error::Bundle { bundle: self.0.into(), place: place.chars().map(shown).collect(), problem, remedy }
    }
}

fn read_manifest(folder: &Path) -> Result<Vec<u8>> {
    let path = folder.join(MANIFEST);
    let meta = fs::symlink_metadata(&path)
        .map_err(|error| Blame(folder).file(MANIFEST, format!("can't be read ({error})")))?;
    if !meta.is_file() {
        return Err(Blame(folder).file(MANIFEST, "is no plain file"));
    }
    if meta.len() > MANIFEST_MAX {
        return Err(Blame(folder).manifest(MANIFEST, "is larger than 1 MiB"));
    }
    fs::read(&path).map_err(Error::io(&path))
}

/// The manifest in these bytes, its own rules kept.
pub(crate) fn parse_manifest(bytes: &[u8], blame: &Blame<'_>) -> Result<Manifest> {
    let json = Json::parse(bytes).map_err(|e| blame.manifest(MANIFEST, e.to_string()))?;
    if json.to_bytes() != bytes {
        let problem = "is not canonical JSON (sorted keys, no white space)";
        return Err(blame.manifest(MANIFEST, problem));
    }
    let manifest: Manifest = json.decode().map_err(|e| blame.manifest(MANIFEST, e.to_string()))?;
    if manifest.schema != 1 {
        return Err(blame.manifest("schema", format!("is {}, this program reads 1", manifest.schema)));
    }
    for name in manifest.files.keys() {
        check_path(name).map_err(|problem| blame.manifest(&format!("files.{name:?}"), problem))?;
    }
    if !manifest.files.contains_key(&manifest.licence.file) {
        return Err(blame.manifest("licence.file", format!("`{}` is not in `files`", manifest.licence.file)));
    }
    match manifest.work_units.fault() {
        Some((field, problem)) => Err(blame.manifest(field, problem)),
        None => Ok(manifest),
    }
}

/// A path must mean the same file on every system and stay inside the folder.
fn check_path(name: &str) -> Result<(), &'static str> {
    if name == MANIFEST {
        return Err("the manifest can't list itself");
    }
    if name.contains(['\\', '\0', ':']) || name.starts_with('/') {
        return Err("is no relative path with `/` only");
    }
    // Longer ones do not exist everywhere, and control characters act on the terminal that shows the name.
    if name.len() > NAME_MAX || name.split('/').any(|part| part.len() > PART_MAX) {
        return Err("is longer than 1024 bytes, or a part of it than 255");
    }
    if name.chars().any(char::is_control) {
        return Err("has control characters");
    }
    match name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        true => Err("leads outside the bundle or has empty parts"),
        false => Ok(()),
    }
}

/// Every entry of the folder is a plain file of the manifest, or a folder that leads to one.
fn check_folder(folder: &Path, manifest: &Manifest) -> Result<()> {
    let blame = Blame(folder);
    let wanted: BTreeSet<&str> = manifest.files.keys().map(String::as_str).chain([MANIFEST]).collect();
    let mut pending = vec![(folder.to_path_buf(), String::new())];
    while let Some((at, prefix)) = pending.pop() {
        for entry in fs::read_dir(&at).map_err(Error::io(&at))? {
            let entry = entry.map_err(Error::io(&at))?;
            let lossy = entry.file_name().to_string_lossy().into_owned();
            let name = format!("{prefix}{lossy}");
            let kind = entry.file_type().map_err(Error::io(&entry.path()))?;
            if kind.is_symlink() {
                return Err(blame.file(&name, "is a symbolic link"));
            } else if kind.is_dir() {
                let inside = format!("{name}/");
                if !wanted.iter().any(|file| file.starts_with(&inside)) {
                    return Err(blame.file(&name, "is a folder that the manifest does not have"));
                }
                pending.push((entry.path(), inside));
            } else if !kind.is_file() {
                return Err(blame.file(&name, "is no plain file"));
            } else if entry.file_name().to_str().is_none() || !wanted.contains(name.as_str()) {
                return Err(blame.file(&name, "is not in the manifest"));
            }
        }
    }
    Ok(())
}

fn check_file(folder: &Path, name: &str, entry: &FileEntry) -> Result<()> {
    let blame = Blame(folder);
    let path = folder.join(name);
    let mut file = File::open(&path).map_err(|error| blame.file(name, format!("is missing ({error})")))?;
    let length = file.metadata().map_err(Error::io(&path))?.len();
    if length != entry.bytes {
        return Err(blame.file(name, format!("has {length} bytes, the manifest says {}", entry.bytes)));
    }
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(Error::io(&path))?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    let found = hex::encode(hasher.finalize());
    match found == entry.sha256 {
        true => Ok(()),
        false => Err(blame.file(name, format!("has SHA-256 {found}, the manifest says {}", entry.sha256))),
    }
}
