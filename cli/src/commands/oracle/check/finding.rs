//! What a check found.

use crate::exit::Kind;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and soon may not.
    Warn,
    /// The oracle does not work.
    Fail,
}

impl State {
    /// As it is printed.
    pub fn word(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warn => "WARN",
            State::Fail => "FAIL",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// How bad it is.
    pub state: State,
    /// What was found.
    pub detail: String,
    /// What to do; null where nothing is to be done.
    pub remedy: Option<String>,
    /// The exit code where it fails.
    #[serde(skip)]
    pub kind: Kind,
}

/// All that was looked at, in order.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// All is well.
    pub fn ok(&mut self, what: &'static str, detail: impl Into<String>) {
        let detail = detail.into();
        self.0.push(Finding { what, state: State::Ok, detail, remedy: None, kind: Kind::Refused });
    }

    /// It works, and soon may not.
    pub fn warn(&mut self, what: &'static str, detail: impl Into<String>, remedy: impl Into<String>) {
        let (detail, remedy) = (detail.into(), Some(remedy.into()));
        self.0.push(Finding { what, state: State::Warn, detail, remedy, kind: Kind::Refused });
    }

    /// It does not work.
    pub fn fail(&mut self, what: &'static str, kind: Kind, detail: impl Into<String>, remedy: impl Into<String>) {
        let (detail, remedy) = (detail.into(), Some(remedy.into()));
        self.0.push(Finding { what, state: State::Fail, detail, remedy, kind });
    }

    /// In the order in which they were looked at.
    pub fn all(&self) -> &[Finding] {
        &self.0
    }

    /// The worst of them.
    pub fn worst(&self) -> State {
        self.0.iter().map(|finding| finding.state).max().unwrap_or(State::Ok)
    }
}

#[cfg(test)]
impl Findings {
    /// The one thing that was looked at.
    pub fn only(&self) -> (State, &str) {
        let [finding] = self.0.as_slice() else { panic!("{:?}", self.0) };
        assert_eq!(finding.remedy.is_none(), finding.state == State::Ok, "a remedy where something is to be done");
        (finding.state, &finding.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides() {
        let mut findings = Findings::default();
        assert_eq!(findings.worst(), State::Ok);
        findings.warn("disk", "little", "make room");
        findings.ok("chain", "fine");
        assert_eq!(findings.worst(), State::Warn);
        findings.fail("key", Kind::Usage, "closed", "open it");
        assert_eq!(findings.worst(), State::Fail);
    }
}
