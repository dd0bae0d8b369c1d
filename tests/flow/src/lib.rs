//! The flow's definition, read for its rules, and an interpreter of the subset of the Amazon States Language that it
//! keeps to.
//!
//! The interpreter is strict where the service is: a path that leads nowhere ends the execution, and so does a payload
//! that is too large. Waits and the pauses between retries take no time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod interpreter;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub use interpreter::{Called, End, Interpreter};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The text of the definition, with its substitutions.
pub fn text() -> String {
    std::fs::read_to_string(root().join("infra/flow/migration.asl.json")).unwrap()
}

/// The text of the template that deploys it.
pub fn template() -> String {
    std::fs::read_to_string(root().join("infra/template.yaml")).unwrap()
}

/// Names in `${...}`, in order, without repetitions.
pub fn substitutions(text: &str) -> Vec<String> {
    let names = text.split("${").skip(1).filter_map(|rest| rest.split('}').next());
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The definition as it is deployed: numbers in place of what stands for numbers, names in place of ARNs.
pub fn definition() -> Value {
    let mut text = text();
    for name in substitutions(&text) {
        let value = match name.as_str() {
            "StagingBucket" => "staging".to_owned(),
            "DayWaitSeconds" => "86400".to_owned(),
            name if name.ends_with("Concurrency") => "8".to_owned(),
            name => name.trim_end_matches("FunctionArn").to_lowercase(),
        };
        text = text.replace(&format!("${{{name}}}"), &value);
    }
    serde_json::from_str(&text).unwrap()
}

/// A list of states with its start: the flow itself, or the children of one of its maps.
#[derive(Clone, Copy)]
pub struct Machine<'a> {
    pub name: &'a str,
    pub start: &'a str,
    pub states: &'a Map<String, Value>,
}

/// The flow and the children of its maps.
pub fn machines(definition: &Value) -> Vec<Machine<'_>> {
    let mut found = vec![of("the flow", definition)];
    let maps = found[0].states.iter().filter(|(_, state)| state["Type"] == "Map");
    let children: Vec<_> = maps.map(|(name, state)| of(name, &state["ItemProcessor"])).collect();
    found.extend(children);
    found
}

fn of<'a>(name: &'a str, value: &'a Value) -> Machine<'a> {
    Machine { name, start: value["StartAt"].as_str().unwrap(), states: value["States"].as_object().unwrap() }
}

/// Every state of every machine, by its path.
pub fn states(definition: &Value) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for machine in machines(definition) {
        let name = machine.name;
        all.extend(machine.states.iter().map(|(state, value)| (format!("{name}/{state}"), value)));
    }
    all
}

/// Where a state may lead.
pub fn next(state: &Value) -> Vec<&str> {
    let mut next: Vec<_> = ["Next", "Default"].iter().filter_map(|key| state[*key].as_str()).collect();
    for list in ["Choices", "Catch"] {
        next.extend(state[list].as_array().into_iter().flatten().filter_map(|rule| rule["Next"].as_str()));
    }
    next
}
