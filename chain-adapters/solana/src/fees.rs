//! What a transaction may cost.

use anchor_lang::prelude::Pubkey;
use liaise_chain_api::{ChainError, FeeLimit};
use serde_json::json;
use solana_rpc_client_api::request::RpcRequest;

use crate::endpoint::Endpoint;

/// Lamports of each signature, on every chain of this kind since its beginning.
pub(crate) const LAMPORTS_PER_SIGNATURE: u64 = 5000;
/// The most compute units of a transaction.
pub(crate) const MAX_UNITS: u32 = 1_400_000;
/// Micro-lamports of a lamport.
const MICRO: u128 = 1_000_000;

/// What others pay of late for calls that write to an account, micro-lamports for a compute unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prices {
    /// Below this three of four slots took nobody.
    pub(crate) least: u64,
    /// At this three of four slots took everybody.
    pub(crate) usual: u64,
}

/// Units and price of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fees {
    /// How many sign it.
    pub(crate) signatures: usize,
    /// The most compute units that it may use.
    pub(crate) units: u32,
    /// Micro-lamports a unit, paid for all of them.
    pub(crate) price: u64,
    /// Lamports of rent for accounts that it creates.
    pub(crate) rent: u64,
}

/// What there is to pay with, lamports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purse {
    /// What the caller allows.
    pub(crate) limit: FeeLimit,
    /// What the account has.
    pub(crate) balance: u64,
    /// What must stay in the account, or the chain refuses the transaction.
    pub(crate) stays: u64,
}

/// Why a transaction can't be paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// The caller allows less.
    Limit { needed: u128 },
    /// The account has less, what must stay in it included.
    Balance { needed: u128 },
}

impl Purse {
    /// What can be spent.
    fn most(&self) -> u128 {
        self.limit.0.min(u128::from(self.balance.saturating_sub(self.stays)))
    }

    /// Refuses what is dearer.
    pub(crate) fn check(&self, needed: u128) -> Result<(), Misfit> {
        if needed > self.limit.0 {
            return Err(Misfit::Limit { needed });
        }
        self.check_balance(needed)
    }

    /// Refuses what the account can't pay, whatever the caller allows.
    pub(crate) fn check_balance(&self, cost: u128) -> Result<(), Misfit> {
        let needed = cost.saturating_add(self.stays.into());
        if needed > u128::from(self.balance) { Err(Misfit::Balance { needed }) } else { Ok(()) }
    }
}

impl Fees {
    /// Fits a transaction that used so many units into a purse: at the usual price, at a lower one if need be, for then
    /// it only waits; but not at one that hardly any slot takes.
    pub(crate) fn fit(used: u64, prices: Prices, rent: u64, signatures: usize, purse: &Purse) -> Result<Self, Misfit> {
        let free = Self { signatures, units: limit_of(used), price: 0, rent };
        purse.check(Self { price: prices.least, ..free }.max().0)?;
        let affordable = (purse.most() - free.max().0) * MICRO / u128::from(free.units);
        Ok(Self { price: u64::try_from(affordable).unwrap_or(u64::MAX).min(prices.usual), ..free })
    }

    /// What a transaction with one signature that used so many units costs at the usual price.
    pub(crate) fn usual(used: u64, prices: Prices) -> FeeLimit {
        Self { signatures: 1, units: limit_of(used), price: prices.usual, rent: 0 }.max()
    }

    /// Lamports for its signatures.
    pub(crate) fn signature_fee(&self) -> u64 {
        // a transaction has at most 255
        LAMPORTS_PER_SIGNATURE * self.signatures as u64
    }

    /// Lamports for the place in a block, beside the signatures'.
    pub(crate) fn priority(&self) -> u128 {
        (u128::from(self.units) * u128::from(self.price)).div_ceil(MICRO)
    }

    /// The most that the transaction can cost, lamports, rent included.
    pub(crate) fn max(&self) -> FeeLimit {
        FeeLimit(u128::from(self.signature_fee()) + self.priority() + u128::from(self.rent))
    }
}

/// A limit for what used so many units: other accounts may have to be searched for or created by the time that it is
/// included.
fn limit_of(used: u64) -> u32 {
    let units = used.saturating_add(used / 4).saturating_add(1_000);
    u32::try_from(units).unwrap_or(MAX_UNITS).min(MAX_UNITS)
}

/// What others paid of late for calls that write to `account`.
pub(crate) async fn prices(endpoint: &Endpoint, account: &Pubkey) -> Result<Prices, ChainError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Paid {
        prioritization_fee: u64,
    }
    let params = json!([[account.to_string()]]);
    let paid: Vec<Paid> = endpoint.ask(RpcRequest::GetRecentPrioritizationFees, params).await?;
    Ok(quartiles(paid.into_iter().map(|paid| paid.prioritization_fee).collect()))
}

fn quartiles(mut paid: Vec<u64>) -> Prices {
    paid.sort_unstable();
    let at = |part: usize| paid.get(paid.len() * part / 4).copied().unwrap_or(0);
    Prices { least: at(1), usual: at(3) }
}

/// Lamports that an account of `space` bytes must hold for ever.
pub(crate) async fn rent(endpoint: &Endpoint, space: usize) -> Result<u64, ChainError> {
    endpoint.ask(RpcRequest::GetMinimumBalanceForRentExemption, json!([space])).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const RICH: Purse = Purse { limit: FeeLimit(u128::MAX), balance: u64::MAX, stays: 0 };

    fn up_to(limit: u128) -> Purse {
        Purse { limit: FeeLimit(limit), ..RICH }
    }

    fn price(usual: u64) -> Prices {
        Prices { least: 0, usual }
    }

    #[test]
    fn the_price_is_what_others_pay_if_it_can_be_afforded() {
        let fees = Fees::fit(100_000, price(2_000_000), 7, 1, &RICH).expect("it fits");
        assert_eq!(fees, Fees { signatures: 1, units: 126_000, price: 2_000_000, rent: 7 });
        assert_eq!(fees.max(), FeeLimit(5000 + 252_000 + 7));
        let fees = Fees::fit(100_000, price(2_000_000), 7, 1, &up_to(5000 + 126 + 7)).expect("at a lower price");
        assert_eq!((fees.price, fees.max()), (1000, FeeLimit(5000 + 126 + 7)));
        let fees = Fees::fit(0, price(0), 0, 3, &RICH).expect("it fits");
        assert_eq!(fees.max(), FeeLimit(15_000), "each signature costs");
    }

    #[test]
    fn what_no_price_can_make_cheaper_is_refused() {
        assert_eq!(Fees::fit(0, price(9), 7, 1, &up_to(5006)), Err(Misfit::Limit { needed: 5007 }));
        let poor = Purse { balance: 5006, ..RICH };
        assert_eq!(Fees::fit(0, price(9), 7, 1, &poor), Err(Misfit::Balance { needed: 5007 }));
        let bound = Purse { balance: 5006, stays: 100, ..RICH };
        assert_eq!(Fees::fit(0, price(9), 0, 1, &bound), Err(Misfit::Balance { needed: 5100 }));
        assert_eq!(Fees::fit(u64::MAX, price(0), 0, 1, &RICH).map(|fees| fees.units), Ok(MAX_UNITS));
    }

    /// What is signed at such a price would end unheard again and again: the caller learns what it takes instead.
    #[test]
    fn a_price_that_hardly_any_slot_takes_is_refused() {
        let prices = Prices { least: 1_000_000, usual: 3_000_000 };
        assert_eq!(Fees::fit(7_200, prices, 0, 1, &up_to(14_999)), Err(Misfit::Limit { needed: 15_000 }));
        assert_eq!(Fees::fit(7_200, prices, 0, 1, &up_to(15_000)).map(|fees| fees.price), Ok(1_000_000));
        assert_eq!(Fees::fit(7_200, prices, 0, 1, &RICH).map(|fees| fees.price), Ok(3_000_000));
    }

    #[test]
    fn quartiles_of_few_and_of_none() {
        assert_eq!(quartiles(vec![]), Prices::default());
        assert_eq!(quartiles(vec![5]), Prices { least: 5, usual: 5 });
        assert_eq!(quartiles(vec![40, 10, 30, 20]), Prices { least: 20, usual: 40 });
    }
}
