//! Packages of the system. On Debian and its kin they are installed; elsewhere they are named.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::Command;

use super::Plan;
use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::process::{self, ask};

/// A package with its sizes on a minimal Debian 12, dependencies included.
struct Package {
    name: &'static str,
    why: &'static str,
    download: u64,
    disk: u64,
    there: fn() -> bool,
}

const MB: u64 = 1_000_000;

const PACKAGES: [Package; 7] = [
    Package {
        name: "g++",
        why: "compiles RocksDB",
        download: 67 * MB,
        disk: 267 * MB,
        there: || ask("c++", &["--version"]).is_some() && ask("cc", &["--version"]).is_some(),
    },
    Package {
        name: "libclang-dev",
        why: "bindings to RocksDB",
        download: 89 * MB,
        disk: 559 * MB,
        there: has_libclang,
    },
    Package {
        name: "pkg-config",
        why: "finds system libraries",
        download: MB / 10,
        disk: MB / 3,
        there: || ask("pkg-config", &["--version"]).is_some(),
    },
    Package {
        name: "git",
        why: "tells which files are the project's",
        download: 23 * MB,
        disk: 109 * MB,
        there: || ask("git", &["--version"]).is_some(),
    },
    Package {
        name: "python3-pip",
        why: "fetches the compute runtime",
        download: 14 * MB,
        disk: 48 * MB,
        there: || ask("python3", &["-m", "pip", "--version"]).is_some(),
    },
    Package {
        name: "npm",
        why: "fetches the EVM tools",
        download: 47 * MB,
        disk: 236 * MB,
        there: || ask("npm", &["--version"]).is_some() && ask("node", &["--version"]).is_some(),
    },
    Package {
        name: "bible-kjv-text",
        why: "a public-domain text to ask questions about",
        download: 5 * MB / 2,
        disk: 3 * MB,
        there: || Path::new("/usr/lib/bible.data").is_file(),
    },
];

pub fn plan(_: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    let missing = missing();
    let what: Vec<String> = if missing.is_empty() {
        PACKAGES.iter().map(|package| package.name.to_string()).collect()
    } else {
        missing.iter().map(|package| format!("{} ({})", package.name, package.why)).collect()
    };
    Ok(Some(Plan {
        done: missing.is_empty(),
        what: format!("Debian packages: {}", what.join(", ")),
        download: missing.iter().map(|package| package.download).sum(),
        disk: missing.iter().map(|package| package.disk).sum(),
        root: true,
    }))
}

pub fn install(_: &Host, options: &args::Setup) -> Result<(), Failure> {
    let names: Vec<&str> = missing().iter().map(|package| package.name).collect();
    if ask("apt-get", &["--version"]).is_none() {
        return Err(Failure::new("this system has no apt-get, so its packages cannot be installed from here").remedy(
            format!("install what corresponds to Debian's {}, then run the same command again", names.join(", ")),
        ));
    }
    let by_hand = format!("apt-get update && apt-get install --no-install-recommends {}", names.join(" "));
    let rights = Rights::find(options, &by_hand)?;
    if ask("dpkg", &["--audit"]).is_some_and(|trouble| !trouble.is_empty()) {
        // An earlier install was cut off half way; apt refuses everything until this is done.
        process::run(rights.command("dpkg").args(["--configure", "-a"]))?;
    }
    const REGISTRY: &str = "the Debian mirror of /etc/apt/sources.list";
    let apt = || {
        let mut command = rights.command("apt-get");
        command.args(["-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=300"]);
        command
    };
    process::download(apt().args(["-qq", "update"]), REGISTRY)?;
    process::download(apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(&names), REGISTRY)
}

/// Whether Debian's packages can be fetched and unpacked here without being installed.
pub fn can_unpack() -> bool {
    ["apt-get", "dpkg-deb"].iter().all(|tool| ask(tool, &["--version"]).is_some())
}

fn missing() -> Vec<&'static Package> {
    PACKAGES.iter().filter(|package| !(package.there)()).collect()
}

/// The library and, from the same LLVM, the compiler's own headers: bindgen needs both.
fn has_libclang() -> bool {
    let any = |folder: &Path, fits: &dyn Fn(&Path, &str) -> bool| {
        folder.read_dir().is_ok_and(|entries| {
            entries.flatten().any(|entry| fits(&entry.path(), &entry.file_name().to_string_lossy()))
        })
    };
    let library = |_: &Path, name: &str| {
        name.starts_with("libclang") && !name.starts_with("libclang-cpp") && name.contains(".so")
    };
    let headers = |path: &Path, _: &str| path.join("include/stddef.h").is_file();
    let own = std::env::var_os("LIBCLANG_PATH").is_some_and(|folder| any(Path::new(&folder), &library));
    own || any(Path::new("/usr/lib"), &|path, name| {
        name.starts_with("llvm-") && any(&path.join("lib"), &library) && any(&path.join("lib/clang"), &headers)
    })
}

/// How root's commands are run.
enum Rights {
    Root,
    Sudo { quiet: bool },
}

impl Rights {
    fn find(options: &args::Setup, by_hand: &str) -> Result<Self, Failure> {
        if ask("id", &["-u"]).as_deref() == Some("0") {
            return Ok(Self::Root);
        }
        let refusal = |why: &str| {
            Failure::new(format!("Debian packages are missing and {why}"))
                .remedy(format!("as root, run `{by_hand}`, then the same command again"))
        };
        if ask("sudo", &["--version"]).is_none() {
            return Err(refusal("there is no sudo"));
        }
        if ask("sudo", &["-n", "true"]).is_none() && !io::stdin().is_terminal() {
            return Err(refusal("sudo wants a password, which nobody can type here"));
        }
        if !options.yes && !confirmed(by_hand)? {
            return Err(refusal("sudo was declined"));
        }
        Ok(Self::Sudo { quiet: !io::stdin().is_terminal() })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = match self {
            Self::Root => Command::new("env"),
            Self::Sudo { quiet } => {
                let mut sudo = Command::new("sudo");
                if *quiet {
                    sudo.arg("-n");
                }
                sudo.arg("env");
                sudo
            }
        };
        command.args(["DEBIAN_FRONTEND=noninteractive", program]);
        command
    }
}

fn confirmed(by_hand: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(true);
    }
    print!("  As root, with sudo: {by_hand}\n  Go on? [y/N] ");
    let mut answer = String::new();
    let read = io::stdout().flush().and_then(|()| io::stdin().lock().read_line(&mut answer));
    read.map_err(|error| Failure::new(format!("cannot read an answer: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_commands_keep_their_order() {
        let shown = |rights: Rights| process::shown(rights.command("apt-get").arg("update"));
        assert_eq!(shown(Rights::Root), "env DEBIAN_FRONTEND=noninteractive apt-get update");
        assert_eq!(shown(Rights::Sudo { quiet: true }), "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update");
    }

    #[test]
    fn every_package_says_why_and_how_large() {
        for package in &PACKAGES {
            assert!(!package.why.is_empty() && package.download > 0 && package.disk > 0, "{}", package.name);
        }
    }
}
