use carry_model::Timestamp;
use jiff::SignedDuration;

use crate::{Run, RunKind};

/// How long what belongs to a migration is kept once it is over: the product's rule of retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days after the end of the run that counts.
    pub days: u16,
}

impl Default for Retention {
    /// Five days.
    fn default() -> Self {
        Self { days: 5 }
    }
}

impl Retention {
    /// Until when a migration of these runs is kept. None while a run can go on, and where there was none.
    ///
    /// What counts is the end of the last full, delta or re-migration run, or of a retry of one; for a migration
    /// that only ever ran demos, of the last demo. A run that failed or was cancelled has ended too.
    pub fn until(&self, runs: &[Run]) -> Option<Timestamp> {
        if runs.iter().any(|run| run.state.is_active()) {
            return None;
        }
        let last = |counts: fn(RunKind) -> bool| {
            runs.iter().filter(|run| counts(run.kind)).map(|run| run.ended.unwrap_or(run.started)).max()
        };
        let carried = last(|kind| {
            matches!(kind, RunKind::Full | RunKind::Delta | RunKind::Remigration | RunKind::Retry)
        });
        let counted = carried.or_else(|| last(|_| true))?;
        counted.checked_add(SignedDuration::from_hours(i64::from(self.days) * 24)).ok()
    }
}

#[cfg(test)]
mod tests {
    use carry_model::{MigrationId, RunId};

    use super::*;
    use crate::RunState;

    fn run(kind: RunKind, ended_day: i64) -> Run {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        Run {
            id: RunId::from("r"),
            migration: MigrationId::from("m"),
            kind,
            state: RunState::Finished,
            started: day(ended_day),
            ended: Some(day(ended_day)),
            attempts: 1,
            broke_off: false,
            seconds: std::collections::BTreeMap::new(),
            since: None,
        }
    }

    fn until_day(runs: &[Run]) -> Option<i64> {
        Retention::default().until(runs).map(|until| until.as_second() / 86_400)
    }

    #[test]
    fn five_days_after_the_last_run_that_counts() {
        assert_eq!(until_day(&[]), None);
        assert_eq!(until_day(&[run(RunKind::Demo, 10), run(RunKind::Demo, 12)]), Some(17));
        assert_eq!(until_day(&[run(RunKind::Full, 20), run(RunKind::Demo, 24)]), Some(25));
        assert_eq!(until_day(&[run(RunKind::Full, 20), run(RunKind::Delta, 24)]), Some(29));
        assert_eq!(until_day(&[run(RunKind::Full, 20), run(RunKind::Remigration, 24)]), Some(29));
        assert_eq!(until_day(&[run(RunKind::Full, 20), run(RunKind::Rollback, 24)]), Some(25));
    }

    #[test]
    fn never_while_a_run_can_go_on() {
        let running = Run { state: RunState::Running, ended: None, ..run(RunKind::Delta, 24) };
        assert_eq!(until_day(&[run(RunKind::Full, 20), running]), None);
    }
}
