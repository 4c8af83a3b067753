//! Accounts and transactions as JSON.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use solana_account::Account;
use solana_account_decoder_client_types::{UiAccount, UiAccountData, UiAccountEncoding, UiDataSliceConfig};
use solana_message::VersionedMessage;
use solana_transaction::versioned::{TransactionVersion, VersionedTransaction};
use solana_transaction_status_client_types::{
    EncodedTransaction, EncodedTransactionWithStatusMeta, TransactionBinaryEncoding, UiCompiledInstruction, UiMessage,
    UiRawMessage, UiTransaction, UiTransactionEncoding,
};

use super::error::RpcError;
use super::wire::to_wire;
use crate::chain::Record;

/// The most bytes that are said in base58.
const MAX_BASE58_LEN: usize = 128;

/// An account, or the asked slice of its data.
pub fn account(
    account: &Account,
    encoding: UiAccountEncoding,
    slice: Option<UiDataSliceConfig>,
) -> Result<UiAccount, RpcError> {
    let data = sliced(&account.data, slice);
    let base58 = || match data.len() {
        0..=MAX_BASE58_LEN => Ok(bs58::encode(data).into_string()),
        _ => Err(RpcError::too_long_for_base58(MAX_BASE58_LEN)),
    };
    let encoded = match encoding {
        UiAccountEncoding::Binary => UiAccountData::LegacyBinary(base58()?),
        UiAccountEncoding::Base58 => UiAccountData::Binary(base58()?, UiAccountEncoding::Base58),
        // as a validator does for a program whose accounts it can't parse: this one parses none
        UiAccountEncoding::Base64 | UiAccountEncoding::JsonParsed => {
            UiAccountData::Binary(BASE64_STANDARD.encode(data), UiAccountEncoding::Base64)
        }
        // what Solana's own client asks for
        UiAccountEncoding::Base64Zstd => {
            let packed = zstd::encode_all(data, 0).expect("memory can be read and written");
            UiAccountData::Binary(BASE64_STANDARD.encode(packed), UiAccountEncoding::Base64Zstd)
        }
    };
    Ok(UiAccount {
        lamports: account.lamports,
        data: encoded,
        owner: account.owner.to_string(),
        executable: account.executable,
        rent_epoch: account.rent_epoch,
        space: Some(account.data.len() as u64),
    })
}

fn sliced(data: &[u8], slice: Option<UiDataSliceConfig>) -> &[u8] {
    let Some(UiDataSliceConfig { offset, length }) = slice else { return data };
    let rest = data.get(offset..).unwrap_or_default();
    &rest[..length.min(rest.len())]
}

/// A transaction in the asked encoding.
pub fn transaction(
    transaction: &VersionedTransaction,
    encoding: UiTransactionEncoding,
) -> Result<EncodedTransaction, RpcError> {
    Ok(match encoding {
        UiTransactionEncoding::Binary => {
            EncodedTransaction::LegacyBinary(bs58::encode(to_wire(transaction)).into_string())
        }
        UiTransactionEncoding::Base58 => EncodedTransaction::Binary(
            bs58::encode(to_wire(transaction)).into_string(),
            TransactionBinaryEncoding::Base58,
        ),
        UiTransactionEncoding::Base64 => {
            EncodedTransaction::Binary(BASE64_STANDARD.encode(to_wire(transaction)), TransactionBinaryEncoding::Base64)
        }
        UiTransactionEncoding::Json => EncodedTransaction::Json(UiTransaction {
            signatures: transaction.signatures.iter().map(ToString::to_string).collect(),
            message: UiMessage::Raw(raw_message(&transaction.message)),
        }),
        UiTransactionEncoding::JsonParsed => {
            let message = "jsonParsed transactions are not offered by solana-localnet: ask for json or base64";
            return Err(RpcError::invalid_params(message));
        }
    })
}

/// A transaction as a block holds it, with what it did.
pub fn record(
    record: &Record,
    encoding: UiTransactionEncoding,
    max_version: Option<u8>,
) -> Result<EncodedTransactionWithStatusMeta, RpcError> {
    let version = match (&record.transaction.message, max_version) {
        (VersionedMessage::Legacy(_), None) => None,
        (VersionedMessage::Legacy(_), Some(_)) => Some(TransactionVersion::LEGACY),
        (_, Some(_)) => Some(record.transaction.version()),
        (_, None) => return Err(RpcError::unsupported_transaction_version(0)),
    };
    Ok(EncodedTransactionWithStatusMeta {
        transaction: transaction(&record.transaction, encoding)?,
        meta: Some(record.meta.clone().into()),
        version,
    })
}

fn raw_message(message: &VersionedMessage) -> UiRawMessage {
    let instruction = |instruction| UiCompiledInstruction::from(instruction, Some(1));
    UiRawMessage {
        header: *message.header(),
        account_keys: message.static_account_keys().iter().map(ToString::to_string).collect(),
        recent_blockhash: message.recent_blockhash().to_string(),
        instructions: message.instructions().iter().map(instruction).collect(),
        address_table_lookups: message.address_table_lookups().map(|lookups| lookups.iter().map(Into::into).collect()),
        transaction_config: None,
    }
}
