//! An act of the DAO on its way from hand to hand, where members sign instead of voting: a JSON file.
//!
//! Hex is in lower case. Whoever gets it checks it against the chain: the message to be signed is made anew from the act.

use crate::exit::{Kind, OrExit, fail};
use liaise_chain_api::{Account, Action, ChainId, StatementSignature};
use liaise_node::chain::bch::account_of_key;
use liaise_summary::{CompressedKey, DaoSet, DistributorId, Epoch, Hash32, OpenStatement, OracleSet, Statement};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;

/// The version of this file's form.
const VERSION: u32 = 1;
/// What is longer is no act: fifteen keys and sixteen signatures are a few thousand bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActFile {
    /// Version of this form.
    pub v: u32,
    /// The chain, CAIP-2.
    pub chain: String,
    /// The distributor's identity in statements.
    pub distributor: String,
    /// What is done.
    pub act: Act,
    /// Digest of the decree that it carries out; zeros for none.
    pub decree: String,
    /// The bytes whose SHA-256 is signed.
    pub message: String,
    /// Who has signed.
    pub signatures: Vec<Signature>,
}

/// What can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// Opens a range: the statement's 200 bytes, which the oracles sign too.
    Open { statement: String },
    /// Stops the pending statement.
    Veto { digest: String, reason: String },
    /// Moves the head while nothing is pending.
    Advance { head: String, reason: String },
    /// Ends the range before an epoch.
    HandOver { epoch: u32, to: String },
    /// The next oracle set.
    Rotate { version: u32, keys: Vec<String> },
    /// The next guardian.
    Guardian { key: String },
    /// The next DAO set.
    DaoSet { version: u32, threshold: u32, keys: Vec<String> },
}

/// A member's signature, or the guardian's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Its compressed key.
    pub key: String,
    /// r, s, v.
    pub rsv: String,
}

impl From<&StatementSignature> for Signature {
    fn from(signature: &StatementSignature) -> Signature {
        Signature { key: hex::encode(signature.key), rsv: hex::encode(signature.rsv) }
    }
}

impl ActFile {
    /// An act without signatures.
    pub fn new(chain: &ChainId, distributor: DistributorId, act: Act, decree: Hash32, message: &[u8]) -> ActFile {
        ActFile {
            v: VERSION,
            chain: chain.to_string(),
            distributor: hex::encode(distributor.0),
            act,
            decree: hex::encode(decree.0),
            message: hex::encode(message),
            signatures: vec![],
        }
    }

    /// Reads a file.
    pub fn read(path: &Path) -> eyre::Result<ActFile> {
        let told = |why: String| eyre::eyre!("{}: {why}", path.display());
        let bytes = std::fs::metadata(path).map_err(|error| told(error.to_string())).or_exit(Kind::Usage)?.len();
        if bytes > MAX_BYTES {
            return fail(Kind::Usage, format!("{}: {bytes} bytes are no act of the DAO", path.display()));
        }
        let text = std::fs::read_to_string(path).map_err(|error| told(error.to_string())).or_exit(Kind::Usage)?;
        let file: ActFile = serde_json::from_str(&text)
            .map_err(|error| told(format!("it is no act that `liaise dao propose` wrote: {error}")))
            .or_exit(Kind::Usage)?;
        if file.v != VERSION {
            return fail(
                Kind::Usage,
                format!("{}: form {} is of another version of this program", path.display(), file.v),
            );
        }
        Ok(file)
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, path: &Path) -> eyre::Result<()> {
        let told = |error: std::io::Error| eyre::eyre!("{}: {error}", path.display());
        let text = serde_json::to_string_pretty(self)?;
        let part = path.with_extension("part");
        let written = std::fs::File::create(&part)
            .and_then(|mut file| writeln!(file, "{text}").and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&part, path));
        written.map_err(told).or_exit(Kind::Usage)
    }

    /// Whether it is of a distributor.
    pub fn check_place(&self, chain: &ChainId, distributor: DistributorId) -> eyre::Result<()> {
        if self.chain == chain.as_str() && self.distributor == hex::encode(distributor.0) {
            return Ok(());
        }
        fail(
            Kind::Usage,
            format!(
                "the act is of distributor {} on {}, and {} on {chain} is configured",
                self.distributor,
                self.chain,
                hex::encode(distributor.0)
            ),
        )
    }

    /// The action, without its signatures.
    pub fn action(&self, chain: &ChainId) -> eyre::Result<Action> {
        let mut named = None;
        let action = match &self.act {
            Act::Open { statement } => {
                let bytes = hex::decode(statement).unwrap_or_default();
                match Statement::decode(&bytes) {
                    Ok(Statement::Open(statement)) => Action::Open { statement, signatures: vec![] },
                    _ => return fail(Kind::Usage, "the act's statement opens no range"),
                }
            }
            Act::Veto { digest, reason } => {
                Action::Veto { digest: Hash32(bytes("digest", digest)?), reason: reason.clone().into_bytes() }
            }
            Act::Advance { head, reason } => {
                Action::Advance { head: Hash32(bytes("head", head)?), reason: reason.clone().into_bytes() }
            }
            Act::HandOver { epoch, to } => {
                Action::HandOver { epoch: Epoch(*epoch), new: DistributorId(bytes("to", to)?) }
            }
            Act::Rotate { version, keys } => {
                Action::Rotate { set: OracleSet::new(*version, key_list(keys)?).or_exit(Kind::Usage)? }
            }
            Act::DaoSet { version, threshold, keys } => {
                Action::SetDao { set: DaoSet::new(*version, *threshold, key_list(keys)?).or_exit(Kind::Usage)? }
            }
            Act::Guardian { key } => {
                let key: CompressedKey = bytes("key", key)?;
                named = Some(key);
                let guardian: Account = account_of_key(chain, &key);
                Action::SetGuardian { guardian }
            }
        };
        let decree = Hash32(bytes("decree", &self.decree)?);
        Ok(Action::Signed { action: Box::new(action), decree, named, signatures: self.signatures()? })
    }

    /// The statement of an opening.
    pub fn opening(&self, chain: &ChainId) -> eyre::Result<Option<OpenStatement>> {
        match self.action(chain)? {
            Action::Signed { action, .. } => match *action {
                Action::Open { statement, .. } => Ok(Some(statement)),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn signatures(&self) -> eyre::Result<Vec<StatementSignature>> {
        let one = |signature: &Signature| {
            Ok(StatementSignature { key: bytes("key", &signature.key)?, rsv: bytes("rsv", &signature.rsv)? })
        };
        self.signatures.iter().map(one).collect()
    }

    /// Takes signatures of another copy of the same act.
    pub fn merge(&mut self, other: ActFile) -> eyre::Result<()> {
        if (&self.act, &self.decree, &self.message) != (&other.act, &other.decree, &other.message) {
            return fail(Kind::Usage, "the files are not of one act over one state of the distributor");
        }
        for signature in other.signatures {
            self.add(signature);
        }
        Ok(())
    }

    /// Adds a signature, once a key.
    pub fn add(&mut self, signature: Signature) {
        if !self.signatures.iter().any(|own| own.key == signature.key) {
            self.signatures.push(signature);
        }
    }

    /// What is done, for whoever is to sign it.
    pub fn describe(&self) -> String {
        let set = |keys: &[String]| keys.iter().map(|key| format!("\n  {key}")).collect::<String>();
        match &self.act {
            Act::Open { statement } => match Statement::decode(&hex::decode(statement).unwrap_or_default()) {
                Ok(Statement::Open(open)) => {
                    format!("open the range from epoch {} on, after distributor {}", open.first, open.old)
                }
                _ => "open a range, by a statement that is none".to_owned(),
            },
            Act::Veto { digest, reason } => format!("veto statement {digest}: {reason}"),
            Act::Advance { head, reason } => format!("advance head {head}: {reason}"),
            Act::HandOver { epoch, to } => format!("hand over to distributor {to} from epoch {epoch} on, for good"),
            Act::Rotate { version, keys } => format!("oracle set {version} of {} keys:{}", keys.len(), set(keys)),
            Act::Guardian { key } => format!("guardian {key}"),
            Act::DaoSet { version, threshold, keys } => {
                format!("DAO set {version}, {threshold} of {} keys:{}", keys.len(), set(keys))
            }
        }
    }
}

/// Bytes of hex of a known length.
pub fn bytes<const N: usize>(what: &str, text: &str) -> eyre::Result<[u8; N]> {
    let bytes = hex::decode(text.trim_start_matches("0x")).ok().and_then(|bytes| bytes.try_into().ok());
    match bytes {
        Some(bytes) => Ok(bytes),
        None => fail(Kind::Usage, format!("{what} {text:?}: write {N} bytes of hex")),
    }
}

fn key_list(keys: &[String]) -> eyre::Result<Vec<CompressedKey>> {
    keys.iter().map(|key| bytes("key", key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> ActFile {
        let chain = "bch:bchreg".parse().unwrap();
        let act = Act::HandOver { epoch: 180, to: hex::encode([9; 32]) };
        ActFile::new(&chain, DistributorId([1; 32]), act, Hash32::ZERO, b"message")
    }

    #[test]
    fn a_file_is_read_as_it_was_written_and_signatures_come_together() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("act.json");
        let signature = |n: u8| Signature::from(&StatementSignature { key: [n; 33], rsv: [n; 65] });
        let (mut one, mut two) = (file(), file());
        one.add(signature(1));
        two.add(signature(2));
        two.add(signature(1));
        two.write(&path).unwrap();
        one.merge(ActFile::read(&path).unwrap()).unwrap();
        assert_eq!(one.signatures, [signature(1), signature(2)]);
        let chain = "bch:bchreg".parse().unwrap();
        let Action::Signed { action, signatures, .. } = one.action(&chain).unwrap() else { panic!("it is signed") };
        assert_eq!(
            (*action, signatures.len()),
            (Action::HandOver { epoch: Epoch(180), new: DistributorId([9; 32]) }, 2)
        );
        one.check_place(&chain, DistributorId([1; 32])).unwrap();
        assert!(one.check_place(&chain, DistributorId([2; 32])).is_err());
        assert!(one.merge(ActFile { message: "00".into(), ..file() }).is_err(), "over another state");
    }

    #[test]
    fn what_is_no_act_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("act.json");
        let chain: ChainId = "bch:bchreg".parse().unwrap();
        for text in ["", "{}", "{\"v\":1}"] {
            std::fs::write(&path, text).unwrap();
            assert!(ActFile::read(&path).is_err(), "{text}");
        }
        ActFile { v: 2, ..file() }.write(&path).unwrap();
        assert!(ActFile::read(&path).unwrap_err().to_string().contains("another version"));
        for act in [
            Act::Open { statement: "00".into() },
            Act::Veto { digest: "0".into(), reason: String::new() },
            Act::Rotate { version: 2, keys: vec!["02".into()] },
            Act::DaoSet { version: 2, threshold: 3, keys: vec![hex::encode([2; 33])] },
        ] {
            assert!(ActFile { act, ..file() }.action(&chain).is_err());
        }
    }
}
