//! Signed transactions: made, and read again from what a journal kept.

use anchor_lang::prelude::Pubkey;
use anchor_lang::solana_program::instruction::Instruction;
use liaise_chain_api::{At, ChainError, ChainId, FeeLimit, Prepared, SubmissionId};
use serde_json::json;
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::{Response, RpcBlockhash};
use solana_sdk::hash::Hash;
use solana_sdk::message::{AddressLookupTableAccount, VersionedMessage, v0};
use solana_sdk::signature::Keypair;
use solana_sdk::signature::Signature;
use solana_sdk::signer::Signer;
use solana_transaction::versioned::VersionedTransaction;

use crate::endpoint::{Endpoint, commitment};

/// The most bytes that the network carries in one transaction.
pub(crate) const MAX_BYTES: usize = 1232;

/// Layout of what is kept: this byte, the slot u64 big-endian at which the blockhash was final, the wire format.
const LAYOUT: u8 = 1;
const PREFIX: usize = 9;

/// A blockhash, and the final slot that it was read at: whoever is past that slot and no longer takes it never will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Birth {
    pub(crate) slot: u64,
    pub(crate) blockhash: Hash,
}

impl Birth {
    /// A blockhash of the newest final slot: a fifth of its life is over, and no other fork of the chain lacks it.
    pub(crate) async fn newest(endpoint: &Endpoint) -> Result<Self, ChainError> {
        let params = json!([{"commitment": commitment(At::Final)}]);
        let answer: Response<RpcBlockhash> = endpoint.ask(RpcRequest::GetLatestBlockhash, params).await?;
        let blockhash = answer.value.blockhash.parse();
        let blockhash = blockhash.map_err(|_| endpoint.nonsense("a blockhash that is none"))?;
        Ok(Self { slot: answer.context.slot, blockhash })
    }
}

/// The message of a version-0 transaction.
pub(crate) fn message(
    payer: Pubkey,
    instructions: &[Instruction],
    table: &[AddressLookupTableAccount],
    birth: Birth,
) -> Result<VersionedMessage, ChainError> {
    let message = v0::Message::try_compile(&payer, instructions, table, birth.blockhash);
    let message = message.map_err(|error| ChainError::Input { what: "the call", detail: error.to_string() })?;
    Ok(VersionedMessage::V0(message))
}

/// How many sign a message.
pub(crate) fn signatures(message: &VersionedMessage) -> usize {
    usize::from(message.header().num_required_signatures)
}

/// Signs with those of the keys that the message asks for. Ed25519 signatures are deterministic: the same input gives the
/// same id.
pub(crate) fn sign(
    keys: &[&Keypair],
    chain: &ChainId,
    message: VersionedMessage,
    birth: Birth,
    fee_max: FeeLimit,
) -> Result<Prepared, ChainError> {
    let asked = &message.static_account_keys()[..signatures(&message)];
    let signers: Vec<&dyn Signer> =
        keys.iter().filter(|key| asked.contains(&key.pubkey())).map(|key| *key as &dyn Signer).collect();
    let signed = VersionedTransaction::try_new(message, &signers);
    let signed = signed.map_err(|error| ChainError::Input { what: "the signing key", detail: error.to_string() })?;
    let wire = wire(&signed)?;
    let bytes = [&[LAYOUT], &birth.slot.to_be_bytes()[..], &wire].concat();
    let id = SubmissionId(signed.signatures[0].to_string());
    Ok(Prepared { chain: chain.clone(), id, bytes, fee_max })
}

/// A transaction as the network carries it.
///
/// # Errors
/// [`ChainError::Input`] for one that is longer than the network carries.
pub(crate) fn wire(transaction: &VersionedTransaction) -> Result<Vec<u8>, ChainError> {
    let bytes = wincode::serialize(transaction);
    let bytes = bytes.map_err(|error| ChainError::Input { what: "the transaction", detail: error.to_string() })?;
    if bytes.len() > MAX_BYTES {
        let detail = format!(
            "it makes a transaction of {} bytes where {MAX_BYTES} fit: use the deployment's lookup table, or fewer leaves",
            bytes.len()
        );
        return Err(ChainError::Input { what: "the call", detail });
    }
    Ok(bytes)
}

/// What decides the fate of a prepared transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) signature: Signature,
    pub(crate) birth: Birth,
    /// As the network carries it.
    pub(crate) wire: Vec<u8>,
}

/// Reads a prepared transaction again and checks that it is what it says.
///
/// # Errors
/// [`ChainError::Input`] for bytes of another chain or id, or that are no signed transaction.
pub(crate) fn held(prepared: &Prepared, chain: &ChainId) -> Result<Held, ChainError> {
    let bad = |detail: &str| ChainError::Input { what: "the prepared transaction", detail: detail.to_owned() };
    if prepared.chain != *chain {
        return Err(bad(&format!("it is for {}: use that chain's adapter", prepared.chain)));
    }
    let damaged = || bad("its bytes are no transaction: the journal is damaged");
    let (prefix, wire) = prepared.bytes.split_at_checked(PREFIX).ok_or_else(damaged)?;
    if prefix[0] != LAYOUT || wire.len() > MAX_BYTES {
        return Err(damaged());
    }
    let slot = u64::from_be_bytes(prefix[1..].try_into().expect("eight bytes"));
    let signed: VersionedTransaction = wincode::deserialize(wire).map_err(|_| damaged())?;
    // a decoder that stops early would let two byte strings stand for one transaction
    if self::wire(&signed)? != wire {
        return Err(damaged());
    }
    let signature = *signed.signatures.first().ok_or_else(damaged)?;
    if signature.to_string() != prepared.id.0 {
        return Err(bad("its bytes have another id: the journal is damaged"));
    }
    if !signed.verify_with_results().into_iter().all(|valid| valid) {
        return Err(bad("nobody signed it: the journal is damaged"));
    }
    let birth = Birth { slot, blockhash: *signed.message.recent_blockhash() };
    Ok(Held { signature, birth, wire: wire.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared() -> Prepared {
        let signer = Keypair::new_from_array([7; 32]);
        let birth = Birth { slot: 99, blockhash: Hash::new_from_array([3; 32]) };
        let call = Instruction { program_id: Pubkey::new_from_array([9; 32]), accounts: vec![], data: vec![1, 2, 3] };
        let message = message(signer.pubkey(), &[call], &[], birth).expect("a message");
        let chain = "solana:local".parse().expect("a chain");
        sign(&[&signer], &chain, message, birth, FeeLimit(5000)).expect("signed")
    }

    #[test]
    fn the_same_input_has_the_same_id_and_is_read_again() {
        let (one, two) = (prepared(), prepared());
        assert_eq!(one, two);
        let held = held(&one, &one.chain).expect("readable");
        assert_eq!((held.signature.to_string(), held.birth.slot), (one.id.0, 99));
        assert_eq!(held.birth.blockhash, Hash::new_from_array([3; 32]));
    }

    #[test]
    fn damaged_and_foreign_bytes_are_refused() {
        let good = prepared();
        let refused = |bad: &Prepared| assert!(matches!(held(bad, &good.chain), Err(ChainError::Input { .. })));
        for at in [0, PREFIX, PREFIX + 5, good.bytes.len() - 1] {
            let mut flipped = good.clone();
            flipped.bytes[at] ^= 1;
            refused(&flipped);
        }
        let mut longer = good.clone();
        longer.bytes.push(0);
        refused(&longer);
        for length in 0..good.bytes.len() {
            let mut shorter = good.clone();
            shorter.bytes.truncate(length);
            refused(&shorter);
        }
        let other = "solana:other".parse().expect("a chain");
        assert!(matches!(held(&good, &other), Err(ChainError::Input { .. })));
    }
}
