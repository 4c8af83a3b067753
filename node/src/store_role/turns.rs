//! Whose turn it is: submissions that share no key may go at once, those of one key in the order in which they came.
//!
//! A key's messages build on each other. Above all its session comes before what it signs: a store that meets them the other
//! way round refuses what it would have taken.

use super::intake::Job;
use crate::rpc::MAX_MESSAGES;
use std::collections::{BTreeSet, VecDeque};

/// Submissions that are looked through for some that may go.
const IN_SIGHT: usize = 64;

type Keys = BTreeSet<Vec<u8>>;

/// Submissions that wait, and the keys of those that are on their way.
#[derive(Default)]
pub struct Turns {
    waiting: VecDeque<(Keys, Job)>,
    busy: Keys,
}

/// Submissions that go together; their keys are busy until they are [done](Turns::done).
pub struct Group {
    pub jobs: Vec<Job>,
    keys: Keys,
}

impl Turns {
    /// Whether another submission can come in sight.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < IN_SIGHT
    }

    /// Puts a submission behind the others.
    pub fn push(&mut self, job: Job) {
        let keys = job.messages.iter().filter_map(|message| Some(message.key()?.to_vec())).collect();
        self.waiting.push_back((keys, job));
    }

    /// The submissions that may go now, as many as go together: the first, and those behind it whose keys neither are busy nor
    /// belong to one that has to wait.
    pub fn next(&mut self) -> Option<Group> {
        let mut group = Group { jobs: vec![], keys: Keys::new() };
        let (mut held, mut count, mut left) = (Keys::new(), 0, VecDeque::new());
        for (keys, job) in self.waiting.drain(..) {
            let is_free = count < MAX_MESSAGES && keys.is_disjoint(&self.busy) && keys.is_disjoint(&held);
            if is_free {
                count += job.messages.len();
                group.keys.extend(keys);
                group.jobs.push(job);
            } else {
                held.extend(keys.iter().cloned());
                left.push_back((keys, job));
            }
        }
        self.waiting = left;
        self.busy.extend(group.keys.iter().cloned());
        (!group.jobs.is_empty()).then_some(group)
    }

    /// A group's messages are stored, or refused: who waited for its keys may go.
    pub fn done(&mut self, keys: &Keys) {
        self.busy.retain(|key| !keys.contains(key));
    }
}

impl Group {
    /// What is done once it is.
    pub fn keys(&self) -> Keys {
        self.keys.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::Signed;
    use serde_bytes::ByteBuf;
    use tokio::sync::oneshot;

    /// A submission of one message a key; the first byte of its signature is its number.
    fn job(number: u8, keys: &[u8]) -> Job {
        let message = |key: &u8| {
            let block = [&b"\xab\x61v\x01\x63key\x58\x20"[..], &[*key; 32]].concat();
            Signed { block: ByteBuf::from(block), signature: ByteBuf::from(vec![number]) }
        };
        Job { messages: keys.iter().map(message).collect(), answer: oneshot::channel().0 }
    }

    fn numbers(group: Option<&Group>) -> Vec<u8> {
        group.into_iter().flat_map(|group| &group.jobs).map(|job| job.messages[0].signature[0]).collect()
    }

    #[test]
    fn a_keys_submissions_go_one_after_the_other_and_others_pass() {
        let mut turns = Turns::default();
        turns.push(job(1, &[1]));
        let first = turns.next().unwrap();
        for (number, keys) in [(2, &[1u8][..]), (3, &[2]), (4, &[1, 3]), (5, &[3]), (6, &[4])] {
            turns.push(job(number, keys));
        }
        // The fifth shares a key with the fourth, which has to wait for the first.
        let second = turns.next();
        assert_eq!(numbers(second.as_ref()), [3, 6]);
        assert!(turns.next().is_none(), "the rest waits");
        turns.done(&second.unwrap().keys());
        assert!(turns.next().is_none(), "for the first alone");
        turns.done(&first.keys());
        assert_eq!(numbers(turns.next().as_ref()), [2, 4, 5], "in the order in which they came");
        assert!(turns.next().is_none());
    }

    #[test]
    fn a_group_ends_where_a_call_does() {
        let mut turns = Turns::default();
        let full: Vec<u8> = vec![1; MAX_MESSAGES];
        turns.push(job(1, &full));
        turns.push(job(2, &[2]));
        turns.push(job(3, &[1]));
        assert_eq!(numbers(turns.next().as_ref()), [1]);
        assert_eq!(numbers(turns.next().as_ref()), [2], "the other key's goes beside it");
        assert!(turns.next().is_none());
    }

    #[test]
    fn what_is_no_message_waits_for_nobody() {
        let mut turns = Turns::default();
        let bad = Signed { block: ByteBuf::from(vec![0xff; 3]), signature: ByteBuf::new() };
        turns.push(Job { messages: vec![bad], answer: oneshot::channel().0 });
        assert_eq!(turns.next().unwrap().jobs.len(), 1);
    }

    #[test]
    fn only_so_many_are_in_sight() {
        let mut turns = Turns::default();
        let pushed = (0..).take_while(|_| {
            let has_room = turns.has_room();
            turns.push(job(0, &[7]));
            has_room
        });
        assert_eq!(pushed.count(), IN_SIGHT);
    }
}
