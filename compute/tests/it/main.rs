//! The compute crate as a node uses it. Needs what `cargo xtask setup` installs; a test that lacks it fails and says so.

mod bundles;
mod devices;
mod golden;
mod installed;
mod quality;
mod retrieval;
mod second_primitive;
