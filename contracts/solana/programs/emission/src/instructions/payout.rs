//! What a claim of one leaf and a claim of a run have in common.

use anchor_lang::prelude::*;
use liaise_summary::{DistributorId, Hash32, Node, Proof, filler_payee};

use crate::error::EmissionError;
use crate::events::Paid;
use crate::pda::{self, NewAccount};
use crate::seeds;
use crate::state::{ACCOUNT_VERSION, Books, Claimed};
use crate::token::{Payments, Vault};

/// A packed node: hash 32, sum u64 big-endian, as on every chain.
const NODE_BYTES: usize = 40;

/// The siblings of a packed proof.
pub fn siblings_of(proof: &[u8]) -> Result<Vec<Node>> {
    let (nodes, rest) = proof.as_chunks::<NODE_BYTES>();
    require!(rest.is_empty(), EmissionError::ProofLength);
    let node = |bytes: &[u8; NODE_BYTES]| {
        let (mut hash, mut sum) = ([0; 32], [0; 8]);
        hash.copy_from_slice(&bytes[..32]);
        sum.copy_from_slice(&bytes[32..]);
        Node { hash: Hash32(hash), sum: u64::from_be_bytes(sum) }
    };
    Ok(nodes.iter().map(node).collect())
}

/// The proof of one leaf.
pub fn proof_of(index: u32, proof: &[u8]) -> Result<Proof> {
    Ok(Proof { index, siblings: siblings_of(proof)? })
}

/// Refuses what is neither the newest payable root nor the one before it.
pub fn require_payable(books: &Books, reached: &Node) -> Result<()> {
    let mut payable = books.newest.iter().chain(&books.previous);
    require!(payable.any(|root| root.is(reached)), EmissionError::InvalidProof);
    Ok(())
}

/// Pays one payee after another.
pub struct Payout<'a, 'info> {
    pub vault: &'a Vault<'a, 'info>,
    pub payments: Payments<'a, 'info>,
    pub payer: &'a AccountInfo<'info>,
    pub system_program: &'a AccountInfo<'info>,
    filler: Pubkey,
}

impl<'a, 'info> Payout<'a, 'info> {
    pub fn new(
        vault: &'a Vault<'a, 'info>,
        payer: &'a AccountInfo<'info>,
        system_program: &'a AccountInfo<'info>,
    ) -> Result<Self> {
        let filler = filler_payee(&DistributorId(vault.distributor.key.to_bytes()));
        let payments = Payments::new(vault)?;
        Ok(Self { vault, payments, payer, system_program, filler: Pubkey::new_from_array(filler.0) })
    }

    /// Whether a leaf's payee can be paid: a decreed loss, the padding and the distributor itself can't.
    pub fn is_account(&self, payee: &Pubkey) -> bool {
        *payee != self.filler && *payee != Pubkey::default() && payee != self.vault.distributor.key
    }

    /// Pays what the payee did not have yet. `prepare` brings the destination into being where that is the caller's to do.
    pub fn pay(
        &mut self,
        payee: &Pubkey,
        total: u64,
        destination: &AccountInfo<'info>,
        claimed: &AccountInfo<'info>,
        prepare: impl FnOnce() -> Result<()>,
    ) -> Result<u64> {
        let distributor = *self.vault.distributor.key;
        let mut record = self.record(payee, claimed)?;
        let due = total.saturating_sub(record.amount);
        if due == 0 {
            return Ok(0);
        }
        let address = if record.version == 0 {
            let (address, bump) = self.vault.find_destination(payee);
            record.destination_bump = bump;
            Some(address)
        } else {
            self.vault.destination(payee, record.destination_bump)
        };
        require!(address == Some(*destination.key), EmissionError::WrongDestination);
        prepare()?;
        require!(self.vault.owner_of(destination)? == *payee, EmissionError::ForeignTokenAccount);
        if record.version == 0 {
            self.create(payee, claimed, record.bump)?;
            record.version = ACCOUNT_VERSION;
        }
        record.amount = total;
        pda::write(claimed, &record)?;
        self.payments.pay(destination, due)?;
        emit!(Paid { distributor, payee: *payee, amount: due, total });
        Ok(due)
    }

    /// What the payee had; version 0 where it had nothing yet. The address is checked either way.
    fn record(&self, payee: &Pubkey, claimed: &AccountInfo<'info>) -> Result<Claimed> {
        let distributor = self.vault.distributor.key.as_ref();
        if *claimed.owner == crate::ID {
            let record = Claimed::try_deserialize(&mut &claimed.try_borrow_data()?[..])
                .map_err(|_| EmissionError::WrongClaimed)?;
            let seeds = [seeds::CLAIMED, distributor, payee.as_ref(), &[record.bump]];
            let address = Pubkey::create_program_address(&seeds, &crate::ID);
            require!(address == Ok(*claimed.key), EmissionError::WrongClaimed);
            return Ok(record);
        }
        let seeds = [seeds::CLAIMED, distributor, payee.as_ref()];
        let (address, bump) = Pubkey::find_program_address(&seeds, &crate::ID);
        require!(address == *claimed.key, EmissionError::WrongClaimed);
        Ok(Claimed { bump, ..Claimed::default() })
    }

    fn create(&self, payee: &Pubkey, claimed: &AccountInfo<'info>, bump: u8) -> Result<()> {
        NewAccount {
            payer: self.payer,
            account: claimed,
            system_program: self.system_program,
            seeds: &[seeds::CLAIMED, self.vault.distributor.key.as_ref(), payee.as_ref(), &[bump]],
            owner: &crate::ID,
            space: Claimed::SPACE,
            paid_space: Claimed::SPACE,
        }
        .create()
    }
}
