//! `liaise rewards show`.

use super::payouts::Payouts;
use super::{WhoArgs, payable_or_none, payee_of, statements};
use crate::commands::context::{Context, epoch_now, histories};
use crate::exit::{Kind, OrExit};
use crate::output::{self, NOT_ADVICE, say, xlv, xlv_number};
use liaise_chain_api::At;
use liaise_ledger::{Account, EpochNumber};
use liaise_oracle::fold::Statement;
use serde::Serialize;

/// What an account has, in base units.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Rewards {
    account: Account,
    /// The epoch whose tree is payable, or null.
    payable_epoch: Option<u32>,
    /// Earned by the account's statements in all attested epochs.
    #[serde(serialize_with = "output::units")]
    earned: u64,
    /// Its leaf in the newest payable tree.
    #[serde(serialize_with = "output::units")]
    in_tree: u64,
    /// Paid out so far.
    #[serde(serialize_with = "output::units")]
    claimed: u64,
    /// What a claim pays now.
    #[serde(serialize_with = "output::units")]
    claimable: u64,
    /// Owed beside the tree.
    #[serde(serialize_with = "output::units")]
    owed: u64,
    /// Earned, and not in a payable tree yet.
    #[serde(serialize_with = "output::units")]
    pending: u64,
    epochs: Vec<Row>,
    /// Where pay goes out in batches.
    #[serde(flatten)]
    batches: Option<Payouts>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Row {
    epoch: EpochNumber,
    #[serde(serialize_with = "output::units")]
    won: u64,
    #[serde(serialize_with = "output::units")]
    judged: u64,
    #[serde(serialize_with = "output::units")]
    prompted: u64,
    #[serde(serialize_with = "output::units")]
    net: u64,
    #[serde(serialize_with = "output::units")]
    held: u64,
}

impl From<&(EpochNumber, Statement)> for Row {
    fn from((epoch, s): &(EpochNumber, Statement)) -> Row {
        Row { epoch: *epoch, won: s.won, judged: s.judged, prompted: s.prompted, net: s.net, held: s.held }
    }
}

/// Earned is in the tree, owed beside it, or pending; claims come out of the tree. `tree` is the newest payable one's epoch, what
/// is in it, and what is owed beside it.
fn add_up(
    account: Account,
    epochs: Vec<Row>,
    (payable_epoch, in_tree, owed): (Option<u32>, u64, u64),
    claimed: u64,
) -> Rewards {
    let earned = epochs.iter().map(|row| row.net + row.held).sum::<u64>();
    let pending = earned.saturating_sub(in_tree).saturating_sub(owed);
    let claimable = in_tree.saturating_sub(claimed);
    Rewards { account, payable_epoch, earned, in_tree, claimed, claimable, owed, pending, epochs, batches: None }
}

pub async fn run(context: &Context, args: &WhoArgs) -> eyre::Result<()> {
    let account = args.account(context)?;
    let payee = payee_of(&account)?;
    let replica = context.current().await?;
    let reader = context.reader().await?;
    let rows = statements(&histories(&replica), &account, 0..=epoch_now(&replica)).await?;
    let rows: Vec<Row> = rows.iter().map(Row::from).collect();
    let claimed = reader.claimed(&payee, At::Latest).await.or_exit(Kind::Chain)?.total;
    let rewards = match reader.batches() {
        Some(batches) => {
            let payouts = Payouts::of(context, &replica, reader.as_ref(), batches, &account, &payee).await?;
            let tree = (payouts.newest(), payouts.in_tree(), payouts.owed);
            Rewards { batches: Some(payouts), ..add_up(account, rows, tree, claimed) }
        }
        None => {
            let payable = payable_or_none(&replica, reader.as_ref()).await?;
            let tree = payable.map_or((None, 0, 0), |payable| {
                let leaf = payable.state.leaves.get(&liaise_ledger::Hash(payee.0)).map_or(0, |leaf| leaf.amount);
                let owed = payable.state.owing.iter().filter(|row| row.account == account).map(|row| row.amount).sum();
                (Some(payable.held.epoch.0), leaf, owed)
            });
            add_up(account, rows, tree, claimed)
        }
    };
    if args.json { output::json(&rewards) } else { print(&rewards) }
}

fn print(rewards: &Rewards) -> eyre::Result<()> {
    say!("{}\n", rewards.account);
    if rewards.epochs.is_empty() {
        say!("It took no part in any epoch that is folded so far.");
    } else {
        let mut table = output::table(&["epoch", "won", "judged", "prompted", "net XLV"]);
        for row in &rewards.epochs {
            let numbers = [row.won, row.judged, row.prompted, row.net].map(|n| xlv_number(n.into()));
            table.add_row(std::iter::once(row.epoch.to_string()).chain(numbers));
        }
        say!("{table}");
    }
    let payable =
        rewards.payable_epoch.map_or("no epoch is payable yet".into(), |epoch| format!("tree of epoch {epoch}"));
    say!("earned in all   {}", xlv(rewards.earned));
    say!("in the tree     {}   ({payable})", xlv(rewards.in_tree));
    say!("claimed         {}", xlv(rewards.claimed));
    say!("claimable now   {}", xlv(rewards.claimable));
    say!("owed            {}", xlv(rewards.owed));
    say!("pending         {}   (not in a payable tree yet)", xlv(rewards.pending));
    if let Some(batches) = &rewards.batches {
        batches.print();
    }
    say!("\n{NOT_ADVICE}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_base_unit_is_in_one_place() {
        let account = Account::evm(1, [1; 20]);
        let row = |epoch, net, held| Row { epoch, won: net, judged: 0, prompted: 0, net, held };
        let rewards = add_up(account.clone(), vec![row(0, 10, 0), row(1, 5, 2), row(2, 4, 0)], (Some(1), 15, 2), 10);
        assert_eq!((rewards.earned, rewards.in_tree, rewards.owed, rewards.pending), (21, 15, 2, 4));
        assert_eq!((rewards.claimed, rewards.claimable), (10, 5));
        let fresh = add_up(account, vec![row(0, 10, 0)], (None, 0, 0), 0);
        assert_eq!((fresh.payable_epoch, fresh.pending, fresh.claimable), (None, 10, 0));
    }
}
