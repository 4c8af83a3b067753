//! The demo's end: tables on the terminal, report.json and report.html.

mod html;

use super::claims::Claims;
use super::corpus::{Corpus, Quality};
use super::network::Network;
use super::work::Ledger;
use crate::output::{table, xlv_number};
use liaise_ledger::Account;
use liaise_oracle::fold::{ReasonCode, Statement, TaskRow};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that the report shows. Amounts are base units (10^-8 XLV) as decimal strings.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The network's id.
    pub network: String,
    /// The distributor's contract.
    pub distributor: String,
    /// Base units that the newest payable tree sums to: what was emitted and, in the end, paid.
    pub emitted: String,
    /// A row an account.
    pub earnings: Vec<Earning>,
    /// A row a compute node.
    pub latency: Vec<Latency>,
    /// A row an epoch.
    pub emission: Vec<Emission>,
    /// Search quality over the confirmed answers' sources, and what BM25 makes of the same questions.
    pub quality: Option<(Quality, Quality)>,
    /// One prompt's messages, as a tree.
    pub dag: Vec<Node>,
    /// What was removed, and what is cited instead.
    pub removed: Option<String>,
}

/// See [`Report::earnings`].
#[derive(Debug, Serialize)]
pub struct Earning {
    /// Its name in the demo.
    pub name: String,
    /// CAIP-10.
    pub account: Account,
    /// Tasks won.
    pub won: usize,
    /// Tasks validated.
    pub validated: usize,
    /// Tasks in which its part failed.
    pub failed: usize,
    /// Base units before gate and hold.
    pub gross: String,
    /// Base units held back.
    pub held: String,
    /// Base units earned.
    pub net: String,
    /// Base units paid on chain.
    pub paid: String,
    /// Why, in words.
    pub reason: String,
    /// The claim's transaction.
    pub transaction: Option<String>,
    /// Commands that derive the line from ledger and chain alone, without the program's name.
    pub check: Vec<String>,
}

/// See [`Report::latency`].
#[derive(Debug, Serialize)]
pub struct Latency {
    /// The node's account.
    pub account: Account,
    /// Its name in the demo.
    pub name: String,
    /// Answers won.
    pub won: usize,
    /// Median of the winning latencies, milliseconds.
    pub median_ms: u64,
    /// Longest winning latency, milliseconds.
    pub longest_ms: u64,
}

/// See [`Report::emission`].
#[derive(Debug, Serialize)]
pub struct Emission {
    /// The epoch.
    pub epoch: i64,
    /// What the schedule allows, base units.
    pub allowed: String,
    /// What was earned, base units.
    pub earned: String,
    /// Tasks that counted.
    pub tasks: usize,
    /// The command that derives the line from the ledger alone.
    pub check: String,
}

/// See [`Report::dag`].
#[derive(Debug, Serialize)]
pub struct Node {
    /// Depth below the prompt.
    pub depth: usize,
    /// The message.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Who published it.
    pub author: String,
}

#[derive(Default)]
struct Sums {
    won: usize,
    validated: usize,
    failed: usize,
    gross: u128,
    held: u128,
    net: u128,
    reasons: BTreeMap<&'static str, usize>,
}

/// Rules that are not in force yet stand in every statement; they explain no difference between two accounts.
fn explains(code: ReasonCode) -> bool {
    !code.text().contains("not in force yet") && !matches!(code, ReasonCode::SlotsNeutral)
}

fn in_words(reasons: BTreeMap<&'static str, usize>) -> String {
    let mut reasons: Vec<(usize, &str)> = reasons.into_iter().map(|(text, count)| (count, text)).collect();
    reasons.sort_by(|a, b| b.cmp(a));
    reasons.into_iter().map(|(count, text)| format!("{text} (x{count})")).collect::<Vec<_>>().join("; ")
}

impl Report {
    /// Reads statements and tasks of all epochs from the attested histories.
    pub async fn collect(network: &Network, corpus: &Corpus, ledger: &Ledger, claims: Claims) -> eyre::Result<Report> {
        let histories = network.library.histories();
        let mut sums: BTreeMap<Account, Sums> = BTreeMap::new();
        let mut latencies: BTreeMap<Account, Vec<u64>> = BTreeMap::new();
        let mut emission = vec![];
        for epoch in 0..network.epoch {
            let Some(block) = histories.of(epoch).await? else { continue };
            let statements: Vec<Statement> = histories.rows(epoch, &block.statements).await?;
            let tasks: Vec<TaskRow> = histories.rows(epoch, &block.tasks).await?;
            let earned: u128 = statements.iter().map(|s| u128::from(s.net)).sum();
            let allowed = liaise_oracle::fold::emission_of(&network.founding.genesis, epoch);
            let (allowed, earned) = (allowed.to_string(), earned.to_string());
            let check = format!("oracle fold {epoch} --json");
            emission.push(Emission { epoch, allowed, earned, tasks: tasks.len(), check });
            for statement in statements {
                let sum = sums.entry(statement.account.clone()).or_default();
                sum.gross += u128::from(statement.gross);
                sum.held += u128::from(statement.held);
                sum.net += u128::from(statement.net);
                for reason in statement.reasons.iter().filter(|reason| explains(reason.code)) {
                    *sum.reasons.entry(reason.code.text()).or_default() += 1;
                }
            }
            for task in tasks {
                if let (Some(winner), Some(latency)) = (&task.winner, task.latency_ns) {
                    sums.entry(winner.clone()).or_default().won += 1;
                    latencies.entry(winner.clone()).or_default().push(latency / 1_000_000);
                }
                for judge in &task.judges {
                    sums.entry(judge.clone()).or_default().validated += 1;
                }
                for line in task.lines.iter().filter(|line| line.scored == Some(false)) {
                    sums.entry(line.account.clone()).or_default().failed += 1;
                }
            }
        }
        let earnings = claims.paid.iter().map(|paid| {
            let sum = sums.remove(&paid.account).unwrap_or_default();
            Earning {
                name: paid.name.clone(),
                account: paid.account.clone(),
                won: sum.won,
                validated: sum.validated,
                failed: sum.failed,
                gross: sum.gross.to_string(),
                held: sum.held.to_string(),
                net: sum.net.to_string(),
                paid: paid.amount.to_string(),
                reason: in_words(sum.reasons),
                transaction: paid.transaction.clone(),
                check: ["show", "explain"].map(|what| format!("rewards {what} {} --json", paid.name)).to_vec(),
            }
        });
        let names: BTreeMap<Account, String> =
            claims.paid.iter().map(|paid| (paid.account.clone(), paid.name.clone())).collect();
        Ok(Report {
            network: network.founding.genesis.network_id().to_string(),
            distributor: network.site.chain.config().distributor.clone(),
            emitted: claims.emitted.to_string(),
            earnings: earnings.collect(),
            latency: latencies.into_iter().map(|(account, ms)| latency(&names, account, ms)).collect(),
            emission,
            quality: quality(corpus, ledger),
            dag: dag(network, ledger)?,
            removed: ledger
                .removal
                .as_ref()
                .map(|r| format!("{} is cited no more for {:?}: now {}", r.source, r.question, r.now.join(", "))),
        })
    }

    /// Writes report.json and report.html.
    pub fn write(&self, dir: &Path) -> eyre::Result<()> {
        std::fs::create_dir_all(dir)?;
        std::fs::write(dir.join("report.json"), serde_json::to_string_pretty(self)?)?;
        std::fs::write(dir.join("report.html"), html::page(self))?;
        Ok(())
    }

    /// Prints the tables.
    pub fn print(&self, dir: &Path) {
        let mut earned = table(&["account", "won", "validated", "failed", "net XLV", "paid XLV", "why"]);
        for e in &self.earnings {
            let amount = |text: &str| xlv_number(text.parse().unwrap_or_default());
            earned.add_row([
                &e.name,
                &e.won.to_string(),
                &e.validated.to_string(),
                &e.failed.to_string(),
                &amount(&e.net),
                &amount(&e.paid),
                &e.reason,
            ]);
        }
        println!("\n{earned}");
        let mut speed = table(&["node", "won", "median ms", "longest ms"]);
        for l in &self.latency {
            speed.add_row([&l.name, &l.won.to_string(), &l.median_ms.to_string(), &l.longest_ms.to_string()]);
        }
        println!("\n{speed}");
        if let Some((ours, bm25)) = self.quality {
            let mut quality = table(&["search", "recall@5", "MRR"]);
            quality.add_row(["this network", &percent(ours.recall_at_5_ppm), &percent(ours.mrr_ppm)]);
            quality.add_row(["BM25", &percent(bm25.recall_at_5_ppm), &percent(bm25.mrr_ppm)]);
            println!("\n{quality}");
        }
        println!("\nCheck a line yourself, from ledger and chain alone (report.json has each line's command):");
        println!(
            "  liaise rewards show NAME; liaise rewards explain NAME; liaise oracle fold EPOCH; liaise oracle verify EPOCH"
        );
        println!("\n{}\n{}", dir.join("report.html").display(), dir.join("report.json").display());
    }
}

/// Millionths, for people.
fn percent(ppm: u32) -> String {
    format!("{}.{} %", ppm / 10_000, ppm / 1_000 % 10)
}

fn latency(names: &BTreeMap<Account, String>, account: Account, mut ms: Vec<u64>) -> Latency {
    ms.sort_unstable();
    let name = names.get(&account).cloned().unwrap_or_else(|| account.to_string());
    let (median_ms, longest_ms) = (ms[(ms.len() - 1) / 2], ms[ms.len() - 1]);
    Latency { account, name, won: ms.len(), median_ms, longest_ms }
}

fn quality(corpus: &Corpus, ledger: &Ledger) -> Option<(Quality, Quality)> {
    let sources: BTreeMap<String, &liaise_compute::retrieval::Passage> =
        corpus.passages.iter().map(|passage| (Corpus::source(passage), passage)).collect();
    let ranked: Vec<_> = ledger
        .asked
        .iter()
        .map(|e| (&e.question, e.confirmed.answer.sources.iter().filter_map(|s| sources.get(s).copied()).collect()))
        .collect();
    (!ranked.is_empty()).then(|| (corpus.quality(&ranked), corpus.bm25()))
}

/// The first prompt's messages below each other.
fn dag(network: &Network, ledger: &Ledger) -> eyre::Result<Vec<Node>> {
    let Some(first) = ledger.asked.first() else { return Ok(vec![]) };
    let store = &network.replica.store;
    let mut out = vec![];
    let mut seen = std::collections::BTreeSet::new();
    let mut stack = vec![(0, first.prompt)];
    while let Some((depth, id)) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Some(message) = store.load(&id)? else { continue };
        let author = message.message.author.to_string();
        out.push(Node { depth, id: id.to_string(), kind: message.message.body.kind().into(), author });
        let mut children = store.children(&id)?;
        children.reverse();
        stack.extend(children.into_iter().map(|child| (depth + 1, child)));
    }
    Ok(out)
}
