//! Decoders that nothing outside needs, for tests/fuzz: what nodes answer, what journals kept, and what calls say.

use alloy::primitives::{Address, B256, Log, LogData, TxKind, U256, keccak256};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::{SolCall, SolError, SolEvent};
use liaise_chain_api::{ChainId, FeeLimit, Prepared, Refusal, StatementSignature, SubmissionId};
use liaise_summary::{CompressedKey, EpochStatement, OracleSet, RangeProof, RewardLeaf};

use crate::bindings::{IClaims, IEmission};
use crate::fees::Fees;
use crate::{action, refusal, state, transaction};

/// What a revert's data mean.
pub fn revert(data: &[u8]) -> Refusal {
    refusal::classify(data)
}

/// Some reverts of the contract.
pub fn reverts() -> Vec<Vec<u8>> {
    vec![
        IEmission::NothingPending {}.abi_encode(),
        IEmission::EpochNotEnded { epoch: 1, endsAt: U256::from(2) }.abi_encode(),
        IClaims::InvalidProof { hash: B256::ZERO, sum: 3 }.abi_encode(),
    ]
}

/// The nonce of a transaction that a journal kept under the id of its bytes; `None` where it is refused.
pub fn transaction(bytes: &[u8]) -> Option<u64> {
    let (chain, id) = (chain(), SubmissionId(keccak256(bytes).to_string()));
    let prepared = Prepared { chain: chain.clone(), id, bytes: bytes.to_vec(), fee_max: FeeLimit(0) };
    transaction::held(&prepared, &chain, CHAIN).ok().map(|held| held.nonce)
}

/// A signed transaction.
pub fn signed() -> Vec<u8> {
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).expect("a key");
    let fees = Fees { gas_limit: 21_000, max_fee_per_gas: 5, max_priority_fee_per_gas: 1 };
    let to = TxKind::Call(Address::ZERO);
    transaction::sign(&key, &chain(), CHAIN, to, 9, &fees, vec![1, 2, 3]).expect("a key signs").bytes
}

const CHAIN: u64 = 42_161;

fn chain() -> ChainId {
    format!("eip155:{CHAIN}").parse().expect("a chain id")
}

/// A view's answer, read, written and read again. `None` where it is refused.
pub fn answer(which: u8, data: &[u8]) -> Option<[Vec<u8>; 2]> {
    fn again<C: SolCall>(data: &[u8]) -> Option<[Vec<u8>; 2]> {
        let written = C::abi_encode_returns(&C::abi_decode_returns(data).ok()?);
        let second = C::abi_decode_returns(&written).expect("what was written can be read");
        Some([written, C::abi_encode_returns(&second)])
    }
    match which % 6 {
        0 => again::<IEmission::oracleSetCall>(data),
        1 => again::<IEmission::pendingCall>(data),
        2 => again::<IEmission::rangeCall>(data),
        3 => again::<IEmission::booksCall>(data),
        4 => again::<IClaims::heldRootsCall>(data),
        _ => again::<IEmission::distributorIdCall>(data),
    }
}

/// An oracle set as its view answers it.
pub fn oracle_set_answer(set: &OracleSet) -> Vec<u8> {
    let (version, hash) = (set.version(), set.hash().0.into());
    let answer = IEmission::OracleSet { version, hash, members: vec![], keys: set.keys().concat().into() };
    IEmission::oracleSetCall::abi_encode_returns(&answer)
}

/// The oracle set in its view's answer.
pub fn oracle_set(data: &[u8]) -> Option<OracleSet> {
    state::known_set(&IEmission::oracleSetCall::abi_decode_returns(data).ok()?).ok()
}

/// An event's name among the four that are read; `None` for any other log.
pub fn event(topics: Vec<[u8; 32]>, data: &[u8]) -> Option<&'static str> {
    fn is<E: SolEvent>(log: &Log) -> Option<&'static str> {
        E::decode_log(log).ok().map(|_| E::SIGNATURE)
    }
    let data = LogData::new(topics.into_iter().map(Into::into).collect(), data.to_vec().into())?;
    let log = Log { address: Default::default(), data };
    is::<IEmission::EpochAccepted>(&log)
        .or_else(|| is::<IEmission::OpenAccepted>(&log))
        .or_else(|| is::<IEmission::HandedOver>(&log))
        .or_else(|| is::<IEmission::StatementVetoed>(&log))
}

/// Two events as nodes send them: topics, data.
pub fn events() -> Vec<(Vec<[u8; 32]>, Vec<u8>)> {
    let handed = IEmission::HandedOver { end: 180, newDistributor: B256::repeat_byte(3) };
    let vetoed = IEmission::StatementVetoed {
        digest: B256::ZERO,
        by: Address::ZERO,
        newHead: B256::ZERO,
        reason: b"a wrong fold".as_slice().into(),
    };
    [handed.encode_log_data(), vetoed.encode_log_data()]
        .map(|data| (data.topics().iter().map(|topic| topic.0).collect(), data.data.to_vec()))
        .into()
}

/// The keys whose signatures a filing's call holds, in the call's order.
pub fn filed(statement: &EpochStatement, signatures: &[StatementSignature]) -> Vec<CompressedKey> {
    let call = IEmission::submitCall::abi_decode(&action::submit(statement, signatures)).expect("a call can be read");
    let key = |rsv: &[u8; 65]| signatures.iter().find(|signature| signature.rsv == *rsv).map(|signature| signature.key);
    let (packed, rest) = call.signatures.as_chunks::<65>();
    assert!(rest.is_empty(), "65 bytes a signature");
    packed.iter().map(|rsv| key(rsv).expect("a signature of the filing")).collect()
}

/// The payees and amounts, and the siblings' hashes and sums, that a range claim's call holds.
pub fn claimed(leaves: &[RewardLeaf], proof: &RangeProof) -> [Vec<([u8; 32], u64)>; 2] {
    let call = IClaims::claimRangeCall::abi_decode(&action::claim_range(leaves, proof)).expect("a call can be read");
    assert_eq!(call.first, proof.first);
    [call.leaves, call.proof].map(|packed| {
        let (pairs, rest) = packed.as_chunks::<40>();
        assert!(rest.is_empty(), "40 bytes each");
        let pair = |bytes: &[u8; 40]| {
            let (word, amount) = bytes.split_at(32);
            (word.try_into().expect("32 bytes"), u64::from_be_bytes(amount.try_into().expect("8 bytes")))
        };
        pairs.iter().map(pair).collect()
    })
}
