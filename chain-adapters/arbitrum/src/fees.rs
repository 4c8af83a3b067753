//! What a transaction may cost.

use alloy::eips::BlockId;
use alloy::primitives::U256;
use alloy::providers::Provider;
use liaise_chain_api::{ChainError, FeeLimit};

use crate::bindings::ArbGasInfo;
use crate::config::GasModel;
use crate::endpoint::Endpoint;

/// Head-room of the fee cap over the present base fee: EIP-1559 charges the base fee, so it costs nothing.
const CAP_OVER_BASE: u128 = 16;

/// Gas and prices of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fees {
    pub(crate) gas_limit: u64,
    pub(crate) max_fee_per_gas: u128,
    pub(crate) max_priority_fee_per_gas: u128,
}

/// What the chain asks now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prices {
    pub(crate) base_fee: u128,
    pub(crate) tip: u128,
    /// Gas that stands for one byte posted to L1, rounded up; 0 where there is no L1 part.
    pub(crate) l1_gas_per_byte: u64,
}

impl Fees {
    /// Fits a transaction under the caller's limit and the account's balance.
    ///
    /// The least that is signed covers the present base fee and a quarter more, since it rises by at most an eighth a
    /// block; the most is [`CAP_OVER_BASE`] times as much, or what limit and balance allow.
    pub(crate) fn fit(
        estimate: u64,
        bytes: usize,
        prices: &Prices,
        limit: FeeLimit,
        balance: u128,
    ) -> Result<Self, Misfit> {
        let l1_gas = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(prices.l1_gas_per_byte);
        // storage may be colder, and the books settle more, than when it was estimated
        let gas_limit = estimate.saturating_add(estimate / 4).saturating_add(l1_gas);
        let gas = u128::from(gas_limit).max(1);
        let least = (prices.base_fee + prices.base_fee.div_ceil(4)).saturating_add(prices.tip).max(1);
        let needed = gas.saturating_mul(least);
        if needed > limit.0 {
            return Err(Misfit::Limit { needed });
        }
        if needed > balance {
            return Err(Misfit::Balance { needed });
        }
        let most = prices.base_fee.saturating_mul(CAP_OVER_BASE).saturating_add(prices.tip).max(least);
        let affordable = limit.0.min(balance) / gas;
        let max_fee_per_gas = most.min(affordable);
        Ok(Self { gas_limit, max_fee_per_gas, max_priority_fee_per_gas: prices.tip.min(max_fee_per_gas) })
    }

    /// The least that such a transaction needs to be signed now.
    pub(crate) fn needed(estimate: u64, bytes: usize, prices: &Prices) -> u128 {
        match Self::fit(estimate, bytes, prices, FeeLimit(0), 0) {
            Err(Misfit::Limit { needed } | Misfit::Balance { needed }) => needed,
            Ok(fees) => fees.max().0,
        }
    }

    /// The most that the transaction can cost.
    pub(crate) fn max(&self) -> FeeLimit {
        FeeLimit(u128::from(self.gas_limit).saturating_mul(self.max_fee_per_gas))
    }
}

/// Why a transaction fits under no cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// The caller allows less.
    Limit { needed: u128 },
    /// The account has less.
    Balance { needed: u128 },
}

/// What the chain asks now.
pub(crate) async fn prices(endpoint: &Endpoint, model: GasModel) -> Result<Prices, ChainError> {
    let failure = |error| endpoint.failure(error);
    let latest = endpoint.provider().get_block(BlockId::latest()).await.map_err(failure)?;
    let base_fee = latest.and_then(|block| block.header.base_fee_per_gas);
    let base_fee = base_fee.ok_or_else(|| endpoint.nonsense("no base fee: the chain lacks EIP-1559"))?.into();
    match model {
        GasModel::Plain => {
            let tip = endpoint.provider().get_max_priority_fee_per_gas().await.map_err(failure)?;
            Ok(Prices { base_fee, tip, l1_gas_per_byte: 0 })
        }
        // Arbitrum's sequencer takes no tips and orders by arrival
        GasModel::Arbitrum { arb_gas_info } => {
            let call = ArbGasInfo::getPricesInWeiCall {};
            let prices = endpoint.view(BlockId::latest(), arb_gas_info, call).await?;
            let per_byte = prices.perL1CalldataByte.div_ceil(prices.perArbGasTotal.max(U256::ONE));
            let l1_gas_per_byte = u64::try_from(per_byte);
            let l1_gas_per_byte = l1_gas_per_byte.map_err(|_| endpoint.nonsense("an L1 price beyond 64 bits"))?;
            Ok(Prices { base_fee, tip: 0, l1_gas_per_byte })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: Prices = Prices { base_fee: 100, tip: 3, l1_gas_per_byte: 0 };
    const RICH: u128 = u128::MAX;

    #[test]
    fn the_cap_has_head_room_that_costs_nothing() {
        let fees = Fees::fit(1000, 10, &PRICES, FeeLimit(RICH), RICH).expect("it fits");
        assert_eq!(fees, Fees { gas_limit: 1250, max_fee_per_gas: 1603, max_priority_fee_per_gas: 3 });
        assert_eq!(fees.max(), FeeLimit(1250 * 1603));
    }

    #[test]
    fn limit_and_balance_lower_the_cap_and_then_refuse() {
        let needed = 1250 * 128;
        assert_eq!(Fees::needed(1000, 10, &PRICES), needed);
        let fees = Fees::fit(1000, 10, &PRICES, FeeLimit(needed), RICH).expect("exactly enough");
        assert_eq!(fees.max_fee_per_gas, 128);
        assert_eq!(Fees::fit(1000, 10, &PRICES, FeeLimit(needed - 1), RICH), Err(Misfit::Limit { needed }));
        let fees = Fees::fit(1000, 10, &PRICES, FeeLimit(RICH), needed + 1249).expect("exactly enough");
        assert_eq!(fees.max_fee_per_gas, 128);
        assert_eq!(Fees::fit(1000, 10, &PRICES, FeeLimit(RICH), needed - 1), Err(Misfit::Balance { needed }));
    }

    #[test]
    fn the_l1_part_enters_the_gas_limit_once_more() {
        let prices = Prices { l1_gas_per_byte: 7, ..PRICES };
        let fees = Fees::fit(1000, 100, &prices, FeeLimit(RICH), RICH).expect("it fits");
        assert_eq!(fees.gas_limit, 1250 + 700);
    }

    #[test]
    fn a_chain_without_fees_is_no_division_by_zero() {
        let free = Prices { base_fee: 0, tip: 0, l1_gas_per_byte: 0 };
        let fees = Fees::fit(0, 0, &free, FeeLimit(1), 1).expect("one wei suffices");
        assert_eq!(fees.max_fee_per_gas, 1);
    }
}
