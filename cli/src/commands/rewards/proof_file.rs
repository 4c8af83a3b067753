//! A claim's proof as a file: JSON, hex in lower case, amounts as decimal strings.

use crate::exit::{Kind, OrExit, fail};
use liaise_chain_api::{Distributor, HeldRoot};
use liaise_ledger::Hash;
use liaise_summary::{Hash32, Node, Payee, Proof, RewardLeaf, SumLeaf};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No proof is as long: 32 siblings fit a few thousand bytes.
const MAX_BYTES: u64 = 1 << 16;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
    /// The network's id.
    pub network: Hash,
    /// The chain, CAIP-2.
    pub chain: String,
    /// The distributor's identity in statements.
    pub distributor: Hash,
    /// The epoch whose tree it is.
    pub epoch: u32,
    /// The account that the leaf pays, for people: the payee decides.
    pub account: String,
    /// The leaf.
    pub leaf: LeafText,
    /// Its way to the root.
    pub proof: ProofText,
}

/// A leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeafText {
    /// Whom it pays.
    pub payee: Hash,
    /// Base units over the distributor's life.
    pub amount: String,
}

/// A proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofText {
    /// The leaf's place.
    pub index: u32,
    /// Siblings from the leaf upwards.
    pub siblings: Vec<NodeText>,
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeText {
    /// Its hash.
    pub hash: Hash,
    /// Base units below it.
    pub sum: String,
}

impl ProofFile {
    /// The file of a leaf in a held root's tree.
    pub fn new(
        at: &Distributor,
        chain: &str,
        held: &HeldRoot,
        account: &str,
        leaf: &RewardLeaf,
        proof: &Proof,
    ) -> ProofFile {
        let node = |node: &Node| NodeText { hash: Hash(node.hash.0), sum: node.sum.to_string() };
        ProofFile {
            network: Hash(at.network().0),
            chain: chain.to_owned(),
            distributor: Hash(at.id.0),
            epoch: held.epoch.0,
            account: account.to_owned(),
            leaf: LeafText { payee: Hash(leaf.payee.0), amount: leaf.amount.to_string() },
            proof: ProofText { index: proof.index, siblings: proof.siblings.iter().map(node).collect() },
        }
    }

    /// Reads a file.
    pub fn read(path: &Path) -> eyre::Result<ProofFile> {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text));
        read.map_err(|error| eyre::eyre!("{}: {error}", path.display())).or_exit(Kind::Usage)?;
        let parsed = serde_json::from_str(&text);
        parsed.map_err(|error| eyre::eyre!("{} is no proof file: {error}", path.display())).or_exit(Kind::Proof)
    }

    /// Whether it is for a network and a chain: what can be told without asking the chain.
    pub fn check_network(&self, network: Hash, chain: &str) -> eyre::Result<()> {
        if self.network != network {
            let why = format!(
                "network: the proof is for network {}, and network.toml names {network}: claim it with that network's home",
                self.network
            );
            return fail(Kind::Proof, why);
        }
        if self.chain != chain {
            let why = format!(
                "chain: the proof is for {}, and network.toml names {chain}: claim it on that chain",
                self.chain
            );
            return fail(Kind::Proof, why);
        }
        Ok(())
    }

    /// Leaf and proof, once they lead to a root that the distributor pays from.
    pub fn check(&self, at: &Distributor) -> eyre::Result<(RewardLeaf, Proof)> {
        // The chain's word may be another than network.toml's.
        self.check_network(Hash(at.network().0), &self.chain)?;
        let distributor = Hash(at.id.0);
        if self.distributor != distributor {
            let why = format!(
                "distributor: the proof is for {}, and network.toml names {distributor}: claim it there",
                self.distributor
            );
            return fail(Kind::Proof, why);
        }
        let leaf = RewardLeaf { payee: Payee(self.leaf.payee.0), amount: number("leaf.amount", &self.leaf.amount)? };
        let sibling =
            |node: &NodeText| Ok(Node { hash: Hash32(node.hash.0), sum: number("proof.siblings.sum", &node.sum)? });
        let siblings = self.proof.siblings.iter().map(sibling).collect::<eyre::Result<Vec<Node>>>()?;
        let proof = Proof { index: self.proof.index, siblings };
        let root = proof.root(&leaf.node()).map_err(|error| eyre::eyre!("proof: {error}")).or_exit(Kind::Proof)?;
        if leaf.amount == 0 || ![at.held.newest, at.held.before].into_iter().flatten().any(|held| held.root == root) {
            let why = "proof: it leads to no root that the distributor pays from; it was altered, or is older than the last two \
                       payable epochs: write it anew with `liaise rewards prove`";
            return fail(Kind::Proof, why);
        }
        Ok((leaf, proof))
    }
}

/// An amount in its one spelling: digits without a sign or leading zeros.
fn number(field: &str, text: &str) -> eyre::Result<u64> {
    match text.parse::<u64>().ok().filter(|number| number.to_string() == text) {
        Some(number) => Ok(number),
        None => fail(Kind::Proof, format!("{field}: {text:?} is no number of base units")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_chain_api::{Account, BlockRef, Delays, HeldRoots, SetRef};
    use liaise_summary::{DistributorId, Emission, Epoch, NetworkId, RewardTree, Schedule};

    fn distributor(held: HeldRoot) -> Distributor {
        let account = Account::evm(1, [1; 20]);
        let network = NetworkId([1; 32]);
        let emission = Emission { supply: 1, epochs: 1 };
        Distributor {
            id: DistributorId([2; 32]),
            at: BlockRef { number: 1, hash: [0; 32], time_s: 1 },
            code_hash: Hash32::ZERO,
            schedule: Schedule { network, genesis_s: 0, emission, epoch_s: 1, term_epochs: 1 },
            delays: Delays { epoch_s: 1, long_s: 1 },
            notice_epochs: 7,
            guarded_until_s: 0,
            authority: account.clone().into(),
            guardian: account,
            oracle_set: SetRef { version: 1, hash: Hash32::ZERO, set: None },
            range: None,
            next: Epoch(5),
            head: Hash32::ZERO,
            root_sum: 0,
            owed: 0,
            pending: None,
            held: HeldRoots { newest: Some(held), before: None },
            unclaimed: 0,
        }
    }

    fn sample() -> (Distributor, ProofFile) {
        let leaves = (1..=5).map(|i| RewardLeaf { payee: Payee([i; 32]), amount: u64::from(i) * 10 });
        let tree = RewardTree::new(leaves.collect()).unwrap();
        let held = HeldRoot { epoch: Epoch(4), root: tree.root() };
        let at = distributor(held);
        let file = ProofFile::new(&at, "eip155:1", &held, "me", &tree.leaves()[2], &tree.proof(2).unwrap());
        (at, file)
    }

    #[test]
    fn a_proof_comes_back_from_its_file_and_holds() {
        let (at, file) = sample();
        let read: ProofFile = serde_json::from_str(&serde_json::to_string(&file).unwrap()).unwrap();
        assert_eq!(read, file);
        assert_eq!(read.check(&at).unwrap().0.amount, 30);
    }

    #[test]
    fn what_was_altered_or_is_for_elsewhere_is_refused_by_name() {
        let (at, file) = sample();
        let refused = |change: &dyn Fn(&mut ProofFile)| {
            let mut altered = file.clone();
            change(&mut altered);
            altered.check(&at).unwrap_err().to_string()
        };
        assert!(refused(&|f| f.network = Hash([9; 32])).starts_with("network"));
        assert!(refused(&|f| f.distributor = Hash([9; 32])).starts_with("distributor"));
        assert!(refused(&|f| f.leaf.amount = "31".into()).starts_with("proof"));
        assert!(refused(&|f| f.leaf.payee = Hash([9; 32])).starts_with("proof"));
        assert!(refused(&|f| f.proof.index = 1).starts_with("proof"));
        for text in ["-1", "+1", "01", "1.0", "1e3", "18446744073709551616", ""] {
            assert!(refused(&|f| f.proof.siblings[0].sum = text.into()).starts_with("proof.siblings.sum"), "{text:?}");
        }
        let elsewhere = file.check_network(Hash([1; 32]), "eip155:2").unwrap_err().to_string();
        assert!(elsewhere.starts_with("chain: the proof is for eip155:1"), "{elsewhere}");
        assert!(file.check_network(Hash([1; 32]), "eip155:1").is_ok());
    }

    #[test]
    fn json_with_two_readings_is_no_proof_file() {
        let (_, file) = sample();
        let good = serde_json::to_string(&file).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("proof.json");
        let refused = |text: String| {
            std::fs::write(&path, text).unwrap();
            ProofFile::read(&path).unwrap_err().to_string()
        };
        for (from, to, word) in [
            ("\"epoch\":4", "\"epoch\":4,\"epoch\":5", "duplicate field `epoch`"),
            ("\"amount\":\"30\"", "\"amount\":\"30\",\"amount\":\"31\"", "duplicate field `amount`"),
            ("\"epoch\":4", "\"epoch\":9007199254740993", "9007199254740993"),
            ("\"epoch\":4", "\"epoch\":4.0", "floating point"),
            ("\"amount\":\"30\"", "\"amount\":30", "string"),
            ("\"epoch\":4", "\"epoch\":4,\"more\":1", "unknown field `more`"),
        ] {
            let changed = good.replacen(from, to, 1);
            assert_ne!(changed, good, "{from}");
            let error = refused(changed);
            assert!(error.contains(word), "{to}: {error}");
        }
        assert!(refused(format!("{good}x")).contains("trailing"));
        assert!(refused("[".repeat(1 << 20)).contains("no proof file"));
    }
}
