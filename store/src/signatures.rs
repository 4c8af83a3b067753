//! Ed25519 in batches: one equation for many signatures, and the culprits by halving when it does not hold.
//!
//! Calls that come while all cores verify wait, and those that wait are verified together: the larger a batch, the less each
//! signature costs. The answer is that of [`liaise_ledger::ed25519`] for every signature.

use ed25519_dalek::VerifyingKey;
use liaise_ledger::message::signing_bytes;
use liaise_ledger::{Author, Verified, ed25519};
use rand::Rng;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};

/// Below this a batch gains nothing.
const SMALL: usize = 4;
/// From here on a batch takes no further call: it gains little more.
const LARGE: usize = 4096;
/// Decoded keys that are kept.
const KEYS: usize = 1 << 16;

/// Verifies signatures and remembers the keys that it decoded.
pub struct Verifier {
    keys: Mutex<HashMap<[u8; 32], Option<VerifyingKey>>>,
    queue: Mutex<Queue>,
    /// A batch was verified.
    changed: Condvar,
    /// Batches that are verified at once.
    most: usize,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Arc<Call>>,
    /// Batches that are verified now.
    verified: usize,
}

/// The signatures of a call.
struct Call {
    claims: Vec<Claim>,
    /// Which of them hold; `None` where the thread that was to tell panicked.
    good: OnceLock<Option<Vec<bool>>>,
}

struct Claim {
    key: VerifyingKey,
    bytes: [u8; 48],
    signature: [u8; 64],
}

impl Verifier {
    /// Verifies at most so many batches at once.
    pub fn new(most: usize) -> Verifier {
        Verifier { keys: Mutex::default(), queue: Mutex::default(), changed: Condvar::new(), most }
    }

    /// Which messages bear their key's signature, in their order.
    pub fn verify(&self, messages: &[&Verified]) -> Vec<bool> {
        let mut good = vec![false; messages.len()];
        let (mut positions, mut claims) = (Vec::new(), Vec::new());
        for (position, message) in messages.iter().enumerate() {
            match &message.message.author {
                Author::Account(_) | Author::Store(_) => {
                    let claim = self.claim(message);
                    positions.extend(claim.as_ref().map(|_| position));
                    claims.extend(claim);
                }
                Author::Oracle(key) | Author::Dao(key) => {
                    let digest = liaise_ledger::Hash::of(&[&signing_bytes(&message.id)]);
                    let signature: Option<&[u8; 64]> = message.signed.signature.as_slice().try_into().ok();
                    good[position] = signature.is_some_and(|signature| {
                        liaise_ledger::message::verify_secp256k1(key, &digest, signature).is_ok()
                    });
                }
            }
        }
        for (position, answer) in positions.into_iter().zip(self.answer(claims)) {
            good[position] = answer;
        }
        good
    }

    /// Which claims hold, in their order.
    fn answer(&self, claims: Vec<Claim>) -> Vec<bool> {
        if claims.is_empty() {
            return Vec::new();
        }
        let call = Arc::new(Call { claims, good: OnceLock::new() });
        let mut queue = self.queue();
        queue.waiting.push(call.clone());
        loop {
            if let Some(good) = call.good.get() {
                return good.clone().expect("the thread that verified did not panic");
            }
            if queue.verified == self.most || queue.waiting.is_empty() {
                queue = self.changed.wait(queue).unwrap_or_else(|poisoned| poisoned.into_inner());
                continue;
            }
            let batch = Batch::of(self, &mut queue);
            drop(queue);
            batch.answer();
            queue = self.queue();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn claim(&self, message: &Verified) -> Option<Claim> {
        let key = self.key(message.message.key.as_slice().try_into().ok()?)?;
        let signature = message.signed.signature.as_slice().try_into().ok()?;
        Some(Claim { key, bytes: signing_bytes(&message.id), signature })
    }

    fn key(&self, bytes: [u8; 32]) -> Option<VerifyingKey> {
        let mut keys = self.keys.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if keys.len() >= KEYS && !keys.contains_key(&bytes) {
            keys.clear();
        }
        *keys.entry(bytes).or_insert_with(|| ed25519::decode_key(&bytes))
    }
}

/// Calls that are verified together.
struct Batch<'a> {
    verifier: &'a Verifier,
    calls: Vec<Arc<Call>>,
}

impl<'a> Batch<'a> {
    /// Takes what waits, the oldest first.
    fn of(verifier: &'a Verifier, queue: &mut Queue) -> Batch<'a> {
        let mut claims = 0;
        let within = |call: &Arc<Call>| {
            let before = claims;
            claims += call.claims.len();
            before < LARGE
        };
        let count = queue.waiting.iter().map(within).take_while(|within| *within).count();
        queue.verified += 1;
        Batch { verifier, calls: queue.waiting.drain(..count).collect() }
    }

    fn answer(self) {
        let all: Vec<&Claim> = self.calls.iter().flat_map(|call| &call.claims).collect();
        // One bad call must not make the others be halved, too.
        let all_good = self.calls.len() > 1 && verify_all(&all);
        for call in &self.calls {
            let mut good = vec![all_good; call.claims.len()];
            if !all_good {
                halve(&call.claims.iter().collect::<Vec<_>>(), &mut good);
            }
            call.good.set(Some(good)).expect("one thread answers a call");
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for call in &self.calls {
            // Set already, but where this thread panics.
            let _ = call.good.set(None);
        }
        self.verifier.queue().verified -= 1;
        self.verifier.changed.notify_all();
    }
}

fn halve(claims: &[&Claim], good: &mut [bool]) {
    if claims.len() < SMALL {
        for (claim, good) in claims.iter().zip(good) {
            *good = ed25519::verify(&claim.key, &claim.bytes, &claim.signature);
        }
    } else if verify_all(claims) {
        good.fill(true);
    } else {
        let middle = claims.len() / 2;
        halve(&claims[..middle], &mut good[..middle]);
        halve(&claims[middle..], &mut good[middle..]);
    }
}

fn verify_all(claims: &[&Claim]) -> bool {
    let claims: Vec<_> = claims
        .iter()
        .map(|claim| ed25519::Claim { key: &claim.key, message: &claim.bytes, signature: &claim.signature })
        .collect();
    let mut random = rand::thread_rng();
    ed25519::verify_all(&claims, || random.r#gen())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    fn claims(count: u8) -> Vec<Claim> {
        let one = |i: u8| {
            let key = SigningKey::from_bytes(&[i + 1; 32]);
            let bytes = [i; 48];
            Claim { key: key.verifying_key(), bytes, signature: key.sign(&bytes).to_bytes() }
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn bad_signatures_are_found_among_good_ones() {
        for bad in [vec![], vec![0], vec![3, 4], vec![63], (0..64).collect()] {
            let mut claims = claims(64);
            bad.iter().for_each(|i| claims[*i].bytes[0] ^= 0xff);
            let good = Verifier::new(1).answer(claims);
            let expected: Vec<bool> = (0..64).map(|i| !bad.contains(&i)).collect();
            assert_eq!(good, expected);
        }
    }

    /// Calls that meet are verified together, and a bad one among them changes nothing for the others.
    #[test]
    fn each_call_gets_its_own_answer() {
        let verifier = Verifier::new(2);
        std::thread::scope(|scope| {
            for caller in 0..8u8 {
                let verifier = &verifier;
                scope.spawn(move || {
                    for round in 0..12u8 {
                        let mut claims = claims(30 + round);
                        let bad = (caller + round) % 3 == 0;
                        if bad {
                            claims[usize::from(round)].signature[40] ^= 1;
                        }
                        let good = verifier.answer(claims);
                        let expected: Vec<bool> = (0..30 + round).map(|i| !bad || i != round).collect();
                        assert_eq!(good, expected, "caller {caller}, round {round}");
                    }
                });
            }
        });
        assert_eq!(verifier.queue().verified, 0);
    }

    #[test]
    fn a_batch_takes_the_oldest_calls_until_it_is_large() {
        let verifier = Verifier::new(1);
        let call = |count: usize| {
            let claims = std::iter::repeat_with(|| claims(1).remove(0)).take(count).collect();
            Arc::new(Call { claims, good: OnceLock::new() })
        };
        let mut queue = Queue { waiting: [2_000, 2_095, 2, 5].map(call).to_vec(), verified: 0 };
        let batch = Batch::of(&verifier, &mut queue);
        assert_eq!(batch.calls.iter().map(|call| call.claims.len()).collect::<Vec<_>>(), [2_000, 2_095, 2]);
        assert_eq!((queue.waiting.len(), queue.verified), (1, 1));
        verifier.queue().verified = 1;
        drop(batch);
        assert_eq!(verifier.queue().verified, 0, "whoever panics leaves no place taken");
    }

    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        key: String,
        message: String,
        signature: String,
        valid: bool,
    }

    /// Every vector has the same answer alone, in small batches and in large ones: a batch's own equation sees components of
    /// small order by chance only, so each is tried in many companies.
    #[test]
    fn vectors_have_one_answer_in_every_batch() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/ed25519.json");
        let cases: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(cases.iter().any(|case| case.valid) && cases.iter().any(|case| !case.valid));
        for case in cases {
            let bytes = |hex: &str| -> Vec<u8> {
                (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
            };
            let key = Verifier::new(1).key(bytes(&case.key).try_into().unwrap());
            let signature: [u8; 64] = bytes(&case.signature).try_into().unwrap();
            let message: [u8; 48] = bytes(&case.message).try_into().unwrap();
            let Some(key) = key else {
                assert!(!case.valid, "{}", case.name);
                continue;
            };
            for company in (0..24).chain([60]) {
                let (mut all, place) = (claims(company), usize::from(company) / 2);
                all.insert(place, Claim { key, bytes: message, signature });
                let mut good = Verifier::new(1).answer(all);
                let alone = good.remove(place);
                assert_eq!(alone, case.valid, "{} with {company} others", case.name);
                assert!(good.iter().all(|good| *good), "{} spoils {company} others", case.name);
            }
        }
    }
}
