//! The term goes from chain to chain and comes back.

use crate::program::{LIAISE, alone, text};
use std::process::Command;

#[tokio::test]
async fn the_term_goes_round_and_nothing_is_lost_or_made_twice() {
    let _alone = alone().await;
    let dir = tempfile::tempdir().unwrap();
    let ran = Command::new(LIAISE)
        .args(["demo", "--handover", "--passages", "40", "--questions", "28", "--dir"])
        .arg(dir.path())
        .output()
        .expect("the program was built");
    let (said, wrong) = (text(&ran.stdout), text(&ran.stderr));
    assert!(ran.status.success(), "{said}\n{wrong}");
    // the demo itself holds the sums against the schedule, and fails where they differ
    for told in ["eip155:", "solana:", "bch:", "late pay is filed under epoch 27", "difference 0 base units"] {
        assert!(said.contains(told), "{told}: {said}");
    }
}
