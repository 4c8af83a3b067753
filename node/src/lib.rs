//! Composition root: configuration, wiring and supervision of every role.
