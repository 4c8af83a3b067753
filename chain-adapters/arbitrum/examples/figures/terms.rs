//! Hand-over, opening, rotation.

use liaise_chain_api::Action;
use liaise_chain_api::conformance::Oracles;
use liaise_summary::{DistributorId, Epoch, sha256};

use crate::Figure;
use crate::site::{Role, Site};

pub async fn measure() -> Vec<Figure> {
    let site = Site::opened(7).await;
    // past the guarded time
    site.pass(2 * 86_400).await;
    let other = DistributorId(sha256(&[b"another distributor"]).0);
    let hand_over = site.act(Role::Authority, &Action::HandOver { epoch: Epoch(180), new: other }).await;
    let rotate = site.act(Role::Authority, &Action::Rotate { set: Oracles::new(2, 7).set() }).await;
    let again = Site::opened(7).await;
    let (approve, open) = again.approve_and_open(Epoch(360), other).await;
    vec![
        Figure { action: "hand-over", gas: hand_over, conditions: "after the guarded time" },
        Figure { action: "approve-open", gas: approve, conditions: "the DAO authority's" },
        Figure { action: "open", gas: open, conditions: "5 of 7 signatures" },
        Figure { action: "rotate", gas: rotate, conditions: "to a set of 7, after the guarded time" },
    ]
}
