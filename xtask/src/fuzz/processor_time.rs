//! Running a fuzz target for so much of the processor's time, however busy the machine is: by the clock, ten minutes beside a
//! build are no ten minutes.

use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::Duration;

use crate::failure::Failure;
use crate::process;

const POLL: Duration = Duration::from_millis(500);

/// Runs `command`, and asks it to end (SIGUSR1, at which libFuzzer prints its figures and leaves well) when it has had `seconds`
/// of processor time.
///
/// # Errors
/// It can't be started, or this is no Linux: nothing else tells a running program's time in /proc.
pub fn run(command: &mut Command, seconds: u64) -> Result<ExitStatus, Failure> {
    say!("  $ {}", process::shown(command));
    let ticks = process::ask("getconf", &["CLK_TCK"]).and_then(|text| text.parse::<u64>().ok());
    let ticks = ticks.ok_or_else(|| Failure::new("`getconf CLK_TCK` says nothing: fuzzing runs on Linux only"))?;
    let lost = |error: std::io::Error| Failure::new(format!("the target was lost: {error}"));
    let mut child = command.spawn().map_err(lost)?;
    let mut asked = false;
    loop {
        if let Some(status) = child.try_wait().map_err(lost)? {
            return Ok(status);
        }
        if !asked && used(&child).is_some_and(|used| used >= seconds.saturating_mul(ticks)) {
            asked = process::ask("kill", &["-USR1", &child.id().to_string()]).is_some();
        }
        sleep(POLL);
    }
}

/// Ticks of processor time that a program has had.
fn used(child: &Child) -> Option<u64> {
    ticks(&fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?)
}

/// Fields 14 and 15 of proc(5)'s stat: user and system. The second field is a name in brackets, with any characters.
fn ticks(stat: &str) -> Option<u64> {
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let (user, system): (u64, u64) = (fields.get(11)?.parse().ok()?, fields.get(12)?.parse().ok()?);
    user.checked_add(system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_time_are_added_whatever_the_name() {
        let stat = "4711 (a) b (c) R 1 2 3 4 5 6 7 8 9 10 700 33 0 0 20 0 1 0";
        assert_eq!(ticks(stat), Some(733));
        assert_eq!(ticks("4711 (x) R 1"), None);
    }

    #[test]
    fn a_program_is_asked_to_end_when_its_time_is_used_up() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap 'exit 3' USR1; while :; do :; done"]);
        assert_eq!(run(&mut shell, 1).unwrap().code(), Some(3));
        assert!(run(&mut Command::new("true"), 1).unwrap().success());
    }
}
