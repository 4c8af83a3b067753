//! A call of the simulation in the contract's words: addresses, identity, heads and trees are the chain's own, and signatures are real.
// Of what is generated from the interfaces.
#![allow(clippy::too_many_arguments)]

use std::collections::HashMap;

use alloy::primitives::{Address, Bytes, U256, keccak256};
use alloy::sol;
use alloy::sol_types::SolCall;
use liaise_handover::calls::{Act, By, Call, Signers};
use liaise_handover::distributor::Distributor;
use liaise_handover::network::distributor_id;
use liaise_handover::oracles::Disk;
use liaise_handover::trees::Tree;
use liaise_handover::world::World;
use liaise_oracle::quorum::{OracleKey, sign};
use liaise_summary::{
    DistributorId, EpochStatement, Hash32, Node, OpenStatement, Payee, RewardLeaf, RewardTree, Statement, SumLeaf,
    filler_payee, veto_head,
};

sol!("../../contracts/evm/src/interfaces/IEmission.sol");
sol!("../../contracts/evm/src/interfaces/IClaims.sol");
sol!("../../contracts/evm/src/interfaces/IQuorumErrors.sol");

/// As many oracles as a schedule has at most.
const ORACLES: usize = 64;

/// What it takes to say a chain's calls in the contract's words.
pub struct Words<'a> {
    pub world: &'a World,
    pub chain: usize,
    /// The contract's identity.
    pub id: DistributorId,
    pub keys: Vec<OracleKey>,
    /// The contract's heads by the simulation's.
    heads: HashMap<Hash32, Hash32>,
}

/// An address that anvil lets act without a key.
pub fn address(by: By) -> Address {
    Address::repeat_byte(match by {
        By::Dao => 0xd0,
        By::Guardian(number) => 0x10 + number,
        By::Anybody => 0xab,
    })
}

/// Oracles' keys, in the order that the simulation numbers them by.
pub fn keys() -> Vec<OracleKey> {
    let key = |number: usize| {
        let secret = liaise_summary::sha256(&[b"liaise replay oracle ", &[number as u8]]);
        OracleKey::from_bytes(secret.0).expect("a key")
    };
    let mut keys: Vec<OracleKey> = (0..ORACLES).map(key).collect();
    keys.sort_by_key(OracleKey::public);
    keys
}

pub fn members(bits: Signers) -> impl Iterator<Item = usize> {
    (0..ORACLES).filter(move |oracle| bits >> oracle & 1 == 1)
}

impl<'a> Words<'a> {
    pub fn new(world: &'a World, chain: usize, id: DistributorId) -> Self {
        Self { world, chain, id, keys: keys(), heads: HashMap::from([(Hash32::ZERO, Hash32::ZERO)]) }
    }

    fn own(&self, id: DistributorId) -> DistributorId {
        if id == distributor_id(self.chain) { self.id } else { id }
    }

    pub fn head(&self, head: Hash32) -> Hash32 {
        self.heads.get(&head).copied().unwrap_or(head)
    }

    /// The same people's tree; on this chain a payee is an address.
    fn tree(&self, root_hash: &Hash32) -> Option<RewardTree> {
        let Tree::Accounts(tree) = self.world.trees.get(root_hash)?.as_ref() else { return None };
        let leaf = |leaf: &RewardLeaf| RewardLeaf { payee: self.payee(&leaf.payee), amount: leaf.amount };
        Some(RewardTree::new(tree.leaves().iter().map(leaf).collect()).expect("the same people"))
    }

    fn payee(&self, payee: &Payee) -> Payee {
        if *payee == filler_payee(&distributor_id(self.chain)) {
            return filler_payee(&self.id);
        }
        Payee::from_20([payee.0[0]; 20])
    }

    fn statement(&self, statement: &EpochStatement) -> EpochStatement {
        let root = Node { hash: statement.root_hash, sum: statement.root_sum };
        let root = self.tree(&statement.root_hash).map_or(root, |tree| tree.root());
        EpochStatement {
            distributor: self.own(statement.distributor),
            head: self.head(statement.head),
            root_hash: root.hash,
            ..*statement
        }
    }

    fn opening(&self, statement: &OpenStatement) -> OpenStatement {
        OpenStatement {
            distributor: self.own(statement.distributor),
            head: self.head(statement.head),
            old: self.own(statement.old),
            ..*statement
        }
    }

    fn signatures(&self, statement: &Statement, signers: Signers) -> Bytes {
        let one = |oracle| sign(&self.keys[oracle], &Disk::default(), statement).expect("a fresh disk").rsv;
        members(signers).flat_map(one).collect::<Vec<u8>>().into()
    }

    fn act(&self, act: Act) -> Bytes {
        let encoded = match act {
            Act::HandOver { end, to } => {
                IEmission::handOverCall { end, newDistributor: self.own(to).0.into() }.abi_encode()
            }
            Act::Rotate { version } => {
                let bits = self.world.members.get(version as usize).copied().unwrap_or(self.world.members[0]);
                let point = |oracle: usize| {
                    let key = secp256k1::PublicKey::from_slice(&self.keys[oracle].public()).expect("a point");
                    let bytes = key.serialize_uncompressed();
                    let [x, y] = [&bytes[1..33], &bytes[33..]].map(U256::from_be_slice);
                    IEmission::PublicKey { x, y }
                };
                IEmission::rotateCall { version, keys: members(bits).map(point).collect() }.abi_encode()
            }
            Act::SetGuardian { guardian } => {
                IEmission::setGuardianCall { newGuardian: address(By::Guardian(guardian)) }.abi_encode()
            }
        };
        encoded.into()
    }

    /// The call as the contract takes it, and who makes it; none where its words can't say it.
    pub fn encode(&self, call: &Call) -> Option<(Address, Bytes)> {
        let (by, encoded) = match call {
            Call::Submit { statement, signers } => {
                let statement = self.statement(statement);
                let summary = IEmission::Summary {
                    epoch: statement.epoch.0,
                    rootHash: statement.root_hash.0.into(),
                    rootSum: statement.root_sum,
                    owed: statement.owed,
                    artefact: statement.artefact.0.into(),
                };
                let signatures = self.signatures(&Statement::Epoch(statement), *signers);
                (By::Anybody, IEmission::submitCall { summary, signatures }.abi_encode())
            }
            Call::Open { statement, signers, .. } => {
                let statement = self.opening(statement);
                let signatures = self.signatures(&Statement::Open(statement), *signers);
                let (first, old) = (statement.first.0, statement.old.0.into());
                (By::Anybody, IEmission::openCall { first, old, signatures }.abi_encode())
            }
            Call::ApproveOpen { first, old, head, by } => {
                let (old, head) = (self.own(*old).0.into(), self.head(*head).0.into());
                (*by, IEmission::approveOpenCall { first: *first, old, head }.abi_encode())
            }
            Call::Veto { digest, reason, by } => {
                let digest = self.head(*digest).0.into();
                (*by, IEmission::vetoCall { digest, reason: vec![*reason].into() }.abi_encode())
            }
            Call::Advance { head, reason, by } => {
                let head = self.head(*head).0.into();
                (*by, IEmission::advanceCall { head, reason: vec![*reason].into() }.abi_encode())
            }
            Call::Act { act, by, .. } => return Some((address(*by), self.act(*act))),
            Call::Consent { to, given, by } => {
                let call_hash = keccak256(self.act(*to));
                (*by, IEmission::consentCall { callHash: call_hash, given: *given }.abi_encode())
            }
            Call::Claim { leaf, proof } => {
                let root = proof.root(&leaf.node()).expect("a proof");
                let tree = self.tree(&root.hash)?;
                let payee = self.payee(&leaf.payee);
                let index = tree.index_of(&payee)?;
                let siblings = tree.proof(index).expect("a leaf").siblings;
                let packed = siblings.iter().flat_map(|node| [&node.hash.0[..], &node.sum.to_be_bytes()].concat());
                let claim = IClaims::claimCall {
                    // a decreed loss is paid to no address
                    payee: payee.to_20()?.into(),
                    amount: leaf.amount.into(),
                    index: alloy::primitives::Uint::from(index),
                    proof: packed.collect::<Vec<u8>>().into(),
                };
                (By::Anybody, claim.abi_encode())
            }
            Call::Crank { .. } => return None,
        };
        Some((address(by), encoded.into()))
    }

    /// Learns the contract's next head.
    pub fn follow(&mut self, call: &Call, after: &Distributor) {
        let next = match call {
            Call::Submit { statement, .. } => self.statement(statement).digest(),
            Call::Open { statement, .. } => self.opening(statement).digest(),
            Call::Veto { digest: head, reason, .. } | Call::Advance { head, reason, .. } => {
                veto_head(self.head(*head), &[*reason])
            }
            _ => return,
        };
        self.heads.insert(after.head, next);
    }
}

/// What a revert's data names, in the simulation's words.
pub fn name_of(data: Option<&Bytes>) -> String {
    let Some(data) = data else { return "no reason".to_owned() };
    let selector = data.get(..4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    let name = IEmission::IEmissionErrors::name_by_selector(selector)
        .or_else(|| IClaims::IClaimsErrors::name_by_selector(selector))
        .or_else(|| IQuorumErrors::IQuorumErrorsErrors::name_by_selector(selector));
    match name {
        Some("InvalidProof") => "WrongProof".to_owned(),
        Some(name) => name.to_owned(),
        None => format!("an error of another contract: {data}"),
    }
}
