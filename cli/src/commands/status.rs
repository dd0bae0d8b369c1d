//! status and cancel: migrations and their runs.

use carry_model::{Code, Fault};
use carry_ports::{Clock, Migration, Run, RunState, SystemClock};
use serde_json::json;

use crate::args::{Common, Which};
use crate::exit::Exit;
use crate::output;
use crate::session::Session;
use crate::summary::short;

/// Lists migrations with their runs.
pub(crate) async fn run(common: &Common, which: &Which) -> Result<Exit, Fault> {
    let session = Session::to_read(&common.state)?;
    let mut listed = Vec::new();
    for migration in session.migrations(which).await? {
        let runs = session.jobs.runs(&migration.id).await?;
        let links = session.jobs.count_links(&migration.id).await?;
        let in_target: u64 = links.iter().filter(|((_, state), _)| *state == "done").map(|(_, n)| n).sum();
        listed.push((migration, runs, in_target));
    }
    if common.json {
        let migrations: Vec<_> = listed
            .iter()
            .map(|(migration, runs, in_target)| {
                json!({ "migration": migration, "runs": runs.iter().map(described).collect::<Vec<_>>(), "in_target": in_target })
            })
            .collect();
        output::json(&json!({ "state": session.folder, "migrations": migrations }))?;
        return Ok(Exit::Finished);
    }
    for (migration, runs, in_target) in &listed {
        show(migration, runs, *in_target)?;
    }
    Ok(Exit::Finished)
}

pub(crate) fn described(run: &Run) -> serde_json::Value {
    let reason = match &run.state {
        RunState::Paused { fault, until } => Some(json!({ "code": fault.code.id(), "until": until })),
        RunState::Failed { fault } => Some(json!({ "code": fault.code.id() })),
        _ => None,
    };
    json!({
        "id": run.id,
        "kind": run.kind.name(),
        "state": run.state.name(),
        "reason": reason,
        "started": run.started,
        "ended": run.ended,
        "attempts": run.attempts,
        "stages": run.seconds,
    })
}

fn show(migration: &Migration, runs: &[Run], in_target: u64) -> Result<(), Fault> {
    output::line(&format!("{} -> {}", migration.source, migration.target))?;
    output::line(&format!("{} in the target", output::counted(in_target, "record", "records")))?;
    table(runs)
}

/// Runs as a table.
pub(crate) fn table(runs: &[Run]) -> Result<(), Fault> {
    let rows = runs.iter().map(|run| {
        let state = match &run.state {
            RunState::Paused { fault, until: Some(until) } => {
                format!("paused until {until} ({})", fault.code.id())
            }
            RunState::Paused { fault, .. } | RunState::Failed { fault } => {
                format!("{} ({})", run.state.name(), fault.code.id())
            }
            // An active run that nobody works on was cut off: the same command goes on with it.
            RunState::Running => "running, or cut off".to_owned(),
            other => other.name().to_owned(),
        };
        let times =
            |time: Option<carry_model::Timestamp>| time.map(|t| format!("{t:.0}")).unwrap_or_default();
        let row = [short(run), run.kind.name().to_owned(), state, times(Some(run.started)), times(run.ended)];
        row.into_iter().chain([run.attempts.to_string()]).collect()
    });
    output::line(&output::table(
        &["run", "kind", "state", "began", "ended", "attempts"],
        rows.collect(),
        &[5],
    ))?;
    output::line("")
}

/// Ends the active run for good; what it carried stays in the target and in the journal.
pub(crate) async fn cancel(common: &Common, which: &Which) -> Result<Exit, Fault> {
    Session::to_read(&common.state)?;
    let session = Session::to_write(&common.state)?;
    let migration = session.one_migration(which).await?;
    let runs = session.jobs.runs(&migration.id).await?;
    let Some(mut run) = runs.into_iter().rev().find(|run| run.state.is_active()) else {
        return Err(Fault::new(Code::MigrationUnknown)
            .detail("It has no run to cancel.")
            .hint("`carry status` lists its runs."));
    };
    run.state = RunState::Cancelled;
    run.ended = Some(SystemClock.now());
    session.jobs.save_run(&run).await?;
    if common.json {
        output::json(&described(&run))?;
    } else {
        output::line(&format!("Cancelled the {} run {}.", run.kind.name(), short(&run)))?;
    }
    Ok(Exit::Finished)
}
