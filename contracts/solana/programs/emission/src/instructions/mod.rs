//! One instruction a file, its accounts above it.

mod books;
mod council_create;
mod distributor_create;
mod epoch_submit;
mod guardian_consent;
mod guardian_set;
mod head_advance;
mod leaf_check;
mod leaf_claim;
mod opening_approve;
mod oracles_rotate;
mod payout;
mod range_hand_over;
mod range_open;
mod roots_read;
mod run_claim;
mod statement_veto;

pub use books::*;
pub use council_create::*;
pub use distributor_create::*;
pub use epoch_submit::*;
pub use guardian_consent::*;
pub(crate) use guardian_set::guardian_set;
pub(crate) use head_advance::head_advance;
pub use leaf_check::Held;
pub(crate) use leaf_check::leaf_check;
pub use leaf_claim::*;
pub(crate) use opening_approve::opening_approve;
pub use oracles_rotate::*;
pub(crate) use range_hand_over::range_hand_over;
pub use range_open::*;
pub use roots_read::*;
pub use run_claim::*;
pub(crate) use statement_veto::statement_veto;
