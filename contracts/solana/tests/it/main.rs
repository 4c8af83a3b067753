//! The promises of ../../PROMISES.md on Solana, and what is refused.

mod accounts;
mod books;
mod claims;
mod deployment;
mod epochs;
mod pool;
mod promises;
mod quorum;
mod roles;
mod runs;
mod terms;
mod token;
mod vectors;
