//! demo, full, delta and retry: the engine's runs; and stage, which stops before anything is written.

use std::sync::Arc;

use carry_connectors::{Offline, UniversalWriter};
use carry_model::{Code, Fault};
use carry_pipeline::steps::ended;
use carry_pipeline::{Connection, Ended, Engine, RunStore, Settings, run as drive, stage_only};
use carry_ports::{Migration, RunKind, RunState};
use carry_report::HTML_FILE;

use crate::args::{Common, Run, Stage};
use crate::commands::books;
use crate::exit::Exit;
use crate::output;
use crate::session::{Outside, Session, Sides, offline, open_sides, settings, source_settings};
use crate::stop;
use crate::summary::{Summary, report_folder, write_report};

/// Runs, reports, and shows what came out.
pub(crate) async fn run(common: &Common, args: &Run, kind: RunKind) -> Result<Exit, Fault> {
    let mut work = Work::begin(common, args).await?;
    work.engine.cancel = stop::on_signal();
    let (summary, exit) = match work.left_without_report(kind).await? {
        Some(ended) => {
            if !common.quiet {
                output::note(
                    "The last run has finished but was cut off before its report. Only that is written now; \
                     give the command again for a new run.",
                );
            }
            work.report(ended).await?
        }
        None => work.carry(kind).await?,
    };
    summary.print(common)?;
    Ok(exit)
}

/// Staged once the report of a run is written.
const REPORTED: &str = "report/written.json";

/// A migration with both sides open.
pub(crate) struct Work<'a> {
    pub(crate) common: &'a Common,
    pub(crate) session: Session,
    pub(crate) migration: Migration,
    pub(crate) engine: Engine,
    pub(crate) settings: Settings,
    /// The target's table for rows that could not be carried, where it has one.
    pub(crate) rejects: Option<Arc<UniversalWriter>>,
}

impl<'a> Work<'a> {
    /// Opens both sides and the state folder.
    pub(crate) async fn begin(common: &'a Common, args: &Run) -> Result<Self, Fault> {
        let settings = settings(&args.how)?;
        let sides =
            open_sides(&args.from.spec, &args.from.more, &args.to, &Outside::new(&common.state)).await?;
        Self::of(common, Session::to_write(&common.state)?, sides, settings, args.how.workers).await
    }

    /// Of sides that are open.
    pub(crate) async fn of(
        common: &'a Common,
        session: Session,
        sides: Sides,
        settings: Settings,
        workers: Option<usize>,
    ) -> Result<Self, Fault> {
        let migration = session.migration(&sides.source, &sides.target).await?;
        let engine = session.engine(sides.connection, common, workers);
        Ok(Self { common, session, migration, engine, settings, rejects: sides.rejects })
    }

    /// One run with its report; both sides are closed after it.
    pub(crate) async fn carry(&mut self, kind: RunKind) -> Result<(Summary, Exit), Fault> {
        let Self { engine, migration, session, .. } = self;
        if !self.common.quiet {
            output::note(&format!("{} -> {}", migration.source, migration.target));
        }
        let ended = match drive(engine, migration, kind, &self.settings).await {
            Ok(ended) => ended,
            Err(fault) => return Err(told_when(session, migration, kind, fault).await),
        };
        self.report(ended).await
    }

    /// The last run, where it is of that kind and has finished without getting as far as its report.
    async fn left_without_report(&self, kind: RunKind) -> Result<Option<Ended>, Fault> {
        let runs = self.session.jobs.runs(&self.migration.id).await?;
        let last = runs.last().filter(|run| run.kind == kind && run.state.has_finished());
        let Some(run) = last else { return Ok(None) };
        let noted = RunStore::new(self.session.staging.clone(), run).get_json::<bool>(REPORTED).await?;
        if noted.is_some() || report_folder(&self.session.folder, run).join(HTML_FILE).is_file() {
            return Ok(None);
        }
        ended(&self.engine, run).await
    }

    /// The report of a run that has ended; both sides are closed after it.
    async fn report(&mut self, ended: Ended) -> Result<(Summary, Exit), Fault> {
        let Self { engine, migration, session, .. } = self;
        let store = RunStore::new(session.staging.clone(), &ended.run);
        if let Some(table) = &self.rejects {
            keep_rejects(&store, table).await?;
        }
        // The report needs neither side, and a large database takes a while to be closed.
        let sides = (std::mem::replace(&mut engine.connection, offline()), self.rejects.take());
        let closing = tokio::task::spawn_blocking(move || drop(sides));
        let report = write_report(engine, &ended.run, &report_folder(&session.folder, &ended.run)).await;
        closing.await.map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        let report = report?;
        store.create_json(REPORTED, &true).await?;
        let exit = Exit::of_state(&ended.run.state);
        Ok((Summary::ended(migration, &ended, report), exit))
    }
}

/// Rows that could not be read stand in the target beside what was carried, where it has a table for them: those of
/// the last run.
async fn keep_rejects(store: &RunStore, table: &UniversalWriter) -> Result<(), Fault> {
    table.clear_rejects().await?;
    for key in books::rejects(store).await? {
        table.store_rejects(&store.get_rows(&key).await?).await?;
    }
    Ok(())
}

/// A paused run says when it goes on.
async fn told_when(session: &Session, migration: &Migration, kind: RunKind, fault: Fault) -> Fault {
    let Ok(run) = session.run(migration, None, |run| run.kind == kind).await else { return fault };
    match run.state {
        RunState::Paused { until: Some(until), .. } => {
            fault.hint(format!("Give the same command again after {until}: it goes on where it stopped."))
        }
        _ => fault,
    }
}

/// Plans, extracts and transforms only.
pub(crate) async fn stage(common: &Common, args: &Stage) -> Result<Exit, Fault> {
    let settings = settings(&args.how)?;
    let outside = Outside::new(&common.state);
    let settings_of_source = source_settings(&args.from.more);
    let source = carry_connectors::open_source(&args.from.spec, &settings_of_source, &outside).await?;
    let session = Session::to_write(&common.state)?;
    let migration = session.migration(&source.stored, "staging alone").await?;
    let connection = Connection { reader: source.reader, writer: Arc::new(Offline::default()) };
    let mut engine = session.engine(connection, common, args.how.workers);
    engine.cancel = stop::on_signal();
    let (run, tally) = stage_only(&engine, &migration, &settings).await?;
    let summary = Summary::new(&migration, &run, &tally);
    summary.print(common)?;
    Ok(Exit::Finished)
}
