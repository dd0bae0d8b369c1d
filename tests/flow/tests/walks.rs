//! Executions of the flow with functions that answer as they are told.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use carry_flow::{Called, End, Interpreter, definition, states};
use serde_json::{Value, json};

const LEVELS: u64 = 3;
/// The largest event or state that the flow may carry, in bytes.
const PAYLOAD_MAX: usize = 32 * 1024;

fn input(kind: &str) -> Value {
    let id = "0198c8f5-2b1c-7e30-9d0e-5a1f0e6f7a11";
    json!({"migration": id, "run": id, "attempt": 1, "kind": kind})
}

/// What the functions answer where nothing goes wrong; loops are gone through twice.
fn answered(called: &Called, seen: &mut BTreeMap<String, u64>) -> Value {
    let times = seen.entry(called.event.to_string()).or_default();
    *times += 1;
    let key = |name: &str| format!("migrations/m/runs/r/{name}.json");
    let slice = called.event["slice"].as_u64().unwrap_or_default();
    let sliced = json!({"done": slice > 0, "slice": if slice > 0 { 0 } else { 1 }});
    match (called.function.as_str(), called.event["step"].as_str().unwrap_or_default()) {
        ("plan", _) => json!({"over": false, "attempt": 1, "partitions": key("partitions")}),
        ("extract", "gather") => json!({"done": true, "manifest": key("parts")}),
        ("load", "lay_out") => json!({"done": true, "levels": LEVELS}),
        ("load", "level") => {
            let level = called.event["level"].as_u64().unwrap();
            json!({"manifest": key(&format!("level-{level}")), "slice": level + 1})
        }
        ("load", "chunk") => json!({"done": times.is_multiple_of(2)}),
        ("extract", "partition") | ("load", "settle" | "undo") | ("reconcile", "compare") => sliced,
        ("transform", _) => json!({"done": true}),
        ("load", "finish_undo") | ("reconcile", "finish") | ("report", "write") => json!({}),
        ("report", "fail") => json!({"again": false, "over": false, "wait_s": 0}),
        other => panic!("nobody answers {other:?}"),
    }
}

fn listed(key: &str) -> Vec<Value> {
    if key.ends_with("parts.json") {
        return vec![json!({"entity": "invoice", "part": "a"}), json!({"entity": "bill", "part": "b"})];
    }
    vec![json!("first"), json!("second")]
}

/// Runs the flow; `fails` names the error of a call, or None.
fn run(
    kind: &str,
    mut fails: impl FnMut(&Called) -> Option<&'static str>,
) -> (End, Vec<Called>, Vec<String>) {
    let mut seen = BTreeMap::new();
    let answer = |called: &Called| match fails(called) {
        Some(error) => Err(error.to_owned()),
        None => Ok(answered(called, &mut seen)),
    };
    let mut interpreter = Interpreter::new(answer, listed);
    let end = interpreter.run(&definition(), input(kind));
    assert!(interpreter.payload_max < PAYLOAD_MAX, "{} bytes", interpreter.payload_max);
    (end, interpreter.calls.clone(), interpreter.path.clone())
}

fn step_of(called: &Called) -> &str {
    called.event["step"].as_str().unwrap_or_default()
}

fn steps(calls: &[Called]) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for called in calls {
        let step = called.event["step"].as_str().map(|step| format!(" {step}")).unwrap_or_default();
        let step = format!("{}{step}", called.function);
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    steps
}

#[test]
fn a_run_goes_through_its_stages_in_order() {
    for kind in ["demo", "full", "delta", "retry"] {
        let (end, calls, _) = run(kind, |_| None);
        assert_eq!(end, End::Succeeded, "{kind}");
        let one_level = ["load level", "load chunk"];
        let mut wanted = vec!["plan", "extract partition", "extract gather", "transform", "load lay_out"];
        (0..LEVELS).for_each(|_| wanted.extend(one_level));
        wanted.extend(["load settle", "reconcile compare", "reconcile finish", "report write"]);
        assert_eq!(steps(&calls), wanted, "{kind}");
        let chunks = calls.iter().filter(|called| called.event["step"] == "chunk").count();
        assert_eq!(chunks, 3 * 2 * 2, "each chunk of each level is gone on with until it is done");
    }
}

#[test]
fn a_rollback_takes_out_and_a_remigration_carries_anew() {
    let (end, calls, _) = run("rollback", |_| None);
    assert_eq!(
        (end, steps(&calls)),
        (End::Succeeded, ["plan", "load undo", "load finish_undo"].map(str::to_owned).to_vec())
    );
    let (end, calls, _) = run("remigration", |_| None);
    assert_eq!(end, End::Succeeded);
    assert_eq!(steps(&calls)[..3], ["plan", "load undo", "extract partition"].map(str::to_owned));
    assert_eq!(steps(&calls).last().unwrap(), "report write");
}

#[test]
fn a_run_that_is_over_writes_its_report_and_nothing_else() {
    let answer = |called: &Called| {
        Ok(match called.function.as_str() {
            "plan" => json!({"over": true, "attempt": 1, "partitions": ""}),
            _ => json!({"again": false, "over": true, "wait_s": 0}),
        })
    };
    let mut interpreter = Interpreter::new(answer, listed);
    assert_eq!(interpreter.run(&definition(), input("full")), End::Succeeded);
    assert_eq!(steps(&interpreter.calls), ["plan", "report write"]);
}

/// Whatever a call fails with, wherever: the run is left in a true state, and no child stops the others.
#[test]
fn every_fault_leads_to_a_true_state() {
    let full = run("full", |_| None).1;
    let calls = full.into_iter().chain(run("rollback", |_| None).1);
    let distinct: BTreeSet<_> =
        calls.map(|call| (call.function.clone(), step_of(&call).to_owned())).collect();
    for error in
        ["Config", "Auth", "RateLimited", "Transient", "Runtime.ExitError", "Sandbox.Timedout", "Interrupted"]
    {
        for (function, step) in &distinct {
            let kind = if step.contains("undo") { "rollback" } else { "full" };
            let here = |called: &Called| called.function == *function && step_of(called) == step;
            let (end, calls, path) = run(kind, |called| here(called).then_some(error));
            let place = format!("{error} in {function} {step}");
            let in_child =
                ["partition", "chunk"].iter().any(|child| step.contains(child)) || function == "transform";
            let writing = function == "report";
            let failed = calls.last().unwrap().event["step"] == "fail";
            let noted = path.iter().filter(|state| state.ends_with("Failed")).count();
            if in_child {
                // The step after the map finds what is missing; here nobody looks.
                assert_eq!((end, noted > 0), (End::Succeeded, true), "{place}");
            } else if writing {
                assert_eq!(end, End::Failed("ReportNotWritten".to_owned()), "{place}");
            } else {
                assert_eq!((end, failed), (End::Failed("RunStopped".to_owned()), true), "{place}");
            }
        }
    }
}

#[test]
fn what_may_pass_is_tried_again_and_the_rest_is_not() {
    for (error, tries_min) in
        [("Transient", 3), ("Lambda.TooManyRequestsException", 3), ("Runtime.ExitError", 3)]
    {
        let mut tries = 0;
        let (end, _, _) = run("full", |called| {
            let here = called.event["step"] == "gather";
            tries += u32::from(here);
            (here && tries < tries_min).then_some(error)
        });
        assert_eq!((end, tries), (End::Succeeded, tries_min), "{error}");
    }
    for error in ["Config", "Auth", "Integrity", "Interrupted"] {
        let mut tries = 0;
        run("full", |called| {
            let here = called.event["step"] == "gather";
            tries += u32::from(here);
            here.then_some(error)
        });
        assert_eq!(tries, 1, "{error}");
    }
}

#[test]
fn a_daily_limit_is_waited_for_and_the_run_goes_on() {
    let mut refused = false;
    let mut seen = BTreeMap::new();
    let answer = |called: &Called| {
        if called.event["step"] == "settle" && !refused {
            refused = true;
            return Err("RateLimited".to_owned());
        }
        if called.event["step"] == "fail" {
            assert_eq!(called.event["wait_max_s"], 86_400);
            assert_eq!(called.event["error"]["Error"], "RateLimited");
            return Ok(json!({"again": true, "over": false, "wait_s": 3_600}));
        }
        Ok(answered(called, &mut seen))
    };
    let mut interpreter = Interpreter::new(answer, listed);
    assert_eq!(interpreter.run(&definition(), input("full")), End::Succeeded);
    assert_eq!(interpreter.waits, [json!(3_600)]);
    assert_eq!(steps(&interpreter.calls).iter().filter(|step| *step == "plan").count(), 2);
}

#[test]
fn where_not_even_the_state_can_be_noted_the_execution_says_so() {
    let (end, _, _) = run("full", |called| match called.event["step"].as_str() {
        Some("gather") => Some("Config"),
        Some("fail") => Some("Transient"),
        _ => None,
    });
    assert_eq!(end, End::Failed("StateUnknown".to_owned()));
}

#[test]
fn every_state_is_gone_through_by_some_run() {
    let mut gone = BTreeSet::new();
    for kind in ["full", "rollback", "remigration"] {
        gone.extend(run(kind, |_| None).2);
        for error in ["Config", "Transient"] {
            for step in ["partition", "chunk", "gather", "fail", "write", "settle"] {
                gone.extend(run(kind, |called| (called.event["step"] == step).then_some(error)).2);
            }
            gone.extend(run(kind, |called| (called.function == "transform").then_some(error)).2);
        }
        gone.extend(
            run(kind, |called| {
                let last = called.event["step"] == "gather" || called.event["step"] == "fail";
                last.then_some("Config")
            })
            .2,
        );
    }
    let definition = definition();
    let all: BTreeSet<_> =
        states(&definition).into_iter().map(|(path, _)| path.split('/').nth(1).unwrap().to_owned()).collect();
    let never: Vec<_> = all.difference(&gone).filter(|state| *state != "Wait").collect();
    assert_eq!(never, Vec::<&String>::new());
}
