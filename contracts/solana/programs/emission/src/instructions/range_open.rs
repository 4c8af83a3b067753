//! `open`: opens the approved range by the oracles' statement, once nobody can change the program.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::bpf_loader_upgradeable;
use liaise_summary::{DistributorId, Epoch, Hash32, NetworkId, OpenStatement};

use super::books::*;
use crate::error::EmissionError;
use crate::events::OpenAccepted;
use crate::state::{OPEN_ENDED, Opening, Oracles};

/// Accounts of `open`.
#[derive(Accounts)]
pub struct Open<'info> {
    pub books: BooksAccounts<'info>,
    #[account(address = books.distributor.oracles @ EmissionError::WrongOracles)]
    pub oracles: Box<Account<'info, Oracles>>,
    /// CHECK: the program itself.
    #[account(address = crate::ID @ EmissionError::WrongProgram)]
    pub program: UncheckedAccount<'info>,
    /// CHECK: where the loader keeps the program's code and its upgrade authority.
    pub program_data: UncheckedAccount<'info>,
}

pub fn range_open<'info>(
    context: Context<'info, Open<'info>>,
    first: u32,
    old: [u8; 32],
    signatures: Vec<[u8; 65]>,
) -> Result<()> {
    let Open { books, oracles, program, program_data } = context.accounts;
    books.settle()?;
    require_nobody_can_upgrade(program, program_data)?;
    let id = books.distributor.key();
    let distributor = &mut **books.distributor;
    distributor.books.nothing_pending()?;
    let previous_head = distributor.head;
    let approved = distributor.approval == Some(Opening { first, old, head: previous_head });
    require!(approved, EmissionError::OpenNotApproved);
    let in_order = first >= distributor.books.next() && first != OPEN_ENDED;
    require!(in_order, EmissionError::OpenTooEarly);

    let statement = OpenStatement {
        network: NetworkId(distributor.rules.network),
        distributor: DistributorId(id.to_bytes()),
        first: Epoch(first),
        oracle_set: oracles.set_version,
        head: Hash32(previous_head),
        old: DistributorId(old),
        epoch_delay_s: distributor.rules.epoch_delay_s,
        long_delay_s: distributor.rules.long_delay_s,
        schedule: distributor.rules.schedule().id(),
    };
    let digest = statement.digest();
    oracles.check(&digest, &signatures)?;

    distributor.approval = None;
    distributor.head = digest.0;
    let payable_at_s = distributor.books.file_opening(&distributor.rules, first, now_s()?);
    emit!(OpenAccepted {
        distributor: id,
        first,
        digest: digest.0,
        previous_head,
        set_version: oracles.set_version,
        payable_at_s,
        old,
    });
    Ok(())
}

/// The loader's records, as its documentation lays them out: of a program a u32 of 2 and the address of its data; of the
/// data a u32 of 3, the slot u64, and a byte that says whether an authority follows.
fn require_nobody_can_upgrade(program: &AccountInfo<'_>, program_data: &AccountInfo<'_>) -> Result<()> {
    let (record, data) = (program.try_borrow_data()?, program_data.try_borrow_data()?);
    let upgradeable = *program.owner == bpf_loader_upgradeable::ID && *program_data.owner == bpf_loader_upgradeable::ID;
    let address = record.strip_prefix(&[2, 0, 0, 0]);
    require!(upgradeable && address == Some(program_data.key.as_ref()), EmissionError::WrongProgram);
    require!(data.starts_with(&[3, 0, 0, 0]), EmissionError::WrongProgram);
    require!(data.get(12) == Some(&0), EmissionError::UpgradeAuthorityHeld);
    Ok(())
}
