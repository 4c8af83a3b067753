//! `liaise demo`, running: its first terminal.

use crate::program::{LIAISE, Terminal};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A demo that stays up; stopped as Ctrl-C stops it, or killed when dropped.
pub struct Running {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// The network's directory.
    pub dir: PathBuf,
    /// What it printed until everything was paid.
    pub began: String,
}

impl Running {
    /// Starts a short demo and waits until everything is paid.
    pub fn start(dir: &Path) -> Running {
        Running::start_with(dir, &[])
    }

    /// The same with further arguments.
    pub fn start_with(dir: &Path, arguments: &[&str]) -> Running {
        let mut child = Command::new(LIAISE)
            .args(["demo", "--passages", "48", "--questions", "8", "--dir"])
            .arg(dir)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let (stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let mut running =
            Running { child, stdin, stdout: BufReader::new(stdout), dir: dir.to_owned(), began: String::new() };
        running.began = running.until_up();
        running
    }

    /// Everything that it prints until it waits again.
    pub fn until_up(&mut self) -> String {
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            let read = self.stdout.read_line(&mut line).expect("readable");
            assert!(read > 0, "the demo ended: {printed}");
            print!("{line}");
            if line == "up\n" {
                return printed;
            }
            printed.push_str(&line);
        }
    }

    /// Enter in its terminal: the epoch ends and is filed. What it prints.
    pub fn end_epoch(&mut self) -> String {
        self.stdin.write_all(b"\n").expect("it reads");
        self.until_up()
    }

    /// A second terminal, in the home that the demo made for it.
    pub fn second_terminal(&self) -> Terminal {
        Terminal::new(&self.dir.join("home"), &self.dir.join("passphrase"))
    }

    /// Ctrl-C; it must end by itself, with all its processes.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().is_ok_and(|status| status.success()));
        assert!(self.child.wait().expect("it ends").success(), "the demo did not end well");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
