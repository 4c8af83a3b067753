//! The few schedules on anvil: every call of an account chain's distributor, made of the real contract with real signatures, has the
//! outcome that the simulation says, by the contract's own error, and leaves the state that the simulation has.

use std::collections::BTreeSet;
use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::sol_types::SolCall;
use liaise_chain_api::{Account, Delays, FeeLimit};
use liaise_chain_arbitrum::EvmConfig;
use liaise_chain_arbitrum::deploy::{Dao, Plan, deploy};
use liaise_chain_arbitrum::local::{Anvil, AnvilConfig};
use liaise_handover::calls::{By, Call, Refusal};
use liaise_handover::distributor::{Distributor, State};
use liaise_handover::network::{EPOCH_DELAY_S, GENESIS_S, GUARDED_UNTIL_S, LONG_DELAY_S, NOTICE, UTXO_CHAIN, schedule};
use liaise_handover::schedule::record;
use liaise_handover::trace::{Event, worth_replaying};
use liaise_handover::world::World;
use liaise_summary::{DistributorId, OracleSet};
use serde_json::{Value, json};

use crate::contract::{IEmission, Words, address, keys, members, name_of};

const EVM_CHAIN: u64 = 31_337;

/// The distributor of one chain of a schedule, on a chain of its own.
struct Replay<'a> {
    words: Words<'a>,
    anvil: Anvil,
    provider: DynProvider,
    contract: Address,
    /// Of each block since genesis: what restores it, and its time in the simulation.
    saved: Vec<(Value, u64)>,
    /// The simulation's time, and how far the chain's clock is ahead: two blocks never have one time here. It only grows, so that what is
    /// due when stays as it is.
    time_s: u64,
    ahead_s: u64,
    /// Calls that were made of the contract.
    made: u64,
}

impl<'a> Replay<'a> {
    async fn start(world: &'a World, chain: usize) -> Self {
        let keys = keys();
        let first = members(world.members[0]).map(|oracle| keys[oracle].public()).collect();
        let account = |by| Account::evm(EVM_CHAIN, address(by).into_array());
        let plan = Plan {
            schedule: schedule(),
            delays: Delays { epoch_s: EPOCH_DELAY_S, long_s: LONG_DELAY_S },
            notice_epochs: NOTICE,
            guarded_until_s: GUARDED_UNTIL_S,
            guardian: account(By::Guardian(0)),
            oracle_set: OracleSet::new(0, first).expect("ascending keys"),
            dao: Dao::Account(account(By::Dao)),
        };
        let start_s = GENESIS_S - u64::from(LONG_DELAY_S) - 3_600;
        let anvil = AnvilConfig { chain_number: EVM_CHAIN, genesis_s: Some(start_s), port: 0 };
        let anvil = Anvil::start(anvil).expect("anvil starts");
        let config = EvmConfig::new(anvil.chain(), anvil.url(), Address::ZERO);
        let fee = FeeLimit(1_000_000_000_000_000_000);
        let contract = deploy(&config, &Anvil::key(0), &plan, fee).await.expect("it deploys").distributor;
        let provider = ProviderBuilder::new().connect_http(anvil.url().parse().expect("a URL")).erased();
        let id = DistributorId::evm(EVM_CHAIN, contract.into_array());
        let words = Words::new(world, chain, id);
        let replay = Self { words, anvil, provider, contract, saved: vec![], time_s: 0, ahead_s: 0, made: 0 };
        replay.ask("anvil_autoImpersonateAccount", json!([true])).await.expect("anvil obeys");
        replay
    }

    async fn ask(&self, method: &'static str, parameters: Value) -> Result<Value, Option<Bytes>> {
        let answer = self.provider.raw_request::<Value, Value>(method.into(), parameters).await;
        answer.map_err(|error| {
            let response = error.as_error_resp().unwrap_or_else(|| panic!("anvil does not answer: {error}"));
            response.as_revert_data()
        })
    }

    async fn happen(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Block { time_s } => {
                self.time_s = *time_s;
                self.ahead_s += 1;
                self.anvil.mine_at(time_s + self.ahead_s).await.expect("anvil obeys");
                self.saved.push((self.anvil.save().await.expect("anvil obeys"), *time_s));
                Ok(())
            }
            Event::Gone { blocks } => {
                self.saved.truncate(self.saved.len() - blocks);
                let (last, time_s) = self.saved.pop().expect("a final block stays");
                self.anvil.restore(&last).await.expect("anvil obeys");
                self.time_s = time_s;
                self.saved.push((self.anvil.save().await.expect("anvil obeys"), time_s));
                Ok(())
            }
            // a contract has no bound on what its guardian agrees to
            Event::Call { outcome: Err(Refusal::TooManyConsents | Refusal::NoSuchCall), .. } => Ok(()),
            Event::Call { call, outcome, after, .. } => self.make(call, *outcome, after).await,
        }
    }

    async fn make(&mut self, call: &Call, outcome: Result<(), Refusal>, after: &Distributor) -> Result<(), String> {
        let Some((from, data)) = self.words.encode(call) else { return Ok(()) };
        self.made += 1;
        let transaction = json!({"from": from, "to": self.contract, "data": data, "gas": "0xf42400"});
        let tried = self.ask("eth_call", json!([transaction, "latest"])).await;
        let said = tried.as_ref().map(drop).map_err(|data| name_of(data.as_ref()));
        let expected = outcome.map_err(|refusal| format!("{refusal:?}"));
        if said != expected {
            return Err(format!("the simulation says {expected:?}, the contract {said:?}"));
        }
        if outcome.is_err() {
            return Ok(());
        }
        self.ahead_s += 1;
        let wei = "0xde0b6b3a7640000";
        self.ask("anvil_setBalance", json!([from, wei])).await.expect("anvil obeys");
        let time_s = self.time_s + self.ahead_s;
        self.ask("evm_setNextBlockTimestamp", json!([time_s])).await.expect("anvil obeys");
        let sent = self.ask("eth_sendTransaction", json!([transaction])).await.expect("it was tried");
        let receipt = self.receipt(&sent).await;
        if receipt["status"] != "0x1" {
            return Err(format!("it is tried well and fails: {receipt}"));
        }
        self.words.follow(call, after);
        self.compare(after).await
    }

    /// anvil makes the block a moment after it has taken the transaction.
    async fn receipt(&self, sent: &Value) -> Value {
        for _ in 0..6_000 {
            let receipt = self.ask("eth_getTransactionReceipt", json!([sent])).await.expect("anvil answers");
            if !receipt.is_null() {
                return receipt;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{sent} is in no block after 30 seconds");
    }

    async fn read<C: SolCall>(&self, call: C) -> C::Return {
        let data: Bytes = call.abi_encode().into();
        let answer = self.ask("eth_call", json!([{"to": self.contract, "data": data}, "latest"])).await;
        let bytes: Bytes = serde_json::from_value(answer.expect("a view")).expect("hex");
        C::abi_decode_returns(&bytes).expect("what the interface says")
    }

    async fn compare(&self, after: &Distributor) -> Result<(), String> {
        let State::Account(account) = &after.state else { unreachable!("account chains are replayed here") };
        let account = account.settled(self.time_s);
        let range = self.read(IEmission::rangeCall {}).await;
        let books = self.read(IEmission::booksCall {}).await;
        let pending = self.read(IEmission::pendingCall {}).await;
        let head: B256 = self.read(IEmission::headCall {}).await;
        let guardian = self.read(IEmission::guardianCall {}).await;
        let spent = self.read(IEmission::guardianVetoUsedCall {}).await;
        let set = self.read(IEmission::oracleSetCall {}).await;
        let kind = account.books.pending.map_or(0, |pending| pending.kind as u8 + 1);
        let on_chain = (
            (range.start, range.end, range.next),
            (books.issued, books.owed, books.payableSum, books.unclaimed),
            (pending.kind as u8, head, guardian, spent, set.version),
        );
        let simulated = (
            (account.books.start, account.books.end, account.books.next()),
            (account.root_sum() + account.owed(), account.owed(), account.supply, account.vault),
            (
                kind,
                B256::from(self.words.head(after.head).0),
                address(By::Guardian(after.guardian)),
                account.books.veto_used,
                after.set,
            ),
        );
        if on_chain == simulated {
            Ok(())
        } else {
            Err(format!("the simulation has {simulated:?}, the contract {on_chain:?}"))
        }
    }
}

/// The committed seeds, or the one that the environment names.
fn seeds() -> Vec<u64> {
    if let Ok(seed) = std::env::var("LIAISE_SIMULATION_SEED") {
        return vec![seed.parse().expect("LIAISE_SIMULATION_SEED is a number")];
    }
    let few: Value = serde_json::from_str(include_str!("../../few.json")).expect("few.json");
    serde_json::from_value(few["seeds"].clone()).expect("seeds")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_does_what_the_simulation_says() {
    let (mut shown, mut replays, mut calls) = (BTreeSet::new(), 0, 0);
    for seed in seeds() {
        let world = record(seed).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        let record = world.record.as_ref().expect("it is recorded");
        for chain in (0..record.events.len()).filter(|chain| *chain != UTXO_CHAIN) {
            let events = worth_replaying(&record.events[chain], &mut shown);
            if events.is_empty() {
                continue;
            }
            let mut replay = Replay::start(&world, chain).await;
            for (place, event) in events.iter().enumerate() {
                if let Err(why) = replay.happen(event).await {
                    let call = if let Event::Call { call, .. } = event { format!("{call:?}") } else { String::new() };
                    panic!("seed {seed}, chain {chain}, event {place}: {why}\n{call}");
                }
            }
            (replays, calls) = (replays + 1, calls + replay.made);
        }
    }
    println!("{replays} replays of {calls} calls show {} marks", shown.len());
}
