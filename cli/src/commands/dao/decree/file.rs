//! A decree as a file: the act's bytes, and who has signed them.

use crate::exit::{Kind, OrExit, fail};
use liaise_ledger::body::{Act, DaoSignature};
use liaise_ledger::message::verify_secp256k1;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;
use std::path::Path;

/// A decree on its way between the DAO's members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecreeFile {
    /// Who has signed; ascending by key.
    #[serde(default)]
    pub signatures: Vec<FileSignature>,
    /// The act's DAG-CBOR in hex: what is signed.
    pub act: String,
}

/// A member's signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSignature {
    /// Compressed secp256k1 key, hex.
    pub key: String,
    /// r, s, hex.
    pub signature: String,
}

impl DecreeFile {
    /// Reads a file.
    pub fn read(path: &Path) -> eyre::Result<(DecreeFile, Act)> {
        let named = |error: &dyn std::fmt::Display| eyre::eyre!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| named(&error)).or_exit(Kind::Usage)?;
        let file: DecreeFile = toml::from_str(&text).map_err(|error| named(&error)).or_exit(Kind::Usage)?;
        let bytes = hex::decode(&file.act).map_err(|error| named(&error)).or_exit(Kind::Usage)?;
        let act: Act = serde_ipld_dagcbor::from_slice(&bytes).map_err(|error| named(&error)).or_exit(Kind::Usage)?;
        if serde_ipld_dagcbor::to_vec(&act)? != bytes {
            return fail(Kind::Usage, format!("{}: the act is not canonical DAG-CBOR", path.display()));
        }
        Ok((file, act))
    }

    /// As it is written.
    pub fn text(&self) -> eyre::Result<String> {
        Ok(toml::to_string(self)?)
    }

    /// The signatures that hold: others are an error, for nobody could publish them.
    pub fn signatures(&self, act: &Act) -> eyre::Result<Vec<DaoSignature>> {
        let mut found = vec![];
        for signature in &self.signatures {
            let key: Option<[u8; 33]> = hex::decode(&signature.key).ok().and_then(|bytes| bytes.try_into().ok());
            let rs: Option<[u8; 64]> = hex::decode(&signature.signature).ok().and_then(|bytes| bytes.try_into().ok());
            match (key, rs) {
                (Some(key), Some(rs)) if verify_secp256k1(&key, &act.digest(), &rs).is_ok() => {
                    found.push(DaoSignature { key: ByteArray::new(key), signature: ByteArray::new(rs) });
                }
                _ => return fail(Kind::Proof, format!("the signature of key {} is not over this act", signature.key)),
            }
        }
        found.sort_by_key(|signature| *signature.key);
        found.dedup_by_key(|signature| *signature.key);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use liaise_ledger::Hash;
    use liaise_ledger::body::{DecreeValue, WithdrawDecree};
    use liaise_node::keys::{self, sign_act};

    #[test]
    fn a_file_holds_the_signed_bytes_and_only_signatures_over_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("decree.toml");
        let act =
            sample::act(DecreeValue::Withdraw(WithdrawDecree { adapter: Hash([7; 32]), reason: "it is wrong".into() }));
        let secret = keys::random_secret();
        let signed = sign_act(&secret, &act).unwrap();
        let signature = FileSignature { key: hex::encode(*signed.key), signature: hex::encode(*signed.signature) };
        let mut file =
            DecreeFile { signatures: vec![signature], act: hex::encode(serde_ipld_dagcbor::to_vec(&act).unwrap()) };
        std::fs::write(&path, file.text().unwrap()).unwrap();
        let (read, read_act) = DecreeFile::read(&path).unwrap();
        assert_eq!((&read, &read_act), (&file, &act));
        assert_eq!(read.signatures(&act).unwrap(), [signed]);
        let other = Act { number: 4, ..act.clone() };
        assert!(file.signatures(&other).unwrap_err().to_string().contains("not over this act"));
        file.act.push_str("00");
        std::fs::write(&path, file.text().unwrap()).unwrap();
        assert!(DecreeFile::read(&path).is_err());
    }
}
