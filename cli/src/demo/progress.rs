//! What the demo shows while it works: bars on a terminal, one line a stage elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// The demo's stages.
pub struct Stages {
    terminal: bool,
    started: Instant,
}

impl Default for Stages {
    fn default() -> Stages {
        Stages::new()
    }
}

/// One stage under way.
pub struct Stage {
    bar: ProgressBar,
    name: String,
    started: Instant,
    terminal: bool,
}

impl Stages {
    /// Shows bars where standard error is a terminal.
    pub fn new() -> Stages {
        Stages { terminal: std::io::stderr().is_terminal(), started: Instant::now() }
    }

    /// Begins a stage of so many steps; 0 where nobody knows.
    pub fn begin(&self, name: &str, steps: usize) -> Stage {
        let bar = ProgressBar::new(steps as u64);
        if self.terminal {
            let style =
                if steps > 0 { "{msg:44} {bar:30} {pos}/{len} {elapsed}" } else { "{msg:44} {spinner} {elapsed}" };
            bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.set_message(name.to_owned());
        Stage { bar, name: name.to_owned(), started: Instant::now(), terminal: self.terminal }
    }

    /// A line of its own.
    pub fn say(&self, line: &str) {
        println!("[{:>4}s] {line}", self.started.elapsed().as_secs());
    }
}

impl Stage {
    /// One step done.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// The stage is over; `result` says what came of it.
    pub fn done(self, stages: &Stages, result: &str) {
        self.bar.finish_and_clear();
        let seconds = self.started.elapsed().as_secs_f32();
        let _ = self.terminal;
        stages.say(&format!("{} ({seconds:.1} s): {result}", self.name));
    }
}
