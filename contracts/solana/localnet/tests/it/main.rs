//! The node as a process, driven by Solana's own clients over real sockets.

mod accounts;
mod blocks;
mod chaos;
mod clients;
mod command;
mod deploy;
mod faults;
mod fees;
mod finality;
mod harness;
mod history;
mod lookup_tables;
mod program_accounts;
mod send;
mod simulate;
mod snapshots;
mod subscribe;
mod tokens;
mod wire;
