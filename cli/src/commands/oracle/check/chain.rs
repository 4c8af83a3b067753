//! The chain: reachable, the right one, in time, this oracle in its set, gas money for submissions.

use super::Subject;
use super::finding::Findings;
use crate::exit::Kind;
use liaise_chain_api::{At, Distributor, Funds};
use liaise_ledger::EpochNumber;
use liaise_node::chain::{self, Coin};
use liaise_node::client::Wallet;
use liaise_node::config::ChainConfig;
use liaise_node::keys;
use liaise_summary::{CompressedKey, OracleSet};
use std::path::PathBuf;

/// A chain ahead of this clock by more says that this clock is slow: blocks come at most seconds early.
const AHEAD_S: u64 = 60;
/// A chain without a block for longer says that its endpoint hangs, or that this clock is fast.
const BEHIND_S: u64 = 900;
/// Filings that the gas money should last for: a month, one a day.
const FILINGS: u128 = 30;
/// Epochs that may be unfiled: the one that goes on, the one that has just ended, and one that waits its delay.
const UNFILED: i64 = 3;

impl Subject<'_> {
    /// Every chain of the role.
    pub async fn chains(&self, findings: &mut Findings, key: Option<CompressedKey>) {
        for (config, submitter) in self.role.offices() {
            self.chain(config, submitter, findings, key).await;
        }
    }

    async fn chain(
        &self,
        config: &ChainConfig,
        submitter: Option<&PathBuf>,
        findings: &mut Findings,
        key: Option<CompressedKey>,
    ) {
        let remedy = "role.chain in node.toml: name a working endpoint of that chain, and the address of the network's \
                      deployment";
        let read = async { chain::reader(config).await?.distributor(At::Latest).await };
        let at = match read.await {
            Ok(at) => at,
            Err(error) => return findings.fail("chain", Kind::Chain, error.to_string(), remedy),
        };
        let network = at.network().0;
        if network != self.genesis.network_id().0 {
            let detail = format!("the distributor is of network {}", hex::encode(network));
            return findings.fail("chain", Kind::Chain, detail, remedy);
        }
        findings.ok("chain", format!("{}, block {}, distributor {}", config.id, at.at.number, at.id));
        clock(findings, self.calendar.wall_ms() / 1000, at.at.time_s);
        if let Some(key) = key {
            self.membership(findings, &at, &key);
        }
        self.filed(findings, &at);
        self.gas(config, submitter, findings).await;
    }

    /// The set that the chain accepts signatures of.
    fn membership(&self, findings: &mut Findings, at: &Distributor, key: &CompressedKey) {
        let genesis = &self.genesis.oracles;
        let ours = OracleSet::new(genesis.version, genesis.keys.clone()).ok();
        let current = at.oracle_set.set.clone().or(ours.filter(|set| set.hash() == at.oracle_set.hash));
        let version = at.oracle_set.version;
        let Some(set) = current else {
            return findings.warn(
                "set",
                format!("the chain's set has version {version}, and its keys are not those of the genesis"),
                "ask the network's DAO for the set in force, and whether this key is in it",
            );
        };
        if set.keys().binary_search(key).is_ok() {
            findings
                .ok("set", format!("version {version} holds this key; {} of {} sign", set.quorum(), set.keys().len()));
        } else {
            findings.fail(
                "set",
                Kind::Refused,
                format!("set {version} in force on the chain does not hold this key: nothing that it signs counts"),
                "have the DAO rotate it in, or run the key that is in the set",
            );
        }
    }

    /// What should have been filed by now is.
    fn filed(&self, findings: &mut Findings, at: &Distributor) {
        let now = self.genesis.epoch_of(self.calendar.wall_ms());
        let next = EpochNumber::from(at.next.0);
        let mut detail = format!("epoch {next} is the next to be filed, epoch {now} goes on");
        if let Some(pending) = &at.pending {
            detail += &format!("; epoch {} waits until {} (Unix seconds)", pending.epoch, pending.payable_s);
        }
        if at.range.is_none() || !at.in_range(at.next) || now - next < UNFILED {
            findings.ok("filing", detail);
        } else {
            findings.warn("filing", detail, "see `liaise oracle status` for who has signed, and this oracle's log");
        }
    }

    async fn gas(&self, config: &ChainConfig, submitter: Option<&PathBuf>, findings: &mut Findings) {
        let (Some(path), Some(passphrase)) = (submitter, self.passphrase) else { return };
        // A key that does not open was told of with the keys.
        let Ok(secret) = keys::open(path, passphrase) else { return };
        let wallet = config.chain().map_err(eyre::Report::from).and_then(|chain| Ok(Wallet::new(&secret, &chain)?));
        match wallet {
            Err(error) => {
                findings.fail("gas", Kind::Usage, format!("{error:#}"), "name a keystore of this chain's account")
            }
            Ok(wallet) => match chain::funds(config, &wallet).await {
                Ok(funds) => money(findings, &funds),
                Err(error) => {
                    findings.fail("gas", Kind::Chain, error.to_string(), "name an endpoint that answers");
                }
            },
        }
    }
}

fn clock(findings: &mut Findings, here_s: u64, chain_s: u64) {
    let (ahead, behind) = (chain_s.saturating_sub(here_s), here_s.saturating_sub(chain_s));
    if ahead > AHEAD_S {
        findings.fail(
            "clock",
            Kind::Refused,
            format!("the chain's newest block is {ahead} s ahead of this clock"),
            "set this machine's clock, and keep it with NTP",
        );
    } else if behind > BEHIND_S {
        findings.warn(
            "clock",
            format!("the chain's newest block is {behind} s old by this clock"),
            "see whether the endpoint follows its chain; else set this machine's clock, and keep it with NTP",
        );
    } else {
        findings.ok("clock", format!("within {} s of the chain's newest block", ahead.max(behind)));
    }
}

fn money(findings: &mut Findings, funds: &Funds) {
    let Funds { account, has, filing } = funds;
    let unit = Coin::of(&account.chain()).unit;
    let lasts = has / (*filing).max(1);
    let detail = format!("{account} has {has} {unit}, filing an epoch needs {filing} now: it lasts for {lasts}");
    let remedy = format!("send it the chain's own coin: {} {unit} last for {FILINGS}", filing.saturating_mul(FILINGS));
    match lasts {
        0 => findings.fail("gas", Kind::Refused, detail, remedy),
        lasts if lasts < FILINGS => findings.warn("gas", detail, remedy),
        _ => findings.ok("gas", detail),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;
    use liaise_chain_api::Account;

    #[test]
    fn a_slow_clock_fails_and_an_old_block_warns() {
        let now = 1_000_000;
        for (chain, state) in [
            (now + AHEAD_S + 1, State::Fail),
            (now + AHEAD_S, State::Ok),
            (now - BEHIND_S, State::Ok),
            (now - BEHIND_S - 1, State::Warn),
        ] {
            let mut findings = Findings::default();
            clock(&mut findings, now, chain);
            assert_eq!(findings.only().0, state, "{chain}");
        }
    }

    #[test]
    fn gas_money_is_held_against_what_a_filing_needs() {
        let account = Account::evm(1, [1; 20]);
        for (has, filing, state) in [
            (99, 100, State::Fail),
            (100, 100, State::Warn),
            (2_999, 100, State::Warn),
            (3_000, 100, State::Ok),
            (0, 0, State::Fail),
        ] {
            let mut findings = Findings::default();
            money(&mut findings, &Funds { account: account.clone(), has, filing });
            assert_eq!(findings.only().0, state, "{has} for {filing}");
        }
    }
}
