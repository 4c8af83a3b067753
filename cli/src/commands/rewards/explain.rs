//! `liaise rewards explain`.

use super::{ExplainArgs, statements};
use crate::commands::context::{Context, epoch_now, histories};
use crate::exit::{Kind, fail};
use crate::output::{self, NOT_ADVICE, say, xlv};
use liaise_ledger::EpochNumber;
use liaise_oracle::fold::{Reason, Statement};
use serde_json::{Value, json};

pub async fn run(context: &Context, args: &ExplainArgs) -> eyre::Result<()> {
    let account = args.who.account(context)?;
    let replica = context.current().await?;
    let histories = histories(&replica);
    let epochs = match args.epoch {
        Some(epoch) => {
            if histories.of(epoch).await?.is_none() {
                return fail(
                    Kind::Refused,
                    format!("epoch {epoch} is not attested by a quorum of oracles yet: wait until it is closed"),
                );
            }
            epoch..=epoch
        }
        None => 0..=epoch_now(&replica),
    };
    let rows = statements(&histories, &account, epochs).await?;
    if args.who.json {
        let rows: Vec<Value> = rows.iter().map(|(epoch, row)| to_json(*epoch, row)).collect();
        return output::json(&rows);
    }
    say!("{account}\n");
    if rows.is_empty() {
        say!("It took no part: no ticket, prompt, result or verdict of it was counted.\n");
    }
    for (epoch, row) in &rows {
        print(*epoch, row);
    }
    say!("{NOT_ADVICE}");
    Ok(())
}

fn print(epoch: EpochNumber, row: &Statement) {
    say!("epoch {epoch}");
    say!("  won       {}   (share of the 90 % for the first accepted results)", xlv(row.won));
    say!("  judged    {}   (share of the 7 % for judging in agreement)", xlv(row.judged));
    say!("  prompted  {}   (share of the 3 % for asking)", xlv(row.prompted));
    say!("  gross     {}", xlv(row.gross));
    say!("  gate      {} ‰ of what was prompted", row.gate_permille);
    say!("  held      {}   ({} ‰)", xlv(row.held), row.hold_permille);
    say!("  net       {}", xlv(row.net));
    say!("  because");
    for reason in &row.reasons {
        say!("    {reason}{}", named(reason));
    }
    say!();
}

/// The first messages that a reason rests on, and how many more there are.
fn named(reason: &Reason) -> String {
    const SHOWN: usize = 3;
    let mut text = String::new();
    for id in reason.messages.iter().take(SHOWN) {
        text.push_str(&format!("\n      {id}"));
    }
    if reason.messages.len() > SHOWN {
        text.push_str(&format!("\n      and {} more (--json lists all)", reason.messages.len() - SHOWN));
    }
    text
}

fn to_json(epoch: EpochNumber, row: &Statement) -> Value {
    let texts = |ids: &[cid::Cid]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let reason = |reason: &Reason| {
        json!({
            "code": reason.code,
            "text": reason.code.text(),
            "value": reason.value,
            "messages": texts(&reason.messages),
        })
    };
    json!({
        "epoch": epoch,
        "account": row.account,
        "won": row.won.to_string(),
        "judged": row.judged.to_string(),
        "prompted": row.prompted.to_string(),
        "gross": row.gross.to_string(),
        "gate_permille": row.gate_permille,
        "gated": row.gated.to_string(),
        "hold_permille": row.hold_permille,
        "held": row.held.to_string(),
        "net": row.net.to_string(),
        "reasons": row.reasons.iter().map(reason).collect::<Vec<_>>(),
        "tasks": texts(&row.tasks),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::hash::block_cid;
    use liaise_oracle::fold::ReasonCode;

    #[test]
    fn a_reason_names_its_first_messages_and_counts_the_rest() {
        let ids: Vec<_> = (0..5u8).map(|i| block_cid(&[i])).collect();
        let won = |messages| Reason { code: ReasonCode::Won, value: None, messages };
        let text = named(&won(ids.clone()));
        assert!(text.contains(&ids[0].to_string()) && text.contains("and 2 more"));
        assert!(!text.contains(&ids[3].to_string()));
        assert_eq!(named(&won(vec![])), "");
    }
}
