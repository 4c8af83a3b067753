//! The signing guard: never two messages for one step, never a step back.
//!
//! The log alone would keep a restarted witness honest if replay were perfect; the guard does not rely on that.

use super::context::SealHeight;
use std::collections::BTreeMap;

/// What a signature is for. Steps of one height are signed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    pub height: SealHeight,
    pub round: u32,
    /// 0 proposal, 1 prevote, 2 precommit.
    pub kind: u8,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Permit {
    /// Signed before, byte for byte: sign it again.
    Again,
    /// Write it down, then sign.
    New,
    /// Never.
    Refused,
}

/// What this witness's key has signed since the last decision.
#[derive(Debug, Default)]
pub(super) struct Guard {
    signed: BTreeMap<Step, Vec<u8>>,
    /// Nothing is signed at this height and below.
    decided: Option<SealHeight>,
}

impl Guard {
    pub fn permit(&self, step: Step, message: &[u8]) -> Permit {
        if self.decided.is_some_and(|decided| step.height <= decided) {
            return Permit::Refused;
        }
        match self.signed.get(&step) {
            Some(before) if before == message => Permit::Again,
            Some(_) => Permit::Refused,
            None if self.signed.last_key_value().is_some_and(|(last, _)| *last > step) => Permit::Refused,
            None => Permit::New,
        }
    }

    /// Call when the record is durable.
    pub fn signed(&mut self, step: Step, message: Vec<u8>) {
        let before = self.signed.insert(step, message);
        assert!(before.is_none(), "a step is signed once: {step:?}");
    }

    pub fn decided(&mut self, height: SealHeight) {
        self.decided = self.decided.max(Some(height));
        self.signed.retain(|step, _| step.height > height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_a_step_and_never_back() {
        let at = |epoch, round, kind| Step { height: SealHeight::of(epoch).unwrap(), round, kind };
        let mut guard = Guard::default();
        assert_eq!(guard.permit(at(5, 1, 1), b"a"), Permit::New);
        guard.signed(at(5, 1, 1), b"a".to_vec());
        assert_eq!(guard.permit(at(5, 1, 1), b"a"), Permit::Again);
        assert_eq!(guard.permit(at(5, 1, 1), b"b"), Permit::Refused);
        assert_eq!(guard.permit(at(5, 1, 0), b"b"), Permit::Refused, "a step back");
        assert_eq!(guard.permit(at(5, 0, 2), b"b"), Permit::Refused, "a round back");
        assert_eq!(guard.permit(at(4, 9, 2), b"b"), Permit::Refused, "an epoch back");
        assert_eq!(guard.permit(at(5, 1, 2), b"b"), Permit::New);
        guard.decided(at(5, 0, 0).height);
        assert_eq!(guard.permit(at(5, 1, 1), b"a"), Permit::Refused, "decided");
        assert_eq!(guard.permit(at(6, 0, 1), b"a"), Permit::New);
    }
}
