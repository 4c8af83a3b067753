//! Decoders that nothing outside needs, for tests/fuzz. Each gives what it read, written again.

use crate::offer::EarlyAnswer;

/// What is in a racer's sealed offer.
pub fn early_answer(bytes: &[u8]) -> Option<Vec<u8>> {
    let answer: EarlyAnswer = serde_ipld_dagcbor::from_slice(bytes).ok()?;
    Some(serde_ipld_dagcbor::to_vec(&answer).expect("an answer always encodes"))
}

/// A keystore file, as far as it is read without a passphrase.
pub fn keystore(bytes: &[u8]) -> bool {
    crate::keys::keystore::check(bytes).is_ok()
}

/// A calendar's control file.
pub fn calendar(text: &str) -> Option<String> {
    crate::clock::parse_offset(text).map(|offset| offset.to_string())
}

/// A deployment's file on Bitcoin Cash.
pub fn bch_deployment(text: &str) -> Option<String> {
    crate::chain::bch::Deployment::again(text)
}

/// A deployment's file on Solana.
pub fn solana_deployment(text: &str) -> Option<String> {
    crate::chain::solana::Deployment::again(text)
}
