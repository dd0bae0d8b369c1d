//! The steps of a run, each of which can be called alone, with ids, by another process than the one before it.
//!
//! What one step hands to the next lies in staging and in [`carry_ports::Jobs`]; nothing is passed but names. The
//! driver walks the steps in one process, the functions of the cloud are one step each. Every step can be called
//! again, and changes nothing twice. The long ones (load, settle, reconcile, undo) end early once
//! [`crate::Cancel`] says that the time is up, and say where to go on.

mod begin;
mod end;
mod load;
mod stage;
mod undo;
mod watch;

use std::sync::Arc;

use carry_connector::Transformer;
use carry_model::{Code, Decimal, Fault, MigrationId, RunId};
use carry_ports::{Migration, Run, RunKind, Stage};
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use crate::Engine;
use crate::load::AtHand;
use crate::plan::Plan;
use crate::store::RunStore;

pub use crate::load::Chunk;
pub use begin::{Beginning, begin};
pub use end::{Ended, ended};
pub use stage::RawPart;
pub use watch::{HowFar, Watch, outcome, undone};

/// Small staged objects read at once.
const READS_AT_ONCE: usize = 16;

/// A run under way, as a step sees it.
pub struct OpenRun {
    engine: Engine,
    migration: Migration,
    run: Run,
    store: RunStore,
    plan: OnceCell<Arc<Plan>>,
    transformer: OnceCell<Arc<dyn Transformer>>,
    at_hand: Arc<AtHand>,
}

impl OpenRun {
    /// Opens a run that was begun. A fault where there is no such run ([`Code::MigrationUnknown`]), or where it has
    /// ended meanwhile, cancelled by a person perhaps ([`Code::RunEnded`]).
    pub async fn open(engine: &Engine, migration: &MigrationId, run: &RunId) -> Result<Self, Fault> {
        let open = Self::look(engine, migration, run).await?;
        if open.run.state.is_active() {
            return Ok(open);
        }
        Err(Fault::new(Code::RunEnded).detail(format!("It is {}.", open.run.state.name())))
    }

    /// Opens a run whether or not it has ended.
    pub async fn look(engine: &Engine, migration: &MigrationId, run: &RunId) -> Result<Self, Fault> {
        let unknown = || Fault::new(Code::MigrationUnknown);
        let header = engine.jobs.migration(migration).await?.ok_or_else(unknown)?;
        let run = engine.jobs.run(migration, run).await?;
        let run = run.ok_or_else(|| unknown().detail("It has no such run."))?;
        Ok(Self::of(engine, header, run))
    }

    fn of(engine: &Engine, migration: Migration, run: Run) -> Self {
        Self {
            engine: engine.clone(),
            store: RunStore::new(engine.staging.clone(), &run),
            migration,
            run,
            plan: OnceCell::new(),
            transformer: OnceCell::new(),
            at_hand: Arc::default(),
        }
    }

    /// The run as it was when this step began.
    pub const fn run(&self) -> &Run {
        &self.run
    }

    /// Its migration.
    pub const fn migration(&self) -> &Migration {
        &self.migration
    }

    /// Its staged objects.
    pub const fn store(&self) -> &RunStore {
        &self.store
    }

    /// The plan the run goes by.
    pub async fn plan(&self) -> Result<&Arc<Plan>, Fault> {
        self.plan.get_or_try_init(async || Ok(Arc::new(Plan::staged(&self.store).await?))).await
    }

    async fn transformer(&self) -> Result<&Arc<dyn Transformer>, Fault> {
        let plan = self.plan().await?;
        let made = async || Ok(Arc::from(self.engine.connection.reader.transformer(&plan.survey)?));
        self.transformer.get_or_try_init(made).await
    }

    /// Adds the time since the last stage's end to a stage's seconds.
    async fn lap(&self, stage: Stage) -> Result<(), Fault> {
        let Some(mut run) = self.engine.jobs.run(&self.migration.id, &self.run.id).await? else {
            return Err(Fault::new(Code::StateUnusable).detail("a run that was never begun"));
        };
        if !run.state.is_active() {
            return Ok(());
        }
        let now = self.engine.clock.now();
        let since = run.since.replace(now).unwrap_or(now);
        let millis = i64::try_from(now.duration_since(since).as_millis()).unwrap_or(i64::MAX);
        let seconds = run.seconds.entry(stage).or_default();
        *seconds = carry_model::checked_sum([*seconds, Decimal::new(millis.max(0), 3)])?;
        self.engine.jobs.save_run(&run).await
    }

    /// Small staged objects, in the order of their keys given.
    async fn get_all<T: DeserializeOwned + Send>(&self, keys: Vec<String>) -> Result<Vec<Option<T>>, Fault> {
        self.get_all_with(keys, |_| {}).await
    }

    /// The same, each trimmed when it is read.
    async fn get_all_with<T: DeserializeOwned + Send>(
        &self,
        keys: Vec<String>,
        trim: impl Fn(&mut T) + Sync,
    ) -> Result<Vec<Option<T>>, Fault> {
        let trim = &trim;
        let read = |key: String| async move {
            let mut found = self.store.get_json(&key).await?;
            found.iter_mut().for_each(trim);
            Ok(found)
        };
        futures::stream::iter(keys.into_iter().map(read)).buffered(READS_AT_ONCE).try_collect().await
    }

    /// Stages a JSON array, one entry for each child of a map, and hands back its whole key.
    pub async fn manifest(&self, name: &str, entries: &[impl Serialize + Sync]) -> Result<String, Fault> {
        self.store.create_json(name, &entries).await?;
        Ok(self.store.whole_key(name))
    }

    /// Links of the migration, for progress: in its first run about as many as records.
    pub(crate) async fn linked(&self) -> Result<u64, Fault> {
        let jobs = &self.engine.jobs;
        if jobs.runs(&self.migration.id).await?.len() == 1 {
            return self.transformed_records().await;
        }
        Ok(jobs.count_links(&self.migration.id).await?.values().sum())
    }

    /// True for a run that takes a sample only.
    fn is_demo(&self) -> bool {
        self.run.kind == RunKind::Demo
    }
}
