//! Running other programs: shown before they run, and their failure explained.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Stdio};

use crate::failure::Failure;

/// Runs `command` with the terminal's own input and output.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    say!("  $ {}", shown(command));
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(failed(command, status)) }
}

/// Runs `command`, which downloads from `registry`, and tells a registry that is out of reach from other failures.
pub fn download(command: &mut Command, registry: &str) -> Result<(), Failure> {
    say!("  $ {}", shown(command));
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| cannot_start(command, &error))?;
    let mut unreachable = None;
    let mut told: Vec<String> = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines() {
            let line =
                line.map_err(|error| Failure::new(format!("output of {} broke off: {error}", shown(command))))?;
            if is_network_trouble(&line) {
                // Clients say so once for every file and every try: thousands of lines that differ in a number.
                let kind: String = line.chars().filter(|c| !c.is_ascii_digit()).collect();
                if told.contains(&kind) {
                    continue;
                }
                told.push(kind);
                unreachable.get_or_insert_with(|| line.clone());
            }
            eprintln!("  {line}");
        }
    }
    let status = child.wait().map_err(|error| Failure::new(format!("lost {}: {error}", shown(command))))?;
    if status.success() {
        return Ok(());
    }
    Err(match unreachable {
        Some(line) => Failure::new(format!("{registry} could not be reached: {}", line.trim())).remedy(
            "check the network, and the proxy variables if you use one, then run the same command again.\n\
             What was finished is kept; the part that was cut off is not used.",
        ),
        None => failed(command, status).remedy(format!(
            "read the lines above; it was downloading from {registry}. Run the same command again when that is mended."
        )),
    })
}

/// The standard output of `command`, whose errors go to the terminal.
pub fn capture(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| cannot_start(command, &error))?;
    if !output.status.success() {
        return Err(failed(command, output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| Failure::new(format!("{} printed what is not text", shown(command))))
}

/// Standard output of a program that is asked a silent question; nothing if it is absent or says no.
pub fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// `command` as one would type it.
pub fn shown(command: &Command) -> String {
    std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn is_network_trouble(line: &str) -> bool {
    [
        "Temporary failure resolving",
        "Temporary failure in name resolution",
        "Could not resolve",
        "Couldn't resolve",
        "Name or service not known",
        "Failed to fetch",
        "Connection refused",
        "Could not connect",
        "Couldn't connect",
        "Connection timed out",
        "Network is unreachable",
        "NewConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ENOTFOUND",
        "ECONNREFUSED",
        "ECONNRESET",
        "ETIMEDOUT",
        "EAI_AGAIN",
        "spurious network error",
    ]
    .iter()
    .any(|sign| line.contains(sign))
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot start {}: {error}", command.get_program().to_string_lossy()))
        .remedy("`cargo xtask setup` installs what the project needs")
}

fn failed(command: &Command, status: ExitStatus) -> Failure {
    Failure::new(format!("`{}` failed ({status})", shown(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_commands_can_be_pasted() {
        let mut command = Command::new("sudo");
        command.args(["apt-get", "install", "-y", "it's", ""]);
        assert_eq!(shown(&command), r"sudo apt-get install -y 'it'\''s' ''");
    }

    #[test]
    fn a_failed_download_names_its_registry() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 'npm error code ENOTFOUND' >&2; exit 1"]);
        let text = download(&mut command, "the npm registry").unwrap_err().to_string();
        assert!(text.starts_with("error: the npm registry could not be reached: npm error code ENOTFOUND"), "{text}");

        let mut command = Command::new("sh");
        command.args(["-c", "echo 'integrity checksum failed' >&2; exit 3"]);
        let text = download(&mut command, "the npm registry").unwrap_err().to_string();
        assert!(text.contains("failed (exit status: 3)") && !text.contains("could not be reached"), "{text}");
    }

    #[test]
    fn a_download_that_recovers_is_no_failure() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 'warning: spurious network error, trying again' >&2"]);
        assert!(download(&mut command, "crates.io").is_ok());
    }

    #[test]
    fn asking_is_silent_about_absent_programs() {
        assert_eq!(ask("no-such-program-here", &[]), None);
        assert_eq!(ask("sh", &["-c", "exit 1"]), None);
        assert_eq!(ask("sh", &["-c", "echo 7"]).as_deref(), Some("7"));
    }
}
