//! The flow: what comes out of it is what comes out on one machine, whatever happens on the way.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use carry_ports::{FlowStart, RunKind};
use reqwest::Method;
use serde_json::{Value, json};

use crate::account::{
    Account, carry, carry_command, database, make_database, missing_database, prepared, until, until_within,
};
use crate::journal;
use crate::postgres::content;
use crate::support::{Done, Place, assert_same, sum};

/// Bytes that a state of the flow may hand on.
const PAYLOAD_MAX: usize = 32 * 1024;

const HOME: [&str; 2] = ["--set", "home_currency=USD"];

/// A database, and what the books of a place come to in it on one machine.
struct Alone {
    target: String,
    run: Value,
}

impl Alone {
    /// None, and a line that says so, where there is no server.
    fn full(place: &Place, from: &str, more: &[&str]) -> Option<Self> {
        let target = database()?;
        let args = ["full", "--from", from, "--to", &target, "--state", "alone", "--json", "--quiet"];
        let run = place.carry(&[&args, more].concat()).json();
        Some(Self { target, run })
    }

    /// Fails unless the run in the cloud came to the same: result, report, target and journal.
    fn assert_same(&self, place: &Place, cloud: &Value, target: &str) {
        assert_same_result(cloud, &self.run);
        assert_same(&content(&self.target), &content(target));
        journal::assert_same(&place.path("alone"), &self.run, cloud);
    }
}

/// Fails unless a run in the cloud came to the same as one on this machine, and reports it in the same way.
pub(crate) fn assert_same_result(cloud: &Value, local: &Value) {
    for same in ["kind", "state", "counts", "adjustments", "reconciliation"] {
        assert_eq!(cloud[same], local[same], "{same}");
    }
    assert_same_report(&report(cloud), &report(local));
}

fn id<'a>(run: &'a Value, of: &str) -> &'a str {
    run[of].as_str().unwrap_or_else(|| panic!("no {of}: {run}"))
}

/// A run's report without what belongs to one run: its id, times, places, and the ids that the target gave.
fn report(run: &Value) -> Value {
    let file = PathBuf::from(run["report"]["html"].as_str().unwrap()).with_extension("json");
    let text = std::fs::read_to_string(file).unwrap().replace(id(run, "run"), "RUN");
    let mut report: Value = serde_json::from_str(&text).unwrap();
    let header = report["run"].as_object_mut().unwrap();
    for own in ["migration", "started", "finished", "source", "target"] {
        header.remove(own);
    }
    report.as_object_mut().unwrap().remove("stages");
    for list in report.as_object_mut().unwrap().values_mut().filter_map(Value::as_array_mut) {
        for row in list {
            row.as_object_mut().unwrap().remove("target_id");
        }
    }
    report
}

/// Fails with the first differences between two reports, part by part.
fn assert_same_report(cloud: &Value, local: &Value) {
    for (part, of_local) in local.as_object().unwrap() {
        let lines = |value: &Value| -> Vec<String> {
            value
                .as_array()
                .map_or_else(|| vec![value.to_string()], |rows| rows.iter().map(Value::to_string).collect())
        };
        assert_same(&lines(of_local), &lines(&cloud[part]));
    }
}

/// Starts `carry --cloud full` of the books, for the test to do something meanwhile.
fn spawned(place: &Place, customer: &str, target: &str, more: &[&str]) -> Child {
    let run = ["full", "--from", "books", "--to", target];
    let mut command = carry_command(place, customer, &[&run[..], more].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn sample_books_come_out_as_on_one_machine() {
    let Some(account) = Account::open() else { return };
    for (name, from) in
        [("quickbooks", "books"), ("xero", "books"), ("gnucash", "gnucash:books/book.gnucash")]
    {
        let place = Place::with(name);
        let Some(alone) = Alone::full(&place, from, &[]) else { return };
        let target = database().unwrap();
        let customer = format!("flow-{name}");
        let cloud = carry(&place, &customer, &["full", "--from", from, "--to", &target]).json();
        alone.assert_same(&place, &cloud, &target);
        let largest = account.payloads(id(&cloud, "run")).into_iter().max().unwrap();
        assert!(largest < PAYLOAD_MAX, "{name}: {largest} bytes between states");
    }
}

#[test]
fn every_kind_of_run_goes_through_the_one_definition() {
    let Some(_) = Account::open() else { return };
    let Some(target) = database() else { return };
    let (place, alone) = (Place::with("xero"), Place::with("xero"));
    let in_cloud = |kind: &str, more: &[&str]| {
        let args = [kind, "--from", "books", "--to", &target];
        carry(&place, "flow-kinds", &[&args[..], more].concat()).json()
    };
    let both = |kind: &str, more: &[&str]| {
        let (cloud, local) = (in_cloud(kind, more), alone.migrate(kind, more).json());
        assert_eq!((&cloud["state"], &cloud["counts"]), (&local["state"], &local["counts"]), "{kind}");
        cloud
    };
    let refused = in_cloud("delta", &[]);
    assert_eq!(refused["error"]["code"], "CF1008", "{refused}");
    let demo = both("demo", &["--sample", "3"]);
    assert!(sum(&demo, "not_selected") > 0);
    both("full", &[]);
    let delta = both("delta", &[]);
    assert_eq!((sum(&delta, "migrated"), sum(&delta, "updated")), (0, 0), "{delta}");
    both("retry", &[]);
    let removed = carry(&place, "flow-kinds", &["rollback", "--all", "--yes"]).expect(0).json();
    assert!(removed["removed"]["invoice"]["removed"].as_u64().unwrap() > 0, "{removed}");
    let left = content(&target);
    assert!(!left.iter().any(|line| line.starts_with("documents:")), "{left:?}");
}

#[test]
fn a_run_that_is_started_twice_is_one_run() {
    let Some(account) = Account::open() else { return };
    let place = Place::large(2_000);
    let Some(alone) = Alone::full(&place, "books", &HOME) else { return };
    let target = database().unwrap();
    let child = spawned(&place, "flow-twice", &target, &HOME);
    let migration = prepared_by(&place, "flow-twice");
    let run = until("the start", || running(&place, "flow-twice"));
    let start = FlowStart {
        migration: migration.as_str().into(),
        run: run.as_str().into(),
        attempt: 1,
        kind: RunKind::Full,
    };
    // Told again, and as another execution beside the first.
    account.start_execution(&run, &start);
    account.start_execution(&format!("{run}.2"), &start);
    let cloud = Done::of(child.wait_with_output().unwrap()).expect(0).json();
    until("the second execution's end", || {
        (account.execution(&format!("{run}.2")) != "RUNNING").then_some(())
    });
    assert_eq!(account.execution(&format!("{run}.2")), "SUCCEEDED");
    alone.assert_same(&place, &cloud, &target);
}

/// The id of the customer's migration, once it is set up.
fn prepared_by(place: &Place, customer: &str) -> String {
    until("the migration", || {
        let status = carry(place, customer, &["status"]);
        let status = (status.code == 0).then(|| status.json())?;
        status["migrations"][0]["migration"]["id"].as_str().map(str::to_owned)
    })
}

/// The customer's run that goes on.
fn running(place: &Place, customer: &str) -> Option<String> {
    let status = carry(place, customer, &["status"]).json();
    status["migrations"][0]["runs"][0]["id"].as_str().map(str::to_owned)
}

#[test]
fn a_step_that_is_delivered_twice_changes_nothing_twice() {
    let Some(account) = Account::open() else { return };
    let place = Place::with("quickbooks");
    let Some(alone) = Alone::full(&place, "books", &[]) else { return };
    let target = database().unwrap();
    let migration = prepared(&place, "flow-delivered", &target);
    let run = "0198c8f5-2b1c-7e30-9d0e-5a1f0e6f7a11";
    let event = |more: Value| {
        let mut event = json!({"migration": migration, "run": run, "attempt": 1});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    // Both deliveries at once; what fails is delivered again, as the flow does.
    let twice = |function: &'static str, more: Value| {
        let event = event(more);
        let delivered = |_| {
            let event = event.clone();
            thread::spawn(move || {
                let account = Account::open().unwrap();
                until(function, || account.try_invoke(function, &event).ok())
            })
        };
        let answers: Vec<_> = [1, 2].map(delivered).into_iter().map(|one| one.join().unwrap()).collect();
        answers[0].clone()
    };
    let list = |answer: &Value, key: &str| account.object(id(answer, key)).as_array().unwrap().clone();

    let planned = account.invoke("plan", &event(json!({"kind": "full"})));
    for partition in list(&planned, "partitions") {
        twice("extract", json!({"step": "partition", "partition": partition, "slice": 0}));
    }
    let gathered = twice("extract", json!({"step": "gather"}));
    for raw in list(&gathered, "manifest") {
        twice("transform", json!({"raw": raw}));
    }
    let levels = twice("load", json!({"step": "lay_out"}))["levels"].as_u64().unwrap();
    for level in 0..levels {
        let listed = twice("load", json!({"step": "level", "level": level}));
        for chunk in list(&listed, "manifest") {
            twice("load", json!({"step": "chunk", "chunk": chunk}));
        }
    }
    twice("load", json!({"step": "settle", "slice": 0}));
    twice("reconcile", json!({"step": "compare", "slice": 0}));
    account.invoke("reconcile", &event(json!({"step": "finish"})));
    twice("report", json!({"step": "write"}));
    assert_same(&content(&alone.target), &content(&target));
    journal::assert_same(&place.path("alone"), &alone.run, &json!({"migration": migration}));
}

#[test]
fn a_function_that_is_killed_while_it_loads_leaves_nothing_double_and_nothing_out() {
    let Some(account) = Account::open() else { return };
    let place = Place::large(6_000);
    let Some(alone) = Alone::full(&place, "books", &HOME) else { return };
    let target = database().unwrap();
    let child = spawned(&place, "flow-killed", &target, &HOME);
    let migration = prepared_by(&place, "flow-killed");
    let mut killed = 0;
    for written in [1, 3] {
        // What a killed function was at is taken over once its lease has ended.
        until_within(Duration::from_secs(300), "the load", || {
            let done =
                account.objects(&migration).iter().filter(|key| key.contains("/load/invoice/")).count();
            (done >= written).then_some(())
        });
        killed += account.kill("load");
    }
    let cloud = Done::of(child.wait_with_output().unwrap()).expect(0).json();
    assert!(killed > 0, "the function was gone before it could be killed");
    alone.assert_same(&place, &cloud, &target);
}

#[test]
fn services_that_throttle_and_fail_change_nothing() {
    let Some(account) = Account::open() else { return };
    if !account.faults(&json!({})) {
        return;
    }
    let place = Place::with("quickbooks");
    let Some(alone) = Alone::full(&place, "books", &[]) else { return };
    let target = database().unwrap();
    prepared(&place, "flow-throttled", &target);
    assert!(account.faults(&json!({"dynamodb": 7, "s3": 5})));
    let cloud = carry(&place, "flow-throttled", &["full", "--from", "books", "--to", &target]);
    let failed = account.failed();
    account.faults(&json!({}));
    assert!(failed > 20, "{failed} calls failed");
    alone.assert_same(&place, &cloud.json(), &target);
}

#[test]
fn a_large_book_passes_in_little_memory() {
    const MIB: u64 = 128;
    let Some(account) = Account::open() else { return };
    let Some(target) = database() else { return };
    let place = Place::large(20_000);
    let run = [&["full", "--from", "books", "--to", &target][..], &HOME].concat();
    let cloud = carry(&place, "flow-large", &run).expect(0).json();
    assert_eq!(cloud["counts"]["invoice"]["migrated"], 20_000);
    assert_eq!(cloud["reconciliation"]["agrees"], true);
    let largest = account.payloads(id(&cloud, "run")).into_iter().max().unwrap();
    assert!(largest < PAYLOAD_MAX, "{largest} bytes between states");
    for (function, kib) in account.peaks() {
        assert!(kib < MIB * 1_024, "{function}: {} MiB", kib / 1_024);
    }
}

#[test]
fn a_fault_before_the_run_begins_is_told_and_once_mended_it_goes_on() {
    let Some(account) = Account::open() else { return };
    let place = Place::with("xero");
    let Some(alone) = Alone::full(&place, "books", &[]) else { return };
    let target = missing_database().unwrap();
    let full = || carry(&place, "flow-fault", &["full", "--from", "books", "--to", &target]);
    let stopped = full();
    assert!(stopped.code > 1, "{}", stopped.stdout);
    let code = stopped.json()["error"]["code"].clone();
    assert_eq!(code, "CF2102", "{}", stopped.stdout);
    let migration = prepared_by(&place, "flow-fault");
    let run = running(&place, "flow-fault").unwrap();
    let (status, standing) =
        account.api(&Method::GET, &format!("/migrations/{migration}/runs/{run}"), &Value::Null);
    assert_eq!((status, &standing["state"], &standing["flow"]), (200, &json!("paused"), &json!("failed")));
    assert_eq!(standing["run"]["state"]["paused"]["fault"]["code"], code, "{standing}");
    make_database(&target);
    let cloud = full().json();
    assert_eq!(id(&cloud, "run"), run);
    alone.assert_same(&place, &cloud, &target);
}
