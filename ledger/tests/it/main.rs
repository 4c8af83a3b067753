//! Integration tests of the crate.
#![allow(missing_docs)]
