//! The chain adapter for Arbitrum and other EVM chains, over alloy.
