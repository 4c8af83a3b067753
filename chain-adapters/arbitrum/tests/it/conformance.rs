//! The suite of the chain seam.

liaise_chain_api::conformance_suite!(crate::harness::AnvilHarness);
