//! What an oracle hands to the guardian or the DAO when a statement that waits is not what it derives: a JSON file.
//!
//! Hex is in lower case, amounts are base units as decimal strings. Whoever gets it checks it: everything in it can be
//! derived again from the ledger, and the statement's own digest says which one is meant.

use crate::exit::{Kind, OrExit, fail};
use liaise_chain_api::Distributor;
use liaise_ledger::Hash;
use liaise_node::{Disputed, Due};
use liaise_oracle::quorum::recover;
use liaise_summary::Statement;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::Path;

/// The version of this file's form.
const VERSION: u32 = 1;
/// What is longer is no evidence: a million accounts' differences fit.
const MAX_BYTES: u64 = 1 << 30;
/// Rows that are spelled out; how many there are is said beside them.
const SHOWN: usize = 1_000;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Version of this form.
    pub v: u32,
    /// The network's id.
    pub network: Hash,
    /// The chain, CAIP-2.
    pub chain: String,
    /// The distributor's identity in statements.
    pub distributor: Hash,
    /// The epoch that the statement names.
    pub epoch: u32,
    /// The statement that waits.
    pub claimed: Said,
    /// From when on it can't be stopped any more, Unix seconds.
    pub payable_s: u64,
    /// The transaction that brought it, with the quorum's signatures in it.
    pub transaction: String,
    /// Who has signed it, as far as the ledger shows.
    pub signatures: Vec<Signature>,
    /// What is derived in its place.
    pub derived: Said,
    /// The derived history block; null for an opening.
    pub history: Option<String>,
    /// How many things are claimed otherwise than derived.
    pub count: usize,
    /// The first of them.
    pub differences: Vec<Differs>,
}

/// A statement and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Its 200 bytes.
    pub statement: String,
    /// Their digest, which oracles sign and a veto names.
    pub digest: String,
    /// The tree's root; null for an opening.
    pub root: Option<Hash>,
    /// The tree's sum.
    pub root_sum: Option<String>,
    /// Owed beside the tree.
    pub owed: Option<String>,
}

/// An oracle's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Its compressed key.
    pub oracle: String,
    /// r, s, v.
    pub rsv: String,
}

/// One thing that is claimed otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differs {
    /// A field, or a kind of row.
    pub what: String,
    /// Which row.
    pub which: String,
    /// What is derived.
    pub derived: String,
    /// What is claimed.
    pub claimed: String,
}

impl Said {
    fn of(statement: &Statement) -> Said {
        let epoch = match statement {
            Statement::Epoch(epoch) => Some(epoch),
            _ => None,
        };
        Said {
            statement: hex::encode(statement.encode()),
            digest: statement.digest().to_string(),
            root: epoch.map(|epoch| Hash(epoch.root_hash.0)),
            root_sum: epoch.map(|epoch| epoch.root_sum.to_string()),
            owed: epoch.map(|epoch| epoch.owed.to_string()),
        }
    }

    /// The statement, once everything beside it is what it says.
    fn check(&self, field: &str) -> eyre::Result<Statement> {
        let bytes = hex::decode(&self.statement);
        let statement = bytes.ok().and_then(|bytes| Statement::decode(&bytes).ok());
        match statement.filter(|statement| Said::of(statement) == *self) {
            Some(statement) => Ok(statement),
            None => fail(Kind::Proof, format!("{field}: the statement does not say what stands beside it")),
        }
    }
}

impl Evidence {
    /// What is wrong with a statement that waits; `derived` is what stands in its place.
    pub fn new(disputed: &Disputed, derived: &Due, chain: &str) -> Evidence {
        let differs = |d: &liaise_oracle::audit::Difference| Differs {
            what: d.what.to_owned(),
            which: d.which.clone(),
            derived: d.derived.clone(),
            claimed: d.claimed.clone(),
        };
        let signature = |s: &liaise_chain_api::StatementSignature| Signature {
            oracle: hex::encode(s.key),
            rsv: hex::encode(s.rsv),
        };
        let history = match derived {
            Due::Epoch(filing) | Due::Late(filing) => Some(filing.block.history.to_string()),
            Due::Open(_) => None,
        };
        Evidence {
            v: VERSION,
            network: Hash(disputed.at.network().0),
            chain: chain.to_owned(),
            distributor: Hash(disputed.at.id.0),
            epoch: disputed.pending.epoch.0,
            claimed: Said::of(&disputed.accepted.statement),
            payable_s: disputed.pending.payable_s,
            transaction: disputed.accepted.transaction.to_string(),
            signatures: disputed.signatures.iter().map(signature).collect(),
            derived: Said::of(&derived.statement()),
            history,
            count: disputed.differences.len(),
            differences: disputed.differences.iter().take(SHOWN).map(differs).collect(),
        }
    }

    /// Writes a new file.
    pub fn write(&self, path: &Path) -> eyre::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        let written = std::fs::File::create_new(path).and_then(|mut file| {
            writeln!(file, "{text}")?;
            file.sync_all()
        });
        written.map_err(|error| eyre::eyre!("{}: {error}", path.display())).or_exit(Kind::Usage)
    }

    /// Reads a file and checks what it says of itself: the statements, that they differ, and every signature.
    pub fn read(path: &Path) -> eyre::Result<Evidence> {
        let mut text = String::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text));
        read.map_err(|error| eyre::eyre!("{}: {error}", path.display())).or_exit(Kind::Usage)?;
        let parsed = serde_json::from_str(&text);
        let evidence: Evidence =
            parsed.map_err(|error| eyre::eyre!("{} is no evidence: {error}", path.display())).or_exit(Kind::Proof)?;
        if evidence.v != VERSION {
            return fail(Kind::Usage, format!("v: {} is read by a newer program: update this one", evidence.v));
        }
        let claimed = evidence.claimed.check("claimed")?;
        if claimed == evidence.derived.check("derived")? {
            return fail(Kind::Proof, "derived: it is what is claimed, so nothing is wrong with the statement");
        }
        for signature in &evidence.signatures {
            let by = hex::decode(&signature.rsv).ok().and_then(|rsv| recover(&claimed.encode(), &rsv).ok());
            if by.map(hex::encode).as_ref() != Some(&signature.oracle) {
                return fail(Kind::Proof, format!("signatures: {} has not signed the statement so", signature.oracle));
            }
        }
        Ok(evidence)
    }

    /// Whether it is about what waits on a distributor.
    pub fn check(&self, at: &Distributor, chain: &str) -> eyre::Result<()> {
        let (network, distributor) = (Hash(at.network().0), Hash(at.id.0));
        if self.network != network {
            return fail(Kind::Proof, format!("network: the evidence is of {}, this one is {network}", self.network));
        }
        if self.chain != chain || self.distributor != distributor {
            let why = format!(
                "distributor: the evidence is of {} on {}, and network.toml names {distributor} on {chain}",
                self.distributor, self.chain
            );
            return fail(Kind::Proof, why);
        }
        match &at.pending {
            Some(pending) if pending.digest.to_string() == self.claimed.digest => Ok(()),
            Some(pending) => {
                let why = format!(
                    "digest: the evidence is against statement {}, and {} waits: have it written anew",
                    self.claimed.digest, pending.digest
                );
                fail(Kind::Refused, why)
            }
            None => fail(Kind::Refused, "nothing is pending on this distributor: there is nothing to veto"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, NetworkId};

    fn said(root_sum: u64) -> Said {
        Said::of(&Statement::Epoch(EpochStatement {
            network: NetworkId([1; 32]),
            distributor: DistributorId([2; 32]),
            epoch: Epoch(3),
            oracle_set: 1,
            head: Hash32([4; 32]),
            root_hash: Hash32([5; 32]),
            root_sum,
            owed: 0,
            artefact: Hash32([6; 32]),
        }))
    }

    fn sample() -> Evidence {
        Evidence {
            v: 1,
            network: Hash([1; 32]),
            chain: "eip155:1".into(),
            distributor: Hash([2; 32]),
            epoch: 3,
            claimed: said(8),
            payable_s: 9,
            transaction: "0x01".into(),
            signatures: vec![],
            derived: said(7),
            history: None,
            count: 0,
            differences: vec![],
        }
    }

    #[test]
    fn evidence_comes_back_from_its_file_and_a_false_one_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        sample().write(&file("good")).unwrap();
        assert_eq!(Evidence::read(&file("good")).unwrap(), sample());
        assert!(sample().write(&file("good")).is_err(), "nothing is overwritten");
        let refused = |name: &str, change: &dyn Fn(&mut Evidence)| {
            let mut altered = sample();
            change(&mut altered);
            altered.write(&file(name)).unwrap();
            Evidence::read(&file(name)).unwrap_err().to_string()
        };
        assert!(refused("sum", &|e| e.claimed.root_sum = Some("9".into())).starts_with("claimed"));
        assert!(refused("digest", &|e| e.claimed.digest = "00".repeat(32)).starts_with("claimed"));
        assert!(refused("same", &|e| e.derived = e.claimed.clone()).starts_with("derived"));
        let forged = Signature { oracle: "02".repeat(33), rsv: "00".repeat(65) };
        assert!(refused("signed", &|e| e.signatures = vec![forged.clone()]).starts_with("signatures"));
        let text = std::fs::read_to_string(file("good")).unwrap();
        std::fs::write(file("twice"), text.replacen("\"epoch\": 3,", "\"epoch\": 3, \"epoch\": 4,", 1)).unwrap();
        let twice = Evidence::read(&file("twice")).unwrap_err().to_string();
        assert!(twice.contains("duplicate field `epoch`"), "{twice}");
    }
}
