//! What the program's accounts say, in the seam's types.

use anchor_lang::prelude::Pubkey;
use liaise_chain_api::{
    Account, At, Authority, BlockRef, ChainError, Delays, Distributor, HeldRoot, HeldRoots, Pending, PendingKind,
    Range, SetRef,
};
use liaise_emission::{Books, Kind, OPEN_ENDED, Root, Rules};
use liaise_summary::{DistributorId, Epoch, Hash32, Node};

use crate::addresses::programs;
use crate::code::Code;
use crate::reader::SolanaReader;

/// Where a token account's amount is, in SPL Token as in Token-2022: after mint and owner.
const TOKEN_AMOUNT: std::ops::Range<usize> = 64..72;
/// Where the clock's time is: after slot, start of the epoch, epoch, epoch of the leader schedule.
const CLOCK_TIME: std::ops::Range<usize> = 32..40;

/// The program's state at one slot, and the chain's time there.
pub(crate) struct Loaded {
    pub(crate) slot: u64,
    pub(crate) now_s: u64,
    pub(crate) distributor: liaise_emission::Distributor,
    pub(crate) oracles: liaise_emission::Oracles,
    /// Base units in the vault.
    pub(crate) vault: u64,
}

impl SolanaReader {
    /// Everything that one state is made of, read at one slot.
    pub(crate) async fn load(&self, at: At) -> Result<Loaded, ChainError> {
        let here = &self.addresses;
        let keys = [here.distributor, here.oracles, here.vault, programs::CLOCK];
        let accounts = self.accounts(at, &keys).await?;
        let [distributor, oracles, vault, clock] = &accounts.data[..] else {
            unreachable!("`accounts` answers with as many as it was asked for")
        };
        let field = |account: &Option<crate::reader::AccountData>, range: std::ops::Range<usize>| {
            let bytes = account.as_ref().and_then(|account| account.bytes.get(range));
            bytes.and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes)
        };
        let distributor: liaise_emission::Distributor = self.decode(distributor.as_ref(), &here.distributor)?;
        if !are_books(&distributor.books) {
            return Err(self.endpoint.nonsense("books that the program never writes"));
        }
        Ok(Loaded {
            slot: accounts.slot,
            // a time before 1970 has its highest bit set
            now_s: field(clock, CLOCK_TIME)
                .filter(|time| time >> 63 == 0)
                .ok_or_else(|| self.endpoint.nonsense("no clock"))?,
            distributor,
            oracles: self.decode(oracles.as_ref(), &here.oracles)?,
            vault: field(vault, TOKEN_AMOUNT).ok_or_else(|| self.endpoint.nonsense("no vault"))?,
        })
    }

    pub(crate) async fn load_state(&self, at: At) -> Result<Distributor, ChainError> {
        let loaded = self.load(at).await?;
        self.tell(&loaded).await
    }

    /// What was loaded, with its block and the program's code.
    pub(crate) async fn tell(&self, loaded: &Loaded) -> Result<Distributor, ChainError> {
        let block = self.block_of(loaded.slot).await?;
        // an upgradeable program's code may have changed since the connection was made
        let code_hash = match self.code.upgrade_authority {
            None => self.code.hash,
            Some(_) => Code::load(&self.endpoint, &self.addresses).await?.hash,
        };
        self.describe(loaded, block, code_hash)
    }

    /// Time moves the books lazily: what is past its delay counts, written down or not.
    fn describe(&self, loaded: &Loaded, block: BlockRef, code_hash: Hash32) -> Result<Distributor, ChainError> {
        let Loaded { distributor, oracles, .. } = loaded;
        let mut books = distributor.books.clone();
        let minted = books.payable_sum();
        books.mature(loaded.now_s);
        let growth = books.payable_sum() - minted;
        let set = oracles.set().map_err(|_| self.endpoint.nonsense("an oracle set that breaks the rules of sets"))?;
        let account = |key: &Pubkey| Account::solana(&self.config.chain, key.to_bytes());
        let newest = books.pending.filter(|pending| pending.kind != Kind::Open);
        Ok(Distributor {
            id: DistributorId(self.config.distributor.to_bytes()),
            at: block,
            code_hash,
            schedule: distributor.rules.schedule(),
            delays: delays(&distributor.rules),
            notice_epochs: distributor.rules.notice_epochs,
            guarded_until_s: distributor.rules.guarded_until_s,
            // a program's accounts are off the curve
            authority: match distributor.rules.authority.is_on_curve() {
                true => Authority::Key(account(&distributor.rules.authority)),
                false => Authority::Account(account(&distributor.rules.authority)),
            },
            guardian: account(&distributor.guardian),
            oracle_set: SetRef { version: oracles.set_version, hash: set.hash(), set: Some(set) },
            range: range(&books, distributor.handed_to),
            next: Epoch(books.next()),
            head: Hash32(distributor.head),
            root_sum: newest.map_or(books.payable_sum(), |pending| pending.root.sum),
            owed: newest.map_or(books.owed, |pending| pending.owed),
            pending: books.pending.as_ref().map(|pending| Pending {
                kind: match pending.kind {
                    Kind::Epoch => PendingKind::Epoch,
                    Kind::Late => PendingKind::Late,
                    Kind::Open => PendingKind::Open,
                },
                epoch: Epoch(pending.root.epoch),
                digest: Hash32(distributor.head),
                payable_s: pending.payable_at_s,
                root: if pending.kind == Kind::Open { Node::PADDING } else { node(&pending.root) },
                guardian_spent: books.veto_used,
            }),
            held: HeldRoots { newest: books.newest.as_ref().map(held), before: books.previous.as_ref().map(held) },
            unclaimed: loaded.vault.saturating_add(growth),
        })
    }
}

/// Whether the program could have written such books. It relies on what its calls saw to: a pending sum that is no less than
/// the payable one, and epochs that have two after them. A node that lies does not.
fn are_books(books: &Books) -> bool {
    let filed = books.pending.filter(|pending| pending.kind != Kind::Open).map(|pending| pending.root);
    let epochs = [books.newest, books.previous, books.pending.map(|pending| pending.root)].into_iter().flatten();
    let highest = epochs.map(|root| root.epoch).max().unwrap_or(0).max(books.start);
    highest < OPEN_ENDED - 1 && filed.is_none_or(|root| root.sum >= books.payable_sum())
}

pub(crate) fn delays(rules: &Rules) -> Delays {
    Delays { epoch_s: rules.epoch_delay_s, long_s: rules.long_delay_s }
}

fn range(books: &Books, handed_to: [u8; 32]) -> Option<Range> {
    let open_ended = books.end == OPEN_ENDED;
    (books.end != 0).then(|| Range {
        first: Epoch(books.start),
        end: (!open_ended).then_some(Epoch(books.end)),
        handed_to: (!open_ended).then_some(DistributorId(handed_to)),
    })
}

fn node(root: &Root) -> Node {
    Node { hash: Hash32(root.hash), sum: root.sum }
}

fn held(root: &Root) -> HeldRoot {
    HeldRoot { epoch: Epoch(root.epoch), root: node(root) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_emission::Pending;

    #[test]
    fn books_that_the_program_would_stumble_over_are_none() {
        let root = |epoch: u32, sum: u64| Root { epoch, hash: [1; 32], sum };
        let pending = |kind: Kind, root: Root| Some(Pending { kind, payable_at_s: 0, root, owed: 0 });
        let good = Books { newest: Some(root(3, 50)), pending: pending(Kind::Epoch, root(4, 50)), ..Books::default() };
        assert!(are_books(&Books::default()) && are_books(&good));
        let opening = Books { newest: Some(root(3, 50)), pending: pending(Kind::Open, root(9, 0)), ..good.clone() };
        assert!(are_books(&opening), "an opening has no sum");
        let fallen = Books { pending: pending(Kind::Late, root(3, 49)), ..good.clone() };
        let last = Books { newest: Some(root(u32::MAX, 50)), pending: None, ..good.clone() };
        let far = Books { pending: pending(Kind::Epoch, root(u32::MAX - 1, 50)), ..good.clone() };
        let start = Books { start: u32::MAX, ..good };
        for books in [fallen, last, far, start] {
            assert!(!are_books(&books), "{books:?}");
        }
    }
}
