//! A compiled covenant with its constructor's values: its address, its unlocking scripts, and what they said.

use bitcoincash::ScriptBuf;
use bitcoincash::hashes::{Hash, sha256d};
use serde::Deserialize;

use crate::script::{number, push, pushed};

pub(crate) const CONTROLLER: &str = include_str!("../../../contracts/bch/artifacts/Controller.json");
pub(crate) const EPOCH: &str = include_str!("../../../contracts/bch/artifacts/Epoch.json");

/// A value of a constructor or an argument of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Bytes(Vec<u8>),
    /// Below 2^63.
    Number(u64),
    Flag(bool),
}

impl Value {
    fn pushed(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => push(bytes),
            Self::Number(value) => push(&number(*value)),
            Self::Flag(true) => push(&[1]),
            Self::Flag(false) => push(&[]),
        }
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(rename = "constructorInputs")]
    constructor: Vec<Input>,
    abi: Vec<Path>,
    bytecode: String,
}

#[derive(Deserialize)]
struct Input {
    name: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Path {
    name: String,
    inputs: Vec<Argument>,
}

#[derive(Clone, Debug, Deserialize)]
struct Argument {}

/// A covenant at its address.
#[derive(Clone, Debug)]
pub(crate) struct Covenant {
    redeem: Vec<u8>,
    paths: Vec<Path>,
}

impl Covenant {
    /// The covenant of a committed artifact with its constructor's values, which are named so that an artifact that was
    /// compiled from another constructor is not taken for this one.
    ///
    /// # Panics
    /// For an artifact with other values: artifact and adapter are parts of one commit.
    pub(crate) fn new(artifact: &str, values: &[(&str, Value)]) -> Self {
        let artifact: Artifact = serde_json::from_str(artifact).expect("a committed artifact");
        let wanted: Vec<&str> = artifact.constructor.iter().map(|input| input.name.as_str()).collect();
        let given: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        assert_eq!(given, wanted, "the constructor's values");
        let mut redeem: Vec<u8> = values.iter().rev().flat_map(|(_, value)| value.pushed()).collect();
        redeem.extend(hex::decode(artifact.bytecode).expect("a committed artifact"));
        Self { redeem, paths: artifact.abi }
    }

    /// The script whose hash the address is.
    pub(crate) fn redeem(&self) -> &[u8] {
        &self.redeem
    }

    /// HASH256 of the redeem script.
    pub(crate) fn script_hash(&self) -> [u8; 32] {
        sha256d::Hash::hash(&self.redeem).to_byte_array()
    }

    /// P2SH32.
    pub(crate) fn locking(&self) -> ScriptBuf {
        ScriptBuf::from([&[0xaa, 0x20], &self.script_hash()[..], &[0x87]].concat())
    }

    /// The unlocking script of a path with its arguments in the order of the source.
    ///
    /// # Panics
    /// For a path or a number of arguments that the artifact does not have.
    pub(crate) fn unlock(&self, path: &str, arguments: &[Value]) -> ScriptBuf {
        let at = self.paths.iter().position(|each| each.name == path).expect("a path of the covenant");
        assert_eq!(arguments.len(), self.paths[at].inputs.len(), "the arguments of {path}");
        let mut script: Vec<u8> = arguments.iter().rev().flat_map(Value::pushed).collect();
        script.extend(push(&number(at as u64)));
        script.extend(push(&self.redeem));
        ScriptBuf::from(script)
    }

    /// How many arguments a path has.
    #[cfg(feature = "fuzz")]
    pub(crate) fn arity(&self, path: &str) -> Option<usize> {
        self.paths.iter().find(|each| each.name == path).map(|path| path.inputs.len())
    }

    /// The path and the arguments, in the order of the source, of a script that unlocks this covenant.
    pub(crate) fn read(&self, unlocking: &[u8]) -> Option<(&str, Vec<Vec<u8>>)> {
        let mut items = pushed(unlocking)?;
        items.pop().filter(|redeem| *redeem == self.redeem)?;
        let selector = items.pop()?;
        let at = self.paths.iter().enumerate().position(|(at, _)| number(at as u64) == selector)?;
        let path = &self.paths[at];
        items.reverse();
        (items.len() == path.inputs.len()).then_some((path.name.as_str(), items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch() -> Covenant {
        let names = ["payoutSats", "feeBase", "feePer", "padTenths", "delayUnits", "longUnits"];
        let values: Vec<_> = names.into_iter().zip([675, 1950, 84, 60, 43, 1182].map(Value::Number)).collect();
        Covenant::new(EPOCH, &values)
    }

    #[test]
    fn an_unlocking_script_is_read_again() {
        let covenant = epoch();
        let proof = vec![3; 40];
        let script = covenant.unlock("pay", &[Value::Bytes(proof.clone()), Value::Bytes(vec![0; 6])]);
        assert_eq!(covenant.read(script.as_bytes()), Some(("pay", vec![proof, vec![0; 6]])));
        assert_eq!(covenant.read(covenant.unlock("giveBack", &[]).as_bytes()), Some(("giveBack", vec![])));
        assert_eq!(covenant.read(&script.as_bytes()[1..]), None);
        assert_eq!(covenant.read(&[]), None);
    }

    #[test]
    fn the_live_epoch_covenant_has_the_size_of_the_figures() {
        assert_eq!(epoch().redeem().len(), 468);
        assert_eq!(epoch().locking().len(), 35);
    }
}
