use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use carry_model::{Fault, MigrationId, RunId};
use serde::{Deserialize, Serialize};

use crate::RunKind;

/// What a run is started with: ids and names, never rows, and neither settings, which may hold a customer's mapping,
/// nor what is removed: those lie in staging, where every attempt finds them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowStart {
    /// The migration.
    pub migration: MigrationId,
    /// The run, named by whoever starts it: the same name again is the same run.
    pub run: RunId,
    /// Which time it is set going: 1 at first, one more each time it is gone on with after its flow broke off.
    #[serde(default = "first")]
    pub attempt: u32,
    /// What it does.
    pub kind: RunKind,
}

const fn first() -> u32 {
    1
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
    /// Sets a run going. True where this did it, false where the same attempt had been started already.
    async fn start(&self, start: &FlowStart) -> Result<bool, Fault>;

    /// Where an attempt at a run stands; None where it was never started.
    async fn state(&self, run: &RunId, attempt: u32) -> Result<Option<FlowState>, Fault>;

    /// Stops an attempt at a run. Stopping what does not go on is no fault.
    async fn stop(&self, run: &RunId, attempt: u32) -> Result<(), Fault>;
}

/// Remembers what was started, and does nothing.
#[derive(Debug, Default)]
pub struct MemoryFlow(Mutex<BTreeMap<(String, u32), (FlowStart, FlowState)>>);

impl MemoryFlow {
    fn runs(&self) -> MutexGuard<'_, BTreeMap<(String, u32), (FlowStart, FlowState)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets an attempt break off.
    pub fn fail(&self, run: &RunId, attempt: u32) {
        if let Some((_, state)) = self.runs().get_mut(&(run.to_string(), attempt)) {
            *state = FlowState::Failed;
        }
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
        let key = (start.run.to_string(), start.attempt);
        if runs.contains_key(&key) {
            return Ok(false);
        }
        runs.insert(key, (start.clone(), FlowState::Running));
        Ok(true)
    }

    async fn state(&self, run: &RunId, attempt: u32) -> Result<Option<FlowState>, Fault> {
        Ok(self.runs().get(&(run.to_string(), attempt)).map(|(_, state)| *state))
    }

    async fn stop(&self, run: &RunId, attempt: u32) -> Result<(), Fault> {
        if let Some((_, state)) = self.runs().get_mut(&(run.to_string(), attempt))
            && *state == FlowState::Running
        {
            *state = FlowState::Stopped;
        }
        Ok(())
    }
}
