//! The universal database as target and source, on SQLite and, where it can be started, on PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs,
    reason = "tests"
)]

mod books;
mod connections;
mod figures;
mod mangled;
#[path = "../support/postgres.rs"]
mod postgres;
mod round_trip;
mod server;
mod target;
mod writing;
