//! The whole network, as its users meet it: every node a process of the `liaise` program that was just built.

mod add_a_model;
mod bch;
mod by_hand;
mod dispute;
mod handover;
mod links;
mod monitoring;
mod moving;
mod program;
mod refusals;
mod report;
mod running;
mod solana;
mod survival;
mod terminal;
mod votes;
