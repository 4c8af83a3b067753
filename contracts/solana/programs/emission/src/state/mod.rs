//! What the program's accounts hold.

mod books;
mod claimed;
mod council;
mod deployment;
mod distributor;
mod oracles;

pub use books::*;
pub use claimed::*;
pub use council::*;
pub use deployment::*;
pub use distributor::*;
pub use oracles::*;

/// Version of every account's layout.
pub const ACCOUNT_VERSION: u8 = 1;
