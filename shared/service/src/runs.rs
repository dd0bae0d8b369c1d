//! Runs: started once, watched, gone on with, cancelled; their reports.

use std::collections::BTreeMap;
use std::time::Duration;

use carry_model::{Code, Entity, Fault, MigrationId, RunId, Timestamp};
use carry_ports::{FlowStart, FlowState, Run, RunKind, RunState, places};
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::Value;

use crate::Service;

/// How long a report's addresses are open.
const OPEN_FOR: Duration = Duration::from_secs(15 * 60);

/// A delta may be requested until so many days after the full run.
const DELTA_DAYS: i64 = 10;

/// Attempts looked for before something must be wrong.
const ATTEMPTS_MAX: u32 = 100;

/// A run that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it does.
    pub kind: RunKind,
    /// Its name; the same name again is the same run. Without one, a new run starts, or the one of its kind that is
    /// under way goes on.
    pub run: Option<RunId>,
    /// How it is to be done; null for the defaults.
    pub settings: Value,
    /// What a rollback removes; everything that can be removed where none is named.
    pub entities: Vec<Entity>,
}

impl Wanted {
    /// A run of that kind, by its name.
    pub const fn named(kind: RunKind, run: RunId, settings: Value) -> Self {
        Self { kind, run: Some(run), settings, entities: Vec::new() }
    }
}

/// Where a run stands.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// Its name.
    pub id: RunId,
    /// What is known of it; nothing yet where it is being started.
    pub run: Option<Run>,
    /// Where its flow stands.
    pub flow: Option<FlowState>,
    /// How often it was set going.
    pub attempt: u32,
}

impl Standing {
    /// Stable name of its state. A run that never began is over once its flow is.
    pub fn state(&self) -> &'static str {
        match (&self.run, self.flow) {
            (Some(run), _) => run.state.name(),
            (None, Some(FlowState::Stopped)) => "cancelled",
            (None, Some(FlowState::Ended | FlowState::Failed)) => "failed",
            (None, Some(FlowState::Running) | None) => "starting",
        }
    }
}

impl Service {
    /// Starts a run, or goes on with it, and hands back its name.
    pub async fn start(&self, migration: &MigrationId, wanted: Wanted, who: &str) -> Result<RunId, Fault> {
        self.migration(migration).await?;
        let runs = self.jobs.runs(migration).await?;
        let named = wanted.run.as_ref();
        let active = runs.iter().find(|run| run.state.is_active());
        let run = match (active, named) {
            (Some(active), Some(name)) if active.id == *name => active.id.clone(),
            (Some(active), None) if active.kind == wanted.kind => active.id.clone(),
            (Some(active), _) => {
                return Err(Fault::new(Code::RunActive).detail(format!("A {} run.", active.kind.name())));
            }
            // Told again after it has ended: there is nothing to do.
            (None, Some(name)) if runs.iter().any(|run| run.id == *name) => return Ok(name.clone()),
            (None, name) => name.cloned().unwrap_or_else(RunId::random),
        };
        if wanted.kind == RunKind::Delta && active.is_none() {
            self.check_delta(&runs)?;
        }
        let (attempt, flow) = self.latest(&run).await?;
        if flow == Some(FlowState::Running) || (flow.is_some() && active.is_none()) {
            return Ok(run);
        }
        self.stage(migration, &run, &wanted).await?;
        let start = FlowStart {
            migration: migration.clone(),
            run: run.clone(),
            attempt: attempt + 1,
            kind: wanted.kind,
        };
        if self.flow.start(&start).await? {
            let what = format!("{} run started", wanted.kind.name());
            self.note(migration, who, &what, "").await?;
            tracing::info!(%migration, %run, kind = wanted.kind.name(), "a run was started");
        }
        Ok(run)
    }

    /// Stages how a run is to be done, not in the flow's input: a mapping names a customer's accounts, and a later
    /// attempt has to find the same. The first stays.
    async fn stage(&self, migration: &MigrationId, run: &RunId, wanted: &Wanted) -> Result<(), Fault> {
        let root = places::run(migration, run);
        if !wanted.settings.is_null() {
            let settings = wanted.settings.to_string().into_bytes();
            self.staging.create(&format!("{root}{}", places::SETTINGS), settings).await?;
        }
        if !wanted.entities.is_empty() {
            let entities = serde_json::to_vec(&wanted.entities);
            let entities = entities.map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
            self.staging.create(&format!("{root}{}", places::ENTITIES), entities).await?;
        }
        Ok(())
    }

    fn check_delta(&self, runs: &[Run]) -> Result<(), Fault> {
        let last = runs.iter().filter(|run| run.has_carried_all()).filter_map(|run| run.ended).max();
        let last = last.ok_or_else(|| Fault::new(Code::DeltaRefused).detail("No full run has finished."))?;
        let days = SignedDuration::from_hours(DELTA_DAYS * 24);
        if self.clock.now().duration_since(last) > days {
            let detail = format!("The last full run finished more than {DELTA_DAYS} days ago.");
            return Err(Fault::new(Code::DeltaRefused).detail(detail));
        }
        Ok(())
    }

    /// The last attempt at a run, and where it stands. While one is running there is none after it.
    async fn latest(&self, run: &RunId) -> Result<(u32, Option<FlowState>), Fault> {
        let mut last = (0, None);
        for attempt in 1..=ATTEMPTS_MAX {
            match self.flow.state(run, attempt).await? {
                Some(FlowState::Running) => return Ok((attempt, Some(FlowState::Running))),
                Some(state) => last = (attempt, Some(state)),
                None => break,
            }
        }
        Ok(last)
    }

    /// Where a run stands. A fault ([`Code::MigrationUnknown`]) where there is no such run.
    pub async fn standing(&self, migration: &MigrationId, id: &RunId) -> Result<Standing, Fault> {
        self.migration(migration).await?;
        let run = self.jobs.run(migration, id).await?;
        let (attempt, flow) = self.latest(id).await?;
        if run.is_none() && flow.is_none() {
            return Err(Fault::new(Code::MigrationUnknown).detail("It has no such run."));
        }
        Ok(Standing { id: id.clone(), run, flow, attempt })
    }

    /// When the oldest run that can still go on was started; None where there is none.
    pub async fn oldest_active(&self) -> Result<Option<Timestamp>, Fault> {
        let mut oldest = None;
        for migration in self.jobs.migrations().await? {
            let runs = self.jobs.runs(&migration.id).await?;
            let started = runs.iter().filter(|run| run.state.is_active()).map(|run| run.started);
            oldest = started.chain(oldest).min();
        }
        Ok(oldest)
    }

    /// Goes on with a run whose flow broke off; where that was after the run's end, its report is written. One that
    /// goes on by itself is left alone.
    pub async fn resume(&self, migration: &MigrationId, id: &RunId, who: &str) -> Result<RunId, Fault> {
        let Standing { run, flow, attempt, .. } = self.standing(migration, id).await?;
        let run = run.ok_or_else(|| Fault::new(Code::MigrationUnknown).detail("It never began."))?;
        if run.state.is_active() {
            return self.start(migration, Wanted::named(run.kind, run.id, Value::Null), who).await;
        }
        if !run.state.has_finished() || flow != Some(FlowState::Failed) {
            return Err(Fault::new(Code::RunEnded).detail(format!("It is {}.", run.state.name())));
        }
        let start = FlowStart {
            migration: migration.clone(),
            run: run.id.clone(),
            attempt: attempt + 1,
            kind: run.kind,
        };
        if self.flow.start(&start).await? {
            self.note(migration, who, "report asked for anew", "").await?;
        }
        Ok(run.id)
    }

    /// Ends a run for good. What it wrote stays; a rollback removes it.
    pub async fn cancel(&self, migration: &MigrationId, id: &RunId, who: &str) -> Result<(), Fault> {
        let standing = self.standing(migration, id).await?;
        self.flow.stop(id, standing.attempt).await?;
        if let Some(run) = standing.run.filter(|run| run.state.is_active()) {
            let ended = Some(self.clock.now());
            self.jobs.save_run(&Run { state: RunState::Cancelled, ended, ..run }).await?;
            self.note(migration, who, "run cancelled", "").await?;
        }
        Ok(())
    }

    /// The files of a run's report, each with an address that is open for a quarter of an hour.
    pub async fn report(
        &self,
        migration: &MigrationId,
        run: &RunId,
        who: &str,
    ) -> Result<Vec<(String, String)>, Fault> {
        self.migration(migration).await?;
        let mut files = Vec::new();
        for (name, key) in self.report_files(migration, run).await? {
            files.push((name, self.doors.download(&key, OPEN_FOR).await?));
        }
        if files.is_empty() {
            return Err(Fault::new(Code::MigrationUnknown).detail("The run has no report yet."));
        }
        self.note(migration, who, "report read", "").await?;
        Ok(files)
    }

    /// The files of the newest report of a run, by name, with their keys; none where there is no report yet.
    ///
    /// Each attempt that ends writes its report into a folder of its own, beside what it is made of.
    pub async fn report_files(
        &self,
        migration: &MigrationId,
        run: &RunId,
    ) -> Result<BTreeMap<String, String>, Fault> {
        let folder = format!("{}{}", places::run(migration, run), places::REPORTS);
        let keys = self.staging.list(&folder).await?;
        let mut newest = (None, BTreeMap::new());
        for key in &keys {
            let Some((attempt, name)) = key.strip_prefix(&folder).and_then(|rest| rest.split_once('/'))
            else {
                continue;
            };
            let Ok(attempt) = attempt.parse::<u32>() else { continue };
            if Some(attempt) > newest.0 {
                newest = (Some(attempt), BTreeMap::new());
            }
            if Some(attempt) == newest.0 {
                newest.1.insert(name.to_owned(), key.clone());
            }
        }
        Ok(newest.1)
    }

    /// An address at which a file of exports can be put, open for a quarter of an hour. A file that was put there
    /// before is replaced, so that a mended export can be carried again.
    pub async fn upload(&self, migration: &MigrationId, file: &str) -> Result<String, Fault> {
        self.migration(migration).await?;
        let plain = !file.is_empty()
            && file.len() <= 200
            && !file.starts_with('.')
            && !file.contains(['/', '\\', '\0'])
            && !file.chars().any(char::is_control);
        if !plain {
            let hint = "Name a file without a folder, at most 200 bytes long.";
            return Err(Fault::new(Code::ConfigInvalid).detail("That is no file name.").hint(hint));
        }
        self.doors.upload(&format!("{}{file}", places::uploads(migration)), OPEN_FOR).await
    }
}
