//! The head: one hash per distributor that orders everything signed for it.
//!
//! It is zero at first. An accepted EPOCH or OPEN statement moves it to the statement's digest; a veto and the DAO's
//! advance move it to [`veto_head`]; nothing else moves it. So a vetoed statement is dead without any list: it names a
//! head that never comes back.

use crate::hash::{Hash32, sha256, tag16};

/// Bytes of what is hashed, and where vetoes are signed also signed: tag 16, head 32, hash of the reason 32.
pub const VETO_BYTES: usize = 80;

/// `LIAISE/VETO/01`, padded.
pub const VETO_TAG: [u8; 16] = tag16("LIAISE/VETO/01");

/// The 80 bytes of a veto, or of the DAO's advance, over `head`.
pub fn veto_bytes(head: Hash32, reason: &[u8]) -> [u8; VETO_BYTES] {
    let mut bytes = [0; VETO_BYTES];
    bytes[..16].copy_from_slice(&VETO_TAG);
    bytes[16..48].copy_from_slice(&head.0);
    bytes[48..].copy_from_slice(&sha256(&[reason]).0);
    bytes
}

/// The head after a veto, or an advance, for `reason`.
pub fn veto_head(head: Hash32, reason: &[u8]) -> Hash32 {
    sha256(&[&veto_bytes(head, reason)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_and_every_head_leads_elsewhere() {
        let once = veto_head(Hash32::ZERO, b"one");
        assert_ne!(once, veto_head(Hash32::ZERO, b"two"));
        assert_ne!(once, veto_head(once, b"one"));
        assert_eq!(once, sha256(&[&VETO_TAG, &[0; 32], &sha256(&[b"one"]).0]));
    }
}
