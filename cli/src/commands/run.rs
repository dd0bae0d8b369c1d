//! demo, full, delta and retry: the engine's runs; and stage, which stops before anything is written.

use carry_model::Fault;
use carry_pipeline::{Connection, Engine, Settings, run as drive, stage_only};
use carry_ports::{Migration, RunKind, RunState};

use crate::args::{Common, Run, Stage};
use crate::exit::Exit;
use crate::offline::Offline;
use crate::output;
use crate::session::{Session, open_sides, settings, source_settings};
use crate::stop;
use crate::summary::{Summary, report_folder, write_report};

/// Runs, reports, and shows what came out.
pub(crate) async fn run(common: &Common, args: &Run, kind: RunKind) -> Result<Exit, Fault> {
    let settings = settings(&args.how)?;
    let sides = open_sides(&args.from.spec, &args.from.more, &args.to).await?;
    let session = Session::to_write(&common.state)?;
    let migration = session.migration(&sides.source, &sides.target).await?;
    let mut engine = session.engine(sides.connection, common, args.how.workers);
    engine.cancel = stop::on_signal();
    let (summary, exit) = carry(common, &session, &engine, &migration, kind, &settings).await?;
    if common.json {
        output::json(&summary)?
    } else {
        summary.show()?
    }
    Ok(exit)
}

/// One run with its report.
pub(crate) async fn carry(
    common: &Common,
    session: &Session,
    engine: &Engine,
    migration: &Migration,
    kind: RunKind,
    settings: &Settings,
) -> Result<(Summary, Exit), Fault> {
    if !common.quiet {
        output::note(&format!("{} -> {}", migration.source, migration.target));
    }
    let ended = match drive(engine, migration, kind, settings).await {
        Ok(ended) => ended,
        Err(fault) => return Err(told_when(session, migration, kind, fault).await),
    };
    let report = write_report(engine, &ended.run, &report_folder(&session.folder, &ended.run)).await?;
    let exit = Exit::of_state(&ended.run.state);
    Ok((Summary::ended(migration, &ended, report), exit))
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
    let source = carry_connectors::open_source(&args.from.spec, &source_settings(&args.from.more)).await?;
    let session = Session::to_write(&common.state)?;
    let migration = session.migration(&source.stored, "staging alone").await?;
    let connection = Connection { reader: source.reader, writer: std::sync::Arc::new(Offline) };
    let mut engine = session.engine(connection, common, args.how.workers);
    engine.cancel = stop::on_signal();
    let (run, tally) = stage_only(&engine, &migration, &settings).await?;
    let summary = Summary::new(&migration, &run, &tally);
    if common.json {
        output::json(&summary)?
    } else {
        summary.show()?
    }
    Ok(Exit::Finished)
}
