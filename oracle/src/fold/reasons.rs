//! Why an account gets what it gets: one closed list, each reason naming messages.

use std::fmt;

use cid::Cid;
use serde::{Deserialize, Serialize};

/// A reason in a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reason {
    /// What it is.
    pub code: ReasonCode,
    /// A number that belongs to it (thousandths, units, a count), or null.
    pub value: Option<u64>,
    /// The messages that it rests on.
    pub messages: Vec<Cid>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.text())?;
        if let Some(value) = self.value {
            write!(f, ": {value}")?;
        }
        Ok(())
    }
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident $written:literal = $text:literal;)*) => {
        /// Every reason that a statement can give. Codes are kept for ever; new ones are appended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ReasonCode {
            $($(#[doc = $doc])+ #[serde(rename = $written)] $name,)*
        }

        impl ReasonCode {
            /// All of them.
            pub const ALL: &'static [ReasonCode] = &[$(ReasonCode::$name,)*];

            /// How it is written.
            pub const fn name(self) -> &'static str {
                match self { $(ReasonCode::$name => $written,)* }
            }

            /// What it says to people, in one line.
            pub const fn text(self) -> &'static str {
                match self { $(ReasonCode::$name => $text,)* }
            }
        }
    };
}

reasons! {
    /// Its result won a task.
    Won "won" = "won: the first accepted result";
    /// Its verdict agreed with the outcome.
    Judged "judged" = "judged in agreement with the outcome";
    /// Its prompt was answered and accepted.
    Prompted "prompted" = "asked, and the answer was accepted";
    /// Its result was revealed in time, but another one won.
    SlowerResult "slower-result" = "its result was revealed, but another one was faster or won the tie";
    /// Its result found no acceptance by the deadline.
    NotAccepted "not-accepted" = "its result was not accepted by the deadline";
    /// The audit refused its result.
    RefusedByAudit "refused-by-audit" = "the audit refused its result";
    /// The audit decided against its verdict.
    Contradicted "contradicted" = "the audit decided against its verdict";
    /// Its verdict disagreed with the outcome, or was about a result that did not win.
    VerdictUnpaid "verdict-unpaid" = "its verdict did not agree with what was accepted";
    /// More judges agreed than a task pays.
    JudgesFull "judges-full" = "more judges agreed than a task pays, and others were drawn before";
    /// A commit without a result in time: a failure.
    Unrevealed "unrevealed" = "its commit was not followed by a valid result in time";
    /// Drawn to race, and neither commit nor verdict came: a failure.
    Silent "silent" = "drawn to race, and neither its commit nor its verdict came";
    /// Silence that counts for nothing: it had announced a drain, or the task had no weight.
    SilentExcused "silent-excused" = "drawn to race and silent, which counts for nothing: the drain was announced, or the task had no weight";
    /// A commit by a node that might not race then.
    NotAssigned "not-assigned" = "it was not drawn for this when it acted";
    /// A message came after its time.
    Late "late" = "observed after its time: it counts for nothing";
    /// A result that does not open its commit.
    BadOpening "bad-opening" = "the result does not open its commit";
    /// A result that does not say everything that it used, or not what was asked.
    BindingIncomplete "binding-incomplete" = "the result does not bind model, configuration, seed, snapshot and system prompt as asked";
    /// Fewer witnesses than the quorum saw prompt and commit within one boot.
    NoLatency "no-latency" = "fewer witnesses than the quorum could measure its latency";
    /// A verdict that does not open its commit, or whose evidence does not hold.
    BadEvidence "bad-evidence" = "the verdict does not open its commit, or its evidence does not hold";
    /// A refusal by a node that has revealed no result of its own.
    RefusalWithoutResult "refusal-without-result" = "a refusal counts only from a node that revealed a result of its own";
    /// No result was accepted: nobody is paid for the task.
    NoWinner "no-winner" = "no result was accepted by the deadline";
    /// Beyond the user's cap of the epoch.
    OverCap "over-cap" = "beyond what a user's tasks may count in an epoch; counted units";
    /// The user's unlocked portion.
    Unlock "unlock" = "thousandths unlocked by the user's history";
    /// The portion of tickets that were used.
    TicketsUsed "tickets-used" = "thousandths of the user's last tickets that were used";
    /// The ticket ended unused.
    TicketUnused "ticket-unused" = "its ticket ended without a prompt";
    /// The ticket was observed too late for its round, or names a round too far ahead.
    TicketRound "ticket-round" = "the ticket was not observed a second before its round, or names one too far ahead";
    /// The ticket names a snapshot out of reach.
    TicketSnapshot "ticket-snapshot" = "the ticket names a snapshot that is not one of the last four";
    /// The ticket's adapter is not certified.
    TicketAdapter "ticket-adapter" = "the ticket's adapter is not certified";
    /// Too many open tickets.
    TicketOpen "ticket-open" = "more tickets were open than allowed";
    /// The prompt's ticket can't be used.
    PromptTicket "prompt-ticket" = "the prompt's ticket is unknown, another's, flawed, or had ended";
    /// The ticket was used before.
    PromptSecond "prompt-second" = "another prompt had used the ticket";
    /// Not a curator.
    Curator "curator" = "only curators add and remove documents";
    /// Two messages at one place: a failure.
    Equivocation "equivocation" = "two messages stand at one place of the key's sequence: neither counts";
    /// The session did not cover it.
    Session "session" = "the key's session had ended or did not cover this message";
    /// The epoch's work was below the ramp.
    Ramp "ramp" = "thousandths of the pools emitted: the network's work was below the ramp";
    /// The length gate.
    GateNeutral "gate-neutral" = "gate: not in force yet; thousandths";
    /// The hold-back.
    HoldNeutral "hold-neutral" = "hold-back: not in force yet; thousandths";
    /// Reliability.
    ReliabilityNeutral "reliability-neutral" = "reliability: recorded, not in force yet; failures";
    /// Slots.
    SlotsNeutral "slots-neutral" = "slots: until probes exist a node has one";
    /// Storage.
    StorageNeutral "storage-neutral" = "storage draws: not in force yet; full weight";
    /// Nobody drew it, and it asked nothing that counts.
    NothingCounted "nothing-counted" = "took part, and nothing of it counted for pay in this epoch";
    /// The share was below one base unit.
    BelowOneUnit "below-one-unit" = "its share was below one base unit";
    /// Owed: it has no account on the chain of the term.
    NoAccountOnChain "no-account-on-chain" = "owed: no account on the chain of the term";
    /// Owed: below the chain's least payout.
    BelowMinimum "below-minimum" = "owed: below the chain's least payout";
    /// Owed: held back.
    Held "held" = "owed: held back";
    /// A verdict commit whose round came too soon after it, or is too far ahead.
    VerdictRound "verdict-round" = "its verdict-commit was not observed a second before its round, or names one too far ahead";
    /// A link, or its end, whose texts can't count.
    Link "link" = "the texts of the link are not its wallets', from another time, or older than others of the same account";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_its_own_text_and_name() {
        let texts: BTreeSet<&str> = ReasonCode::ALL.iter().map(|code| code.text()).collect();
        assert_eq!(texts.len(), ReasonCode::ALL.len());
        let name = |code: &ReasonCode| serde_ipld_dagcbor::to_vec(code).expect("a code encodes");
        let names: BTreeSet<Vec<u8>> = ReasonCode::ALL.iter().map(name).collect();
        assert_eq!(names.len(), ReasonCode::ALL.len());
    }
}
