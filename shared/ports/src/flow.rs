use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use carry_model::{Fault, MigrationId, RunId};
use serde::{Deserialize, Serialize};

use crate::RunKind;

/// What a run is started with: ids and settings, never rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowStart {
    /// The migration.
    pub migration: MigrationId,
    /// The run, named by whoever starts it: the same name again is the same run.
    pub run: RunId,
    /// What it does.
    pub kind: RunKind,
    /// How it is to be done, as the plan reads it; nothing for the defaults.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub settings: serde_json::Value,
}

/// Where the flow of a run stands. What became of the records is in [`crate::Run`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowState {
    /// It goes on by itself.
    Running,
    /// It came to its end.
    Ended,
    /// It broke off.
    Failed,
    /// A person stopped it.
    Stopped,
}

/// Starts runs that go on by themselves.
#[async_trait]
pub trait Flow: Send + Sync {
    /// Starts a run. True where this started it, false where it had been started already.
    async fn start(&self, start: &FlowStart) -> Result<bool, Fault>;

    /// Where the flow of a run stands; None where it was never started.
    async fn state(&self, run: &RunId) -> Result<Option<FlowState>, Fault>;

    /// Stops a run's flow. Stopping what does not go on is no fault.
    async fn stop(&self, run: &RunId) -> Result<(), Fault>;
}

/// Remembers what was started, and does nothing.
#[derive(Debug, Default)]
pub struct MemoryFlow(Mutex<BTreeMap<String, (FlowStart, FlowState)>>);

impl MemoryFlow {
    fn runs(&self) -> MutexGuard<'_, BTreeMap<String, (FlowStart, FlowState)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was started, in order of the runs' names.
    pub fn started(&self) -> Vec<FlowStart> {
        self.runs().values().map(|(start, _)| start.clone()).collect()
    }
}

#[async_trait]
impl Flow for MemoryFlow {
    async fn start(&self, start: &FlowStart) -> Result<bool, Fault> {
        let mut runs = self.runs();
        if runs.contains_key(start.run.as_str()) {
            return Ok(false);
        }
        runs.insert(start.run.to_string(), (start.clone(), FlowState::Running));
        Ok(true)
    }

    async fn state(&self, run: &RunId) -> Result<Option<FlowState>, Fault> {
        Ok(self.runs().get(run.as_str()).map(|(_, state)| *state))
    }

    async fn stop(&self, run: &RunId) -> Result<(), Fault> {
        if let Some((_, state)) = self.runs().get_mut(run.as_str())
            && *state == FlowState::Running
        {
            *state = FlowState::Stopped;
        }
        Ok(())
    }
}
