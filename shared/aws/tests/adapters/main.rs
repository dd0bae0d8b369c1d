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

use std::collections::BTreeMap;
use std::sync::Arc;

use carry_aws::{DynamoHeaders, DynamoQuota, StepFunctions};
use carry_connector::oauth::Grant;
use carry_model::{Code, Fault, Timestamp};
use carry_ports::{
    Clock, Flow, FlowStart, FlowState, Headers, Jobs, Leased, Migration, Quota, Rate, Retention, Run,
    RunKind, RunState, Secrets, Tokens, contract,
};
use faults::NotYet;
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
    contract::files(std::sync::Arc::new(stack.aws().staging(BUCKET))).await;
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
async fn what_was_started_shows_before_the_start_is_answered() {
    let Some(stack) = Stack::start().await else { return };
    let machine = stack.make_machine().await;
    let config = aws_sdk_sfn::config::Builder::from(&stack.config);
    let config = config.interceptor(NotYet::after_looks(4)).build();
    let flow = StepFunctions::new(aws_sdk_sfn::Client::from_conf(config), machine);
    let start = FlowStart { migration: "m".into(), run: "r".into(), attempt: 1, kind: RunKind::Demo };
    assert!(flow.start(&start).await.unwrap());
    assert_eq!(flow.state(&"r".into(), 1).await.unwrap(), Some(FlowState::Running));
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

fn run(id: &str, state: RunState) -> Run {
    let ended = (!state.is_active()).then_some(Timestamp::UNIX_EPOCH);
    Run {
        id: id.into(),
        migration: "m".into(),
        kind: RunKind::Full,
        state,
        started: Timestamp::UNIX_EPOCH,
        ended,
        attempts: 1,
        broke_off: false,
        seconds: BTreeMap::new(),
        since: None,
    }
}

fn migration() -> Migration {
    let [source, target] = ["files:/books", "postgres://db/books"].map(str::to_owned);
    Migration { id: "m".into(), source, target, created: Timestamp::UNIX_EPOCH }
}

#[tokio::test]
async fn a_run_that_has_ended_stays_ended() {
    let Some(stack) = Stack::start().await else { return };
    let jobs = stack.aws().jobs(stack.table_at(Arc::new(Epoch)), Retention::default());
    jobs.create_migration(&migration()).await.unwrap();
    jobs.begin_run(run("r", RunState::Running)).await.unwrap();
    jobs.save_run(&run("r", RunState::Running)).await.unwrap();
    jobs.save_run(&run("r", RunState::Cancelled)).await.unwrap();
    let late = jobs.save_run(&run("r", RunState::Running)).await.unwrap_err();
    assert_eq!(late.code, Code::RunEnded, "a late repetition of a step");
    jobs.save_run(&run("r", RunState::Finished)).await.unwrap();
    let state = jobs.run(&"m".into(), &"r".into()).await.unwrap().unwrap().state;
    assert!(matches!(state, RunState::Cancelled), "the first end stands: {}", state.name());
}

/// The clock, so many days after the epoch.
struct Day(i64);

impl Clock for Day {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0 * 86_400).unwrap()
    }
}

#[tokio::test]
async fn a_run_that_nobody_goes_on_with_is_purged_in_the_end() {
    let Some(stack) = Stack::start().await else { return };
    let jobs = stack.aws().jobs(stack.table_at(Arc::new(Day(1))), Retention::default());
    jobs.create_migration(&migration()).await.unwrap();
    let due_on =
        async |day: i64| DynamoHeaders::new(stack.table_at(Arc::new(Day(day)))).due().await.unwrap().len();
    assert_eq!((due_on(29).await, due_on(31).await), (0, 1), "nothing was ever run");
    jobs.begin_run(run("r", RunState::Running)).await.unwrap();
    let later = stack.aws().jobs(stack.table_at(Arc::new(Day(20))), Retention::default());
    let paused = RunState::Paused { fault: Fault::new(Code::AuthRefused), until: None };
    later.save_run(&run("r", paused)).await.unwrap();
    assert_eq!((due_on(49).await, due_on(51).await, due_on(90).await), (0, 1, 1));
    let headers = DynamoHeaders::new(stack.table_at(Arc::new(Day(21))));
    headers.expire(&"m".into()).await.unwrap();
    assert_eq!(headers.due().await.unwrap(), ["m".into()], "ended by hand");
    let jobs = stack.aws().jobs(stack.table_at(Arc::new(Day(21))), Retention::default());
    assert!(jobs.migration(&"m".into()).await.unwrap().is_none());
    jobs.save_run(&run("r", RunState::Finished)).await.unwrap();
    assert!(jobs.migration(&"m".into()).await.unwrap().is_none(), "a step that is late brings nothing back");
}
