//! Submissions and vetoes.

use liaise_chain_api::Action;
use liaise_summary::{Hash32, sha256};

use crate::Figure;
use crate::site::{Role, Site};

/// Paid a day, and then owed: below the daily emission together.
const DAILY: u64 = 13_000_000_000_003;
const OWED: u64 = 500_000_000_007;

pub async fn measure() -> Vec<Figure> {
    const DAILY_CALL: &str = "the seventh day's; settles the day before, both with pay";
    let seven = Site::opened(7).await;
    let small = daily(&seven).await;
    let digest = seven.state().await.head;
    let veto = Action::Veto { digest, reason: b"epoch 6 pays a stranger".to_vec() };
    let veto = seven.act(Role::Guardian, &veto).await;
    let large = daily(&Site::opened(13).await).await;
    vec![
        Figure { action: "submit-5-of-7", gas: small, conditions: DAILY_CALL },
        Figure { action: "submit-9-of-13", gas: large, conditions: DAILY_CALL },
        Figure { action: "veto", gas: veto, conditions: "the guardian's, of an epoch" },
    ]
}

/// The seventh day's submission: no slot that it writes is fresh but the votes' checkpoint.
async fn daily(site: &Site) -> u64 {
    let mut gas = 0;
    for day in 1..=7 {
        gas = site.file(root(day), day * DAILY, OWED + day).await;
    }
    gas
}

fn root(day: u64) -> Hash32 {
    sha256(&[b"root", &day.to_be_bytes()])
}
