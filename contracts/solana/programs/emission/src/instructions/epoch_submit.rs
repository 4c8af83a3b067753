//! `submit`: files an epoch.

use anchor_lang::prelude::*;
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, NetworkId};

use super::books::*;
use crate::error::EmissionError;
use crate::events::EpochAccepted;
use crate::state::{Oracles, Summary};

/// Accounts of `submit`.
#[derive(Accounts)]
pub struct Submit<'info> {
    pub books: BooksAccounts<'info>,
    #[account(address = books.distributor.oracles @ EmissionError::WrongOracles)]
    pub oracles: Box<Account<'info, Oracles>>,
}

pub fn epoch_submit<'info>(
    context: Context<'info, Submit<'info>>,
    summary: Summary,
    signatures: Vec<[u8; 65]>,
) -> Result<()> {
    let Submit { books, oracles } = context.accounts;
    books.settle()?;
    let id = books.distributor.key();
    let distributor = &mut **books.distributor;
    let now_s = now_s()?;
    let kind = distributor.books.judge(&distributor.rules, &summary, now_s)?;

    let previous_head = distributor.head;
    let statement = EpochStatement {
        network: NetworkId(distributor.rules.network),
        distributor: DistributorId(id.to_bytes()),
        epoch: Epoch(summary.epoch),
        oracle_set: oracles.set_version,
        head: Hash32(previous_head),
        root_hash: Hash32(summary.root_hash),
        root_sum: summary.root_sum,
        owed: summary.owed,
        artefact: Hash32(summary.artefact),
    };
    let digest = statement.digest();
    oracles.check(&digest, &signatures)?;

    distributor.head = digest.0;
    let payable_at_s = distributor.books.file(&distributor.rules, kind, &summary, now_s);
    emit!(EpochAccepted {
        distributor: id,
        epoch: summary.epoch,
        digest: digest.0,
        previous_head,
        set_version: oracles.set_version,
        kind,
        payable_at_s,
        root_hash: summary.root_hash,
        root_sum: summary.root_sum,
        owed: summary.owed,
        artefact: summary.artefact,
    });
    Ok(())
}
