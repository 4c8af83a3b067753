//! Claims from trees of 2^20 leaves, and transfers of what was claimed.

use alloy::primitives::U256;
use alloy::sol;
use alloy::sol_types::SolCall;
use liaise_chain_api::Action;
use liaise_summary::{Payee, RewardLeaf, RewardTree, sha256};

use crate::Figure;
use crate::site::{Role, Site};

sol! {
    function transfer(address to, uint256 value) external returns (bool);
}

const LEAVES: u32 = 1 << 20;
/// What the mean leaf grows by in an epoch: all together just below the daily emission.
const GROWTH: u64 = 13_000_000;

pub async fn measure() -> Vec<Figure> {
    let site = Site::opened(7).await;
    let first = epoch(&site, 1).await;
    let later = epoch(&site, 2).await;
    let to = Role::Anybody.address();
    let transfer = transferCall { to, value: U256::from(1_000_003) }.abi_encode();
    let transfers =
        [site.call(Role::Holder, transfer.clone().into()).await, site.call(Role::Holder, transfer.into()).await];
    const FIRST: &str = "2^20 leaves, the epoch settled before; an account that held nothing";
    const LATER: &str = "2^20 leaves, the epoch settled before; an account that claimed before";
    const RUN_FIRST: &str = "2^20 leaves, the epoch settled before; one claim of the run, accounts that held nothing";
    const RUN_LATER: &str = "2^20 leaves, the epoch settled before; one claim of the run, accounts that claimed before";
    vec![
        Figure { action: "claim-first", gas: first.single, conditions: FIRST },
        Figure { action: "claim-later", gas: later.single, conditions: LATER },
        Figure { action: "claim-range-128", gas: later.of_128, conditions: RUN_LATER },
        Figure { action: "claim-range-128-first", gas: first.of_128, conditions: RUN_FIRST },
        Figure { action: "claim-range-16", gas: later.of_16, conditions: RUN_LATER },
        Figure { action: "claim-range-16-first", gas: first.of_16, conditions: RUN_FIRST },
        Figure {
            action: "transfer-first",
            gas: transfers[0],
            conditions: "to an account that held nothing, no delegates",
        },
        Figure { action: "transfer-later", gas: transfers[1], conditions: "no delegates" },
    ]
}

struct Claims {
    single: u64,
    /// A claim's share of a run.
    of_128: u64,
    of_16: u64,
}

/// Files the tree of an epoch, has somebody else's claim settle it, and claims.
async fn epoch(site: &Site, number: u64) -> Claims {
    let tree = tree(number);
    site.file(tree.root().hash, tree.root().sum, 0).await;
    site.pass(site.delays().epoch_s).await;
    let holder = tree.index_of(&payee_of_holder()).expect("the holder has a leaf");
    // the runs are apart from the holder's leaf and from each other
    let elsewhere = |run: u32| (holder ^ (LEAVES / 2)) / 1024 * 1024 + run * 128;
    site.act(Role::Anybody, &single(&tree, elsewhere(2))).await;
    Claims {
        single: site.act(Role::Anybody, &single(&tree, holder)).await,
        of_128: site.act(Role::Anybody, &run(&tree, elsewhere(0), 7)).await / 128,
        of_16: site.act(Role::Anybody, &run(&tree, elsewhere(1), 4)).await / 16,
    }
}

fn single(tree: &RewardTree, index: u32) -> Action {
    Action::Claim { leaf: tree.leaves()[index as usize], proof: tree.proof(index).expect("a leaf of the tree") }
}

fn run(tree: &RewardTree, first: u32, log2: u8) -> Action {
    let start = first as usize;
    let proof = tree.range_proof(first, log2).expect("a run of the tree");
    Action::ClaimRange { leaves: tree.leaves()[start..start + (1 << log2)].to_vec(), proof }
}

/// The holder and others, each with `epochs` times its own growth.
fn tree(epochs: u64) -> RewardTree {
    let others = (1..LEAVES).map(|i| {
        let seed = sha256(&[b"payee", &i.to_be_bytes()]).0;
        let payee = Payee::from_20(seed[..20].try_into().expect("twenty bytes"));
        // between half and three halves of the mean
        RewardLeaf { payee, amount: epochs * (GROWTH / 2 + u64::from(i) * GROWTH / u64::from(LEAVES)) }
    });
    let holder = RewardLeaf { payee: payee_of_holder(), amount: epochs * GROWTH };
    RewardTree::new(std::iter::once(holder).chain(others).collect()).expect("distinct payees, small amounts")
}

fn payee_of_holder() -> Payee {
    Payee::from_20(Role::Holder.address().into_array())
}
