//! `liaise node odds`: how likely each compute node is to be drawn first.

use crate::commands::context::{Context, epoch_now, histories};
use crate::commands::prompt::adapter;
use crate::exit::{Kind, OrExit, fail};
use crate::home::Home;
use crate::output::{self, say};
use crate::secrets::PassphraseArgs;
use clap::Args;
use liaise_ledger::eligibility::{Eligibility, Row};
use liaise_ledger::{Account, EpochNumber, Hash};
use serde::Serialize;
use serde_json::json;

/// See [`super::NodeCommand::Odds`].
#[derive(Debug, Args)]
pub struct OddsArgs {
    /// One node's account: CAIP-10, an address of the term's chain, or the name of one of your keys; all without it.
    account: Option<String>,
    /// The model adapter; the network's first retrieval model by default.
    #[arg(long, value_name = "ID")]
    adapter: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A node's share of the draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Share {
    account: Account,
    proven: bool,
    weight: u32,
    /// Weight over the sum of weights, in parts per million, rounded down.
    odds_ppm: u64,
}

/// The sum of weights, and the shares of all that may be drawn for an adapter, the heaviest first.
fn shares(rows: &[Row], adapter: &Hash) -> (u64, Vec<Share>) {
    let serving: Vec<&Row> = rows.iter().filter(|row| row.serves(adapter)).collect();
    let total: u64 = serving.iter().map(|row| u64::from(row.weight)).sum();
    let share = |row: &&Row| Share {
        account: row.account.clone(),
        proven: row.proven,
        weight: row.weight,
        // A row that serves has weight, so the sum is not zero.
        odds_ppm: u64::from(row.weight) * 1_000_000 / total,
    };
    let mut shares: Vec<Share> = serving.iter().map(share).collect();
    shares.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.account.cmp(&b.account)));
    (total, shares)
}

fn percent(ppm: u64) -> String {
    format!("{}.{:04} %", ppm / 10_000, ppm % 10_000)
}

pub async fn run(args: &OddsArgs, home: &Home) -> eyre::Result<()> {
    let context = Context::open(home)?;
    let adapter = adapter(&context.genesis, args.adapter.as_deref(), "retrieval")?;
    let wanted = args.account.as_ref().map(|text| context.account(text, &args.passphrase)).transpose()?;
    let replica = context.current().await?;
    let histories = histories(&replica);
    let Some(newest) = histories.newest(epoch_now(&replica)).await.or_exit(Kind::Refused)? else {
        return fail(Kind::Refused, "no epoch is sealed and attested yet, so nobody can be drawn: wait for the first");
    };
    let epoch = newest.epoch;
    let Some(snapshot) = histories.eligibility(epoch).await.or_exit(Kind::Integrity)? else {
        return fail(Kind::Refused, format!("the snapshot of epoch {epoch} is not attested yet"));
    };
    let (total, mut shares) = shares(snapshot.rows(), &adapter);
    if let Some(account) = &wanted {
        shares.retain(|share| share.account == *account);
        if shares.is_empty() {
            return fail(Kind::Refused, missing(&snapshot, epoch, account, &adapter));
        }
    }
    if args.json {
        return output::json(&json!({
            "snapshot": epoch,
            "eligibility": snapshot.root(),
            "adapter": adapter,
            "total_weight": total,
            "nodes": shares,
        }));
    }
    say!("snapshot    of epoch {epoch}");
    say!("adapter     {adapter}");
    let mut table = output::table(&["account", "record", "weight", "drawn first"]);
    for share in &shares {
        let record = if share.proven { "proven" } else { "unproven" };
        table.add_row([share.account.to_string(), record.into(), share.weight.to_string(), percent(share.odds_ppm)]);
    }
    say!("{table}");
    say!("of {total} in all; several nodes race for each task, so a node is drawn more often than first");
    Ok(())
}

/// Why an account has no odds.
fn missing(snapshot: &Eligibility, epoch: EpochNumber, account: &Account, adapter: &Hash) -> String {
    match snapshot.row(account) {
        None => format!(
            "{account} is not in the snapshot of epoch {epoch}: a node is drawn from the next sealed epoch on after it \
             declared itself, which `liaise node run` does"
        ),
        Some(row) if row.weight == 0 => {
            format!("{account} weighs nothing in the snapshot of epoch {epoch}: its record excludes it from the draw")
        }
        Some(_) => format!("{account} does not serve adapter {adapter} in the snapshot of epoch {epoch}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(i: u8, weight: u32, adapters: &[u8]) -> Row {
        let account = Account::evm(1, [i; 20]);
        let adapters = adapters.iter().map(|a| Hash([*a; 32])).collect();
        Row { cluster: account.hash(), account, weight, slots: 1, proven: i > 1, adapters }
    }

    #[test]
    fn odds_are_weights_over_their_sum_among_those_that_serve() {
        let rows =
            [row(1, 500, &[7]), row(2, 10_000, &[7]), row(3, 10_000, &[8]), row(4, 0, &[7]), row(5, 10_000, &[7, 8])];
        let (total, shares) = shares(&rows, &Hash([7; 32]));
        assert_eq!(total, 20_500);
        let seen: Vec<_> = shares.iter().map(|share| (share.weight, share.odds_ppm, share.proven)).collect();
        assert_eq!(seen, [(10_000, 487_804, true), (10_000, 487_804, true), (500, 24_390, false)]);
        assert_eq!(percent(24_390), "2.4390 %");
        assert_eq!(percent(1_000_000), "100.0000 %");
        assert!(super::shares(&rows, &Hash([9; 32])).1.is_empty());
    }

    #[test]
    fn who_has_no_odds_is_told_why() {
        let snapshot = Eligibility::new(vec![row(1, 0, &[7]), row(2, 9, &[8])]);
        let why = |i: u8| missing(&snapshot, 3, &Account::evm(1, [i; 20]), &Hash([7; 32]));
        assert!(why(1).contains("weighs nothing"));
        assert!(why(2).contains("does not serve"));
        assert!(why(3).contains("from the next sealed epoch on after it declared itself"));
    }
}
