//! `liaise audit supply --all-chains`: the books of every distributor, and all of them against the schedule.

use super::or_audit_exit;
use super::supply::{Report, report, wrong};
use crate::commands::context::Context;
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, NOT_ADVICE, say, xlv_number};
use liaise_chain_api::{At, DistributorReader};
use liaise_node::audit_supply;
use liaise_summary::{Emission, Epoch};
use serde::Serialize;

/// Epochs that a distributor has filed in one range: from, and the first that it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Run {
    from: u32,
    until: u32,
}

/// All chains together; base units as decimal strings.
#[derive(Debug, Serialize)]
struct Together {
    chains: Vec<Report>,
    /// Epochs filed, on whatever chain.
    epochs: u32,
    /// What the schedule lets these epochs issue, each once.
    schedule: String,
    /// What the distributors say that theirs may.
    by_distributors: String,
    /// Epochs that two distributors have filed.
    twice: Vec<Run>,
    /// Epochs below the newest that none has filed.
    missing: Vec<Run>,
    difference: String,
}

/// The epochs of some runs that are filed twice, and those below the last that are missing.
fn overlaps_and_gaps(runs: &mut [Run]) -> (Vec<Run>, Vec<Run>) {
    runs.sort_unstable();
    let (mut twice, mut missing, mut next) = (vec![], vec![], 0);
    for run in runs.iter().filter(|run| run.from < run.until) {
        if run.from < next {
            twice.push(Run { from: run.from, until: run.until.min(next) });
        }
        if run.from > next {
            missing.push(Run { from: next, until: run.from });
        }
        next = next.max(run.until);
    }
    (twice, missing)
}

/// What the schedule lets the epochs of some runs issue, each once.
fn by_schedule(emission: Emission, runs: &[Run], twice: &[Run]) -> u128 {
    let sum = |runs: &[Run]| -> u128 {
        let epochs = runs.iter().flat_map(|run| run.from..run.until);
        epochs.map(|epoch| u128::from(emission.epoch(Epoch(epoch)))).sum()
    };
    sum(runs).saturating_sub(sum(twice))
}

async fn runs(reader: &dyn DistributorReader) -> eyre::Result<Vec<Run>> {
    let next = reader.distributor(At::Latest).await.or_exit(Kind::Chain)?.next.0;
    let ranges = reader.ranges(At::Latest).await.or_exit(Kind::Chain)?;
    let run = |range: &liaise_chain_api::Range| {
        let until = range.end.map_or(next, |end| end.0.min(next)).max(range.first.0);
        Run { from: range.first.0, until }
    };
    Ok(ranges.iter().map(run).collect())
}

/// Adds up; fails with the exit code of integrity where a base unit is missing or too much, or an epoch was filed twice. Epochs that
/// are filed nowhere are listed: a chain may be behind, or a decreed row has left them out for good.
pub async fn run(context: &Context, as_json: bool) -> eyre::Result<()> {
    let replica = context.current().await?;
    let (mut chains, mut all, mut bad, mut schedule) = (vec![], vec![], vec![], 0u128);
    for reader in context.readers().await? {
        let books = or_audit_exit(audit_supply(&replica, reader.as_ref()).await)?;
        let name = reader.chain().to_string();
        bad.extend(wrong(&books.supply, None).into_iter().map(|why| format!("{name}: {why}")));
        schedule += books.supply.schedule;
        all.extend(runs(reader.as_ref()).await?);
        chains.push(report(reader.as_ref(), &books, None));
    }
    let (twice, missing) = overlaps_and_gaps(&mut all);
    let fixed = &context.genesis.fixed;
    let expected = by_schedule(Emission { supply: fixed.supply, epochs: fixed.epochs }, &all, &twice);
    let difference = i128::try_from(schedule)? - i128::try_from(expected)?;
    for run in &twice {
        bad.push(format!("epochs {} to {} were filed on two chains", run.from, run.until - 1));
    }
    if difference != 0 {
        bad.push(format!("the chains together may issue {difference} base units more than the schedule"));
    }
    let epochs = chains.iter().map(|chain| chain.epochs).sum();
    let together = Together {
        chains,
        epochs,
        schedule: expected.to_string(),
        by_distributors: schedule.to_string(),
        twice,
        missing,
        difference: difference.to_string(),
    };
    if as_json {
        output::json(&together)?
    } else {
        print(&together, expected)
    }
    if bad.is_empty() { Ok(()) } else { fail(Kind::Integrity, bad.join("; ")) }
}

fn print(together: &Together, schedule: u128) {
    let mut table = output::table(&["chain", "epochs", "schedule", "paid", "unclaimed", "owed", "unemitted"]);
    let number = |text: &String| text.parse::<u128>().unwrap_or_default();
    for chain in &together.chains {
        let owed = number(&chain.held) + number(&chain.below_minimum) + number(&chain.without_account);
        let unclaimed = number(&chain.unclaimed) + number(&chain.pending);
        let row = [number(&chain.schedule), number(&chain.paid), unclaimed, owed, number(&chain.unemitted)];
        table.add_row([chain.chain.clone(), chain.epochs.to_string()].into_iter().chain(row.map(xlv_number)));
    }
    say!("{table}");
    say!("{} epochs are filed; the schedule lets them issue {} XLV", together.epochs, xlv_number(schedule));
    for run in &together.missing {
        say!("epochs {} to {} are filed nowhere", run.from, run.until - 1);
    }
    say!("difference {} base units\n\n{NOT_ADVICE}", together.difference);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_that_two_chains_filed_is_found_and_counted_once() {
        let run = |from, until| Run { from, until };
        let mut runs = vec![run(28, 30), run(0, 14), run(12, 20), run(30, 30)];
        let (twice, missing) = overlaps_and_gaps(&mut runs);
        assert_eq!((twice.as_slice(), missing.as_slice()), ([run(12, 14)].as_slice(), [run(20, 28)].as_slice()));
        let emission = Emission { supply: 7_305 * 10, epochs: 7_305 };
        assert_eq!(by_schedule(emission, &runs, &twice), 22 * 10);
        assert_eq!(overlaps_and_gaps(&mut [run(0, 5), run(5, 9)]), (vec![], vec![]));
    }
}
