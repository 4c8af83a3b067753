//! Every account claims what it earned; what is paid must be what was emitted, to the unit.

use super::chain::{DEPLOYER, FEE};
use super::genesis::Person;
use super::network::Network;
use super::progress::Stages;
use eyre::WrapErr;
use liaise_chain_api::{Action, At, PaysInBatches, Status, Submitter};
use liaise_node::{Payable, Waiting, chain};
use liaise_summary::Payee;
use std::time::Duration;

/// The longest that a claim may wait for its block, on the real clock.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one account was paid.
#[derive(Clone, Debug)]
pub struct Paid {
    /// Its name in tables.
    pub name: String,
    /// Its account.
    pub account: liaise_ledger::Account,
    /// Base units over the distributor's life.
    pub amount: u64,
    /// The claim's transaction; null where nothing was to be claimed.
    pub transaction: Option<String>,
}

/// All claims, and what the chain says about them.
#[derive(Clone, Debug)]
pub struct Claims {
    /// One for each account.
    pub paid: Vec<Paid>,
    /// Base units that the newest payable tree sums to.
    pub emitted: u64,
}

/// Claims for everybody.
pub async fn claim_all(network: &Network, stages: &Stages) -> eyre::Result<Claims> {
    let people: Vec<&Person> = network.founding.nodes.iter().chain(&network.founding.users).collect();
    let stage = stages.begin("everybody claims", people.len());
    if let Some(batches) = network.site.reader.batches() {
        let claims = crank_all(network, batches, &people, || stage.step()).await?;
        stage.done(stages, &format!("{} paid on chain, exactly what was emitted", crate::output::xlv(claims.emitted)));
        return Ok(claims);
    }
    let payable = Payable::newest(&network.replica, network.site.reader.as_ref()).await?;
    // Anybody may pay the fee; here the deployer's key does, for the accounts have no coins.
    let payer = network.site.chain.local.wallet(DEPLOYER)?;
    let submitter = chain::submitter(network.site.chain.config(), &payer).await?;

    let mut paid = vec![];
    for person in people {
        let account = person.account();
        let payee = account.payee().map(Payee).ok_or_else(|| eyre::eyre!("no payee on this chain"))?;
        let Some((leaf, proof)) = payable.leaf(&payee)? else {
            paid.push(Paid { name: person.name.clone(), account, amount: 0, transaction: None });
            continue;
        };
        let action = Action::Claim { leaf, proof };
        let transaction = send(submitter.as_ref(), &action).await?;
        let claimed = network.site.reader.claimed(&payee, At::Latest).await?;
        eyre::ensure!(claimed.total == leaf.amount, "{} was paid {} of {}", person.name, claimed.total, leaf.amount);
        paid.push(Paid { name: person.name.clone(), account, amount: leaf.amount, transaction: Some(transaction) });
        stage.step();
    }
    let sum: u64 = paid.iter().map(|paid| paid.amount).sum();
    let after = network.site.reader.distributor(At::Latest).await?;
    eyre::ensure!(sum == payable.held.root.sum, "paid {sum}, emitted {}", payable.held.root.sum);
    eyre::ensure!(after.unclaimed == 0, "{} base units are left unclaimed", after.unclaimed);
    stage.done(stages, &format!("{} paid on chain, exactly what was emitted", crate::output::xlv(sum)));
    Ok(Claims { paid, emitted: payable.held.root.sum })
}

/// Every batch is cranked; then each account has what it was owed.
async fn crank_all(
    network: &Network,
    batches: &dyn PaysInBatches,
    people: &[&Person],
    step: impl Fn(),
) -> eyre::Result<Claims> {
    let payer = network.site.chain.local.wallet(DEPLOYER)?;
    let submitter = chain::submitter(network.site.chain.config(), &payer).await?;
    let mut emitted = 0;
    for waiting in Waiting::all(&network.replica, network.site.reader.as_ref(), batches).await? {
        emitted += waiting.unpaid.amount;
        for batch in waiting.left() {
            send(submitter.as_ref(), &waiting.crank(batch)?).await?;
        }
    }
    let mut paid = vec![];
    for person in people {
        let account = person.account();
        let payee = account.bch_key_hash().map(Payee::from_20).ok_or_else(|| eyre::eyre!("no payee on this chain"))?;
        let payouts = batches.payouts(&payee, At::Latest).await?;
        let amount = payouts.iter().map(|payout| payout.amount).sum();
        let transaction = payouts.last().map(|payout| payout.transaction.to_string());
        paid.push(Paid { name: person.name.clone(), account, amount, transaction });
        step();
    }
    let sum: u64 = paid.iter().map(|paid| paid.amount).sum();
    let after = network.site.reader.distributor(At::Latest).await?;
    eyre::ensure!(sum == emitted, "paid {sum}, emitted {emitted}");
    eyre::ensure!(after.unclaimed == 0, "{} base units are left unpaid", after.unclaimed);
    Ok(Claims { paid, emitted })
}

async fn send(submitter: &dyn Submitter, action: &Action) -> eyre::Result<String> {
    let prepared = submitter.prepare(action, FEE, &[]).await?;
    submitter.broadcast(&prepared).await?;
    let included = async {
        loop {
            match submitter.status(&prepared).await? {
                Status::Included { .. } | Status::Final { .. } => return Ok::<_, eyre::Report>(()),
                Status::Dead { .. } => eyre::bail!("transaction {} came to nothing", prepared.id),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, included).await.wrap_err("a claim was not mined in time")??;
    Ok(prepared.id.to_string())
}
