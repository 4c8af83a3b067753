//! XLV trades in a stock constant-product pool: nothing in the token stands in a pool's way.

use emission_tests::pool::{Pool, WRAPPED_SOL, account_of, balance, expected_out, prepare, wrap};
use emission_tests::world::SPL_TOKEN;
use emission_tests::{DeepTree, Refusal, Setup, World};
use solana_keypair::Keypair;
use solana_signer::Signer;

/// 20 000 XLV against 100 SOL.
const IN_POOL: [u64; 2] = [2_000_000_000_000, 100_000_000_000];
/// What the trader has of both.
const TRADERS: [u64; 2] = [50_000_000_000, 5_000_000_000];
/// The pool's own number for a price that is worse than asked for.
const EXCEEDED_SLIPPAGE: u32 = 16;

/// A pool of XLV that was earned and claimed, and a trader with both tokens.
struct Market {
    world: World,
    pool: Pool,
    trader: Keypair,
}

fn market() -> Market {
    // the pool knows one token program
    let mut world = World::opened(Setup { token_program: SPL_TOKEN, ..Setup::default() });
    prepare(&mut world.chain);
    let (provider, trader) = (Keypair::new(), Keypair::new());
    let tree = DeepTree::new(&[(provider.pubkey(), IN_POOL[0]), (trader.pubkey(), TRADERS[0])], 3);
    world.file_payable(0, tree.root);
    for (owner, lamports) in [(&provider, IN_POOL[1]), (&trader, TRADERS[1])] {
        world.claim(&tree, tree.place(&owner.pubkey()));
        world.chain.svm.airdrop(&owner.pubkey(), lamports + 1_000_000_000).expect("an airdrop");
        wrap(&mut world.chain, owner, lamports);
    }
    let mints = [world.calls.mint, WRAPPED_SOL];
    let pool = Pool::open(&mut world.chain, &provider, mints, IN_POOL);
    Market { world, pool, trader }
}

impl Market {
    fn reserves(&self) -> [u64; 2] {
        self.pool.vaults.map(|vault| balance(&self.world.chain, &vault))
    }

    fn traders(&self) -> [u64; 2] {
        self.pool.mints.map(|mint| balance(&self.world.chain, &account_of(&self.trader.pubkey(), &mint)))
    }

    /// Gives `amount` of the token at place `from`, and sees that trader and pool have what the constant product says.
    fn trade(&mut self, from: usize, amount: u64) {
        let to = 1 - from;
        let (reserves, traders) = (self.reserves(), self.traders());
        let out = expected_out(amount, [reserves[from], reserves[to]]);
        let swap = self.pool.swap(&self.trader.pubkey(), from, amount, out);
        self.world.chain.send(&[swap], &[&self.trader]).unwrap_or_else(|refusal| panic!("refused: {refusal:?}"));
        let (reserves_now, traders_now) = (self.reserves(), self.traders());
        assert_eq!((traders_now[to], reserves_now[to]), (traders[to] + out, reserves[to] - out));
        // the pool rounds in its own favour, and takes no more than was offered
        let paid = traders[from] - traders_now[from];
        assert_eq!(reserves_now[from], reserves[from] + paid);
        assert!(paid <= amount && amount - paid <= 1 + reserves[from] / reserves[to], "{paid} of {amount}");
        let product = |[a, b]: [u64; 2]| u128::from(a) * u128::from(b);
        assert!(product(reserves_now) > product(reserves), "holders earn by each trade");
    }
}

#[test]
fn xlv_is_swapped_both_ways_in_a_stock_pool() {
    let mut market = market();
    assert_eq!((market.reserves(), market.traders()), (IN_POOL, TRADERS));
    let supply = market.world.supply();
    market.trade(0, 10_000_000_000);
    market.trade(1, 2_000_000_000);
    market.trade(1, 7);
    assert!(balance(&market.world.chain, &market.pool.fees) > 0, "the pool's owner is paid in shares");
    assert_eq!(market.world.supply(), supply);
    assert_eq!(market.reserves()[0] + market.traders()[0], IN_POOL[0] + TRADERS[0], "no XLV comes or goes");
}

/// The pool's refusal leaves XLV where it is, as any program's does.
#[test]
fn a_price_that_moved_away_leaves_everything_as_it_was() {
    let mut market = market();
    let before = (market.reserves(), market.traders());
    let out = expected_out(10_000_000_000, IN_POOL);
    let swap = market.pool.swap(&market.trader.pubkey(), 0, 10_000_000_000, out + 1);
    let refused = market.world.chain.send(&[swap], &[&market.trader]).map(|receipt| receipt.meta.logs);
    assert_eq!(refused, Err(Refusal::Number(EXCEEDED_SLIPPAGE)));
    assert_eq!((market.reserves(), market.traders()), before);
}
