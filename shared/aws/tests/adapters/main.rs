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

use carry_aws::{DynamoHeaders, DynamoQuota};
use carry_connector::oauth::Grant;
use carry_model::Timestamp;
use carry_ports::{Clock, Leased, Quota, Rate, Retention, Secrets, Tokens, contract};
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

#[tokio::test]
async fn secrets_manager_keeps_the_contracts_of_secrets_and_tokens() {
    let Some(stack) = Stack::start().await else { return };
    let secrets = stack.aws().secrets();
    contract::secrets(&secrets, "stack/migrations").await;
    let tokens = stack.aws().tokens(stack.table(), "stack/migrations/m");
    contract::tokens(&tokens).await;
    let grant = Grant {
        access_token: "token".to_owned().into(),
        expires: Timestamp::UNIX_EPOCH,
        refresh_token: None,
        refresh_expires: None,
    };
    tokens.store("quickbooks+http://127.0.0.1:8080/9130357", &grant).await.unwrap();
    let names = secrets.names("stack/migrations/m/").await.unwrap();
    assert!(names.iter().any(|name| name.ends_with("9130357")), "a purge finds them: {names:?}");
}

#[tokio::test]
async fn step_functions_keeps_the_contract_of_flow() {
    let Some(stack) = Stack::start().await else { return };
    let machine = stack.make_machine().await;
    contract::flow(&stack.aws().flow(machine)).await;
}

#[tokio::test]
async fn event_scheduler_keeps_the_contract_of_scheduler() {
    let Some(stack) = Stack::start().await else { return };
    let arn = |service: &str, rest: &str| format!("arn:aws:{service}:eu-central-1:000000000000:{rest}");
    let target = arn("lambda", "function:schedule");
    let scheduler = stack.aws().scheduler("default", target, "arn:aws:iam::000000000000:role/scheduler");
    contract::scheduler(&scheduler).await;
}

#[tokio::test]
async fn dynamodb_keeps_the_contracts_of_headers_and_quota() {
    let Some(stack) = Stack::start().await else { return };
    contract::headers(&DynamoHeaders::new(stack.table_at(Arc::new(Epoch)))).await;
    contract::quota(&DynamoQuota::new(stack.table())).await;
}

#[tokio::test]
async fn ses_keeps_the_contract_of_mailer() {
    let Some(stack) = Stack::start().await else { return };
    stack.verify("service@example.com").await;
    contract::mailer(&stack.aws().mailer("service@example.com"), "larkspur@example.com").await;
}

/// A slice of calls is one write; what many workers lease costs a fraction of a write per call.
#[tokio::test]
async fn leasing_calls_costs_a_write_a_slice() {
    let Some(stack) = Stack::start().await else { return };
    let table = stack.table();
    let quota = DynamoQuota::new(table.clone());
    let rate = Rate { calls_max: 500, span: std::time::Duration::from_secs(60) };
    let mut leased = 0;
    while let Leased::Calls { calls, .. } = quota.lease("books:1/minute", rate, 25).await.unwrap() {
        leased += calls;
    }
    assert_eq!(leased, 500);
    assert_eq!(table.units().written(), 20);
}
