//! npm packages by the exact versions and hashes of a committed lock file, installed whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use super::remove;
use super::stamp::Stamp;
use crate::failure::Failure;
use crate::host::Host;
use crate::process;

/// Beside node_modules, so that it can be renamed into place.
const PART: &str = ".setup";

/// The packages that a folder's lock file names.
pub struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// Those of `folder`, relative to the clone.
    pub fn of(host: &Host, folder: &str) -> Self {
        Self { folder: host.root.join(folder) }
    }

    /// Whether they were installed from the present lock file.
    pub fn are_fresh(&self) -> Result<bool, Failure> {
        Ok(self.stamp("")?.is_fresh())
    }

    /// Installs them. `lock` may change the lock file's text; `check` looks at the result, in the folder that it is given.
    pub fn install(
        &self,
        host: &Host,
        lock: fn(&str) -> Result<String, Failure>,
        check: fn(&Path) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (part, whole) = (self.folder.join(PART), self.folder.join("node_modules"));
        remove(&part)?;
        fs::create_dir(&part).map_err(|error| Failure::file("make", &part, &error))?;
        for name in ["package.json", ".npmrc"] {
            write(&part.join(name), &read(&self.folder.join(name))?)?;
        }
        write(&part.join("package-lock.json"), &lock(&read(&self.folder.join("package-lock.json"))?)?)?;

        let mut npm = host.command("npm");
        // npm takes what it downloaded before from its own cache.
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&part);
        process::download(&mut npm, "the npm registry")?;
        check(&part)?;
        self.stamp(PART)?.write()?;
        remove(&whole)?;
        fs::rename(part.join("node_modules"), &whole).map_err(|error| Failure::file("make", &whole, &error))?;
        remove(&part)
    }

    /// Inside node_modules, so that it goes away with it.
    fn stamp(&self, below: &str) -> Result<Stamp, Failure> {
        let path = self.folder.join(below).join("node_modules/.liaise-stamp");
        Stamp::new(path, &[self.folder.join("package-lock.json")])
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}
