//! Reading a distributor, without a key.

use std::sync::Arc;

use async_trait::async_trait;
use liaise_chain_api::{
    Accepted, At, Authority, BlockRef, ChainError, ChainId, Claimed, Distributor, DistributorReader, HeldRoot,
    HeldRoots, PaidOut, PaysInBatches, Pending, PendingKind, Range, SetRef, SignedRights, SubmissionId, Unpaid,
};
use liaise_summary::{DistributorId, Epoch, Node, Payee, Statement, sha256};

use crate::account::account_of_key;
use crate::config::BchConfig;
use crate::epochs::{EpochThread, amount_of, is_vetoed, pay_of};
use crate::link::{Link, Step};
use crate::state::{Controller, EpochPay, OPEN_ENDED};
use crate::terms::UNIT_S;
use crate::thread::{Chain, Snapshot};

/// Reads the distributor of one [`BchConfig`].
#[derive(Clone, Debug)]
pub struct BchReader {
    pub(crate) chain: Arc<Chain>,
}

impl BchReader {
    /// Connects, and checks that the node serves the configured chain and that the distributor stands there.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], [`ChainError::WrongChain`], [`ChainError::NotDeployed`],
    /// [`ChainError::ForeignDistributor`] for a category whose genesis is not what the configuration says, and
    /// [`ChainError::Input`] for a configuration that no covenant could have.
    pub async fn connect(config: BchConfig) -> Result<Self, ChainError> {
        let chain = Arc::new(Chain::new(config)?);
        chain.snapshot().await?;
        Ok(Self { chain })
    }

    /// The key's hash that a payee of this chain is.
    fn key_hash(&self, payee: &Payee) -> Result<[u8; 20], ChainError> {
        let chain = &self.chain.config.chain;
        payee.to_20().ok_or_else(|| ChainError::NotAnAccount { payee: *payee, chain: chain.clone() })
    }

    /// The thread up to what `at` means: its last transaction there, and the block.
    async fn up_to(&self, at: At) -> Result<(Snapshot, usize, BlockRef), ChainError> {
        let snapshot = self.chain.snapshot().await?;
        let block = self.chain.block(&snapshot, at).await?;
        let count = snapshot.links.iter().take_while(|link| link.place.block.number <= block.number).count();
        match count {
            0 => Err(self.chain.not_deployed()),
            count => Ok((snapshot, count, block)),
        }
    }

    async fn load(&self, at: At) -> Result<Distributor, ChainError> {
        let (snapshot, count, block) = self.up_to(at).await?;
        let links = &snapshot.links[..count];
        let last = &links[count - 1];
        let config = &self.chain.config;
        let payable_s = payable_s(last, config);
        let waits = last.state.pending.is_some() && block.time_s < payable_s;
        let now = if waits { last.state.clone() } else { last.state.matured() };
        let filed = newest_filing(links);
        let epochs = self.chain.epochs(&snapshot).await?;
        let (held, unclaimed) = self.held(links, &epochs, &block);
        Ok(Distributor {
            id: config.distributor,
            at: block,
            code_hash: sha256(&[self.chain.covenants.controller.redeem()]),
            schedule: config.terms.schedule,
            delays: config.terms.delays,
            notice_epochs: config.terms.notice_epochs,
            guarded_until_s: config.terms.guarded_until_s,
            authority: Authority::Set(last.state.keys.dao),
            guardian: account_of_key(&config.chain, &last.state.keys.guardian),
            oracle_set: SetRef {
                version: last.state.keys.version,
                hash: last.state.keys.set,
                set: Some(last.oracle_set.clone()),
            },
            range: range_of(&now),
            next: Epoch(now.next),
            head: now.head,
            root_sum: filed.map_or(0, |root| root.root.sum),
            owed: now.owed,
            pending: waits.then(|| pending(links, payable_s)).flatten(),
            held,
            unclaimed,
        })
    }

    /// The two newest payable roots, and what payable epochs still hold.
    fn held(&self, links: &[Link], epochs: &[EpochThread], block: &BlockRef) -> (HeldRoots, u64) {
        let mut held = HeldRoots::default();
        let mut unclaimed = 0u64;
        for epoch in epochs.iter().filter(|epoch| epoch.filed < links.len()) {
            let link = &links[epoch.filed];
            if is_vetoed(links, epoch.filed) || block.time_s < epoch_payable_s(link, &self.chain.config) {
                continue;
            }
            let Some(pay) = link.epoch_output.as_ref().and_then(pay_of) else { continue };
            held = HeldRoots { newest: Some(HeldRoot { epoch: pay.epoch, root: pay.root }), before: held.newest };
            unclaimed = unclaimed.saturating_add(epoch.left_at(link, block.number).map_or(0, amount_of));
        }
        (held, unclaimed)
    }

    async fn accepted(&self, epoch: Epoch, at: At) -> Result<Vec<Accepted>, ChainError> {
        let (snapshot, count, _) = self.up_to(at).await?;
        let links = &snapshot.links[..count];
        let named = |link: &Link| match link.statement()? {
            Statement::Epoch(statement) if statement.epoch == epoch => Some(Statement::Epoch(statement)),
            Statement::Open(statement) if statement.first == epoch => Some(Statement::Open(statement)),
            _ => None,
        };
        let accepted = links.iter().enumerate().filter_map(|(i, link)| {
            let statement = named(link)?;
            Some(Accepted {
                statement,
                digest: statement.digest(),
                vetoed: is_vetoed(links, i),
                transaction: SubmissionId(link.txid.to_string()),
                block: link.place.block,
            })
        });
        Ok(accepted.collect())
    }

    async fn range_history(&self, at: At) -> Result<Vec<Range>, ChainError> {
        let (snapshot, count, block) = self.up_to(at).await?;
        let links = &snapshot.links[..count];
        let mut ranges: Vec<Range> = Vec::new();
        let counts = |link: &Link| block.time_s >= payable_s(link, &self.chain.config);
        for (i, link) in links.iter().enumerate() {
            // an opening's range is written down by what is accepted next; the newest counts by time alone
            let newest = i + 1 == links.len();
            let state = if newest && counts(link) { link.state.matured() } else { link.state.clone() };
            let Some(range) = range_of(&state) else { continue };
            match ranges.last_mut() {
                Some(last) if last.first == range.first => *last = range,
                _ => ranges.push(range),
            }
        }
        Ok(ranges)
    }
}

/// From when on what a transaction left pending counts, by the chain's clock.
pub(crate) fn payable_s(link: &Link, config: &BchConfig) -> u64 {
    after(link, link.state.wait_units(&config.terms))
}

/// From when on an epoch's first batch is paid, by the chain's clock.
pub(crate) fn epoch_payable_s(link: &Link, config: &BchConfig) -> u64 {
    let refiled = link.epoch_output.as_ref().and_then(pay_of).is_some_and(|pay| pay.refiled);
    let units = if refiled { config.terms.long_units() } else { config.terms.short_units() };
    after(link, units)
}

/// The end of a relative lock. A node may claim any time for a block.
fn after(link: &Link, units: u32) -> u64 {
    link.place.since_s.saturating_add(u64::from(units) * u64::from(UNIT_S))
}

fn range_of(state: &Controller) -> Option<Range> {
    // before the first opening start, next and end are 0, and no opened range ends there
    (state.end > 0).then(|| {
        let end = (state.end != OPEN_ENDED).then_some(Epoch(state.end));
        Range { first: Epoch(state.start), end, handed_to: end.map(|_| state.keys.target) }
    })
}

/// The newest filing that was not vetoed.
fn newest_filing(links: &[Link]) -> Option<HeldRoot> {
    let unvetoed = links.iter().enumerate().rev().filter(|(i, _)| !is_vetoed(links, *i));
    unvetoed.map(|(_, link)| link).find_map(|link| match &link.step {
        Step::Filed { statement, .. } => {
            let root = Node { hash: statement.root_hash, sum: statement.root_sum };
            Some(HeldRoot { epoch: statement.epoch, root })
        }
        _ => None,
    })
}

fn pending(links: &[Link], payable_s: u64) -> Option<Pending> {
    let state = &links.last()?.state;
    let kind = state.pending?;
    let (epoch, root) = match kind {
        PendingKind::Open => (Epoch(state.opening), Node::PADDING),
        PendingKind::Epoch | PendingKind::Late => newest_filing(links).map(|filed| (filed.epoch, filed.root))?,
    };
    Some(Pending { kind, epoch, digest: state.head, payable_s, root, guardian_spent: state.spent })
}

#[async_trait]
impl DistributorReader for BchReader {
    fn chain(&self) -> &ChainId {
        &self.chain.config.chain
    }

    fn id(&self) -> DistributorId {
        self.chain.config.distributor
    }

    async fn distributor(&self, at: At) -> Result<Distributor, ChainError> {
        self.load(at).await
    }

    async fn statements(&self, epoch: Epoch, at: At) -> Result<Vec<Accepted>, ChainError> {
        self.accepted(epoch, at).await
    }

    async fn ranges(&self, at: At) -> Result<Vec<Range>, ChainError> {
        self.range_history(at).await
    }

    async fn claimed(&self, payee: &Payee, at: At) -> Result<Claimed, ChainError> {
        let hash = self.key_hash(payee)?;
        let (snapshot, _, block) = self.up_to(at).await?;
        let epochs = self.chain.epochs(&snapshot).await?;
        let batches = epochs.iter().flat_map(|epoch| &epoch.batches).filter(|batch| batch.height <= block.number);
        let mut payouts = batches.flat_map(|batch| &batch.payouts).filter(|payout| payout.pubkey_hash == hash);
        let total = payouts.try_fold(0u64, |total, payout| total.checked_add(payout.amount));
        let total = total.ok_or_else(|| self.chain.endpoint.nonsense("paid more than 64 bits"))?;
        Ok(Claimed { total })
    }

    fn batches(&self) -> Option<&dyn PaysInBatches> {
        Some(self)
    }

    fn rights(&self) -> Option<&dyn SignedRights> {
        Some(self)
    }
}

#[async_trait]
impl PaysInBatches for BchReader {
    async fn unpaid(&self, at: At) -> Result<Vec<Unpaid>, ChainError> {
        let (snapshot, count, block) = self.up_to(at).await?;
        let links = &snapshot.links[..count];
        let epochs = self.chain.epochs(&snapshot).await?;
        let known = epochs.iter().filter(|epoch| epoch.filed < count && !is_vetoed(links, epoch.filed));
        let unpaid = known.filter_map(|epoch| {
            let link = &links[epoch.filed];
            let output = epoch.left_at(link, block.number)?;
            let pay = pay_of(output)?;
            Some(Unpaid {
                epoch: pay.epoch,
                root: pay.root,
                next_batch: pay.batch,
                amount: amount_of(output),
                coins: u128::from(output.value.to_sat()),
                payable_s: epoch_payable_s(link, &self.chain.config),
            })
        });
        Ok(unpaid.collect())
    }

    async fn payouts(&self, payee: &Payee, at: At) -> Result<Vec<PaidOut>, ChainError> {
        let hash = self.key_hash(payee)?;
        let (snapshot, _, block) = self.up_to(at).await?;
        let mut paid = Vec::new();
        for thread in self.chain.epochs(&snapshot).await? {
            let pay = snapshot.links[thread.filed].epoch_output.as_ref().and_then(pay_of);
            let Some(EpochPay { epoch, .. }) = pay else { continue };
            let batches = (0u32..).zip(&thread.batches).filter(|(_, batch)| batch.height <= block.number);
            for (batch, transaction) in batches {
                let own = transaction.payouts.iter().filter(|payout| payout.pubkey_hash == hash);
                let id = SubmissionId(transaction.txid.to_string());
                paid.extend(own.map(|own| PaidOut { epoch, batch, amount: own.amount, transaction: id.clone() }));
            }
        }
        Ok(paid)
    }
}
