//! SPL Token's and Token-2022's accounts, as far as balances need them.

use solana_account::Account;
use solana_account_decoder_client_types::token::{UiTokenAmount, real_number_string_trimmed};
use solana_address::{Address, address};
use solana_message::VersionedMessage;
use solana_transaction_status_client_types::TransactionTokenBalance;

use super::bank::Bank;

const TOKEN: Address = address!("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const TOKEN_2022: Address = address!("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");

/// Lengths of the two programs' common layouts. With extensions a type follows after the longer of them.
const ACCOUNT_LEN: usize = 165;
const MINT_LEN: usize = 82;
const TYPE_ACCOUNT: u8 = 2;
const TYPE_MINT: u8 = 1;

/// A token account's part that does not depend on extensions.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenAccount {
    pub mint: Address,
    pub owner: Address,
    /// In the mint's smallest units.
    pub amount: u64,
}

/// Whether this is one of the two token programs.
pub fn is_token_program(program: &Address) -> bool {
    *program == TOKEN || *program == TOKEN_2022
}

/// Reads an initialised token account; none if it isn't one.
pub fn token_account(account: &Account) -> Option<TokenAccount> {
    is_token_program(&account.owner).then(|| unpack_account(&account.data)).flatten()
}

/// Whether the bytes are those of an initialised token account.
pub fn unpack_account(data: &[u8]) -> Option<TokenAccount> {
    let state = *data.get(108)?;
    (has_layout(data, ACCOUNT_LEN, TYPE_ACCOUNT) && state != 0).then(|| TokenAccount {
        mint: address_at(data, 0),
        owner: address_at(data, 32),
        amount: u64::from_le_bytes(data[64..72].try_into().expect("eight bytes")),
    })
}

/// The decimals of an initialised mint; none if it isn't one.
pub fn mint_decimals(account: &Account) -> Option<u8> {
    let data = &account.data;
    let is_mint = is_token_program(&account.owner) && has_layout(data, MINT_LEN, TYPE_MINT) && data[45] == 1;
    is_mint.then(|| data[44])
}

/// An amount as RPC says it.
pub fn ui_amount(amount: u64, decimals: u8) -> UiTokenAmount {
    let ui_amount_string = real_number_string_trimmed(amount, decimals);
    UiTokenAmount {
        // kept by the protocol for old readers; nothing is counted with it
        ui_amount: ui_amount_string.parse().ok(),
        decimals,
        amount: amount.to_string(),
        ui_amount_string,
    }
}

/// The balances of a message's token accounts.
pub fn balances(bank: &Bank, message: &VersionedMessage, keys: &[Address]) -> Vec<TransactionTokenBalance> {
    if !keys.iter().any(is_token_program) {
        return Vec::new();
    }
    let of_index = |(index, key): (usize, &Address)| {
        if message.is_invoked(index) || is_token_program(key) {
            return None;
        }
        let account = bank.svm.get_account(key)?;
        let token = token_account(&account)?;
        let decimals = mint_decimals(&bank.svm.get_account(&token.mint)?)?;
        Some(TransactionTokenBalance {
            account_index: u8::try_from(index).ok()?,
            mint: token.mint.to_string(),
            ui_token_amount: ui_amount(token.amount, decimals),
            owner: token.owner.to_string(),
            program_id: account.owner.to_string(),
        })
    };
    keys.iter().enumerate().filter_map(of_index).collect()
}

fn has_layout(data: &[u8], len: usize, kind: u8) -> bool {
    // a multisig is 355 bytes long and has no type
    data.len() == len || (data.len() > ACCOUNT_LEN && data.len() != 355 && data[ACCOUNT_LEN] == kind)
}

fn address_at(data: &[u8], at: usize) -> Address {
    Address::new_from_array(data[at..at + 32].try_into().expect("thirty-two bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(len: usize) -> Account {
        let mut data = vec![0; len];
        data[..32].fill(1);
        data[32..64].fill(2);
        data[64..72].copy_from_slice(&7_u64.to_le_bytes());
        data[108] = 1;
        Account { owner: TOKEN_2022, data, ..Account::default() }
    }

    #[test]
    fn an_account_is_told_from_what_only_looks_like_one() {
        let plain = account(165);
        assert_eq!(token_account(&plain).map(|token| token.amount), Some(7));
        let mut extended = account(170);
        assert_eq!(token_account(&extended), None);
        extended.data[165] = TYPE_ACCOUNT;
        assert_eq!(token_account(&extended).map(|token| token.owner), Some(Address::new_from_array([2; 32])));
        assert_eq!(token_account(&account(355)), None);
        assert_eq!(token_account(&Account { owner: Address::default(), ..account(165) }), None);
        let mut uninitialised = account(165);
        uninitialised.data[108] = 0;
        assert_eq!(token_account(&uninitialised), None);
    }

    #[test]
    fn a_mint_says_its_decimals() {
        let mut data = vec![0; 82];
        data[44] = 8;
        let mut mint = Account { owner: TOKEN, data, ..Account::default() };
        assert_eq!(mint_decimals(&mint), None);
        mint.data[45] = 1;
        assert_eq!(mint_decimals(&mint), Some(8));
        mint.data.truncate(81);
        assert_eq!(mint_decimals(&mint), None);
    }

    #[test]
    fn amounts_are_said_exactly() {
        let amount = ui_amount(u64::MAX, 8);
        assert_eq!(
            (amount.amount.as_str(), amount.ui_amount_string.as_str()),
            ("18446744073709551615", "184467440737.09551615")
        );
        assert_eq!(ui_amount(1_500, 3).ui_amount_string, "1.5");
        assert_eq!(ui_amount(0, 9).ui_amount_string, "0");
    }
}
