//! What an action costs, part by part.

use bitcoincash::consensus::serialize;
use bitcoincash::{OutPoint, ScriptBuf, Transaction};
use liaise_chain_api::{Action, Cost, FeeLimit, Quote};
use liaise_summary::BATCH_PAYOUTS;

use crate::draft::{Coins, Draft};
use crate::prepared::Step;
use crate::rpc::Info;
use crate::terms::PayoutTerms;

/// An action over one state of the chain, before its coins.
pub(crate) struct Plan {
    pub(crate) tip: Info,
    pub(crate) draft: Draft,
    pub(crate) step: Step,
    /// What undecided submissions spend.
    pub(crate) taken: Vec<OutPoint>,
    /// Satoshis for 1 000 bytes that the node relays for.
    pub(crate) rate: u64,
}

/// Satoshis of fee of so many bytes, at so many for 1 000.
pub(crate) fn fee_of(rate: u64, bytes: u64) -> u64 {
    bytes.saturating_mul(rate).div_ceil(1000)
}

/// What a plan costs: as it was paid, or with one coin where there was none to pay it with.
pub(crate) fn of(
    action: &Action,
    plan: &Plan,
    paid: Option<&Transaction>,
    script: &ScriptBuf,
    payout: &PayoutTerms,
) -> Quote {
    let draft = &plan.draft;
    let bytes = paid.map_or_else(|| draft.size(1, script), |tx| serialize(tx).len()) as u64;
    let bare = paid.is_some_and(|tx| tx.input.len() == draft.inputs.len());
    let part = |what: String, amount: u64| Cost { what, amount: amount.into() };
    if bare {
        let fee = draft.brings().saturating_sub(draft.takes());
        let what = format!("fee of {bytes} bytes, of the epoch's own satoshis: nothing leaves your account");
        return Quote { max: FeeLimit(fee.into()), parts: vec![part(what, fee)], bytes: Some(bytes) };
    }
    // with several coins it is a little longer
    let fee = fee_of(plan.rate, bytes);
    let cost = draft.takes().saturating_add(fee).saturating_sub(draft.brings());
    let parts = match cost.checked_sub(fee) {
        Some(0) => vec![part(format!("fee of {bytes} bytes"), fee)],
        Some(locked) => {
            vec![part(format!("fee of {bytes} bytes"), fee), part(locked_words(action, draft, payout), locked)]
        }
        None => vec![part(format!("fee of {bytes} bytes, less what the epoch's own satoshis pay of it"), cost)],
    };
    Quote { max: FeeLimit(cost.into()), parts, bytes: Some(bytes) }
}

/// What the locked satoshis are for, and to whom they go.
fn locked_words(action: &Action, draft: &Draft, payout: &PayoutTerms) -> String {
    let Action::SubmitEpoch { payouts, .. } = action else {
        return match draft.coins {
            Coins::Some => "left with the controller".to_owned(),
            Coins::One | Coins::OneOrNone => {
                "the payees' outputs and the rest of the epoch, as far as its own satoshis do not reach".to_owned()
            }
        };
    };
    let batches = u64::from(*payouts).div_ceil(BATCH_PAYOUTS as u64);
    let needed = payout.filing_sats(*payouts);
    let locked = draft.outputs.get(1).map_or(0, |output| output.value.to_sat());
    let to_payees = payout.payout_sats.saturating_mul(u64::from(*payouts));
    let mut words = match locked >= needed {
        true => format!(
            "locked for {payouts} payouts in {batches} batches: {to_payees} for dust go to the payees, the rest are fees"
        ),
        false => format!(
            "locked, of {needed} that {payouts} payouts in {batches} batches need: whoever cranks brings the rest"
        ),
    };
    let controller = draft.brings().saturating_sub(draft.outputs[0].value.to_sat());
    if controller > 0 {
        words.push_str(&format!("; {controller} more that a veto gave back are used"));
    }
    words
}
