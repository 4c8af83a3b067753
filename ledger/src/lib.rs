//! What every node agrees on: accounts, signatures, messages, assignment. Pure, no I/O.
