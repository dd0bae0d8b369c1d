//! The service in an emulator of the cloud, as `localstack/up` deploys it. `tests/cloud/run` runs these; without the
//! variables of `localstack/env` each test says that it is skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs,
    reason = "tests"
)]

mod account;
mod api;
mod cli;
mod flow;
mod journal;
mod odoo;
mod operator;
mod postgres;
mod purge;
mod schedule;
#[path = "../support/mod.rs"]
mod support;
