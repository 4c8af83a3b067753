//! Time as a node sees it: the wall clock may carry a calendar offset, the monotonic clock never does.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often the control file is read again.
const REFRESH: Duration = Duration::from_millis(20);

/// Real time plus an offset that only grows, read from one control file.
///
/// Local networks use it to pass days in seconds: epochs, delays and notices follow the wall clock; latencies follow
/// the monotonic clock and stay real. Without a control file the offset is zero.
#[derive(Clone, Debug)]
pub struct Calendar {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    started: Instant,
    file: Option<PathBuf>,
    offset_ms: AtomicU64,
    read_at: Mutex<Option<Instant>>,
}

/// Why the control file can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the calendar's control file {path} {why}")]
pub struct CalendarError {
    path: PathBuf,
    why: String,
}

impl Calendar {
    /// The system's clocks.
    pub fn system() -> Calendar {
        Calendar::with(None, 0)
    }

    /// The system's clocks, and the offset that `file` holds in decimal milliseconds.
    ///
    /// # Errors
    /// The file is missing or holds no number.
    pub fn from_file(file: &Path) -> Result<Calendar, CalendarError> {
        let offset = read_offset(file)?;
        Ok(Calendar::with(Some(file.to_owned()), offset))
    }

    /// The calendar of a configuration: that of its control file where it names one, else the system's.
    ///
    /// # Errors
    /// As [`Calendar::from_file`].
    pub fn of(file: Option<&Path>) -> Result<Calendar, CalendarError> {
        file.map_or_else(|| Ok(Calendar::system()), Calendar::from_file)
    }

    fn with(file: Option<PathBuf>, offset_ms: u64) -> Calendar {
        let read_at = Mutex::new(Some(Instant::now()));
        Calendar {
            shared: Arc::new(Shared { started: Instant::now(), file, offset_ms: AtomicU64::new(offset_ms), read_at }),
        }
    }

    /// Milliseconds since 1970, the offset included.
    pub fn wall_ms(&self) -> u64 {
        self.refresh();
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        real.saturating_add(self.offset_ms())
    }

    /// Nanoseconds since this calendar was made: never shifted.
    pub fn mono_ns(&self) -> u64 {
        self.shared.started.elapsed().as_nanos() as u64
    }

    /// The present offset in milliseconds.
    pub fn offset_ms(&self) -> u64 {
        self.shared.offset_ms.load(Ordering::Relaxed)
    }

    /// Waits until the wall clock shows `wall_ms`, however the offset grows meanwhile.
    pub async fn sleep_until(&self, wall_ms: u64) {
        loop {
            let left = wall_ms.saturating_sub(self.wall_ms());
            if left == 0 {
                return;
            }
            // Without a control file nothing can jump, so one sleep is enough.
            let step = if self.shared.file.is_some() { left.min(REFRESH.as_millis() as u64) } else { left };
            tokio::time::sleep(Duration::from_millis(step)).await;
        }
    }

    /// Moves the calendar of every process that reads `file` forward to `wall_ms`; never backward.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn advance_to(file: &Path, wall_ms: u64) -> Result<(), CalendarError> {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let offset = wall_ms.saturating_sub(real).max(read_offset(file)?);
        write_offset(file, offset)
    }

    /// Makes the control file with an offset of zero, or of `offset_ms`.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn create(file: &Path, offset_ms: u64) -> Result<(), CalendarError> {
        write_offset(file, offset_ms)
    }

    fn refresh(&self) {
        let Some(file) = &self.shared.file else { return };
        let Ok(mut read_at) = self.shared.read_at.try_lock() else { return };
        if read_at.is_some_and(|at| at.elapsed() < REFRESH) {
            return;
        }
        *read_at = Some(Instant::now());
        // A file that is being replaced, or is gone, leaves the offset as it was: it only grows.
        if let Ok(offset) = read_offset(file) {
            self.shared.offset_ms.fetch_max(offset, Ordering::Relaxed);
        }
    }
}

impl liaise_store::Clock for Calendar {
    fn wall_ms(&self) -> u64 {
        Calendar::wall_ms(self)
    }
    fn mono_ns(&self) -> u64 {
        Calendar::mono_ns(self)
    }
}

fn read_offset(file: &Path) -> Result<u64, CalendarError> {
    let fail = |why: String| CalendarError { path: file.to_owned(), why };
    let text = std::fs::read_to_string(file).map_err(|error| fail(format!("can't be read: {error}")))?;
    parse_offset(&text).ok_or_else(|| fail(format!("holds {:?}; write a number of milliseconds", text.trim())))
}

/// The milliseconds that a control file says.
pub(crate) fn parse_offset(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// Readers see the old number or the new one, never half of it.
fn write_offset(file: &Path, offset_ms: u64) -> Result<(), CalendarError> {
    let next = file.with_extension("next");
    std::fs::write(&next, format!("{offset_ms}\n"))
        .and_then(|()| std::fs::rename(&next, file))
        .map_err(|error| CalendarError { path: file.to_owned(), why: format!("can't be written: {error}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_only_grows_and_leaves_the_monotonic_clock() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("calendar");
        Calendar::create(&file, 0).unwrap();
        let calendar = Calendar::from_file(&file).unwrap();
        let (wall, mono) = (calendar.wall_ms(), calendar.mono_ns());
        Calendar::advance_to(&file, wall + 86_400_000).unwrap();
        *calendar.shared.read_at.lock().unwrap() = None;
        assert!(calendar.wall_ms() >= wall + 86_400_000);
        assert!(calendar.mono_ns() - mono < 86_400_000_000_000);
        Calendar::advance_to(&file, wall).unwrap();
        *calendar.shared.read_at.lock().unwrap() = None;
        assert!(calendar.wall_ms() >= wall + 86_400_000);
        std::fs::write(&file, "soon").unwrap();
        assert!(Calendar::from_file(&file).unwrap_err().to_string().contains("milliseconds"));
    }
}
