//! Seeds of the program's addresses. All but the first two hang below a distributor.

/// `distributor`, SHA-256 of the deployment's bytes.
pub const DISTRIBUTOR: &[u8] = b"distributor";
/// `council`, SHA-256 of threshold and members.
pub const COUNCIL: &[u8] = b"council";
/// `mint`, distributor.
pub const MINT: &[u8] = b"mint";
/// `vault`, distributor.
pub const VAULT: &[u8] = b"vault";
/// `oracles`, distributor.
pub const ORACLES: &[u8] = b"oracles";
/// `claimed`, distributor, payee.
pub const CLAIMED: &[u8] = b"claimed";
