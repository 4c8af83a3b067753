//! Signed statements and the Merkle-sum reward tree: what the chains see.
