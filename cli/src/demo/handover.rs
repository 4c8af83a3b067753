//! `liaise demo --handover`: the term goes from one chain to the next and comes back, with claims on each, an owner who links
//! late and one who never does. Short terms, a virtual calendar, the DAO's rights in one key a chain.

use super::chain::{ChainName, DEPLOYER, FEE, GUARDIAN};
use super::corpus::Corpus;
use super::genesis::local_parameters;
use super::links::link;
use super::network::{Network, Plan};
use super::progress::Stages;
use super::site::Site;
use super::work::{Ledger, add_documents, ask};
use super::{DemoArgs, opening};
use eyre::WrapErr;
use liaise_chain_api::{Action, At, PendingKind};
use liaise_ledger::Parameters;
use liaise_node::chain;
use liaise_summary::{DistributorId, Epoch};
use std::path::PathBuf;
use std::time::Duration;

/// Epochs of a term, and the least between a hand-over's call and its first epoch.
const TERM: u32 = 14;
/// In which of a term's epochs questions are asked.
const ASKED_IN: u32 = 2;
/// Questions in all, at most: one of each user in each term.
const QUESTIONS: usize = 28;
/// How long sessions last: ninety days.
const SESSION_S: u64 = 90 * 86_400;
/// Epochs that the last term runs.
const LAST: u32 = 4;
/// Where the term goes.
const WAY: [ChainName; 4] = [ChainName::Arbitrum, ChainName::Solana, ChainName::Bch, ChainName::Arbitrum];
/// Which users link late, and never: by place.
const LATE: usize = 5;
const NEVER: usize = 6;
/// A beat of the calendar while a statement waits: an epoch's delay and a minute.
const BEAT_MS: u64 = (21_600 + 60) * 1000;
/// The longest that a transaction, or what follows from it, may take on the real clock.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(200);
/// The most steps of the calendar until something has come.
const STEPS: usize = 60;

/// Runs the way of the term.
pub async fn run(args: &DemoArgs, program: PathBuf, stages: &Stages) -> eyre::Result<()> {
    let corpus = Corpus::read(args.passages, Some(args.questions.min(QUESTIONS)))?;
    let plan = Plan {
        chain: WAY[0],
        others: vec![ChainName::Solana, ChainName::Bch],
        term_epochs: Some(TERM),
        unlinked: vec![LATE, NEVER],
        trial: true,
        dir: args.dir.clone(),
        bundle: args.bundle.clone(),
        // Nobody signs in anew in the two months that this takes.
        ..Plan::new(program, Parameters { session_max_s: SESSION_S, ..local_parameters() })
    };
    let mut network = Network::start(plan, stages).await?;
    let mut tour = Tour { ledger: Ledger::default(), terms: 0, corpus };
    network.open_term(stages).await?;
    add_documents(&network, &tour.corpus, stages).await?;

    for (term, name) in (0u32..).zip(WAY) {
        let first = term * TERM;
        let until = if term as usize + 1 == WAY.len() { first + LAST } else { first + TERM };
        let stage = stages.begin(&format!("term {}: {name:?} from epoch {first} on", term + 1), 0);
        run_until(&mut network, &mut tour, first, first + 1, stages).await?;
        if let Some(next) = WAY.get(term as usize + 1) {
            hand_over(&mut network, name, *next, first + TERM)
                .await
                .wrap_err_with(|| format!("{name:?} hands over"))?;
        }
        if term == 2 {
            let user = &network.founding.users[LATE];
            let count = link(&network.founding, user, &network.replica, &network.library).await?;
            stages.say(&format!("{} links {count} accounts: what it is owed on Solana is paid late", user.name));
        }
        run_until(&mut network, &mut tour, first, until, stages).await?;
        stage.done(stages, &format!("epochs {first} to {} filed there", until - 1));
    }
    settle(&mut network, stages).await?;
    println!("{}", add_up(&network, stages).await?.trim_end());
    network.stop().await;
    Ok(())
}

/// What is asked on the way.
struct Tour {
    corpus: Corpus,
    /// In how many terms questions were asked.
    terms: u32,
    ledger: Ledger,
}

impl Tour {
    /// The questions of one term: as many as of any other.
    async fn ask(&mut self, network: &Network, stages: &Stages) -> eyre::Result<()> {
        let each = (self.corpus.questions.len() / WAY.len()).max(1);
        let questions = self.corpus.questions.chunks(each).nth(self.terms as usize).unwrap_or_default();
        self.terms += 1;
        ask(network, questions, &mut self.ledger, stages).await
    }
}

/// Goes on until a range that began with `first` has filed all epochs below `until`, and asks once on the way.
async fn run_until(
    network: &mut Network,
    tour: &mut Tour,
    first: u32,
    until: u32,
    stages: &Stages,
) -> eyre::Result<()> {
    loop {
        network.seal_ended_epochs().await?;
        if tour.terms == first / TERM && network.epoch >= i64::from(first + ASKED_IN) {
            tour.ask(network, stages).await?;
        }
        let mut filed = false;
        for site in network.sites() {
            let state = site.reader.distributor(At::Latest).await?;
            let here = state.range.is_some_and(|range| range.first.0 == first);
            filed |= here && state.next.0 >= until;
        }
        if filed {
            return Ok(());
        }
        step(network).await?;
    }
}

/// One step of the calendar: to when the next statement is payable or the epoch closes, once everything that can be filed now is.
async fn step(network: &mut Network) -> eyre::Result<()> {
    let began = std::time::Instant::now();
    loop {
        let mut soonest = network.close_ms();
        let mut waits = None;
        for site in network.sites() {
            let state = site.reader.distributor(At::Latest).await?;
            let now_ms = network.calendar.wall_ms();
            match state.pending {
                Some(pending) => soonest = soonest.min(((pending.payable_s + 1) * 1000).max(now_ms + 1000)),
                None if state.in_range(state.next) && i64::from(state.next.0) < network.epoch => {
                    waits = Some(state.next)
                }
                None => {}
            }
        }
        match waits {
            None => {
                let now_ms = network.calendar.wall_ms();
                return network.advance(soonest.min(now_ms + BEAT_MS)).await;
            }
            Some(epoch) if began.elapsed() > PATIENCE => eyre::bail!("epoch {epoch} was not filed in time"),
            Some(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// The DAO of the chain that holds the term gives it away, and that of the next one agrees to open there.
async fn hand_over(network: &mut Network, from: ChainName, to: ChainName, epoch: u32) -> eyre::Result<()> {
    give_away(network, from, to, epoch).await?;
    until(network, "the hand-over", async |network| {
        let range = network.site(from)?.reader.distributor(At::Final).await?.range;
        Ok(range.is_some_and(|range| range.end == Some(Epoch(epoch))))
    })
    .await?;
    agree_to_open(network, from, to, epoch).await?;
    until(network, "the OPEN statement", async |network| {
        let pending = network.site(to)?.reader.distributor(At::Latest).await?.pending;
        Ok(pending.is_some_and(|pending| pending.kind == PendingKind::Open))
    })
    .await
}

async fn give_away(network: &Network, from: ChainName, to: ChainName, epoch: u32) -> eyre::Result<()> {
    let (old, new) = (network.site(from)?, network.site(to)?);
    if old.reader.rights().is_some() {
        let (end, heir) = (epoch.to_string(), hex::encode(new.reader.id().0));
        return by_members(network, old, &["hand-over", "--epoch", &end, "--to", &heir], epoch).await;
    }
    let act = Action::HandOver { epoch: Epoch(epoch), new: new.reader.id() };
    let state = old.reader.distributor(At::Latest).await?;
    if state.at.time_s < state.guarded_until_s {
        send(old, GUARDIAN, &Action::Consent { to: Box::new(act.clone()), given: true }).await?;
        tokio::time::sleep(LOOK * 5).await;
    }
    send(old, DEPLOYER, &act).await
}

async fn agree_to_open(network: &Network, from: ChainName, to: ChainName, epoch: u32) -> eyre::Result<()> {
    let (old, new) = (network.site(from)?, network.site(to)?);
    if new.reader.rights().is_some() {
        return by_members(network, new, &["open"], epoch).await;
    }
    let head = new.reader.distributor(At::Latest).await?.head;
    let old = DistributorId(old.reader.id().0);
    send(new, DEPLOYER, &Action::ApproveOpen { first: Epoch(epoch), old, head }).await
}

/// An act of a chain whose DAO is a set of members, by the commands that they would type.
async fn by_members(network: &Network, site: &Site, what: &[&str], epoch: u32) -> eyre::Result<()> {
    let file = site.home.join(format!("{}-{epoch}.json", what[0]));
    let file = file.to_str().ok_or_else(|| eyre::eyre!("{} is no UTF-8", file.display()))?;
    let propose = [&["dao", "propose"], what, &["--out", file]].concat();
    network.command_in(&site.home, &propose).await?;
    opening::signed_and_sent(network, &site.chain.members, &site.home, file).await
}

async fn send(site: &Site, key: u32, action: &Action) -> eyre::Result<()> {
    let submitter = chain::submitter(site.chain.config(), &site.chain.local.wallet(key)?).await?;
    let prepared = submitter.prepare(action, FEE, &[]).await.wrap_err_with(|| action.name())?;
    submitter.broadcast(&prepared).await?;
    Ok(())
}

/// Steps of the calendar until something is so: on some chains it takes blocks.
async fn until(
    network: &mut Network,
    what: &str,
    done: impl AsyncFn(&Network) -> eyre::Result<bool>,
) -> eyre::Result<()> {
    for _ in 0..STEPS {
        let began = std::time::Instant::now();
        while began.elapsed() < LOOK * 15 {
            if done(network).await? {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        network.seal_ended_epochs().await?;
        step(network).await?;
    }
    eyre::bail!("{what} did not come in time")
}

/// Until nothing waits on any chain, and the second one has paid late what it owed.
async fn settle(network: &mut Network, stages: &Stages) -> eyre::Result<()> {
    let stage = stages.begin("what waits becomes payable", 0);
    let last = Epoch(2 * TERM - 1);
    until(network, "the last statements", async |network| {
        let filed = network.site(WAY[1])?.reader.statements(last, At::Latest).await?;
        let mut quiet = filed.iter().filter(|accepted| !accepted.vetoed).count() > 1;
        for site in network.sites() {
            quiet &= site.reader.distributor(At::Latest).await?.pending.is_none();
        }
        Ok(quiet)
    })
    .await?;
    stage.done(
        stages,
        &format!("nothing is pending on any chain; late pay is filed under epoch {last} of {:?}", WAY[1]),
    );
    Ok(())
}

/// Claims everything on every chain, and adds up all chains' books against the schedule.
async fn add_up(network: &Network, stages: &Stages) -> eyre::Result<String> {
    let stage = stages.begin("everybody claims on every chain", network.others.len() + 1);
    for site in network.sites() {
        network
            .command_in(&site.home, &["claim", "--all", "--payer", "guardian", "--max-fee", &FEE.0.to_string()])
            .await?;
        stage.step();
    }
    // It fails where an epoch was filed twice, or a base unit is missing or too much.
    let books = network.command(&["audit", "supply", "--all-chains"]).await?;
    stage.done(stages, "the books of all chains agree with the schedule");
    Ok(books)
}
