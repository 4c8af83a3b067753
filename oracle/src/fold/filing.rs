//! The stage `tree`: an epoch's pay on the distributor that holds its term.

use std::collections::BTreeMap;

use cid::Cid;
use liaise_ledger::{Account, ChainId, EpochNumber, Hash};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, NetworkId, Payee, RewardLeaf};
use serde::{Deserialize, Serialize};

use super::pay_tree::PayTree;
use super::reasons::ReasonCode;
use super::state::{AccountState, FoldState};
use super::{FoldError, Folded};
use crate::artefact::{Blocks, TreeBlock, write_tree};

/// What a tree pays one payee. Rows of the artefact, in the tree's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafRow {
    /// Whom the leaf pays: 20 bytes of an address or of a key's hash have zeros before them.
    pub payee: Hash,
    /// Base units: over the distributor's life on account chains, of the epoch on UTXO chains.
    pub amount: u64,
    /// Whose payee it is.
    pub account: Account,
}

impl LeafRow {
    /// The leaf on an account chain.
    pub fn leaf(&self) -> RewardLeaf {
        RewardLeaf { payee: Payee(self.payee.0), amount: self.amount }
    }
}

/// Pay that is owed and not in the tree. Rows of the artefact, by account and epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OwedRow {
    /// Whom it is owed to.
    pub account: Account,
    /// The epoch that earned it.
    pub epoch: EpochNumber,
    /// Why it is not in the tree.
    pub reason: ReasonCode,
    /// Base units.
    pub amount: u64,
}

/// What a distributor's newest true tree stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributorState {
    /// The distributor.
    pub distributor: Hash,
    /// Its chain.
    pub chain: ChainId,
    /// Its newest tree block; null before the first.
    pub tree: Option<Cid>,
    /// The newest filed epoch; null before the first.
    pub epoch: Option<EpochNumber>,
    /// The newest tree's leaves by payee.
    pub leaves: BTreeMap<Hash, LeafRow>,
    /// What is owed beside the tree.
    pub owing: Vec<OwedRow>,
}

impl DistributorState {
    /// A distributor that has filed nothing.
    pub fn new(distributor: Hash, chain: ChainId) -> DistributorState {
        DistributorState { distributor, chain, tree: None, epoch: None, leaves: BTreeMap::new(), owing: vec![] }
    }

    /// Owed in all, base units.
    pub fn owed(&self) -> u128 {
        self.owing.iter().map(|row| u128::from(row.amount)).sum()
    }

    /// Sum of the newest tree, base units.
    pub fn root_sum(&self) -> u128 {
        self.leaves.values().map(|leaf| u128::from(leaf.amount)).sum()
    }

    /// Whether a tree pays its own epoch only, in payouts of whole outputs.
    pub fn has_payouts(&self) -> bool {
        self.chain.namespace() == "bch"
    }

    /// The newest tree. What it pays a payee on an account chain is over the distributor's life.
    ///
    /// # Errors
    /// The leaves make no tree.
    pub fn pay_tree(&self) -> Result<PayTree, FoldError> {
        if !self.has_payouts() {
            return PayTree::accounts(self.leaves.values());
        }
        let number = |epoch| u32::try_from(epoch).map_err(|_| FoldError::Filing { epoch, why: "it is before epoch 0" });
        let epoch = self.epoch.map_or(Ok(0), number)?;
        PayTree::batches(Epoch(epoch), self.leaves.values())
    }
}

/// An epoch's pay on a distributor, ready to be signed.
#[derive(Clone, Debug)]
pub struct Filing {
    /// The tree block's id.
    pub tree_block: Cid,
    /// The tree block.
    pub block: TreeBlock,
    /// Every block of the filing's artefact.
    pub blocks: Blocks,
    /// The tree, for proofs.
    pub tree: PayTree,
    /// What oracles sign.
    pub statement: EpochStatement,
    /// What the distributor's next filing starts from.
    pub next: DistributorState,
}

impl Filing {
    /// The place, among those that the tree pays, of an account of its chain.
    pub fn place_of(&self, account: &Account) -> Option<u32> {
        let payee = payee_of(Some(account).filter(|account| account.is_on(&self.next.chain))?)?;
        let place = self.next.leaves.range(..&payee).count();
        self.next.leaves.contains_key(&payee).then(|| u32::try_from(place).expect("a tree has at most 2^32 leaves"))
    }
}

/// The account that is paid on a chain for another: itself if it lives there, else the one of its cluster that does.
pub fn paid_account<'a>(
    account: &'a Account,
    chain: &ChainId,
    states: &'a BTreeMap<Account, AccountState>,
) -> Option<&'a Account> {
    if account.is_on(chain) {
        return Some(account);
    }
    let links = states.get(account)?.links.as_deref()?;
    links.with.iter().find(|other| other.is_on(chain))
}

/// The payee of an account that lives on a chain.
fn payee_of(account: &Account) -> Option<Hash> {
    let key_hash = || account.bch_key_hash().map(|hash| Payee::from_20(hash).0);
    account.payee().or_else(key_hash).map(Hash)
}

/// **owed(e-1) + E(e) = growth + owed(e) + unemitted(e)**, to the unit.
///
/// # Errors
/// [`FoldError::Conservation`].
pub fn check_conservation(
    epoch: EpochNumber,
    owed_before: u128,
    emission: u64,
    growth: u128,
    owed: u128,
    unemitted: u64,
) -> Result<(), FoldError> {
    let overflow = || FoldError::Overflow { what: "an epoch's sums" };
    let before = owed_before.checked_add(u128::from(emission)).ok_or_else(overflow)?;
    let after = growth.checked_add(owed).and_then(|sum| sum.checked_add(u128::from(unemitted)));
    let after = after.ok_or_else(overflow)?;
    if before == after { Ok(()) } else { Err(FoldError::Conservation { epoch, before, after }) }
}

/// Files a folded epoch on the distributor that holds its term: what was owed there and can be paid now, then the epoch's
/// pay. `head` is the distributor's head, `oracle_set` the version of the set that will sign.
///
/// On a UTXO chain a payout costs whoever files it: what is below [`Folded::payout_min`] goes on being owed.
///
/// # Errors
/// The epoch is before 0 or does not come after the distributor's last; the sums leave 63 bits.
pub fn file(
    folded: &Folded,
    before: &DistributorState,
    network: Hash,
    head: Hash,
    oracle_set: u32,
) -> Result<Filing, FoldError> {
    let epoch = folded.epoch;
    let number = u32::try_from(epoch).map_err(|_| FoldError::Filing { epoch, why: "it is before epoch 0" })?;
    if before.epoch.is_some_and(|last| last >= epoch) {
        return Err(FoldError::Filing { epoch, why: "the distributor has filed it or a later one" });
    }
    let books = Books { epoch, emission: folded.emission, unemitted: folded.unemitted };
    let next = pay(&books, &folded.next.accounts, before, due(folded, before), folded.payout_min)?;
    filed(folded.history, number, &books, before, next, Signing { network, head, oracle_set })
}

/// Files, on a distributor where no range is running, what is owed there and can be paid now: under the number of the epoch
/// that it filed last, with nothing issued and without a least payout. `at` is an epoch's end, with its history block: the
/// first after the one of the last filing's history at which something can be paid. `None` where nothing can be.
///
/// # Errors
/// The distributor has filed nothing; the sums leave 63 bits.
pub fn file_late(
    history: Cid,
    at: &FoldState,
    before: &DistributorState,
    network: Hash,
    head: Hash,
    oracle_set: u32,
) -> Result<Option<Filing>, FoldError> {
    let wrong = |epoch| FoldError::Filing { epoch, why: "late pay has the number of an epoch that was filed" };
    let epoch = before.epoch.ok_or_else(|| wrong(at.epoch))?;
    let number = u32::try_from(epoch).map_err(|_| wrong(epoch))?;
    let books = Books { epoch, emission: 0, unemitted: 0 };
    let next = pay(&books, &at.accounts, before, before.owing.iter().cloned(), 0)?;
    if next.owing.len() == before.owing.len() {
        return Ok(None);
    }
    filed(history, number, &books, before, next, Signing { network, head, oracle_set }).map(Some)
}

/// What an epoch brings into a distributor's books.
struct Books {
    epoch: EpochNumber,
    emission: u64,
    unemitted: u64,
}

/// What a statement says beside its tree.
struct Signing {
    network: Hash,
    head: Hash,
    oracle_set: u32,
}

/// The filing of what a distributor pays next.
fn filed(
    history: Cid,
    number: u32,
    books: &Books,
    before: &DistributorState,
    next: DistributorState,
    signing: Signing,
) -> Result<Filing, FoldError> {
    let Signing { network, head, oracle_set } = signing;
    let tree = next.pay_tree()?;
    let owed = u64::try_from(next.owed()).map_err(|_| FoldError::Overflow { what: "owed" })?;
    let (tree_block, block, blocks) = write_tree(history, books.unemitted, before, &next, head, owed);
    let root = tree.root();
    let statement = EpochStatement {
        network: NetworkId(network.0),
        distributor: DistributorId(before.distributor.0),
        epoch: Epoch(number),
        oracle_set,
        head: Hash32(head.0),
        root_hash: root.hash,
        root_sum: root.sum,
        owed,
        artefact: Hash32(Hash::from_cid(&tree_block).expect("a block of SHA-256").0),
    };
    Ok(Filing { tree_block, block, blocks, tree, statement, next: DistributorState { tree: Some(tree_block), ..next } })
}

/// What is owed at a distributor once an epoch is folded, before any of it is paid.
fn due<'a>(folded: &'a Folded, before: &'a DistributorState) -> impl Iterator<Item = OwedRow> + 'a {
    let row = |account: &Account, reason, amount| {
        let account = account.clone();
        OwedRow { account, epoch: folded.epoch, reason, amount }
    };
    let earned = folded.pay.iter().flat_map(move |pay| {
        let net = row(&pay.account, ReasonCode::NoAccountOnChain, pay.net);
        [net, row(&pay.account, ReasonCode::Held, pay.held)]
    });
    before.owing.iter().cloned().chain(earned).filter(|row| row.amount > 0)
}

/// Pays what is due to payees of the distributor's chain, on UTXO chains together at least `least`; what can't be paid is left
/// owed. Checks that nothing was made or lost.
fn pay(
    books: &Books,
    states: &BTreeMap<Account, AccountState>,
    before: &DistributorState,
    due: impl Iterator<Item = OwedRow>,
    least: u64,
) -> Result<DistributorState, FoldError> {
    let (mut leaves, least) = if before.has_payouts() { (BTreeMap::new(), least) } else { (before.leaves.clone(), 0) };
    let start_sum = leaves.values().map(|leaf: &LeafRow| u128::from(leaf.amount)).sum();
    let chain = &before.chain;
    let (mut payable, mut owing) = (Vec::new(), Vec::new());
    for row in due {
        let paid = paid_account(&row.account, chain, states).filter(|_| row.reason != ReasonCode::Held);
        match paid.and_then(|paid| Some((payee_of(paid)?, paid.clone()))) {
            Some((payee, paid)) => payable.push((payee, row, paid)),
            None => owing.push(row),
        }
    }
    payable.sort_unstable();
    for rows in payable.chunk_by(|a, b| a.0 == b.0) {
        let overflow = || FoldError::Overflow { what: "a leaf" };
        let sum = rows.iter().try_fold(0u64, |sum, (_, row, _)| sum.checked_add(row.amount)).ok_or_else(overflow)?;
        if sum < least {
            let short =
                |(_, row, _): &(Hash, OwedRow, Account)| OwedRow { reason: ReasonCode::BelowMinimum, ..row.clone() };
            owing.extend(rows.iter().map(short));
            continue;
        }
        let (payee, _, paid) = &rows[0];
        let fresh = || LeafRow { payee: *payee, amount: 0, account: paid.clone() };
        let leaf = leaves.entry(*payee).or_insert_with(fresh);
        leaf.amount = leaf.amount.checked_add(sum).ok_or_else(overflow)?;
    }
    owing.sort();
    let (distributor, chain) = (before.distributor, before.chain.clone());
    let next = DistributorState { distributor, chain, tree: None, epoch: Some(books.epoch), leaves, owing };
    let growth = next.root_sum().checked_sub(start_sum).expect("a leaf never falls");
    check_conservation(books.epoch, before.owed(), books.emission, growth, next.owed(), books.unemitted)?;
    Ok(next)
}
