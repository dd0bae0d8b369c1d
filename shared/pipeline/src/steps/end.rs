//! The last steps: the target read back, the run's final state, its report; or, on a fault, the state it is left in.

use carry_model::{Action, Code, Fault};
use carry_ports::{Run, RunKind, RunState, Stage};
use jiff::SignedDuration;
use rustc_hash::FxHashSet;

use super::OpenRun;
use super::stage::complete;
use crate::Engine;
use crate::plan::Plan;
use crate::reconcile::{ReconcileSummary, reconcile, reconciled};
use crate::report::{ReportData, keep, keep_partial, kept};
use crate::store::RunStore;
use crate::tally::Tally;

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The run, with its state and timings.
    pub run: Run,
    /// What became of the records.
    pub tally: Tally,
    /// What the comparison came to.
    pub reconciled: ReconcileSummary,
}

/// How a run ended that has finished, by what was kept for its report; None where nothing was, or is any more.
pub async fn ended(engine: &Engine, run: &Run) -> Result<Option<Ended>, Fault> {
    let kept = kept(&RunStore::new(engine.staging.clone(), run)).await?;
    Ok(kept.map(|ReportData { tally, reconciled, .. }| Ended {
        run: run.clone(),
        tally,
        reconciled: reconciled.unwrap_or_default(),
    }))
}

impl OpenRun {
    /// Reads the target back and compares, slice after slice, from 0; Some is the one to go on with, because the
    /// time was up.
    pub async fn reconcile(&self, slice: u32) -> Result<Option<u32>, Fault> {
        let next = reconcile(&*self.loader(self.engine.clone(), FxHashSet::default()).await?, slice).await?;
        if next.is_none() {
            self.lap(Stage::Reconcile).await?;
        }
        Ok(next)
    }

    /// Ends the run: what its report is made of is kept, and it is finished, with issues or without. A run that
    /// has ended stays as it is.
    pub async fn finish(&self) -> Result<Ended, Fault> {
        let tally = self.tally().await?;
        let (summary, lists) = complete(vec![reconciled(&self.store).await?])?.pop().unwrap_or_default();
        let data = ReportData {
            migration: self.migration.clone(),
            plan: Plan::clone(self.plan().await?),
            tally: tally.clone(),
            reconciled: Some(summary.clone()),
            lists,
        };
        keep(&self.store, &data).await?;
        let state = if tally.is_clean() && summary.agrees() {
            RunState::Finished
        } else {
            RunState::FinishedWithIssues
        };
        Ok(Ended { run: self.end(state).await?, tally, reconciled: summary })
    }

    /// Leaves the run as a fault leaves it: paused where it can go on, failed where no second attempt can change
    /// anything. What it came to so far is kept for a report. A run that has ended stays as it is.
    pub async fn fail(&self, fault: &Fault) -> Result<Run, Fault> {
        let run = self.end(self.state_after(fault)).await?;
        if let (true, Some(plan)) = (self.run.kind != RunKind::Rollback, Plan::find(&self.store).await?) {
            let (migration, tally) = (self.migration.clone(), self.tally().await?);
            let lists = Default::default();
            let data = ReportData { migration, plan, tally, reconciled: None, lists };
            keep_partial(&self.store, run.attempts, &data).await?;
        }
        Ok(run)
    }

    pub(super) async fn end(&self, state: RunState) -> Result<Run, Fault> {
        let known = self.engine.jobs.run(&self.migration.id, &self.run.id).await?;
        let mut run = known.unwrap_or_else(|| self.run.clone());
        if run.state.is_active() {
            run.ended = (!state.is_active()).then(|| self.engine.clock.now());
            run.state = state;
            self.engine.jobs.save_run(&run).await?;
        }
        Ok(run)
    }

    /// Whatever may pass or be mended leaves the run paused; only what no second attempt can change fails it.
    fn state_after(&self, fault: &Fault) -> RunState {
        let now = self.engine.clock.now();
        let after = |seconds| now.checked_add(SignedDuration::from_secs(i64::try_from(seconds).ok()?)).ok();
        let until = fault.retry_after_s.and_then(after);
        let before_anything = matches!(
            fault.code,
            Code::SourceUnrecognised
                | Code::MappingIncomplete
                | Code::MappingInvalid
                | Code::TargetUnsuitable
        );
        if before_anything || (fault.action() == Action::Stop && fault.code == Code::Bug) {
            RunState::Failed { fault: fault.clone() }
        } else {
            RunState::Paused { fault: fault.clone(), until }
        }
    }

    /// Ends a run that staged its books only.
    pub(crate) async fn stop_after_staging(&self) -> Result<(Run, Tally), Fault> {
        let mut tally = Tally::default();
        for part in self.transformed().await? {
            part.records.iter().for_each(|(entity, count)| tally.of(*entity).not_selected += count);
            part.rejects.iter().for_each(|(entity, count)| tally.of(*entity).failed += count);
        }
        Ok((self.end(RunState::Cancelled).await?, tally))
    }
}
