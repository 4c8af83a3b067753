//! The program's instructions for one distributor. Tests change what these build to see it refused.

use anchor_lang::{InstructionData, ToAccountMetas};
use anchor_spl::associated_token::get_associated_token_address_with_program_id;
use emission::{Deployment, Held, NamedLeaf, Summary, accounts, instruction, seeds};
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};

/// A distributor's addresses.
#[derive(Clone)]
pub struct Calls {
    pub distributor: Address,
    pub mint: Address,
    pub vault: Address,
    pub oracles: Address,
    pub token_program: Address,
}

/// An instruction of the program.
pub fn call(accounts: impl ToAccountMetas, data: &impl InstructionData) -> Instruction {
    Instruction { program_id: emission::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn below(seeds: &[&[u8]]) -> Address {
    Address::find_program_address(seeds, &emission::ID).0
}

/// An m-of-n account's address.
pub fn council_address(threshold: u8, members: &[Address]) -> Address {
    below(&[seeds::COUNCIL, emission::Council::id(threshold, members).as_bytes()])
}

/// Creates an m-of-n account.
pub fn create_council(payer: Address, threshold: u8, members: Vec<Address>) -> Instruction {
    let council = council_address(threshold, &members);
    let accounts = accounts::CreateCouncil { payer, council, system_program: SYSTEM };
    call(accounts, &instruction::CreateCouncil { threshold, members })
}

/// Where the loader keeps the program's code.
pub fn program_data() -> Address {
    Address::find_program_address(&[emission::ID.as_ref()], &LOADER).0
}

pub const SYSTEM: Address = anchor_lang::solana_program::system_program::ID;
pub const LOADER: Address = anchor_lang::solana_program::bpf_loader_upgradeable::ID;
pub const ASSOCIATED: Address = anchor_spl::associated_token::ID;

impl Calls {
    pub fn of(deployment: &Deployment) -> Self {
        let id = deployment.id().expect("bytes");
        let distributor = below(&[seeds::DISTRIBUTOR, id.as_bytes()]);
        let part = |seed: &[u8]| below(&[seed, distributor.as_ref()]);
        Self {
            distributor,
            mint: part(seeds::MINT),
            vault: part(seeds::VAULT),
            oracles: part(seeds::ORACLES),
            token_program: deployment.token_program,
        }
    }

    fn books(&self) -> accounts::BooksAccounts {
        accounts::BooksAccounts {
            distributor: self.distributor,
            mint: self.mint,
            vault: self.vault,
            token_program: self.token_program,
        }
    }

    pub fn create(&self, payer: Address, deployment: &Deployment) -> Instruction {
        let accounts = accounts::CreateDistributor {
            payer,
            distributor: self.distributor,
            oracles: self.oracles,
            mint: self.mint,
            vault: self.vault,
            token_program: self.token_program,
            system_program: SYSTEM,
        };
        call(accounts, &instruction::CreateDistributor { deployment: Box::new(deployment.clone()) })
    }

    pub fn settle(&self) -> Instruction {
        call(accounts::Settle { books: self.books() }, &instruction::Settle {})
    }

    pub fn submit(&self, summary: Summary, signatures: Vec<[u8; 65]>) -> Instruction {
        let accounts = accounts::Submit { books: self.books(), oracles: self.oracles };
        call(accounts, &instruction::Submit { summary, signatures })
    }

    pub fn open(&self, first: u32, old: [u8; 32], signatures: Vec<[u8; 65]>) -> Instruction {
        let accounts = accounts::Open {
            books: self.books(),
            oracles: self.oracles,
            program: emission::ID,
            program_data: program_data(),
        };
        call(accounts, &instruction::Open { first, old, signatures })
    }

    /// A call of the DAO authority or the guardian, `signers` being itself or a council's members.
    pub fn act(&self, actor: Address, signers: &[Address], data: &impl InstructionData) -> Instruction {
        let mut built = call(accounts::Act { books: self.books(), actor, oracles: self.oracles }, data);
        signed(&mut built, actor, signers);
        built
    }

    pub fn rotate(&self, actor: Address, signers: &[Address], data: &instruction::Rotate) -> Instruction {
        let accounts = accounts::Rotate { books: self.books(), actor, oracles: self.oracles };
        let mut built = call(accounts, data);
        signed(&mut built, actor, signers);
        built
    }

    pub fn consent(&self, guardian: Address, signers: &[Address], call_hash: [u8; 32], given: bool) -> Instruction {
        let accounts = accounts::Consent { distributor: self.distributor, guardian, oracles: self.oracles };
        let mut built = call(accounts, &instruction::Consent { call_hash, given });
        signed(&mut built, guardian, signers);
        built
    }

    pub fn destination(&self, payee: &Address) -> Address {
        get_associated_token_address_with_program_id(payee, &self.mint, &self.token_program)
    }

    pub fn claimed(&self, payee: &Address) -> Address {
        below(&[seeds::CLAIMED, self.distributor.as_ref(), payee.as_ref()])
    }

    pub fn claim(&self, payer: Address, payee: Address, amount: u64, index: u32, proof: Vec<u8>) -> Instruction {
        let accounts = accounts::Claim {
            books: self.books(),
            payer,
            payee,
            destination: self.destination(&payee),
            claimed: self.claimed(&payee),
            associated_token_program: ASSOCIATED,
            system_program: SYSTEM,
        };
        call(accounts, &instruction::Claim { amount, index, proof })
    }

    /// A claim of a run that pays `payees`.
    pub fn claim_range(
        &self,
        payer: Address,
        payees: &[Address],
        first: u32,
        amounts: Vec<u64>,
        named: Vec<NamedLeaf>,
        proof: Vec<u8>,
    ) -> Instruction {
        let accounts = accounts::ClaimRange { books: self.books(), payer, system_program: SYSTEM };
        let mut built = call(accounts, &instruction::ClaimRange { first, amounts, named, proof });
        for payee in payees {
            built.accounts.push(AccountMeta::new(self.destination(payee), false));
            built.accounts.push(AccountMeta::new(self.claimed(payee), false));
        }
        built
    }

    pub fn held_roots(&self) -> Instruction {
        call(accounts::Read { distributor: self.distributor }, &instruction::HeldRoots {})
    }

    pub fn is_valid_leaf(&self, which: Held, payee: Address, amount: u64, index: u32, proof: Vec<u8>) -> Instruction {
        let data = instruction::IsValidLeaf { which, payee, amount, index, proof };
        call(accounts::Read { distributor: self.distributor }, &data)
    }

    /// What is the same in all claims: what a lookup table holds.
    pub fn shared(&self) -> Vec<Address> {
        vec![self.distributor, self.mint, self.vault, self.oracles, self.token_program, ASSOCIATED, SYSTEM]
    }
}

/// Who signs: the actor itself, or the members of the council that it is, which follow the named accounts.
fn signed(built: &mut Instruction, actor: Address, signers: &[Address]) {
    for signer in signers {
        if *signer == actor {
            let named = built.accounts.iter_mut().find(|meta| meta.pubkey == actor).expect("the actor is named");
            named.is_signer = true;
        } else {
            built.accounts.push(AccountMeta::new_readonly(*signer, true));
        }
    }
}
