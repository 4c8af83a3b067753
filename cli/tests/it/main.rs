//! The whole network, as its users meet it: every node a process of the `liaise` program that was just built.

mod by_hand;
mod dispute;
mod moving;
mod program;
mod refusals;
mod report;
mod running;
mod survival;
mod terminal;
mod votes;
