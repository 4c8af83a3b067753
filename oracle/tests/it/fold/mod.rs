//! The fold from messages to shares.

pub mod judging;
pub mod world;

mod apportion;
mod carry;
mod decrees;
mod disputes;
mod documents;
mod late;
mod later;
mod links;
mod money;
mod order;
mod owners;
mod payouts;
mod race;
mod reference;
mod second_opinion;
mod store;
mod tickets;
mod unruly;
