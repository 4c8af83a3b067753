//! What the demo shows while it works: bars on a terminal, one line a stage elsewhere.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// The demo's stages.
pub struct Stages {
    /// Stages may overlap.
    bars: MultiProgress,
    started: Instant,
    silent: bool,
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
}

impl Stages {
    /// Shows bars where standard error is a terminal.
    pub fn new() -> Stages {
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        Stages { bars: MultiProgress::with_draw_target(target), started: Instant::now(), silent: false }
    }

    /// Shows nothing: for a program whose output is something else.
    pub fn silent() -> Stages {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        Stages { bars, started: Instant::now(), silent: true }
    }

    /// Begins a stage of so many steps; 0 where nobody knows.
    pub fn begin(&self, name: &str, steps: usize) -> Stage {
        let bar = self.bars.add(ProgressBar::new(steps as u64));
        let style = if steps > 0 { "{msg:44} {bar:30} {pos}/{len} {elapsed}" } else { "{msg:44} {spinner} {elapsed}" };
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        if !self.bars.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        bar.set_message(name.to_owned());
        Stage { bar, name: name.to_owned(), started: Instant::now() }
    }

    /// A line of its own.
    pub fn say(&self, line: &str) {
        if self.silent {
            return;
        }
        self.bars.suspend(|| println!("[{:>4}s] {line}", self.started.elapsed().as_secs()));
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
        stages.say(&format!("{} ({seconds:.1} s): {result}", self.name));
    }
}
