//! Real nodes on 127.0.0.1, each with a port that the system gives it.

mod exchange;
mod lifecycle;
mod limits;
mod support;
