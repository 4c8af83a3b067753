//! The machine and the folders that every task works with.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;

/// Where the clone, the cache and the build directory are.
#[derive(Debug)]
pub struct Host {
    /// The root of the clone.
    pub root: PathBuf,
    /// `$LIAISE_CACHE`, else `$XDG_CACHE_HOME/liaise`, else `~/.cache/liaise`: whatever set-up downloads and can download again.
    pub cache: PathBuf,
    /// The build directory that demo, test and CI share; the user's own `CARGO_TARGET_DIR` where that is set.
    pub target: PathBuf,
}

impl Host {
    /// Finds the clone from the manifest that cargo runs, the cache from the environment.
    pub fn find() -> Result<Self, Failure> {
        let manifest = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .parent()
            .filter(|root| root.join("Cargo.toml").is_file())
            .ok_or_else(|| Failure::new("no clone around xtask").remedy("run `cargo xtask` inside the clone"))?
            .to_path_buf();
        let folder = |name| env::var_os(name).map(PathBuf::from);
        let cache = cache_dir(folder("LIAISE_CACHE"), folder("XDG_CACHE_HOME"), folder("HOME"))?;
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(target) if !target.is_empty() => {
                let target = PathBuf::from(target);
                if target.is_absolute() { target } else { root.join(target) }
            }
            _ => cache.join("target"),
        };
        Ok(Self { root, cache, target })
    }

    /// A command in the clone's root with the shared build directory and cache in its environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target).env("LIAISE_CACHE", &self.cache);
        // These describe xtask, to whoever reads them in a program that it starts.
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
                command.env_remove(name);
            }
        }
        command
    }

    /// Cargo, of the toolchain that runs xtask: rustup passes its choice on.
    pub fn cargo(&self) -> Command {
        self.command("cargo")
    }
}

fn cache_dir(own: Option<PathBuf>, xdg: Option<PathBuf>, home: Option<PathBuf>) -> Result<PathBuf, Failure> {
    // The XDG rule: a relative path is to be ignored.
    let absolute = |path: &PathBuf| path.is_absolute();
    own.filter(absolute)
        .or_else(|| xdg.filter(absolute).map(|base| base.join("liaise")))
        .or_else(|| home.filter(absolute).map(|home| home.join(".cache/liaise")))
        .ok_or_else(|| Failure::new("neither HOME nor XDG_CACHE_HOME is set").remedy("set HOME to your home folder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_follows_the_xdg_rule() {
        let dir = |own: &str, xdg: &str, home: &str| {
            let set = |path: &str| (!path.is_empty()).then(|| PathBuf::from(path));
            cache_dir(set(own), set(xdg), set(home)).ok()
        };
        assert_eq!(dir("/o", "/x", "/h"), Some("/o".into()));
        assert_eq!(dir("", "/x", "/h"), Some("/x/liaise".into()));
        assert_eq!(dir("relative", "relative", "/h"), Some("/h/.cache/liaise".into()));
        assert_eq!(dir("", "", "/h"), Some("/h/.cache/liaise".into()));
        assert_eq!(dir("", "", ""), None);
    }
}
