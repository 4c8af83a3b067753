//! The program's code as the chain holds it, and who can change it.

use anchor_lang::prelude::Pubkey;
use liaise_chain_api::{At, ChainError};
use liaise_summary::{Hash32, sha256};
use serde_json::json;
use solana_account_decoder_client_types::UiAccount;
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::Response;

use crate::addresses::Addresses;
use crate::endpoint::{Endpoint, commitment};

/// What the loader keeps before the code: a u32 of 3, the slot u64, whether an authority follows u8, the authority.
const HEADER: usize = 45;
const AUTHORITY_FLAG: usize = 12;
const PROGRAM_DATA: u32 = 3;

/// The code of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// SHA-256 of the code, zeros at its end left out: the loader keeps room for a longer one. `solana-verify` prints the same.
    pub hash: Hash32,
    /// Who can replace it.
    pub upgrade_authority: Option<Pubkey>,
}

impl Code {
    /// Reads it from the chain.
    pub(crate) async fn load(endpoint: &Endpoint, addresses: &Addresses) -> Result<Self, ChainError> {
        let config = json!({"encoding": "base64", "commitment": commitment(At::Latest)});
        let params = json!([addresses.program_data.to_string(), config]);
        let answer: Response<Option<UiAccount>> = endpoint.ask(RpcRequest::GetAccountInfo, params).await?;
        let foreign = |detail: &str| ChainError::ForeignDistributor {
            address: addresses.program.to_string(),
            detail: detail.to_owned(),
        };
        let account = answer.value.ok_or_else(|| foreign("no program of the upgradeable loader is there"))?;
        Self::read(&endpoint.content(&account)?).ok_or_else(|| foreign("its data are none of the upgradeable loader"))
    }

    pub(crate) fn read(data: &[u8]) -> Option<Self> {
        let (header, code) = data.split_at_checked(HEADER)?;
        if u32::from_le_bytes(header[..4].try_into().ok()?) != PROGRAM_DATA {
            return None;
        }
        let upgrade_authority = match header[AUTHORITY_FLAG] {
            0 => None,
            1 => Some(Pubkey::try_from(&header[AUTHORITY_FLAG + 1..]).ok()?),
            _ => return None,
        };
        let length = code.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some(Self { hash: sha256(&[&code[..length]]), upgrade_authority })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(flag: u8, code: &[u8]) -> Vec<u8> {
        [&3u32.to_le_bytes()[..], &9u64.to_le_bytes(), &[flag], &[7; 32], code].concat()
    }

    #[test]
    fn room_for_a_longer_code_does_not_count() {
        let tight = Code::read(&data(0, b"code")).unwrap();
        assert_eq!(tight, Code::read(&data(0, b"code\0\0\0")).unwrap());
        assert_eq!((tight.hash, tight.upgrade_authority), (sha256(&[b"code"]), None));
        assert_eq!(Code::read(&data(1, b"code")).unwrap().upgrade_authority, Some(Pubkey::new_from_array([7; 32])));
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert_eq!(Code::read(&[]), None);
        assert_eq!(Code::read(&data(2, b"code")), None);
        assert_eq!(Code::read(&[2, 0, 0, 0].repeat(20)), None);
    }
}
