//! The compute crate as a node uses it. Needs what `cargo xtask setup` installs; a test that lacks it fails and says so.
//! `LIAISE_TEST_CUDA=1` runs all of it on a GPU.

mod bundles;
mod cuda;
mod devices;
mod golden;
mod installed;
mod packing;
mod quality;
mod retrieval;
mod second_primitive;
