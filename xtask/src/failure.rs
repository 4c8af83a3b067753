//! What went wrong and what to do about it, for a person at a terminal.

use std::fmt;
use std::path::Path;

/// A failed task: one sentence that says what failed, and the remedy where one is known.
#[derive(Debug)]
pub struct Failure {
    what: String,
    remedy: Option<String>,
}

impl Failure {
    /// A failure without a known remedy.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: None }
    }

    /// The same failure with what the reader should do next.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// A failed file operation: `verb` is what was tried, as in "read".
    pub fn file(verb: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::new(format!("cannot {verb} {}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "\n  what to do: {}", remedy.replace('\n', "\n              "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remedy_stands_on_its_own_line() {
        let failure = Failure::new("no network").remedy("check the proxy\nthen run again");
        assert_eq!(
            failure.to_string(),
            "error: no network\n  what to do: check the proxy\n              then run again"
        );
    }
}
