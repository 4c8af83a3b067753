//! The demo's calendar: one control file for all processes, and the chain's clock with it.

use super::chain::LocalChain;
use liaise_node::Calendar;
use std::path::{Path, PathBuf};

/// The control file, and the wall clock as everybody sees it.
pub struct DemoCalendar {
    file: PathBuf,
    calendar: Calendar,
}

impl DemoCalendar {
    /// A calendar that shows the real time.
    pub fn create(dir: &Path) -> eyre::Result<DemoCalendar> {
        let file = dir.join("calendar");
        Calendar::create(&file, 0)?;
        let calendar = Calendar::from_file(&file)?;
        Ok(DemoCalendar { file, calendar })
    }

    /// The control file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Milliseconds since 1970, as everybody sees them.
    pub fn wall_ms(&self) -> u64 {
        self.calendar.wall_ms()
    }

    /// Moves everybody's wall clock to a time, and lets the chain have a block at it.
    pub async fn advance(&self, chain: &LocalChain, wall_ms: u64) -> eyre::Result<()> {
        Calendar::advance_to(&self.file, wall_ms)?;
        self.calendar.sleep_until(wall_ms).await;
        self.follow(chain).await
    }

    /// Lets the chain have a block at the present wall clock.
    pub async fn follow(&self, chain: &LocalChain) -> eyre::Result<()> {
        chain.advance(self.wall_ms() / 1000).await
    }
}

/// Unix seconds of the real clock.
pub fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs()
}
