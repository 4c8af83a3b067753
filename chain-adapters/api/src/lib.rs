//! The chain seam: traits, types and the conformance suite that every chain adapter passes.
