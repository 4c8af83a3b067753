//! The program's events in a transaction's log.

use std::sync::Arc;

use anchor_lang::prelude::Pubkey;
use anchor_lang::{AnchorDeserialize, Discriminator};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use liaise_emission::events::{EpochAccepted, HandedOver, OpenAccepted, StatementVetoed};
use liaise_summary::{DistributorId, Epoch, Hash32};

/// What the runtime writes instead of all further lines once a log is too long.
const CUT_OFF: &str = "Log truncated";

/// Something that happened, in the program's words.
#[derive(Clone)]
pub(crate) enum Event {
    /// An epoch or late pay was accepted.
    Epoch(Arc<EpochAccepted>),
    /// An opening was accepted.
    Open(Arc<OpenAccepted>),
    /// What was pending was struck out.
    Vetoed(Hash32),
    /// The range was given an end.
    HandedOver(Epoch, DistributorId),
}

/// The events of one distributor that a program wrote into a transaction's log.
///
/// Any program can write any line of data; what counts is whose it is. The runtime itself writes when a program begins and
/// ends, and marks the lines that a program writes as log, data or returned data, so that none looks like its own.
///
/// # Errors
/// What is wrong with a log that is cut off or damaged.
pub(crate) fn events(logs: &[String], program: &Pubkey, distributor: &Pubkey) -> Result<Vec<Event>, &'static str> {
    let program = program.to_string();
    let mut running: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in logs {
        if line == CUT_OFF {
            return Err("lines left out");
        }
        let Some(line) = line.strip_prefix("Program ") else { continue };
        if let Some(data) = line.strip_prefix("data: ") {
            if running.last() == Some(&program.as_str()) {
                let bytes = BASE64_STANDARD.decode(data).map_err(|_| "an event that is no base64")?;
                found.extend(event(&bytes, distributor)?);
            }
            continue;
        }
        // "log: ", "return: " and "data: " are followed by a program's own words
        let Some((id, rest)) = line.split_once(' ').filter(|(id, _)| !id.ends_with(':')) else { continue };
        if rest.starts_with("invoke [") {
            running.push(id);
        } else if rest == "success" || rest.starts_with("failed: ") {
            running.pop().filter(|last| *last == id).ok_or("a program that ends without a beginning")?;
        }
    }
    if running.is_empty() { Ok(found) } else { Err("a program without an end") }
}

fn event(bytes: &[u8], distributor: &Pubkey) -> Result<Option<Event>, &'static str> {
    fn read<T: AnchorDeserialize + Discriminator>(bytes: &[u8]) -> Result<Option<T>, &'static str> {
        let body = bytes.strip_prefix(T::DISCRIMINATOR);
        body.map(|body| T::try_from_slice(body).map_err(|_| "an event of another form")).transpose()
    }
    let own = |of: &Pubkey| of == distributor;
    if let Some(event) = read::<EpochAccepted>(bytes)? {
        return Ok(own(&event.distributor).then(|| Event::Epoch(Arc::new(event))));
    }
    if let Some(event) = read::<OpenAccepted>(bytes)? {
        return Ok(own(&event.distributor).then(|| Event::Open(Arc::new(event))));
    }
    if let Some(event) = read::<StatementVetoed>(bytes)? {
        return Ok(own(&event.distributor).then_some(Event::Vetoed(Hash32(event.digest))));
    }
    if let Some(event) = read::<HandedOver>(bytes)? {
        let new = DistributorId(event.new_distributor);
        return Ok(own(&event.distributor).then_some(Event::HandedOver(Epoch(event.end), new)));
    }
    // the others are read from the accounts
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anchor_lang::Event as _;

    fn program() -> Pubkey {
        Pubkey::new_from_array([7; 32])
    }

    fn here() -> Pubkey {
        Pubkey::new_from_array([1; 32])
    }

    fn vetoed(distributor: u8, digest: u8) -> String {
        let event = StatementVetoed {
            distributor: Pubkey::new_from_array([distributor; 32]),
            digest: [digest; 32],
            by: Pubkey::default(),
            new_head: [0; 32],
            reason: vec![],
        };
        format!("Program data: {}", BASE64_STANDARD.encode(event.data()))
    }

    /// A log of these lines, `P!` being the program.
    fn log(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| line.replace("P!", &program().to_string())).collect()
    }

    fn digests(lines: &[&str]) -> Result<Vec<u8>, &'static str> {
        let found = events(&log(lines), &program(), &here())?;
        Ok(found.iter().map(|event| if let Event::Vetoed(digest) = event { digest.0[0] } else { 0 }).collect())
    }

    #[test]
    fn only_what_the_program_itself_wrote_of_this_distributor_counts() {
        let lines = [
            "Program Other111 invoke [1]",
            &vetoed(1, 9),
            "Program P! invoke [2]",
            &vetoed(1, 2),
            &vetoed(8, 9),
            "Program log: success",
            "Program Token111 invoke [3]",
            &vetoed(1, 9),
            "Program Token111 success",
            &vetoed(1, 3),
            "Program P! consumed 7 of 9 compute units",
            "Program P! success",
            &vetoed(1, 9),
            "Program Other111 success",
        ];
        assert_eq!(digests(&lines), Ok(vec![2, 3]));
    }

    /// What a program writes can hold the runtime's words, but never begins with them.
    #[test]
    fn no_program_can_speak_as_another() {
        let lines = [
            "Program Other111 invoke [1]",
            "Program log: Program P! invoke [2]",
            "Program P!: invoke [2]",
            "Program log: P! invoke [2]",
            &vetoed(1, 9),
            "Program return: P! AAAA",
            "Program Other111 success",
        ];
        assert_eq!(digests(&lines), Ok(vec![]));
        let forged_end = ["Program P! invoke [1]", "Program log: success", "Program log: P! success", &vetoed(1, 2)];
        assert_eq!(digests(&[&forged_end[..], &["Program P! success"]].concat()), Ok(vec![2]));
    }

    #[test]
    fn an_event_that_the_program_is_called_with_is_none() {
        // Anchor's other way to tell events is a call to oneself, which this program does not use
        let lines = ["Program P! invoke [1]", "Program P! invoke [2]", "Program P! success", "Program P! success"];
        assert_eq!(digests(&lines), Ok(vec![]));
    }

    #[test]
    fn a_log_that_is_cut_off_or_damaged_is_no_history() {
        let with = |line: &str| digests(&["Program P! invoke [1]", line, "Program P! success"]);
        assert_eq!(with(&vetoed(1, 4)), Ok(vec![4]));
        assert_eq!(with("Program data: AAAA"), Ok(vec![]));
        let whole = vetoed(1, 2);
        let bytes = BASE64_STANDARD.decode(whole.strip_prefix("Program data: ").expect("data")).expect("base64");
        for length in 8..bytes.len() {
            assert!(with(&format!("Program data: {}", BASE64_STANDARD.encode(&bytes[..length]))).is_err(), "{length}");
        }
        assert!(with("Program data: ###").is_err());
        assert!(with("Log truncated").is_err());
        assert!(with("Program Other111 success").is_err());
        assert!(digests(&["Program P! success"]).is_err());
        assert!(digests(&["Program P! invoke [1]"]).is_err());
    }
}
