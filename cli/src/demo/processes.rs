//! The demo's nodes: processes of this same program, each with its own directory.

use eyre::WrapErr;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a node may take to say that it is ready.
const START: Duration = Duration::from_secs(60);
/// How long a node may take to end.
const STOP: Duration = Duration::from_secs(10);

/// Running nodes by name; killed when dropped.
pub struct Processes {
    program: PathBuf,
    root: PathBuf,
    passphrase_file: PathBuf,
    running: BTreeMap<String, Child>,
}

impl Processes {
    /// None running yet.
    pub fn new(program: &Path, root: &Path, passphrase_file: &Path) -> Processes {
        let (program, root, passphrase_file) = (program.to_owned(), root.to_owned(), passphrase_file.to_owned());
        Processes { program, root, passphrase_file, running: BTreeMap::new() }
    }

    /// Starts the node whose directory has this name, and waits until it is ready.
    pub async fn start(&mut self, name: &str) -> eyre::Result<()> {
        let dir = self.root.join(name);
        // Appended to: a node that comes back must not hide why it went.
        let log = std::fs::File::options().create(true).append(true).open(dir.join("log.txt"));
        let log = log.wrap_err("a node's log")?;
        let mut child = Command::new(&self.program)
            .args(["node", "run", "--dir"])
            .arg(&dir)
            .arg("--passphrase-file")
            .arg(&self.passphrase_file)
            // Its end is this process's end: no node outlives the demo, not even one that was killed.
            .arg("--stop-with-stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or_else(|| eyre::eyre!("no output of {name}"))?).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if line == "ready" {
                    return Ok(true);
                }
            }
            Ok::<_, std::io::Error>(false)
        };
        match tokio::time::timeout(START, ready).await {
            Ok(Ok(true)) => {}
            _ => {
                let log = std::fs::read_to_string(dir.join("log.txt")).unwrap_or_default();
                eyre::bail!("{name} did not start: {}", log.lines().last().unwrap_or("it said nothing"));
            }
        }
        // Whatever it says later goes nowhere, but must not block it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        self.running.insert(name.to_owned(), child);
        Ok(())
    }

    /// The process of a node that runs.
    pub fn pid(&self, name: &str) -> Option<u32> {
        self.running.get(name).and_then(Child::id)
    }

    /// Kills a node as a power cut would (SIGKILL), and waits until it is gone.
    pub async fn kill(&mut self, name: &str) {
        if let Some(mut child) = self.running.remove(name) {
            let _ = child.kill().await;
        }
    }

    /// Asks a node to end (SIGTERM), and waits.
    ///
    /// # Errors
    /// It did not run, did not end in time and was killed, or ended badly.
    pub async fn terminate(&mut self, name: &str) -> eyre::Result<()> {
        let child = self.running.remove(name).ok_or_else(|| eyre::eyre!("{name} does not run"))?;
        ask_to_end(&child);
        ended(child).await.wrap_err_with(|| name.to_owned())
    }

    /// Asks every node to end, and waits.
    pub async fn stop(&mut self) {
        let running = std::mem::take(&mut self.running);
        running.values().for_each(ask_to_end);
        for child in running.into_values() {
            // Whatever keeps one of them must not keep the others.
            let _ = ended(child).await;
        }
    }
}

fn ask_to_end(child: &Child) {
    if let Some(pid) = child.id() {
        let _ = std::process::Command::new("kill").arg(pid.to_string()).status();
    }
}

async fn ended(mut child: Child) -> eyre::Result<()> {
    let Ok(status) = tokio::time::timeout(STOP, child.wait()).await else {
        let _ = child.start_kill();
        eyre::bail!("it was told to end and was still there after {} s", STOP.as_secs());
    };
    let status = status?;
    eyre::ensure!(status.success(), "it was told to end and ended with {status}");
    Ok(())
}
