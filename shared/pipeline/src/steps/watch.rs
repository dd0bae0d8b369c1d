//! A run seen from outside, by whoever only watches: how far it is, and what it came to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use carry_model::{Code, Entity, Fault};
use carry_ports::{Run, Stage, Staging};
use tokio::sync::OnceCell;

use super::undo::OUTCOME;
use super::{Ended, OpenRun};
use crate::extract::Extracted;
use crate::plan::Plan;
use crate::report::report_data;
use crate::rollback::RollbackResult;
use crate::store::RunStore;
use crate::transform::TransformedPart;

/// How far a stage is, in the stage's own records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HowFar {
    /// Done.
    pub done: u64,
    /// All there are, where that is known.
    pub of: Option<u64>,
}

/// Follows a run by what its steps leave in staging. Each look lists the marks of the stage at hand; what does not
/// change any more is read once.
pub struct Watch {
    run: OpenRun,
    extracted: OnceCell<Vec<Extracted>>,
    transformed: OnceCell<Vec<TransformedPart>>,
}

/// None while a stage is not done.
fn once_done<T>(found: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.code == Code::Interrupted => Ok(None),
        Err(fault) => Err(fault),
    }
}

impl Watch {
    /// Follows that run.
    pub fn new(run: OpenRun) -> Self {
        Self { run, extracted: OnceCell::new(), transformed: OnceCell::new() }
    }

    /// How far a stage is. Nothing is known of a stage that leaves no marks, or whose forerunner is not done.
    pub async fn how_far(&self, stage: Stage) -> Result<HowFar, Fault> {
        match stage {
            Stage::Extract => self.extract().await,
            Stage::Transform => self.transform().await,
            Stage::Load => self.load().await,
            Stage::Plan | Stage::Reconcile | Stage::Report => Ok(HowFar::default()),
        }
    }

    async fn marks(&self, stage: Stage, folder: &str) -> Result<BTreeSet<String>, Fault> {
        let prefix = format!("{}/{folder}", stage.name());
        let keys = self.run.store.list(&prefix).await?;
        let name = |key: &String| key.strip_prefix(&prefix)?.strip_suffix(".json").map(str::to_owned);
        Ok(keys.iter().filter_map(name).collect())
    }

    async fn extract(&self) -> Result<HowFar, Fault> {
        if self.run.plan.get().is_none() && Plan::find(&self.run.store).await?.is_none() {
            return Ok(HowFar::default());
        }
        let done = self.marks(Stage::Extract, "done/").await?;
        let partitions = &self.run.plan().await?.survey.partitions;
        let read = partitions.iter().filter(|partition| done.contains(&*partition.id)).map(|p| p.rows).sum();
        Ok(HowFar { done: read, of: Some(partitions.iter().map(|partition| partition.rows).sum()) })
    }

    async fn transform(&self) -> Result<HowFar, Fault> {
        let Some(all) = once_done(self.extracted.get_or_try_init(|| self.run.extracted()).await)? else {
            return Ok(HowFar::default());
        };
        let done = self.marks(Stage::Transform, "done/").await?;
        let rows = |e: &Extracted| {
            let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            let there = count(e.parts.iter().filter(|part| done.contains(*part)).count());
            e.rows.saturating_mul(there) / count(e.parts.len()).max(1)
        };
        Ok(HowFar { done: all.iter().map(rows).sum(), of: Some(all.iter().map(|e| e.rows).sum()) })
    }

    async fn load(&self) -> Result<HowFar, Fault> {
        let Some(all) = once_done(self.transformed.get_or_try_init(|| self.run.transformed()).await)? else {
            return Ok(HowFar::default());
        };
        let done = self.marks(Stage::Load, "").await?;
        let mut far = HowFar { done: 0, of: Some(0) };
        for part in all {
            for (entity, records) in &part.records {
                far.of = far.of.map(|of| of + records);
                if done.contains(&format!("{}/{}", entity.name(), part.part)) {
                    far.done += records;
                }
            }
        }
        Ok(far)
    }
}

/// What a run that has a report came to.
pub async fn outcome(staging: Arc<dyn Staging>, run: &Run) -> Result<Ended, Fault> {
    let data = report_data(&RunStore::new(staging, run), run).await?;
    let reconciled = data.reconciled.unwrap_or_default();
    Ok(Ended { run: run.clone(), tally: data.tally, reconciled })
}

/// What a rollback that has ended came to.
pub async fn undone(staging: Arc<dyn Staging>, run: &Run) -> Result<BTreeMap<Entity, RollbackResult>, Fault> {
    RunStore::new(staging, run).need_json(OUTCOME).await
}
