//! The first bank: builtin programs, SPL's, those that were asked for, and a rich faucet.

use std::path::PathBuf;
use std::str::FromStr;

use litesvm::LiteSVM;
use solana_account::Account;
use solana_address::Address;
use solana_hash::Hash;
use solana_keypair::Keypair;
use solana_sdk_ids::{bpf_loader_upgradeable, system_program};
use solana_sha256_hasher::hashv;
use solana_signer::Signer;

/// What the faucet has: 500 million SOL, in lamports.
const FAUCET_LAMPORTS: u64 = 500_000_000 * 1_000_000_000;

/// A program that is there from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramAtGenesis {
    pub id: Address,
    /// An ELF file.
    pub path: PathBuf,
    /// Who may upgrade it; nobody if none.
    pub authority: Option<Address>,
}

impl FromStr for ProgramAtGenesis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (id, rest) = text.split_once('=').ok_or("write ID=PATH.so or ID=PATH.so@AUTHORITY")?;
        let (path, authority) = match rest.rsplit_once('@') {
            Some((path, authority)) => (path, Some(address(authority)?)),
            None => (rest, None),
        };
        Ok(Self { id: address(id)?, path: path.into(), authority })
    }
}

fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| format!("{text} is no address in base58"))
}

/// The chain's identity.
pub fn genesis_hash(seed: &str) -> Hash {
    hashv(&[b"solana-localnet genesis", seed.as_bytes()])
}

/// Who pays airdrops.
pub fn faucet(seed: &str) -> Keypair {
    Keypair::new_from_array(hashv(&[b"solana-localnet faucet", seed.as_bytes()]).to_bytes())
}

/// The accounts of slot 0, under mainnet's feature set.
///
/// # Errors
/// A program's file can't be read, or the VM refuses it.
pub fn svm(seed: &str, programs: &[ProgramAtGenesis]) -> Result<LiteSVM, String> {
    let mut svm = LiteSVM::default().with_mainnet_features().with_builtins().with_sysvars();
    // before programs are loaded: they are visible from the slot in which they were
    svm.warp_to_slot(0);
    // blockhashes, duplicates and signatures are checked by the chain around it
    let mut svm = svm
        .with_feature_accounts()
        .with_default_programs()
        .with_sigverify(false)
        .with_blockhash_check(false)
        .with_transaction_history(0);
    for program in programs {
        add(&mut svm, program)?;
    }
    let faucet_account = Account { lamports: FAUCET_LAMPORTS, owner: system_program::ID, ..Account::default() };
    svm.set_account(faucet(seed).pubkey(), faucet_account).map_err(|error| error.to_string())?;
    Ok(svm)
}

fn add(svm: &mut LiteSVM, program: &ProgramAtGenesis) -> Result<(), String> {
    let failed = |error: String| format!("program {} from {}: {error}", program.id, program.path.display());
    svm.add_program_from_file(program.id, &program.path).map_err(|error| failed(error.to_string()))?;
    let Some(authority) = program.authority else { return Ok(()) };
    let (data_address, _) = Address::find_program_address(&[program.id.as_ref()], &bpf_loader_upgradeable::ID);
    let mut account = svm.get_account(&data_address).ok_or_else(|| failed("it has no program data".to_owned()))?;
    // variant 4, slot 8, then an option of the authority
    account.data[12] = 1;
    account.data[13..45].copy_from_slice(authority.as_ref());
    svm.set_account(data_address, account).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_named_with_its_file_and_authority() {
        let id = Address::new_from_array([7; 32]);
        let authority = Address::new_from_array([9; 32]);
        let program = ProgramAtGenesis { id, path: "a/b.so".into(), authority: None };
        assert_eq!(format!("{id}=a/b.so").parse(), Ok(program.clone()));
        let upgradeable = ProgramAtGenesis { authority: Some(authority), ..program };
        assert_eq!(format!("{id}=a/b.so@{authority}").parse(), Ok(upgradeable));
        assert!("a/b.so".parse::<ProgramAtGenesis>().is_err());
        assert!("zero=a/b.so".parse::<ProgramAtGenesis>().is_err());
    }

    #[test]
    fn a_seed_names_a_chain_and_its_faucet() {
        assert_eq!(genesis_hash("a"), genesis_hash("a"));
        assert_ne!(genesis_hash("a"), genesis_hash("b"));
        assert_ne!(faucet("a").pubkey(), faucet("b").pubkey());
    }
}
