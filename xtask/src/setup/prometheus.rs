//! Prometheus and promtool, which the alerts and the nodes' endpoints are tested with: the programs of Debian's package,
//! unpacked into the cache. The package is not installed, for it would start a server on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Plan, debian, remove};
use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::process;

/// The programs that are taken out of the package.
const PROGRAMS: [&str; 2] = ["prometheus", "promtool"];
const MB: u64 = 1_000_000;

/// Where a program of Prometheus is once set-up has run.
pub fn program(host: &Host, name: &str) -> PathBuf {
    folder(host).join(name)
}

fn folder(host: &Host) -> PathBuf {
    host.cache.join("prometheus")
}

pub fn plan(host: &Host, _: &args::Setup) -> Result<Option<Plan>, Failure> {
    Ok(Some(Plan {
        done: PROGRAMS.iter().all(|name| program(host, name).is_file()),
        what: "Prometheus and promtool from Debian, unpacked into the cache".into(),
        download: 30 * MB,
        disk: 99 * MB,
        root: false,
    }))
}

pub fn install(host: &Host, _: &args::Setup) -> Result<(), Failure> {
    let (whole, part) = (folder(host), host.cache.join(".prometheus"));
    if !debian::can_unpack() {
        return Err(Failure::new("this system has no apt-get, so Debian's prometheus cannot be fetched from here")
            .remedy(format!("put prometheus and promtool, version 2.42 or later, into {}", whole.display())));
    }
    remove(&part)?;
    for needed in ["lists/partial", "archives/partial", "package"] {
        let path = part.join(needed);
        fs::create_dir_all(&path).map_err(|error| Failure::file("make", &path, &error))?;
    }
    // Lists of its own: the system's are root's to renew. apt checks signatures all the same.
    const REGISTRY: &str = "the Debian mirror of /etc/apt/sources.list";
    process::download(apt(host, &part).args(["-qq", "update"]), REGISTRY)?;
    process::download(apt(host, &part).args(["-qq", "download", "prometheus"]), REGISTRY)?;
    let package = downloaded(&part)?;
    process::run(host.command("dpkg-deb").arg("--extract").arg(&package).arg(part.join("package")))?;
    remove(&whole)?;
    fs::rename(part.join("package/usr/bin"), &whole).map_err(|error| Failure::file("make", &whole, &error))?;
    remove(&part)
}

fn apt(host: &Host, part: &Path) -> Command {
    let mut command = host.command("apt-get");
    command.current_dir(part).args(["-o", "Acquire::Retries=3", "-o", "Debug::NoLocking=true"]);
    // As root, apt would hand over to a user who can't read the cache.
    command.args(["-o", "APT::Sandbox::User=root"]);
    command.arg("-o").arg(format!("Dir::State::Lists={}", part.join("lists").display()));
    command.arg("-o").arg(format!("Dir::Cache={}", part.display()));
    command
}

/// The package that apt has put into the folder.
fn downloaded(part: &Path) -> Result<PathBuf, Failure> {
    let entries = fs::read_dir(part).map_err(|error| Failure::file("read", part, &error))?;
    let mut packages = entries.flatten().map(|entry| entry.path());
    packages.find(|path| path.extension().is_some_and(|end| end == "deb")).ok_or_else(|| {
        Failure::new("apt-get downloaded no package").remedy("`apt-get download prometheus` there says why")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_is_found_among_what_apt_leaves() {
        let folder = std::env::temp_dir().join(format!("xtask-prometheus-{}", std::process::id()));
        fs::create_dir_all(folder.join("lists")).unwrap();
        assert!(downloaded(&folder).is_err());
        fs::write(folder.join("prometheus_2.42.0+ds-5_amd64.deb"), "").unwrap();
        assert!(downloaded(&folder).unwrap().ends_with("prometheus_2.42.0+ds-5_amd64.deb"));
        let host = Host { root: "/".into(), cache: folder.clone(), target: "/".into() };
        assert!(!plan(&host, &args::Setup::default()).unwrap().unwrap().done);
        fs::create_dir(folder.join("prometheus")).unwrap();
        for name in PROGRAMS {
            fs::write(program(&host, name), "").unwrap();
        }
        assert!(plan(&host, &args::Setup::default()).unwrap().unwrap().done);
        fs::remove_dir_all(&folder).unwrap();
    }
}
