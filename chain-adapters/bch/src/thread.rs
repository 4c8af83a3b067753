//! The controller's thread: every transaction that its UTXO went through, from genesis to the newest block.
//!
//! No node keeps an index of what spends an output, and none of a third party is asked. So the thread is read backwards: the
//! controller's unspent output is found by its script, and each transaction names the one before as its first input, down to
//! the output that became the category. What was read once is kept while its block is part of the chain.

use std::sync::{Arc, Mutex};

use bitcoincash::{OutPoint, Transaction};
use liaise_chain_api::{At, BlockRef, ChainError};

use crate::config::{BchConfig, reference_of};
use crate::endpoint::Endpoint;
use crate::epochs::Paid;
use crate::link::{Link, Place};
use crate::rpc::Info;
use crate::terms::Covenants;

/// How often a read begins anew because a block came meanwhile.
const ATTEMPTS: usize = 4;
/// Transactions of a thread at most: thirty years of one a day, many times over.
const LONGEST: usize = 1 << 20;

/// The chain's clock at a block whose median time past is `mtp`: the newest second for which locks are over. A lock time is
/// over below the median time past, so the second before it is what all waits here are compared with.
const fn clock_s(mtp: u64) -> u64 {
    mtp.saturating_sub(1)
}

/// The chain at one block, with the thread up to it.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) tip: Info,
    /// The newest block; its time is the chain's clock.
    pub(crate) at: BlockRef,
    /// At least the genesis.
    pub(crate) links: Arc<Vec<Link>>,
}

impl Snapshot {
    /// The newest transaction of the thread.
    pub(crate) fn last(&self) -> &Link {
        self.links.last().expect("a thread begins with its genesis")
    }
}

/// A node with a distributor on it.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) config: BchConfig,
    pub(crate) covenants: Covenants,
    pub(crate) endpoint: Endpoint,
    known: Mutex<Arc<Vec<Link>>>,
    pub(crate) paid: Paid,
}

impl Chain {
    /// Prepares to talk to a node; sends nothing.
    pub(crate) fn new(config: BchConfig) -> Result<Self, ChainError> {
        config.check()?;
        let endpoint = Endpoint::new(&config.endpoint, config.timeout_ms)?;
        let covenants = Covenants::of(&config.terms);
        Ok(Self::of(config, covenants, endpoint))
    }

    /// A chain of which nothing is known yet.
    pub(crate) fn of(config: BchConfig, covenants: Covenants, endpoint: Endpoint) -> Self {
        Self { config, covenants, endpoint, known: Mutex::default(), paid: Paid::default() }
    }

    /// The newest block, of a node that still serves the configured chain.
    pub(crate) async fn tip(&self) -> Result<Info, ChainError> {
        let info = self.endpoint.info().await?;
        let expected = &self.config.chain;
        if reference_of(&info.chain) == Some(expected.reference()) {
            return Ok(info);
        }
        let found = match reference_of(&info.chain) {
            Some(reference) => format!("bch:{reference} ({})", info.chain),
            None => format!("an unknown chain, {:?}", info.chain),
        };
        let endpoint = self.endpoint.shown().to_owned();
        Err(ChainError::WrongChain { expected: expected.clone(), found, endpoint })
    }

    /// The thread up to the newest block.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, ChainError> {
        for _ in 0..ATTEMPTS {
            let tip = self.tip().await?;
            if let Some(links) = self.links(&tip).await? {
                let at =
                    BlockRef { number: tip.blocks, hash: self.hash_bytes(&tip.best)?, time_s: clock_s(tip.mediantime) };
                return Ok(Snapshot { tip, at, links });
            }
        }
        Err(self.endpoint.nonsense("new blocks faster than they can be read"))
    }

    /// The block that `at` means in a snapshot.
    pub(crate) async fn block(&self, snapshot: &Snapshot, at: At) -> Result<BlockRef, ChainError> {
        match at {
            At::Latest => Ok(snapshot.at),
            At::Final => self.block_at(self.final_height(&snapshot.tip)).await,
        }
    }

    /// Height of the newest final block.
    pub(crate) fn final_height(&self, tip: &Info) -> u64 {
        tip.blocks.saturating_sub(self.config.depth)
    }

    /// No distributor of this configuration is there.
    pub(crate) fn not_deployed(&self) -> ChainError {
        ChainError::NotDeployed { chain: self.config.chain.clone(), address: self.config.address() }
    }

    /// The place of a block, or none for one that is no part of the chain.
    pub(crate) async fn place(&self, hash: &str) -> Result<Option<Place>, ChainError> {
        let Some(header) = self.endpoint.header(hash).await? else { return Ok(None) };
        let previous =
            header.previous.ok_or_else(|| self.endpoint.nonsense("the first block where no transaction is"))?;
        let Some(previous) = self.endpoint.header(&previous).await? else { return Ok(None) };
        let since_s = clock_s(previous.mediantime);
        let block =
            BlockRef { number: header.height, hash: self.hash_bytes(hash)?, time_s: clock_s(header.mediantime) };
        Ok(Some(Place { block, since_s }))
    }

    async fn block_at(&self, height: u64) -> Result<BlockRef, ChainError> {
        let hash = self.endpoint.block_hash(height).await?;
        let gone = || self.endpoint.nonsense(format!("no block {height}, which it just named"));
        let header = self.endpoint.header(&hash).await?.ok_or_else(gone)?;
        if header.height != height {
            return Err(self.endpoint.nonsense(format!("block {} where {height} was asked for", header.height)));
        }
        Ok(BlockRef { number: height, hash: self.hash_bytes(&hash)?, time_s: clock_s(header.mediantime) })
    }

    /// The thread up to this tip, or none where the chain has moved on.
    async fn links(&self, tip: &Info) -> Result<Option<Arc<Vec<Link>>>, ChainError> {
        let mut known = self.known.lock().expect("nobody panics while holding it").clone();
        let mut kept = known.len();
        while kept > 0 && self.place(&hex::encode(known[kept - 1].place.block.hash)).await?.is_none() {
            kept -= 1;
        }
        if kept < known.len() {
            Arc::make_mut(&mut known).truncate(kept);
        }
        if let Some(last) = known.last()
            && let Some(best) = self.endpoint.is_unspent(&last.outpoint()).await?
        {
            if best != tip.best {
                return Ok(None);
            }
        } else {
            let scan = self.endpoint.scan(&self.covenants.controller.locking()).await?;
            if scan.best != tip.best {
                return Ok(None);
            }
            let category = self.config.category().to_string();
            let mut controllers = scan.unspents.into_iter().filter(|unspent| {
                unspent.category.as_deref() == Some(&category) && unspent.capability.as_deref() == Some("minting")
            });
            let controller = controllers.next().ok_or_else(|| self.not_deployed())?;
            let Some(newer) = self.walk_back(controller.outpoint, known.last()).await? else { return Ok(None) };
            let links = Arc::make_mut(&mut known);
            for (tx, place) in newer.into_iter().rev() {
                let link = match links.last() {
                    Some(last) => last.next(&self.config, &self.covenants, &tx, place),
                    None => Link::genesis(&self.config, &self.covenants, &tx, place),
                };
                links.push(link.map_err(|detail| self.foreign(detail))?);
            }
        }
        *self.known.lock().expect("nobody panics while holding it") = known.clone();
        Ok(Some(known))
    }

    /// The transactions from the one that made `from` back to the one after `known`, or to the genesis.
    async fn walk_back(
        &self,
        from: OutPoint,
        known: Option<&Link>,
    ) -> Result<Option<Vec<(Transaction, Place)>>, ChainError> {
        let mut walked = Vec::new();
        let mut outpoint = from;
        while known.is_none_or(|known| outpoint != known.outpoint()) {
            let at_origin = outpoint == self.config.origin();
            if at_origin && known.is_none() {
                break;
            }
            if at_origin || outpoint.vout != 0 || walked.len() > LONGEST {
                return Err(self.foreign("its thread does not lead to the category's genesis"));
            }
            let found = self.endpoint.transaction(&outpoint.txid).await?;
            let unknown = || {
                let detail = format!("no transaction {}, which a node with txindex=1 has", outpoint.txid);
                self.endpoint.nonsense(detail)
            };
            let found = found.ok_or_else(unknown)?;
            let Some(block) = found.block else { return Ok(None) };
            let Some(place) = self.place(&block).await? else { return Ok(None) };
            let before = found.tx.input.first().map(|input| input.previous_output);
            outpoint = before.ok_or_else(|| self.endpoint.nonsense("a transaction without inputs"))?;
            walked.push((found.tx, place));
        }
        Ok(Some(walked))
    }

    fn foreign(&self, detail: &str) -> ChainError {
        ChainError::ForeignDistributor { address: self.config.address(), detail: detail.to_owned() }
    }

    /// A block's hash, in the order that it is written.
    pub(crate) fn hash_bytes(&self, hash: &str) -> Result<[u8; 32], ChainError> {
        let bytes = hex::decode(hash).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| self.endpoint.nonsense("a block hash that is none"))
    }
}
