//! rollback and remigrate: taking out of the target what was put there.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};

use carry_model::{Code, Entity, Fault};
use carry_pipeline::{Engine, Removable, RollbackResult, removable, rollback};
use carry_ports::{Migration, RunKind};
use serde_json::json;

use crate::args::{Choice, Common, Remigrate, Rollback};
use crate::commands::run::Work;
use crate::exit::Exit;
use crate::output;
use crate::progress::{Way, progress};
use crate::session::Session;
use crate::stop;

pub(crate) type Results = BTreeMap<Entity, RollbackResult>;

/// Lists what can be removed, asks which of it, removes it.
pub(crate) async fn run(common: &Common, args: &Rollback) -> Result<Exit, Fault> {
    Session::to_read(&common.state)?;
    let session = Session::to_write(&common.state)?;
    let migration = session.one_migration(&args.which).await?;
    refuse_while_active(&session, &migration).await?;
    // A password is never stored: where the target needs one, --to gives it again.
    let target = args.which.to.as_deref().unwrap_or(&migration.target);
    let mut engine = session.target_engine(target, common).await?;
    let list = removable(&engine, &migration.id).await?;
    if list.is_empty() {
        if common.json {
            output::json(&json!({ "removable": [], "removed": {} }))?;
        } else {
            output::line("There is no data to delete.")?;
        }
        return Ok(Exit::Finished);
    }
    let Some(entities) = choose(common, &list, &args.choice)? else { return Ok(Exit::Finished) };
    engine.cancel = stop::on_signal();
    let results = rollback(&engine, &migration.id, &entities).await?;
    show(common, &list, &results)
}

async fn refuse_while_active(session: &Session, migration: &Migration) -> Result<(), Fault> {
    let runs = session.jobs.runs(&migration.id).await?;
    match runs.iter().find(|run| run.state.is_active()) {
        Some(run) => Err(Fault::new(Code::RunActive)
            .detail(format!("Its {} run has not ended.", run.kind.name()))
            .hint("Give that command again to end it, or give it up with `carry cancel`.")),
        None => Ok(()),
    }
}

/// What to remove; None where nothing was chosen or the list alone was asked for.
pub(crate) fn choose(
    common: &Common,
    list: &[Removable],
    choice: &Choice,
) -> Result<Option<Vec<Entity>>, Fault> {
    let possible: Vec<_> = list.iter().filter(|r| r.possible).map(|r| r.entity).collect();
    if !common.json {
        output::line(&listing(list))?;
    }
    let chosen = if choice.all {
        possible
    } else if !choice.entities.is_empty() {
        if let Some(entity) = choice.entities.iter().find(|entity| !possible.contains(entity)) {
            return Err(
                Fault::new(Code::CannotRemove).detail(format!("No {} can be removed.", entity.plural()))
            );
        }
        choice.entities.clone()
    } else if !common.json && std::io::stdin().is_terminal() {
        asked("Remove which? Names separated by commas, `all`, or nothing to leave everything:", &possible)?
    } else {
        if common.json {
            output::json(&json!({ "removable": list, "removed": {} }))?;
        } else {
            output::note("Choose with --entities or --all.");
        }
        return Ok(None);
    };
    if chosen.is_empty() || !(choice.yes || confirmed(list, &chosen)?) {
        output::note("Nothing was removed.");
        return Ok(None);
    }
    Ok(Some(chosen))
}

fn listing(list: &[Removable]) -> String {
    let rows = list.iter().map(|r| {
        let how = if r.possible { r.how.clone() } else { format!("cannot be removed: {}", r.how) };
        vec![r.entity.plural().to_owned(), output::count(r.records), how]
    });
    output::table(&["in the target", "records", "how"], rows.collect(), &[1])
}

fn asked(question: &str, possible: &[Entity]) -> Result<Vec<Entity>, Fault> {
    let answer = answer(question)?;
    if answer.eq_ignore_ascii_case("all") {
        return Ok(possible.to_vec());
    }
    let names = answer.split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let entity = name.parse::<Entity>().map_err(|e| Fault::new(Code::ConfigInvalid).detail(e))?;
            if possible.contains(&entity) {
                Ok(entity)
            } else {
                Err(Fault::new(Code::CannotRemove).detail(format!("No {} can be removed.", entity.plural())))
            }
        })
        .collect()
}

fn confirmed(list: &[Removable], chosen: &[Entity]) -> Result<bool, Fault> {
    if !std::io::stdin().is_terminal() {
        return Err(Fault::new(Code::ConfigInvalid)
            .detail("Nobody is there to confirm the removal.")
            .hint("Add --yes where it is meant."));
    }
    let records = list.iter().filter(|r| chosen.contains(&r.entity)).map(|r| r.records).sum();
    let answer =
        answer(&format!("Remove {} from the target? [y/N]", output::counted(records, "record", "records")))?;
    Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

fn answer(question: &str) -> Result<String, Fault> {
    output::note(question);
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|e| Fault::new(Code::FileUnreadable).detail("stdin").caused_by(e))?;
    Ok(answer.trim().to_owned())
}

pub(crate) fn show(common: &Common, list: &[Removable], results: &Results) -> Result<Exit, Fault> {
    let kept: u64 = results.values().flat_map(|result| result.kept.values()).sum();
    if common.json {
        output::json(&json!({ "removable": list, "removed": results }))?;
    } else {
        // In the order in which they went.
        for (entity, result) in results.iter().rev() {
            output::line(&format!("{}: {} removed", entity.plural(), output::count(result.removed)))?;
            for (reason, count) in &result.kept {
                output::line(&format!("  {} stayed: {reason}", output::count(*count)))?;
            }
        }
    }
    Ok(if kept == 0 { Exit::Finished } else { Exit::Issues })
}

/// Removes everything that can be removed and migrates anew; an interrupted re-migration goes on.
pub(crate) async fn remigrate(common: &Common, args: &Remigrate) -> Result<Exit, Fault> {
    let mut work = Work::begin(common, &args.run).await?;
    work.engine.cancel = stop::on_signal();
    let runs = work.session.jobs.runs(&work.migration.id).await?;
    let goes_on = runs.iter().any(|run| run.state.is_active() && run.kind == RunKind::Remigration);
    if !goes_on {
        refuse_while_active(&work.session, &work.migration).await?;
        if !clear(common, &work.engine, &work.migration, args.yes).await? {
            return Ok(Exit::Finished);
        }
    }
    let (summary, exit) = work.carry(RunKind::Remigration).await?;
    summary.print(common)?;
    Ok(exit)
}

/// Everything that can be removed; None where the person thought better of it.
pub(crate) fn to_clear(list: &[Removable], yes: bool) -> Result<Option<Vec<Entity>>, Fault> {
    // stdout is kept for the run's own result.
    output::note(&listing(list));
    let which: Vec<_> = list.iter().filter(|r| r.possible).map(|r| r.entity).collect();
    if yes || confirmed(list, &which)? {
        return Ok(Some(which));
    }
    output::note("Nothing was removed.");
    Ok(None)
}

/// Removes what an earlier migration left; false where the person thought better of it.
async fn clear(common: &Common, engine: &Engine, migration: &Migration, yes: bool) -> Result<bool, Fault> {
    let list = removable(engine, &migration.id).await?;
    if list.is_empty() {
        return Ok(true);
    }
    let Some(which) = to_clear(&list, yes)? else { return Ok(false) };
    let engine = Engine { progress: progress(common.quiet, Way::Out), ..engine.clone() };
    let results = rollback(&engine, &migration.id, &which).await?;
    let kept: u64 = results.values().flat_map(|result| result.kept.values()).sum();
    if kept > 0 && !common.quiet {
        output::note(&format!(
            "{} could not be removed and will be compared again.",
            output::counted(kept, "record", "records")
        ));
    }
    Ok(true)
}
