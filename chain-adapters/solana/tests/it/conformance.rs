use crate::harness::LocalnetHarness;

liaise_chain_api::conformance_suite!(LocalnetHarness);
