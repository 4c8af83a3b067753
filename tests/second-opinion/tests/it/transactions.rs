//! Transactions, as two libraries encode and sign them.

use crate::secrets;
use alloy::consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718;
use alloy::network::TxSignerSync;
use alloy::primitives::{Address, U256};
use alloy::signers::local::PrivateKeySigner;
use ethers_core::types::Eip1559TransactionRequest;
use liaise_second_opinion::Other;
use proptest::prelude::*;

/// A call as both libraries have it.
#[derive(Clone, Debug)]
pub struct Call {
    pub chain: u64,
    pub nonce: u64,
    pub gas: u64,
    pub fee: u64,
    pub to: [u8; 20],
    pub value: u64,
    pub input: Vec<u8>,
}

impl Call {
    /// Signed by the other implementation.
    pub fn signed_by(&self, other: &Other) -> Vec<u8> {
        let request = Eip1559TransactionRequest::new()
            .chain_id(self.chain)
            .nonce(self.nonce)
            .gas(self.gas)
            .max_fee_per_gas(self.fee)
            .max_priority_fee_per_gas(self.fee / 2)
            .to(ethers_core::types::Address::from(self.to))
            .value(self.value)
            .data(self.input.clone());
        other.sign_transaction(&request.into())
    }

    fn signed_by_alloy(&self, signer: &PrivateKeySigner) -> Vec<u8> {
        let mut transaction = TxEip1559 {
            chain_id: self.chain,
            nonce: self.nonce,
            gas_limit: self.gas,
            max_fee_per_gas: self.fee.into(),
            max_priority_fee_per_gas: (self.fee / 2).into(),
            to: Address::from(self.to).into(),
            value: U256::from(self.value),
            input: self.input.clone().into(),
            ..Default::default()
        };
        let signature = signer.sign_transaction_sync(&mut transaction).unwrap();
        TxEnvelope::from(transaction.into_signed(signature)).encoded_2718()
    }
}

prop_compose! {
    fn calls()(
        (nonce, gas, fee, value) in any::<(u64, u64, u64, u64)>(),
        to in any::<[u8; 20]>(),
        input in proptest::collection::vec(any::<u8>(), 0..300),
        chain in 1..=u64::from(u32::MAX),
    ) -> Call {
        Call { chain, nonce, gas, fee, to, value, input }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_transaction_is_signed_with_the_same_bytes(call in calls(), key in secrets()) {
        let alloys = call.signed_by_alloy(&PrivateKeySigner::from_slice(&key).unwrap());
        prop_assert_eq!(call.signed_by(&Other::new(key)), alloys);
    }
}
