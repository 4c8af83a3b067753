//! The program's instruction for each action.

use anchor_lang::prelude::{AccountMeta, Pubkey};
use anchor_lang::solana_program::instruction::Instruction;
use anchor_lang::{InstructionData, ToAccountMetas};
use liaise_chain_api::{Account, Action, ChainError, Distributor, Refusal, StatementSignature};
use liaise_emission::{accounts, instruction};
use liaise_summary::{Node, RewardLeaf, Statement, sha256};

use crate::addresses::programs;
use crate::reader::SolanaReader;

/// Who sends a call, and on whose behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sender {
    /// Signs, and pays fees and the rent of accounts that are created.
    pub(crate) payer: Pubkey,
    /// Whose right is used where the call needs one: the payer itself, or a council.
    pub(crate) actor: Pubkey,
    /// The council's members that sign, beside or as the payer.
    pub(crate) members: Vec<Pubkey>,
}

impl Sender {
    /// Somebody on its own behalf.
    pub(crate) fn alone(payer: Pubkey) -> Self {
        Self { payer, actor: payer, members: vec![] }
    }
}

impl SolanaReader {
    /// The instruction that does `action`.
    ///
    /// What the signed bytes say and the program rebuilds from its own state is compared here first: it would find a wrong
    /// signature where something else is wrong.
    pub(crate) fn instruction(
        &self,
        action: &Action,
        sender: &Sender,
        state: &Distributor,
        token_program: Pubkey,
    ) -> Result<Instruction, ChainError> {
        let name = action.name();
        let refuse = |refusal| Err(ChainError::Refused { action: name, refusal });
        let books = self.books(token_program);
        let oracles = self.addresses.oracles;
        let actor = sender.actor;
        let act = || accounts::Act { books: self.books(token_program), actor, oracles };
        // a council's members sign as accounts after the named ones
        let by_members = |mut call: Instruction| {
            call.accounts.extend(sender.members.iter().map(|member| AccountMeta::new_readonly(*member, true)));
            call
        };
        Ok(match action {
            Action::SubmitEpoch { statement, signatures, .. } => {
                self.check_statement(name, &(*statement).into(), state)?;
                let summary = liaise_emission::Summary {
                    epoch: statement.epoch.0,
                    root_hash: statement.root_hash.0,
                    root_sum: statement.root_sum,
                    owed: statement.owed,
                    artefact: statement.artefact.0,
                };
                let data = instruction::Submit { summary, signatures: ordered(signatures) };
                self.call(accounts::Submit { books, oracles }, data)
            }
            Action::Open { statement, signatures } => {
                self.check_statement(name, &(*statement).into(), state)?;
                let delays = (statement.epoch_delay_s, statement.long_delay_s);
                if delays != (state.delays.epoch_s, state.delays.long_s) || statement.schedule != state.schedule.id() {
                    return refuse(Refusal::Opening);
                }
                let accounts = accounts::Open {
                    books,
                    oracles,
                    program: self.addresses.program,
                    program_data: self.addresses.program_data,
                };
                let signatures = ordered(signatures);
                self.call(accounts, instruction::Open { first: statement.first.0, old: statement.old.0, signatures })
            }
            Action::Claim { leaf, proof } => {
                if self.is_filler(&leaf.payee) {
                    return refuse(Refusal::Filler);
                }
                let payee = self.wallet_of(&leaf.payee)?;
                let accounts = accounts::Claim {
                    books,
                    payee,
                    payer: sender.payer,
                    destination: self.addresses.destination(&payee, &token_program),
                    claimed: self.addresses.claimed(&payee),
                    associated_token_program: programs::ASSOCIATED_TOKEN,
                    system_program: programs::SYSTEM,
                };
                let proof_bytes = packed_nodes(&proof.siblings);
                self.call(accounts, instruction::Claim { amount: leaf.amount, index: proof.index, proof: proof_bytes })
            }
            Action::ClaimRange { leaves, proof } => {
                self.range_call(leaves, proof, sender.payer, books, token_program)?
            }
            Action::Veto { digest, reason } => {
                if state.pending.is_none() {
                    return refuse(Refusal::NothingPending);
                }
                by_members(self.call(act(), instruction::Veto { digest: digest.0, reason: reason.clone() }))
            }
            Action::Advance { head, reason } => {
                by_members(self.call(act(), instruction::Advance { head: head.0, reason: reason.clone() }))
            }
            Action::HandOver { epoch, new } => {
                by_members(self.call(act(), instruction::HandOver { end: epoch.0, new_distributor: new.0 }))
            }
            Action::ApproveOpen { first, old, head } => {
                by_members(self.call(act(), instruction::ApproveOpen { first: first.0, old: old.0, head: head.0 }))
            }
            Action::Rotate { set } => {
                let accounts = accounts::Rotate { books, actor, oracles };
                by_members(
                    self.call(accounts, instruction::Rotate { version: set.version(), keys: set.keys().to_vec() }),
                )
            }
            Action::SetGuardian { guardian } => {
                by_members(self.call(act(), instruction::SetGuardian { guardian: self.key_of(guardian)? }))
            }
            Action::Consent { to, given } => {
                let call = self.instruction(to, sender, state, token_program)?;
                let accounts = accounts::Consent { distributor: self.addresses.distributor, guardian: actor, oracles };
                by_members(
                    self.call(accounts, instruction::Consent { call_hash: sha256(&[&call.data]).0, given: *given }),
                )
            }
            other => {
                let detail = "this version of the adapter does not know it: use a newer one";
                let chain = self.config.chain.clone();
                return Err(ChainError::Unsupported { chain, action: other.name(), detail });
            }
        })
    }

    /// A run's call. Only what belongs to nobody is named instead of paid.
    fn range_call(
        &self,
        leaves: &[RewardLeaf],
        proof: &liaise_summary::RangeProof,
        payer: Pubkey,
        books: accounts::BooksAccounts,
        token_program: Pubkey,
    ) -> Result<Instruction, ChainError> {
        let mut metas = Vec::with_capacity(2 * leaves.len());
        let mut named = Vec::new();
        for (at, leaf) in leaves.iter().enumerate() {
            let payee = Pubkey::new_from_array(leaf.payee.0);
            if self.is_filler(&leaf.payee) {
                // a run that a transaction carries is far below 256 leaves
                let at = u8::try_from(at).map_err(|_| too_long())?;
                named.push(liaise_emission::NamedLeaf { at, payee });
            } else if leaf.amount > 0 {
                metas.push(AccountMeta::new(self.addresses.destination(&payee, &token_program), false));
                metas.push(AccountMeta::new(self.addresses.claimed(&payee), false));
            }
        }
        let accounts = accounts::ClaimRange { books, payer, system_program: programs::SYSTEM };
        let amounts = leaves.iter().map(|leaf| leaf.amount).collect();
        let proof_bytes = packed_nodes(&proof.siblings);
        let mut call =
            self.call(accounts, instruction::ClaimRange { first: proof.first, amounts, named, proof: proof_bytes });
        call.accounts.extend(metas);
        Ok(call)
    }

    fn books(&self, token_program: Pubkey) -> accounts::BooksAccounts {
        accounts::BooksAccounts {
            distributor: self.addresses.distributor,
            mint: self.addresses.mint,
            vault: self.addresses.vault,
            token_program,
        }
    }

    fn call(&self, accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
        Instruction { program_id: self.config.program, accounts: accounts.to_account_metas(None), data: data.data() }
    }

    /// Refuses what the program would rebuild into other bytes than were signed.
    fn check_statement(
        &self,
        action: &'static str,
        statement: &Statement,
        state: &Distributor,
    ) -> Result<(), ChainError> {
        let (network, distributor, set, head) = match statement {
            Statement::Epoch(s) => (s.network, s.distributor, s.oracle_set, s.head),
            Statement::Open(s) => (s.network, s.distributor, s.oracle_set, s.head),
            _ => return Err(ChainError::Refused { action, refusal: Refusal::Foreign }),
        };
        let refusal = if network != state.network() || distributor != state.id {
            Refusal::Foreign
        } else if head != state.head {
            Refusal::WrongHead
        } else if set != state.oracle_set.version {
            Refusal::WrongSet
        } else {
            return Ok(());
        };
        Err(ChainError::Refused { action, refusal })
    }

    fn key_of(&self, account: &Account) -> Result<Pubkey, ChainError> {
        let key = account.solana_address().filter(|_| account.is_on(&self.config.chain));
        key.map(Pubkey::new_from_array).ok_or_else(|| ChainError::Input {
            what: "the account",
            detail: format!("{account} is no account of {}", self.config.chain),
        })
    }
}

fn too_long() -> ChainError {
    ChainError::Input {
        what: "the run",
        detail: "it is longer than a transaction carries: claim it in parts".to_owned(),
    }
}

/// In ascending order of the signers' keys, as the program wants them.
fn ordered(signatures: &[StatementSignature]) -> Vec<[u8; 65]> {
    let mut sorted: Vec<&StatementSignature> = signatures.iter().collect();
    sorted.sort_by_key(|signature| signature.key);
    sorted.into_iter().map(|signature| signature.rsv).collect()
}

/// 40 bytes a sibling: hash, sum big-endian.
fn packed_nodes(siblings: &[Node]) -> Vec<u8> {
    siblings.iter().flat_map(|node| [&node.hash.0[..], &node.sum.to_be_bytes()].concat()).collect()
}
