//! The stores: a quorum of witnesses answers, and their clocks agree with this one.

use super::Subject;
use super::finding::Findings;
use crate::exit::Kind;
use futures::StreamExt;
use liaise_node::config::Peer;
use liaise_node::open_links;
use liaise_node::rpc::{Request, Response};
use liaise_oracle::fold::lower_median;
use std::time::Duration;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where the stores' clocks differ from this one by more, messages of this oracle look early or late.
const SKEW_WARN_MS: u64 = 2_000;
/// From here on the clock is plainly wrong.
const SKEW_FAIL_MS: u64 = 60_000;

impl Subject<'_> {
    pub async fn peers(&self, findings: &mut Findings, peers: &[Peer]) {
        let remedy = "[[stores]] in node.toml: keys and addresses as the network publishes them; look at the firewall";
        let links = match open_links(peers).await {
            Ok(links) => links,
            Err(error) => return findings.fail("peers", Kind::Usage, error.to_string(), remedy),
        };
        let (mut witnesses, mut clocks) = (0, vec![]);
        let mut answers = Box::pin(links.ask_all(&Request::Status, PATIENCE));
        while let Some((link, answer)) = answers.next().await {
            let name = hex::encode(link.key);
            match answer {
                Ok(Response::Status(status)) if status.network == self.genesis.network_id() => {
                    witnesses += usize::from(self.genesis.is_witness(&link.key));
                    clocks.push(status.wall_ms);
                    let sealed = status.sealed.map_or("no epoch".into(), |epoch| format!("epoch {epoch}"));
                    findings.ok("store", format!("{name} answers, {sealed} is sealed there"));
                }
                Ok(Response::Status(status)) => {
                    findings.warn("store", format!("{name} is of network {}", status.network), remedy);
                }
                Ok(_) => findings.warn(
                    "store",
                    format!("{name} answers nonsense"),
                    "update this program or report the store",
                ),
                Err(error) => findings.warn("store", format!("{name}: {error}"), remedy),
            }
        }
        drop(answers);
        links.mesh().shutdown().await;
        let need = self.genesis.quorum();
        if witnesses < need {
            let detail = format!("{witnesses} witnesses answer, and a message needs {need} of them");
            findings.fail("peers", Kind::Refused, detail, remedy);
        } else {
            findings.ok("peers", format!("{witnesses} witnesses answer, {need} are needed"));
        }
        if let Some(theirs) = lower_median(clocks) {
            skew(findings, self.calendar.wall_ms().abs_diff(theirs));
        }
    }
}

fn skew(findings: &mut Findings, ms: u64) {
    let (detail, remedy) =
        (format!("{ms} ms from the stores' lower median"), "set this machine's clock, and keep it with NTP");
    if ms > SKEW_FAIL_MS {
        findings.fail("clock", Kind::Refused, detail, remedy);
    } else if ms > SKEW_WARN_MS {
        findings.warn("clock", detail, remedy);
    } else {
        findings.ok("clock", detail);
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_clock_apart_from_the_stores_is_told() {
        for (ms, state) in [(SKEW_WARN_MS, State::Ok), (SKEW_FAIL_MS, State::Warn), (SKEW_FAIL_MS + 1, State::Fail)] {
            let mut findings = Findings::default();
            skew(&mut findings, ms);
            assert_eq!(findings.only().0, state, "{ms}");
        }
    }
}
