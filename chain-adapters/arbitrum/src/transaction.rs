//! Signed transactions: made, and read again from what a journal kept.

use alloy::consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::{Decodable2718, Encodable2718};
use alloy::network::TxSignerSync;
use alloy::primitives::{Address, B256, TxKind, U256};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use liaise_chain_api::{ChainError, ChainId, Prepared, SubmissionId};

use crate::bindings::IClaims;
use crate::fees::Fees;

/// Signs a call or a creation; deterministic (RFC 6979), so the same input gives the same id.
pub(crate) fn sign(
    signer: &PrivateKeySigner,
    chain: &ChainId,
    chain_number: u64,
    to: TxKind,
    nonce: u64,
    fees: &Fees,
    input: Vec<u8>,
) -> Result<Prepared, ChainError> {
    let mut transaction = TxEip1559 {
        chain_id: chain_number,
        nonce,
        gas_limit: fees.gas_limit,
        max_fee_per_gas: fees.max_fee_per_gas,
        max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
        to,
        value: U256::ZERO,
        access_list: Default::default(),
        input: input.into(),
    };
    let signature = signer.sign_transaction_sync(&mut transaction);
    let signature =
        signature.map_err(|error| ChainError::Input { what: "the signing key", detail: error.to_string() })?;
    let signed: TxEnvelope = transaction.into_signed(signature).into();
    Ok(Prepared {
        chain: chain.clone(),
        id: SubmissionId(signed.tx_hash().to_string()),
        bytes: signed.encoded_2718(),
        fee_max: fees.max(),
    })
}

/// What decides the fate of a prepared transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) hash: B256,
    pub(crate) sender: Address,
    pub(crate) nonce: u64,
    /// Whether it can succeed without an event: a claim that has nothing left to pay.
    pub(crate) may_be_silent: bool,
}

/// Reads a prepared transaction again and checks that it is what it says.
///
/// # Errors
/// [`ChainError::Input`] for bytes of another chain or id, or that are no signed transaction.
pub(crate) fn held(prepared: &Prepared, chain: &ChainId, chain_number: u64) -> Result<Held, ChainError> {
    let bad = |detail: String| ChainError::Input { what: "the prepared transaction", detail };
    if prepared.chain != *chain {
        return Err(bad(format!("it is for {}: use that chain's adapter", prepared.chain)));
    }
    let decoded = TxEnvelope::decode_2718_exact(&prepared.bytes);
    let signed =
        decoded.map_err(|error| bad(format!("its bytes are no transaction ({error}): the journal is damaged")))?;
    let TxEnvelope::Eip1559(signed) = signed else {
        return Err(bad("it is no EIP-1559 transaction, which is all that is ever prepared".to_owned()));
    };
    if signed.tx().chain_id != chain_number || signed.hash().to_string() != prepared.id.0 {
        return Err(bad("its bytes have another chain or id: the journal is damaged".to_owned()));
    }
    let sender = signed.signature().recover_address_from_prehash(&signed.signature_hash());
    let sender = sender.map_err(|_| bad("nobody signed it: the journal is damaged".to_owned()))?;
    let claims = [IClaims::claimCall::SELECTOR, IClaims::claimRangeCall::SELECTOR];
    let may_be_silent = claims.iter().any(|selector| signed.tx().input.starts_with(selector));
    Ok(Held { hash: *signed.hash(), sender, nonce: signed.tx().nonce, may_be_silent })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared() -> (PrivateKeySigner, Prepared) {
        let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).expect("a key");
        let fees = Fees { gas_limit: 21_000, max_fee_per_gas: 5, max_priority_fee_per_gas: 1 };
        let chain: ChainId = "eip155:31337".parse().expect("a chain");
        let prepared =
            sign(&signer, &chain, 31_337, TxKind::Call(Address::ZERO), 9, &fees, vec![1, 2, 3]).expect("signed");
        (signer, prepared)
    }

    #[test]
    fn the_same_input_has_the_same_id_and_is_read_again() {
        let (signer, one) = prepared();
        let (_, two) = prepared();
        assert_eq!(one, two);
        let held = held(&one, &one.chain, 31_337).expect("readable");
        assert_eq!((held.sender, held.nonce, held.hash.to_string()), (signer.address(), 9, one.id.0.clone()));
        assert_eq!(one.fee_max.0, 105_000);
    }

    #[test]
    fn damaged_and_foreign_bytes_are_refused() {
        let (_, good) = prepared();
        let mut flipped = good.clone();
        flipped.bytes[20] ^= 1;
        let mut longer = good.clone();
        longer.bytes.push(0);
        for bad in [flipped, longer] {
            assert!(matches!(held(&bad, &good.chain, 31_337), Err(ChainError::Input { .. })));
        }
        let other: ChainId = "eip155:1".parse().expect("a chain");
        assert!(matches!(held(&good, &other, 1), Err(ChainError::Input { .. })));
    }
}
