//! A run, opened for a step of it.

use std::sync::{Arc, Mutex, PoisonError};

use carry_connectors::{Offline, SourceSettings, Target, UniversalWriter, open_source, open_target, placed};
use carry_model::{Action, Code, Entity, Fault, MigrationId, RunId};
use carry_pipeline::steps::{Beginning, OpenRun, begin};
use carry_pipeline::{Cancel, Connection, Engine, RunStore, Settings};
use carry_ports::{Jobs, RunKind, Secrets, places};
use carry_service::{Connection as Kept, Side};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::outside::Outside;
use crate::{Adapters, Call, Config, Meter, Metric, Setup, uploads};

/// Events of the flow: which run it is about, and what is to be done. Ids and keys only, never rows.
#[derive(Clone, Debug)]
pub struct Step<W> {
    /// The migration.
    pub migration: MigrationId,
    /// The run.
    pub run: RunId,
    /// Which time the run was begun; what faults of the attempt are staged under.
    pub attempt: u32,
    /// What is to be done, out of the same object.
    pub what: W,
}

impl<'de, W: DeserializeOwned> Deserialize<'de> for Step<W> {
    fn deserialize<D: Deserializer<'de>>(event: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Ids {
            migration: MigrationId,
            run: RunId,
            attempt: u32,
        }
        let event = Value::deserialize(event)?;
        let Ids { migration, run, attempt } = Ids::deserialize(&event).map_err(D::Error::custom)?;
        Ok(Self { migration, run, attempt, what: W::deserialize(event).map_err(D::Error::custom)? })
    }
}

/// Which sides of a migration a step works with. What it does not need it does not open, and its role cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Source and target.
    Both,
    /// Only the source.
    Source,
    /// Only the target.
    Target,
    /// The target as it is once the levels of a load before this one are done. Others load them too, so that what is
    /// known of the target at one level is too old for the next.
    TargetAt(Option<usize>),
    /// Neither, but the knowledge of what the source's rows mean.
    Rows,
    /// Neither.
    None,
}

/// The steps of runs, as a function carries them out.
pub struct Stages {
    /// Its variables.
    pub config: Config,
    /// The ports.
    pub adapters: Adapters,
    /// Counts for its metrics.
    pub meter: Arc<Meter>,
    opened: Mutex<Option<Opened>>,
}

/// Sides that are open; a warm function goes on with them while it serves the same attempt at a run.
#[derive(Clone)]
struct Opened {
    of: (MigrationId, RunId, u32, Sides),
    connection: Connection,
    rejects: Option<Arc<UniversalWriter>>,
}

/// What one step works with.
pub struct Bench {
    /// The engine over the sides it asked for.
    pub engine: Engine,
    /// The target's table for rows that could not be carried, where it has one.
    pub rejects: Option<Arc<UniversalWriter>>,
}

/// Where the plan notes which system the source is.
const SOURCE_SYSTEM: &str = "plan/source.json";

impl Bench {
    /// Rows that could not be read stand in the target beside what was carried, where it has a table for them: those
    /// of the last run.
    pub async fn keep_rejects(&self, run: &OpenRun) -> Result<(), Fault> {
        let Some(table) = &self.rejects else { return Ok(()) };
        table.clear_rejects().await?;
        for key in run.reject_keys().await? {
            table.store_rejects(&run.store().get_rows(&key).await?).await?;
        }
        Ok(())
    }
}

impl Stages {
    /// Connects.
    pub async fn begin(setup: Setup) -> Result<Self, Fault> {
        let Setup { config, meter } = setup;
        let adapters = Adapters::open(&config).await?;
        Ok(Self { config, adapters, meter, opened: Mutex::default() })
    }

    /// Carries out a step with the sides it needs. A fault is staged with its particulars, so that it can be told
    /// to whom it concerns, and handed back.
    pub async fn bench<W, T>(
        &self,
        step: &Step<W>,
        sides: Sides,
        call: &Call,
        work: impl AsyncFnOnce(Bench) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let done = match self.open(step, sides, call).await {
            // Boxed, or the compiler meets its limit for futures inside futures.
            Ok(bench) => Box::pin(work(bench)).await,
            Err(fault) => Err(fault),
        };
        let Err(fault) = done else { return done };
        self.forget();
        let fault = self.cause(step, fault).await;
        self.stage_fault(step, call, &fault).await;
        Err(fault)
    }

    /// Where parts of the work are missing, a fault that stopped one of them; else the fault itself.
    async fn cause<W>(&self, step: &Step<W>, fault: Fault) -> Fault {
        if fault.code != Code::Interrupted {
            return fault;
        }
        let mut staged = Vec::new();
        for key in self.store(step).list(&faults(step.attempt)).await.unwrap_or_default() {
            staged.extend(self.staged::<Fault>(step, &key).await.ok().flatten());
        }
        staged.retain(|fault| fault.code != Code::Interrupted);
        // What says when it may go on, or that a person is needed, counts before what may pass.
        let telling = |fault: &Fault| (fault.action() == Action::Pause, fault.action() == Action::Stop);
        staged.into_iter().max_by_key(telling).unwrap_or(fault)
    }

    fn store<W>(&self, step: &Step<W>) -> RunStore {
        RunStore::of(self.adapters.staging.clone(), &step.migration, &step.run)
    }

    /// The same, with the run opened.
    pub async fn run<W, T>(
        &self,
        step: &Step<W>,
        sides: Sides,
        call: &Call,
        work: impl AsyncFnOnce(OpenRun) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let open =
            async |bench: Bench| work(OpenRun::open(&bench.engine, &step.migration, &step.run).await?).await;
        self.bench(step, sides, call, open).await
    }

    async fn open<W>(&self, step: &Step<W>, sides: Sides, call: &Call) -> Result<Bench, Fault> {
        let opened = self.sides(step, sides).await?;
        let engine = Engine {
            connection: opened.connection,
            jobs: self.adapters.jobs.clone(),
            staging: self.adapters.staging.clone(),
            clock: self.adapters.clock.clone(),
            progress: self.meter.clone(),
            cancel: Cancel::at(call.due),
            workers: 1,
        };
        Ok(Bench { engine, rejects: opened.rejects })
    }

    async fn sides<W>(&self, step: &Step<W>, sides: Sides) -> Result<Opened, Fault> {
        let of = (step.migration.clone(), step.run.clone(), step.attempt, sides);
        let known = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.of == of) {
            return Ok(known);
        }
        let offline = Arc::new(Offline::default());
        let mut opened =
            Opened { of, connection: Connection { reader: offline.clone(), writer: offline }, rejects: None };
        if sides == Sides::Rows {
            let system = self.staged::<String>(step, SOURCE_SYSTEM).await?;
            let system =
                system.ok_or_else(|| Fault::new(Code::Interrupted).detail("There is no plan yet."))?;
            opened.connection.reader = Arc::new(Offline::of(&system));
        }
        if matches!(sides, Sides::Both | Sides::Source) {
            opened.connection.reader = self.source(&step.migration).await?.reader;
        }
        if matches!(sides, Sides::Both | Sides::Target | Sides::TargetAt(_)) {
            let target = self.target(&step.migration).await?;
            (opened.connection.writer, opened.rejects) = (target.writer, target.rejects);
        }
        // What opens nothing leaves open what another step opened.
        if sides != Sides::None {
            *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened.clone());
        }
        Ok(opened)
    }

    /// Whatever was open may be what is at fault.
    fn forget(&self) {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    async fn source(&self, migration: &MigrationId) -> Result<carry_connectors::Source, Fault> {
        let kept = self.kept(migration, Side::Source).await?;
        let folder = uploads::folder();
        let placed = placed(&kept.spec, &folder);
        if placed.is_some() {
            uploads::lay_out(&*self.adapters.staging, migration, &folder).await?;
        }
        let queries = match &kept.queries {
            None => None,
            Some(text) => {
                let file = folder.with_extension("toml");
                std::fs::write(&file, text)
                    .map_err(|e| Fault::new(Code::FileUnreadable).detail("queries").caused_by(e))?;
                Some(file)
            }
        };
        let settings = SourceSettings { values: kept.settings.clone(), queries };
        open_source(placed.as_ref().unwrap_or(&kept.spec), &settings, &self.outside(migration, &kept)).await
    }

    async fn target(&self, migration: &MigrationId) -> Result<Target, Fault> {
        let kept = self.kept(migration, Side::Target).await?;
        open_target(&kept.spec, &self.outside(migration, &kept)).await
    }

    fn outside(&self, migration: &MigrationId, kept: &Kept) -> Outside {
        Outside::new(&self.adapters, &self.config, &self.meter, migration, kept)
    }

    async fn kept(&self, migration: &MigrationId, side: Side) -> Result<Kept, Fault> {
        let secrets: &dyn Secrets = &*self.adapters.secrets;
        Kept::of(secrets, &self.config.secret_prefix, migration, side).await
    }

    /// Notes which system the source is: what makes sense of its rows later needs no credentials then.
    pub async fn note_source(&self, run: &OpenRun, engine: &Engine) -> Result<(), Fault> {
        run.store().create_json(SOURCE_SYSTEM, &engine.connection.reader.manifest().system).await
    }

    /// Begins the run, or goes on with it.
    pub async fn begin_run<W>(
        &self,
        bench: &Bench,
        step: &Step<W>,
        kind: RunKind,
    ) -> Result<Beginning, Fault> {
        let known = self.adapters.jobs.migration(&step.migration).await?;
        let migration = known.ok_or_else(|| Fault::new(Code::MigrationUnknown))?;
        begin(&bench.engine, &migration, kind, Some(step.run.clone())).await
    }

    /// How the run is to be done: as it was staged before the start, for a mapping names records and has no place in
    /// an event; else by default.
    pub async fn settings<W>(&self, step: &Step<W>) -> Result<Settings, Fault> {
        Ok(self.staged(step, places::SETTINGS).await?.unwrap_or_default())
    }

    /// What is to be taken out of the target; None for everything that can be.
    pub async fn entities_to_undo<W>(&self, step: &Step<W>) -> Result<Option<Vec<Entity>>, Fault> {
        self.staged(step, places::ENTITIES).await
    }

    /// Counts what a transformed batch could not be read of.
    pub fn count_rejects(&self, rejects: u64) {
        self.meter.add(Metric::Rejects, rejects);
    }

    /// A small staged object of the step's run, or None.
    pub(crate) async fn staged<T: DeserializeOwned>(
        &self,
        step: &Step<impl Sized>,
        key: &str,
    ) -> Result<Option<T>, Fault> {
        self.store(step).get_json(key).await
    }

    /// Best effort: what cannot be staged is told by its code.
    async fn stage_fault<W>(&self, step: &Step<W>, call: &Call, fault: &Fault) {
        let key = fault_key(step.attempt, &call.request);
        if let Err(second) = self.store(step).create_json(&key, fault).await {
            tracing::warn!(code = second.code.id(), "a fault could not be staged");
        }
    }
}

fn faults(attempt: u32) -> String {
    format!("faults/{attempt:05}/")
}

pub(crate) fn fault_key(attempt: u32, request: &str) -> String {
    format!("{}{request}.json", faults(attempt))
}
