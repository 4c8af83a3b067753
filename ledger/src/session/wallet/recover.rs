//! Recovering the secp256k1 key behind a signature.

use super::SessionError;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, PublicKey};

/// The key that signed a digest; `None` where no key did. `rs` is r and s.
///
/// # Errors
/// [`SessionError::SignatureForm`] for what no wallet makes: r or s that are no scalars, and the higher of the two s.
pub fn recover(digest: [u8; 32], id: RecoveryId, rs: &[u8]) -> Result<Option<PublicKey>, SessionError> {
    let recoverable = RecoverableSignature::from_compact(rs, id)
        .map_err(|_| SessionError::SignatureForm("r or s is not below the group's order"))?;
    let mut low = recoverable.to_standard();
    low.normalize_s();
    if low.serialize_compact() != rs {
        return Err(SessionError::SignatureForm("s is high: use the lower of the two"));
    }
    Ok(secp256k1::global::SECP256K1.recover_ecdsa(Message::from_digest(digest), &recoverable).ok())
}
