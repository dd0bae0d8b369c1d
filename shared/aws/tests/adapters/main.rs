//! The adapters keep the ports' contracts, on an emulator of AWS.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod faults;
mod journal;
mod stack;

use std::sync::Arc;

use carry_model::Timestamp;
use carry_ports::{Clock, Retention, contract};
use stack::{BUCKET, Stack};

/// The time in which the contract's migrations live.
struct Epoch;

impl Clock for Epoch {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[tokio::test]
async fn dynamodb_keeps_the_contract_of_jobs() {
    let Some(stack) = Stack::start().await else { return };
    let table = stack.table_at(Arc::new(Epoch));
    contract::jobs(&stack.aws().jobs(table, Retention::default())).await;
}

#[tokio::test]
async fn s3_keeps_the_contract_of_staging() {
    let Some(stack) = Stack::start().await else { return };
    contract::staging(&stack.aws().staging(BUCKET)).await;
}
