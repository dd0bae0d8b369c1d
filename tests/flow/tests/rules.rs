//! What every state of the flow has to keep to.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use carry_flow::{Machine, definition, machines, next, root, states, substitutions, template, text};
use serde_json::Value;

/// What Lambda may answer in place of a function: throttled, failed, died or too slow.
const NO_ANSWER: [&str; 8] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "States.Timeout",
];

/// Kinds of faults that trying again at once cannot mend.
const NOT_BY_ITSELF: [&str; 7] =
    ["RateLimited", "Auth", "Config", "Rejected", "Unsupported", "Integrity", "Interrupted"];

/// What an event may hold: ids, keys, counters, and the names of steps.
const FIELDS: [&str; 12] = [
    "migration",
    "run",
    "attempt",
    "step",
    "slice",
    "level",
    "chunk",
    "partition",
    "raw",
    "error",
    "wait_max_s",
    "kind",
];

fn tasks(definition: &Value) -> Vec<(String, &Value)> {
    states(definition).into_iter().filter(|(_, state)| state["Type"] == "Task").collect()
}

fn names(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn every_task_retries_what_may_pass_and_nothing_else() {
    let definition = definition();
    for (name, task) in tasks(&definition) {
        let rules = task["Retry"].as_array().unwrap_or_else(|| panic!("{name} retries nothing"));
        let retried: BTreeSet<_> = rules.iter().flat_map(|rule| names(&rule["ErrorEquals"])).collect();
        assert!(retried.contains("Transient"), "{name}");
        assert!(NO_ANSWER.iter().all(|error| retried.contains(error)), "{name}");
        assert!(NOT_BY_ITSELF.iter().all(|kind| !retried.contains(kind)), "{name}");
        assert!(!retried.contains("States.ALL") && !retried.contains("States.TaskFailed"), "{name}");
        for rule in rules {
            assert_eq!(rule["JitterStrategy"], "FULL", "{name}");
            assert!(rule["MaxAttempts"].as_u64().unwrap() > 0, "{name}");
            assert!(rule["MaxDelaySeconds"].as_u64().unwrap() <= 300, "{name}");
            assert!(rule["BackoffRate"].to_string().parse::<u8>().is_err(), "{name}: a rate is a float");
        }
    }
}

#[test]
fn every_task_and_map_catches_everything() {
    let definition = definition();
    let calling = states(&definition).into_iter().filter(|(_, s)| s["Type"] == "Task" || s["Type"] == "Map");
    for (name, state) in calling {
        let catch = state["Catch"].as_array().unwrap_or_else(|| panic!("{name} catches nothing"));
        let last = catch.last().unwrap();
        assert_eq!(names(&last["ErrorEquals"]), BTreeSet::from(["States.ALL"]), "{name}");
        assert_eq!(last["ResultPath"], "$.error", "{name}: what was known goes on beside the error");
    }
}

/// The seconds after which Lambda ends each function, by its name.
fn timeouts(template: &str) -> BTreeMap<String, u64> {
    let functions = template.split("FunctionName: !Sub ${AWS::StackName}-").skip(1);
    let of = |function: &str| {
        let name = function.lines().next()?.trim().to_owned();
        let seconds = function.split("Timeout: ").nth(1)?.lines().next()?.trim().parse().ok()?;
        Some((name, seconds))
    };
    functions.filter_map(of).collect()
}

#[test]
fn every_task_waits_longer_than_its_function_lives() {
    let (definition, timeouts) = (definition(), timeouts(&template()));
    for (name, task) in tasks(&definition) {
        let waits = task["TimeoutSeconds"].as_u64().unwrap_or_else(|| panic!("{name} waits forever"));
        let function = task["Parameters"]["FunctionName"].as_str().unwrap();
        assert!(waits > timeouts[function] && waits <= timeouts[function] + 120, "{name}: {waits} s");
    }
}

#[test]
fn every_function_it_calls_is_a_package() {
    let definition = definition();
    for (name, task) in tasks(&definition) {
        let function = task["Parameters"]["FunctionName"].as_str().unwrap();
        let manifest = root().join("functions").join(function).join("Cargo.toml");
        let manifest =
            std::fs::read_to_string(&manifest).unwrap_or_else(|e| panic!("{name}: {function}: {e}"));
        assert!(manifest.contains(&format!("name = \"carry-fn-{function}\"")), "{name}");
    }
}

#[test]
fn the_template_gives_the_names_it_uses() {
    let template = template();
    let block = template.split("DefinitionSubstitutions:").nth(1).unwrap();
    let given = block.lines().skip(1).take_while(|line| line.starts_with("        "));
    let mut given: Vec<_> =
        given.filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned())).collect();
    given.sort_unstable();
    assert_eq!(substitutions(&text()), given);
}

fn reached<'a>(machine: &Machine<'a>) -> BTreeSet<&'a str> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![machine.start]);
    while let Some(name) = open.pop() {
        if reached.insert(name) {
            let state = machine.states.get(name).unwrap_or_else(|| panic!("{} has no {name}", machine.name));
            open.extend(next(state));
        }
    }
    reached
}

#[test]
fn every_state_is_reached_and_reaches_an_end() {
    let definition = definition();
    for machine in machines(&definition) {
        let all: BTreeSet<_> = machine.states.keys().map(String::as_str).collect();
        assert_eq!(reached(&machine), all, "{}", machine.name);
        for start in &all {
            let from_here = reached(&Machine { start, ..machine });
            let is_end = |name: &&str| next(&machine.states[*name]).is_empty();
            assert!(from_here.iter().any(is_end), "{} never ends from {start}", machine.name);
        }
    }
}

#[test]
fn it_keeps_to_the_subset_that_every_interpreter_runs_alike() {
    let text = text();
    for absent in [
        "QueryLanguage",
        "JSONata",
        "Arguments",
        "Assign",
        "ItemBatcher",
        "ResultWriter",
        "ItemsPath",
        "ItemsPointer",
        "JSONL",
        "EXPRESS",
        "ToleratedFailureCount",
        "SecondsPath.$",
        "TimeoutSecondsPath",
        "HeartbeatSeconds",
        "waitForTaskToken",
        "States.Format",
        "States.Math",
        "aws-sdk:",
        "Parallel",
        "[?",
    ] {
        assert!(!text.contains(absent), "{absent}");
    }
    let definition = definition();
    for (name, state) in states(&definition) {
        let kind = state["Type"].as_str().unwrap();
        match kind {
            "Task" => assert_eq!(state["Resource"], "arn:aws:states:::lambda:invoke", "{name}"),
            "Map" => {
                let (reader, processor) = (&state["ItemReader"], &state["ItemProcessor"]["ProcessorConfig"]);
                assert_eq!(reader["Resource"], "arn:aws:states:::s3:getObject", "{name}");
                assert_eq!(reader["ReaderConfig"]["InputType"], "JSON", "{name}");
                assert_eq!(processor["Mode"], "DISTRIBUTED", "{name}");
                assert_eq!(processor["ExecutionType"], "STANDARD", "{name}");
                assert!(state["MaxConcurrency"].is_u64(), "{name}: bounded by a number");
                assert!(state["ToleratedFailurePercentage"].is_f64(), "{name}: a float");
                assert_eq!(
                    state.get("ResultPath"),
                    Some(&Value::Null),
                    "{name}: children stage what they did"
                );
            }
            "Choice" => assert!(state["Default"].is_string(), "{name}"),
            _ => assert!(["Pass", "Wait", "Succeed", "Fail"].contains(&kind), "{name}: {kind}"),
        }
        assert!(state["Comment"].is_string(), "{name} does not say what it is for");
    }
}

#[test]
fn events_hold_ids_and_keys_only() {
    let definition = definition();
    for (name, state) in states(&definition) {
        let fields = match state["Type"].as_str().unwrap() {
            "Task" => state["Parameters"]["Payload"].as_object(),
            "Map" => state["ItemSelector"].as_object(),
            _ => None,
        };
        for field in fields.into_iter().flatten().map(|(field, _)| field.trim_end_matches(".$")) {
            assert!(FIELDS.contains(&field), "{name}: {field}");
        }
    }
}

#[test]
fn children_end_well_so_that_one_does_not_stop_the_others() {
    let definition = definition();
    for machine in machines(&definition).into_iter().skip(1) {
        assert!(machine.states.values().all(|state| state["Type"] != "Fail"), "{}", machine.name);
    }
}
