//! What is under deploy/, held against the programs that read it: promtool, and systemd-analyze where there is one.

use std::fs;

use crate::failure::Failure;
use crate::host::Host;
use crate::process::{self, ask};
use crate::setup::prometheus_program as program;

const ALERTS: &str = "deploy/prometheus/alerts.yml";
const UNIT: &str = "deploy/systemd/liaise@.service";

/// Checks configuration and alerts, runs the tests of each alert, and has systemd read the unit file.
pub fn run(host: &Host) -> Result<(), Failure> {
    let promtool = program(host, "promtool");
    let promtool = promtool.to_string_lossy();
    process::run(host.command(&promtool).args(["check", "config", "deploy/prometheus/prometheus.yml"]))?;
    process::run(host.command(&promtool).args(["check", "rules", ALERTS]))?;
    process::run(host.command(&promtool).args(["test", "rules", "deploy/prometheus/alerts.test.yml"]))?;
    if ask("systemd-analyze", &["--version"]).is_none() {
        say!("systemd-analyze is not here: {UNIT} is not checked");
        return Ok(());
    }
    verify_unit(host)
}

/// systemd refuses a unit whose program is not there, so that another one stands for it.
fn verify_unit(host: &Host) -> Result<(), Failure> {
    let path = host.root.join(UNIT);
    let unit = fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
    let copy = host.cache.join("liaise@check.service");
    let unit = unit.replace("/usr/local/bin/liaise", "/bin/true");
    fs::write(&copy, unit).map_err(|error| Failure::file("write", &copy, &error))?;
    let verified = process::run(host.command("systemd-analyze").arg("verify").arg(&copy));
    fs::remove_file(&copy).map_err(|error| Failure::file("remove", &copy, &error))?;
    verified
}
