//! What the contract's views say, in the seam's types.

use alloy::eips::BlockId;
use alloy::primitives::Address;
use liaise_chain_api::{
    Account, Authority, BlockRef, ChainError, Delays, Distributor, HeldRoot, HeldRoots, Pending, PendingKind, Range,
    SetRef,
};
use liaise_summary::{DistributorId, Emission, Epoch, Hash32, NetworkId, Node, OracleSet, Schedule, sha256};

use crate::bindings::{IClaims, IEmission};
use crate::endpoint::Endpoint;
use crate::reader::EvmReader;

/// `end` of a range that was not handed over.
const OPEN_ENDED: u32 = u32::MAX;

/// What is fixed when the contract is created, read once.
#[derive(Clone, Debug)]
pub(crate) struct Constants {
    pub(crate) schedule: Schedule,
    pub(crate) delays: Delays,
    pub(crate) notice_epochs: u32,
    pub(crate) guarded_until_s: u64,
    pub(crate) authority: Address,
    /// Whether the authority is no contract. An account that lends a contract's code to its key (EIP-7702) is none.
    pub(crate) authority_is_key: bool,
}

impl Constants {
    pub(crate) async fn load(endpoint: &Endpoint, at: BlockId, to: Address) -> Result<Self, ChainError> {
        let (network, genesis_s, supply, epochs, epoch_s, term_epochs) = tokio::try_join!(
            endpoint.view(at, to, IEmission::networkCall {}),
            endpoint.view(at, to, IEmission::genesisCall {}),
            endpoint.view(at, to, IEmission::maxSupplyCall {}),
            endpoint.view(at, to, IEmission::emissionEpochsCall {}),
            endpoint.view(at, to, IEmission::epochLengthCall {}),
            endpoint.view(at, to, IEmission::termCall {}),
        )?;
        let (short_s, long_s, notice_epochs, guarded_until_s, authority, schedule_id) = tokio::try_join!(
            endpoint.view(at, to, IEmission::epochDelayCall {}),
            endpoint.view(at, to, IEmission::longDelayCall {}),
            endpoint.view(at, to, IEmission::noticeCall {}),
            endpoint.view(at, to, IEmission::guardedUntilCall {}),
            endpoint.view(at, to, IEmission::authorityCall {}),
            endpoint.view(at, to, IEmission::scheduleIdCall {}),
        )?;
        let code = endpoint.code(at, authority).await?;
        let authority_is_key = code.is_empty() || code.starts_with(&[0xef, 0x01, 0x00]);
        let emission = Emission { supply, epochs };
        let schedule = Schedule { network: NetworkId(network.0), genesis_s, emission, epoch_s, term_epochs };
        if schedule.id() != Hash32(schedule_id.0) {
            let detail = format!("its schedule id is not that of its own values, which is {}", schedule.id());
            return Err(ChainError::ForeignDistributor { address: to.to_string(), detail });
        }
        let delays = Delays { epoch_s: short_s, long_s };
        Ok(Self { schedule, delays, notice_epochs, guarded_until_s, authority, authority_is_key })
    }
}

impl EvmReader {
    /// Reads everything that changes, at one block.
    pub(crate) async fn load_state(&self, block: BlockRef) -> Result<Distributor, ChainError> {
        let (endpoint, constants, to) = (&self.endpoint, &self.constants, self.config.distributor);
        let at = BlockId::hash(block.hash.into());
        let code = endpoint.code(at, to).await?;
        if code.is_empty() {
            return Err(ChainError::NotDeployed { chain: self.config.chain.clone(), address: to.to_string() });
        }
        let (head, pending, range, books, set) = tokio::try_join!(
            endpoint.view(at, to, IEmission::headCall {}),
            endpoint.view(at, to, IEmission::pendingCall {}),
            endpoint.view(at, to, IEmission::rangeCall {}),
            endpoint.view(at, to, IEmission::booksCall {}),
            endpoint.view(at, to, IEmission::oracleSetCall {}),
        )?;
        let (guardian, guardian_spent, held) = tokio::try_join!(
            endpoint.view(at, to, IEmission::guardianCall {}),
            endpoint.view(at, to, IEmission::guardianVetoUsedCall {}),
            endpoint.view(at, to, IClaims::heldRootsCall {}),
        )?;
        let root_sum = books.issued.checked_sub(books.owed).ok_or_else(|| endpoint.nonsense("owed above issued"))?;
        let account = |address: Address| Account::evm(self.chain_number, address.into_array());
        Ok(Distributor {
            id: DistributorId::evm(self.chain_number, to.into_array()),
            at: block,
            code_hash: sha256(&[&code]),
            schedule: constants.schedule,
            delays: constants.delays,
            notice_epochs: constants.notice_epochs,
            guarded_until_s: constants.guarded_until_s,
            authority: match constants.authority_is_key {
                true => Authority::Key(account(constants.authority)),
                false => Authority::Account(account(constants.authority)),
            },
            guardian: account(guardian),
            oracle_set: set_ref(endpoint, &set)?,
            next: Epoch(range.next),
            range: range.opened.then(|| range_of(&range)),
            head: Hash32(head.0),
            root_sum,
            owed: books.owed,
            pending: pending_of(&pending, guardian_spent),
            held: HeldRoots { newest: held_root(&held.newest), before: held_root(&held.previous) },
            unclaimed: books.unclaimed,
        })
    }
}

fn set_ref(endpoint: &Endpoint, set: &IEmission::OracleSet) -> Result<SetRef, ChainError> {
    let known = known_set(set).map_err(|why| endpoint.nonsense(why))?;
    Ok(SetRef { version: set.version, hash: known.hash(), set: Some(known) })
}

/// The set that a view shows, if its hash is that of its keys; else what is wrong.
pub(crate) fn known_set(set: &IEmission::OracleSet) -> Result<OracleSet, String> {
    let (keys, rest) = set.keys.as_chunks::<33>();
    if !rest.is_empty() {
        return Err("an oracle set whose last key is cut off".into());
    }
    let known = OracleSet::new(set.version, keys.to_vec()).map_err(|error| error.to_string())?;
    if known.hash() != Hash32(set.hash.0) {
        return Err("an oracle set whose hash is not that of its keys".into());
    }
    Ok(known)
}

fn range_of(range: &IEmission::Range) -> Range {
    let open = range.end == OPEN_ENDED;
    Range {
        first: Epoch(range.start),
        end: (!open).then_some(Epoch(range.end)),
        handed_to: (!open).then_some(DistributorId(range.handedTo.0)),
    }
}

fn pending_of(pending: &IEmission::Pending, guardian_spent: bool) -> Option<Pending> {
    let kind = match pending.kind {
        IEmission::Kind::Epoch => PendingKind::Epoch,
        IEmission::Kind::Late => PendingKind::Late,
        IEmission::Kind::Open => PendingKind::Open,
        _ => return None,
    };
    let root = match kind {
        PendingKind::Open => Node::PADDING,
        _ => Node { hash: Hash32(pending.rootHash.0), sum: pending.rootSum },
    };
    let (epoch, digest) = (Epoch(pending.epoch), Hash32(pending.digest.0));
    Some(Pending { kind, epoch, digest, payable_s: pending.payableAt, root, guardian_spent })
}

fn held_root(root: &IClaims::Root) -> Option<HeldRoot> {
    let node = Node { hash: Hash32(root.hash.0), sum: root.sum };
    root.exists.then_some(HeldRoot { epoch: Epoch(root.epoch), root: node })
}
