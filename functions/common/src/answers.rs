//! What the functions of the stages hand back to the flow: keys and numbers, never rows.

use carry_model::Timestamp;
use carry_pipeline::steps::OpenRun;
use carry_ports::{Run, RunState};
use serde::{Deserialize, Serialize};

/// What planning came to.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// True where the run has ended already.
    pub over: bool,
    /// Which time it was begun.
    pub attempt: u32,
    /// The key of the list of partitions; empty where nothing is extracted.
    pub partitions: String,
}

impl Planned {
    /// There is nothing to do.
    pub const fn over(run: &Run) -> Self {
        Self { over: true, attempt: run.attempts, partitions: String::new() }
    }

    /// Goes on with those partitions.
    pub fn of(run: &OpenRun, partitions: Option<String>) -> Self {
        Self { over: false, attempt: run.run().attempts, partitions: partitions.unwrap_or_default() }
    }
}

/// How far a step came.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Done {
    /// False where the time was up before the end: the same step goes on with `slice`.
    pub done: bool,
    /// The slice, or level, to go on with.
    pub slice: u32,
    /// The key of the list that the next map takes; empty where there is none.
    pub manifest: String,
    /// How many levels a load has.
    pub levels: usize,
}

impl Done {
    /// Done, or to be gone on with.
    pub fn after(next: Option<u32>) -> Self {
        Self { done: next.is_none(), slice: next.unwrap_or_default(), ..Self::default() }
    }

    /// Done, or to be called again.
    pub fn when(done: bool) -> Self {
        Self { done, ..Self::default() }
    }

    /// Done, with a list.
    pub fn listed(manifest: String) -> Self {
        Self { done: true, manifest, ..Self::default() }
    }

    /// Done, with so many levels to load.
    pub fn levels(levels: usize) -> Self {
        Self { done: true, levels, ..Self::default() }
    }
}

/// What the flow's Catch hands over.
#[derive(Debug, Deserialize)]
pub struct Caught {
    /// The name of the error.
    #[serde(rename = "Error")]
    pub error: String,
    /// What the function answered, as text.
    #[serde(rename = "Cause", default)]
    pub cause: String,
}

/// How a run that met a fault is left.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// True where the run goes on by itself after `wait_s`.
    pub again: bool,
    /// True where the run had ended already.
    pub over: bool,
    /// Seconds until then.
    pub wait_s: u64,
}

impl Stopped {
    /// Of a run as it was left; a wait is cut to the longest single one.
    pub fn of(run: &Run, now: Timestamp, wait_max_s: u64) -> Self {
        match run.state {
            RunState::Paused { until: Some(until), .. } => {
                let wait_s = u64::try_from(until.duration_since(now).as_secs()).unwrap_or_default();
                Self { again: true, over: false, wait_s: wait_s.saturating_add(1).min(wait_max_s) }
            }
            RunState::Paused { until: None, .. } | RunState::Failed { .. } => Self::default(),
            _ => Self { over: true, ..Self::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use carry_model::{Code, Fault, MigrationId, RunId};
    use carry_ports::RunKind;

    use super::*;

    #[test]
    fn a_run_that_knows_when_it_may_go_on_waits_for_it() {
        let now = Timestamp::from_second(1_000).unwrap();
        let paused = |until: Option<i64>| RunState::Paused {
            fault: Fault::new(Code::RateLimited),
            until: until.map(|second| Timestamp::from_second(second).unwrap()),
        };
        let stopped = |state| {
            let run = Run {
                id: RunId::from("r"),
                migration: MigrationId::from("m"),
                kind: RunKind::Full,
                state,
                started: now,
                ended: None,
                attempts: 1,
                broke_off: false,
                seconds: BTreeMap::new(),
                since: None,
            };
            let stopped = Stopped::of(&run, now, 500);
            (stopped.again, stopped.wait_s, stopped.over)
        };
        assert_eq!(stopped(paused(Some(1_100))), (true, 101, false));
        assert_eq!(stopped(paused(Some(9_000))), (true, 500, false));
        assert_eq!(stopped(paused(Some(900))), (true, 1, false));
        assert_eq!(stopped(paused(None)), (false, 0, false));
        assert_eq!(stopped(RunState::Cancelled), (false, 0, true));
    }
}
