//! Early answers: sealed to the prompt's key, so that only the user reads them before everybody does.

use crypto_box::{PublicKey, SecretKey};
use liaise_ledger::Account;
use liaise_ledger::body::TaskResult;
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};

/// What a racer tells the user before it reveals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyAnswer {
    /// The output, as the result will carry it.
    pub output: ByteBuf,
    /// The commit's salt.
    pub salt: ByteArray<32>,
}

/// Seals an answer to a prompt's reply key.
pub fn seal(reply_key: &[u8; 32], answer: &EarlyAnswer) -> Vec<u8> {
    let bytes = serde_ipld_dagcbor::to_vec(answer).expect("an answer always encodes");
    PublicKey::from(*reply_key).seal(&mut rand::rngs::OsRng, &bytes).expect("sealing to any key succeeds")
}

/// The user's side of a prompt.
pub struct ReplyKey(SecretKey);

impl ReplyKey {
    /// A fresh key for one prompt; it is never stored.
    pub fn generate() -> ReplyKey {
        ReplyKey(SecretKey::generate(&mut rand::rngs::OsRng))
    }

    /// What the prompt carries.
    pub fn public(&self) -> [u8; 32] {
        self.0.public_key().to_bytes()
    }

    /// Opens an answer and holds it against the racer's commit; `None` for anything else.
    pub fn open(
        &self,
        sealed: &[u8],
        prompt: &cid::Cid,
        racer: &Account,
        commitment: &liaise_ledger::Hash,
    ) -> Option<EarlyAnswer> {
        let bytes = self.0.unseal(sealed).ok()?;
        let answer: EarlyAnswer = serde_ipld_dagcbor::from_slice(&bytes).ok()?;
        let computed = TaskResult::commitment(prompt, &answer.output, racer, &answer.salt);
        (computed == *commitment).then_some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::hash::block_cid;

    #[test]
    fn only_the_user_opens_it_and_only_what_was_committed() {
        let (user, stranger) = (ReplyKey::generate(), ReplyKey::generate());
        let (prompt, racer) = (block_cid(b"prompt"), Account::evm(1, [1; 20]));
        let answer = EarlyAnswer { output: ByteBuf::from(vec![1, 2, 3]), salt: ByteArray::new([9; 32]) };
        let commitment = TaskResult::commitment(&prompt, &answer.output, &racer, &answer.salt);
        let sealed = seal(&user.public(), &answer);
        assert_eq!(user.open(&sealed, &prompt, &racer, &commitment), Some(answer));
        assert_eq!(stranger.open(&sealed, &prompt, &racer, &commitment), None);
        assert_eq!(user.open(&sealed, &prompt, &Account::evm(1, [2; 20]), &commitment), None);
    }
}
