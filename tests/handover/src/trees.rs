//! Reward trees of both kinds, kept under their roots as everybody who has the artefacts has them.

use std::collections::BTreeMap;

use liaise_summary::batch::batch_node;
use liaise_summary::{DistributorId, Epoch, Node, Payee, Payout, Proof, RewardLeaf, RewardTree, SumTree, filler_payee};

use crate::network::BATCH;

/// Somebody who earns, by number.
pub type Person = u8;
/// How many people work.
pub const PEOPLE: Person = 6;
/// Whom a dishonest quorum pays.
pub const THIEF: Person = 200;
/// Whom nobody is: the leaf of a decreed loss.
pub const FILLER: Person = 255;

/// What people get, base units.
pub type Amounts = BTreeMap<Person, u64>;

/// Where a person is paid on an account chain.
pub fn payee_of(person: Person, distributor: &DistributorId) -> Payee {
    if person == FILLER { filler_payee(distributor) } else { Payee([person + 1; 32]) }
}

/// A person's key hash on the UTXO chain.
pub fn key_hash(person: Person) -> [u8; 20] {
    [person + 1; 20]
}

/// Whose key hash it is.
pub fn person_of(key_hash: &[u8; 20]) -> Person {
    key_hash[0] - 1
}

/// A tree.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A leaf a person, over the distributor's life.
    Accounts(RewardTree),
    /// A leaf a batch of the epoch's payouts.
    Batches(Vec<Vec<Payout>>, SumTree<Node>),
}

impl Tree {
    /// What an account chain's distributor is to pay.
    pub fn accounts(amounts: &Amounts, distributor: &DistributorId) -> Self {
        let leaf =
            |(person, amount): (&Person, &u64)| RewardLeaf { payee: payee_of(*person, distributor), amount: *amount };
        Self::Accounts(
            RewardTree::new(amounts.iter().map(leaf).collect()).expect("people differ and amounts are small"),
        )
    }

    /// What an epoch pays on the UTXO chain.
    pub fn batches(epoch: u32, amounts: &Amounts) -> Self {
        let payout = |(person, amount): (&Person, &u64)| Payout { pubkey_hash: key_hash(*person), amount: *amount };
        let payouts: Vec<Payout> = amounts.iter().map(payout).collect();
        let batches: Vec<Vec<Payout>> = payouts.chunks(BATCH).map(<[Payout]>::to_vec).collect();
        let node = |(batch, payouts): (u32, &Vec<Payout>)| batch_node(Epoch(epoch), batch, payouts).expect("a batch");
        let nodes = (0u32..).zip(&batches).map(node).collect();
        let tree = SumTree::from_ordered(nodes).expect("small sums");
        Self::Batches(batches, tree)
    }

    /// Its root.
    pub fn root(&self) -> Node {
        match self {
            Self::Accounts(tree) => tree.root(),
            Self::Batches(_, tree) => tree.root(),
        }
    }

    /// A person's leaf and its proof on an account chain.
    pub fn leaf(&self, person: Person, distributor: &DistributorId) -> Option<(RewardLeaf, Proof)> {
        let Self::Accounts(tree) = self else { return None };
        let index = tree.index_of(&payee_of(person, distributor))?;
        Some((tree.leaves()[index as usize], tree.proof(index).expect("a leaf")))
    }

    /// A batch and its proof on the UTXO chain.
    pub fn batch(&self, number: u32) -> Option<(Vec<Payout>, Proof)> {
        let Self::Batches(batches, tree) = self else { return None };
        let payouts = batches.get(number as usize)?;
        Some((payouts.clone(), tree.proof(number).expect("a batch")))
    }

    /// How many batches it has.
    pub fn batch_count(&self) -> usize {
        if let Self::Batches(batches, _) = self { batches.len() } else { 0 }
    }
}
