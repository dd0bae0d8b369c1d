//! What a test does to the stack behind its back: executions, functions that die, services that fail.

use std::path::Path;
use std::process::Command;

use carry_ports::FlowStart;
use serde_json::{Value, json};

use crate::account::{Account, STACK};

/// Calls of Step Functions, and what only an emulator of this machine lets one do.
impl Account {
    fn machine(&self, sort: &str) -> String {
        format!("arn:aws:states:{}:{}:{sort}:{STACK}-migration", self.region, self.account)
    }

    /// Starts the flow under a name of the test's own. A name that was taken is answered as a start, or refused: an
    /// account and the emulators differ in that.
    pub(crate) fn start_execution(&self, name: &str, start: &FlowStart) {
        let input = serde_json::to_string(start).unwrap();
        let start = json!({
            "stateMachineArn": self.machine("stateMachine"), "name": name, "input": input,
        });
        if let Err(refused) = self.try_call("states", "AWSStepFunctions.StartExecution", &start) {
            assert!(refused.contains("ExecutionAlreadyExists"), "{refused}");
        }
    }

    /// Where an execution stands.
    pub(crate) fn execution(&self, name: &str) -> String {
        let execution = json!({ "executionArn": format!("{}:{name}", self.machine("execution")) });
        let found = self.call("states", "AWSStepFunctions.DescribeExecution", &execution);
        found["status"].as_str().unwrap().to_owned()
    }

    /// Bytes of everything that the states of a run's execution took and handed on.
    pub(crate) fn payloads(&self, name: &str) -> Vec<usize> {
        let execution = json!({
            "executionArn": format!("{}:{name}", self.machine("execution")), "maxResults": 1_000,
        });
        let history = self.call("states", "AWSStepFunctions.GetExecutionHistory", &execution);
        let texts = |event: &Value| -> Vec<usize> {
            let details = event.as_object().unwrap().values().filter_map(Value::as_object);
            let texts = details.flat_map(|d| ["input", "output", "parameters"].map(|name| d.get(name)));
            texts.flatten().filter_map(Value::as_str).map(str::len).collect()
        };
        let sizes: Vec<_> = history["events"].as_array().unwrap().iter().flat_map(texts).collect();
        assert!(sizes.len() > 10, "the history tells what was handed on: {history}");
        sizes
    }

    /// Kills the processes of a function; how many there were.
    pub(crate) fn kill(&self, function: &str) -> u32 {
        let name = format!("AWS_LAMBDA_FUNCTION_NAME={STACK}-{function}");
        let here = format!("AWS_ENDPOINT_URL={}", self.endpoint);
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let is_it = |process: &Path| {
            let environment = std::fs::read(process.join("environ")).unwrap_or_default();
            let is = |wanted: &str| environment.split(|byte| *byte == 0).any(|set| set == wanted.as_bytes());
            is(&name) && is(&here)
        };
        let found: Vec<_> = processes.map(|entry| entry.path()).filter(|path| is_it(path)).collect();
        let killed = found.iter().filter_map(|path| path.file_name()?.to_str()).filter(|process| {
            Command::new("kill").args(["-9", process]).status().is_ok_and(|status| status.success())
        });
        u32::try_from(killed.count()).unwrap()
    }

    /// Lets every so many calls of a service fail, by its name. False where the emulator has no such thing.
    pub(crate) fn faults(&self, every: &Value) -> bool {
        let url = format!("{}/_carry/faults", self.endpoint);
        let put = self.client.put(url).body(every.to_string());
        self.runtime.block_on(async { put.send().await.unwrap().status().is_success() })
    }

    /// How many calls failed since that was last asked for.
    pub(crate) fn failed(&self) -> u64 {
        let failed = self.read("/_carry/faults").unwrap();
        failed.as_object().unwrap().values().filter_map(Value::as_u64).sum()
    }

    /// The most memory that each function has used, in KiB; empty where the emulator does not measure.
    pub(crate) fn peaks(&self) -> Vec<(String, u64)> {
        let Some(meter) = self.read("/_carry/meter") else { return Vec::new() };
        let functions = meter["functions"].as_object().unwrap();
        functions
            .iter()
            .map(|(name, of)| (name.clone(), of["peak_kib"].as_u64().unwrap_or_default()))
            .collect()
    }

    fn read(&self, path: &str) -> Option<Value> {
        let get = self.client.get(format!("{}{path}", self.endpoint));
        let answer = self.runtime.block_on(async {
            let answer = get.send().await.unwrap();
            if answer.status().is_success() { answer.text().await.ok() } else { None }
        });
        serde_json::from_str(&answer?).ok()
    }
}
