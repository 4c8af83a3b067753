//! The suite of every chain adapter.

liaise_chain_api::conformance_suite!(crate::harness::DevnetHarness, batches);
