//! Nothing of its own: `spl-token-swap`, a constant-product pool, is what is built here, unchanged.
