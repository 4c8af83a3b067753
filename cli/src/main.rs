//! The liaise command line.
fn main() {}
