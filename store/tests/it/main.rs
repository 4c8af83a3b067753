//! The store as its callers see it: on a disk, across processes and crashes.

mod books;
mod car;
mod crash;
mod documents;
mod formats;
mod ingest;
mod opening;
mod power;
mod receipts;
mod support;
mod trust;
