//! Executes a transaction in an open bank, and tries one in a frozen bank.

use litesvm::types::TransactionMetadata;
use solana_account::AccountSharedData;
use solana_address::Address;
use solana_message::inner_instruction::InnerInstructionsList;
use solana_message::v0::LoadedAddresses;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::{InnerInstruction, InnerInstructions, TransactionStatusMeta};

use super::bank::{Bank, account_keys};
use super::tokens;

/// A transaction that is in a block, whether it did what it should or failed and only paid its fee.
pub struct Executed {
    pub meta: TransactionStatusMeta,
    /// Static and looked-up accounts, in the order of their indices.
    pub keys: Vec<Address>,
}

/// What trying a transaction showed.
pub struct Simulated {
    pub result: Result<(), TransactionError>,
    pub meta: TransactionMetadata,
    /// The writable accounts afterwards; empty if it failed.
    pub accounts: Vec<(Address, AccountSharedData)>,
}

impl Bank {
    /// Executes a transaction whose signatures and blockhash are checked.
    ///
    /// # Errors
    /// The transaction can't be in a block: its payer can't pay, or it is malformed. Nothing has changed then.
    pub fn execute(&mut self, transaction: &VersionedTransaction) -> Result<Executed, TransactionError> {
        let loaded = self.loaded_addresses(&transaction.message)?;
        let keys = account_keys(&transaction.message, &loaded);
        let pre_balances = self.balances(&keys);
        let pre_token_balances = tokens::balances(self, &transaction.message, &keys);
        let (status, svm_meta) = match self.svm.send_transaction(transaction.clone()) {
            Ok(meta) => (Ok(()), meta),
            Err(failed) => {
                // LiteSVM leaves the signature out where it has executed nothing and charged nothing
                if failed.meta.signature == Signature::default() {
                    self.charge_for_loading(&failed.err, &keys, failed.meta.fee)?;
                }
                (Err(failed.err), failed.meta)
            }
        };
        self.transactions += 1;
        let meta = TransactionStatusMeta {
            post_balances: self.balances(&keys),
            post_token_balances: Some(tokens::balances(self, &transaction.message, &keys)),
            pre_balances,
            pre_token_balances: Some(pre_token_balances),
            ..status_meta(status, svm_meta, loaded)
        };
        Ok(Executed { meta, keys })
    }

    /// Tries a transaction and keeps nothing of it. Neither signatures nor the blockhash are looked at.
    pub fn simulate(&self, transaction: VersionedTransaction) -> Simulated {
        match self.svm.simulate_transaction(transaction) {
            Ok(info) => Simulated { result: Ok(()), meta: info.meta, accounts: info.post_accounts },
            Err(failed) => Simulated { result: Err(failed.err), meta: failed.meta, accounts: Vec::new() },
        }
    }

    fn balances(&self, keys: &[Address]) -> Vec<u64> {
        keys.iter().map(|key| self.svm.get_balance(key).unwrap_or(0)).collect()
    }

    /// A transaction whose accounts or programs can't be loaded is in the block all the same and pays its fee; LiteSVM
    /// refuses it instead.
    fn charge_for_loading(
        &mut self,
        err: &TransactionError,
        keys: &[Address],
        fee: u64,
    ) -> Result<(), TransactionError> {
        let pays = matches!(
            err,
            TransactionError::ProgramAccountNotFound
                | TransactionError::InvalidProgramForExecution
                | TransactionError::MaxLoadedAccountsDataSizeExceeded
        );
        let payer = keys.first().and_then(|key| Some((*key, self.svm.get_account(key)?)));
        let Some((key, mut account)) = payer.filter(|(_, account)| pays && account.lamports >= fee) else {
            return Err(err.clone());
        };
        account.lamports -= fee;
        self.svm.set_account(key, account).map_err(|_| err.clone())
    }
}

fn status_meta(
    status: Result<(), TransactionError>,
    meta: TransactionMetadata,
    loaded_addresses: LoadedAddresses,
) -> TransactionStatusMeta {
    TransactionStatusMeta {
        status,
        fee: meta.fee,
        inner_instructions: Some(inner_instructions(meta.inner_instructions)),
        log_messages: Some(meta.logs),
        rewards: Some(Vec::new()),
        loaded_addresses,
        return_data: Some(meta.return_data).filter(|returned| !returned.data.is_empty()),
        compute_units_consumed: Some(meta.compute_units_consumed),
        ..TransactionStatusMeta::default()
    }
}

/// Instructions that called others, with the called ones.
pub fn inner_instructions(list: InnerInstructionsList) -> Vec<InnerInstructions> {
    let of_index = |(index, inner): (usize, Vec<solana_message::inner_instruction::InnerInstruction>)| {
        let instructions = inner
            .into_iter()
            .map(|inner| InnerInstruction {
                instruction: inner.instruction,
                stack_height: Some(u32::from(inner.stack_height)),
            })
            .collect();
        InnerInstructions { index: u8::try_from(index).expect("a packet holds fewer instructions"), instructions }
    };
    list.into_iter().enumerate().filter(|(_, inner)| !inner.is_empty()).map(of_index).collect()
}
