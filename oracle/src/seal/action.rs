//! What an agreement asks of its caller.

use super::view::Decision;
use super::wire::Wire;
use malachitebft_core_types::{LinearTimeouts, Round, Timeout, TimeoutKind};
use std::collections::BTreeMap;
use std::time::Duration;

/// Names a timer that was set. Never used twice by one [`Agreement`](super::Agreement).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(u64);

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// All other witnesses.
    All,
    /// The witness with this key.
    One([u8; 32]),
}

/// To be carried out in order. Whatever had to be durable before is durable when the action is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send it; it may be lost, late, doubled or out of order.
    Send {
        /// Whom to.
        to: To,
        /// The message.
        bytes: Vec<u8>,
    },
    /// After this long hand in [`Event::Timeout`](super::Event::Timeout) with the token.
    SetTimeout {
        /// The timer's name.
        token: Token,
        /// From now on.
        after: Duration,
    },
    /// The timer need not fire any more; if it does, it changes nothing.
    CancelTimeout(Token),
    /// The epoch is sealed, once and for all.
    Decided(Decision),
}

/// How long the rounds of an agreement wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// For the proposal of the first round.
    pub propose: Duration,
    /// For late votes of the first round, once two thirds have come.
    pub vote: Duration,
    /// By how much each wait grows a round, until rounds outlast the network's delays.
    pub more: Duration,
    /// No wait gets longer.
    pub longest: Duration,
}

impl Default for Pace {
    /// For witnesses all over the world.
    fn default() -> Self {
        Pace {
            propose: Duration::from_secs(3),
            vote: Duration::from_secs(1),
            more: Duration::from_millis(500),
            longest: Duration::from_secs(60),
        }
    }
}

impl Pace {
    pub(super) fn duration(&self, timeout: Timeout) -> Duration {
        let linear = LinearTimeouts {
            propose: self.propose,
            propose_delta: self.more,
            prevote: self.vote,
            prevote_delta: self.more,
            precommit: self.vote,
            precommit_delta: self.more,
            rebroadcast: self.propose + 2 * self.vote,
            max_timeout: self.longest,
        };
        let round = if timeout.round.is_nil() { Round::ZERO } else { timeout.round };
        linear.duration_for(Timeout { round, ..timeout })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    Core(Timeout),
    /// The wait for batches that are late is over.
    Wait,
}

/// Collects actions, and knows which timers run.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    actions: Vec<Action>,
    alarms: BTreeMap<Token, Alarm>,
    next: u64,
}

impl Outbox {
    pub fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    pub fn broadcast(&mut self, wire: &Wire) {
        self.send(To::All, wire);
    }

    pub fn send(&mut self, to: To, wire: &Wire) {
        self.actions.push(Action::Send { to, bytes: wire.encode() });
    }

    pub fn decided(&mut self, decision: Decision) {
        self.actions.push(Action::Decided(decision));
    }

    pub fn set(&mut self, alarm: Alarm, after: Duration) {
        let token = Token(self.next);
        self.next += 1;
        self.alarms.insert(token, alarm);
        self.actions.push(Action::SetTimeout { token, after });
    }

    /// Sets a timer of the library; one of the same round and kind is replaced.
    pub fn schedule(&mut self, timeout: Timeout, after: Duration) {
        debug_assert!(!matches!(timeout.kind, TimeoutKind::FinalizeHeight(_)), "heights end at once");
        self.cancel(timeout);
        self.set(Alarm::Core(timeout), after);
    }

    pub fn cancel(&mut self, timeout: Timeout) {
        self.cancel_if(|alarm| alarm == Alarm::Core(timeout));
    }

    pub fn cancel_core(&mut self) {
        self.cancel_if(|alarm| matches!(alarm, Alarm::Core(_)));
    }

    pub fn cancel_all(&mut self) {
        self.cancel_if(|_| true);
    }

    fn cancel_if(&mut self, mut over: impl FnMut(Alarm) -> bool) {
        let (alarms, actions) = (&mut self.alarms, &mut self.actions);
        alarms.retain(|token, alarm| {
            let cancel = over(*alarm);
            if cancel {
                actions.push(Action::CancelTimeout(*token));
            }
            !cancel
        });
    }

    /// What a timer was for, if it still matters.
    pub fn fired(&mut self, token: Token) -> Option<Alarm> {
        self.alarms.remove(&token)
    }
}
