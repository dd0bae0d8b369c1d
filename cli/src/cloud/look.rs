//! status, report, staged and cancel: what there is in the stack.

use std::fs::File;
use std::path::{Path, PathBuf};

use carry_model::{Code, Fault};
use carry_ports::Run;
use carry_report::{HTML_FILE, JSON_FILE, VerdictStatus};
use serde::Deserialize;
use serde_json::json;

use crate::args::{Report, Staged, Which};
use crate::cloud::place::Place;
use crate::commands::{report as local_report, staged as local_staged, status as local_status};
use crate::exit::Exit;
use crate::output;
use crate::session::chosen_run;
use crate::summary::{Written, report_folder, short, write_report};

/// Lists migrations with their runs.
pub(crate) async fn status(place: &Place<'_>, which: &Which) -> Result<Exit, Fault> {
    let mut listed = Vec::new();
    for migration in place.migrations(which).await? {
        let runs = place.service.jobs.runs(&migration.id).await?;
        let header = place.service.headers.get(&migration.id).await?;
        listed.push((migration, header.map(|header| header.customer).unwrap_or_default(), runs));
    }
    if place.common.json {
        let migrations = listed.iter().map(|(migration, customer, runs)| {
            let runs: Vec<_> = runs.iter().map(local_status::described).collect();
            json!({ "migration": migration, "customer": customer, "runs": runs })
        });
        let migrations: Vec<_> = migrations.collect();
        output::json(&json!({ "stack": place.stack.name(), "migrations": migrations }))?;
        return Ok(Exit::Finished);
    }
    if listed.is_empty() {
        output::note(&format!("The stack {} keeps no migration.", place.stack.name()));
    }
    for (migration, customer, runs) in &listed {
        output::line(&format!("{} of {customer}", migration.id))?;
        output::line(&format!("{} -> {}", migration.source, migration.target))?;
        local_status::table(runs)?;
    }
    Ok(Exit::Finished)
}

/// Fetches the newest report of a run and names its files.
pub(crate) async fn report(place: &Place<'_>, args: &Report) -> Result<Exit, Fault> {
    let run = look(place, &args.which, args.run.as_deref(), local_report::has_report, "report read").await?;
    let written = fetch_report(place, &run, args.output.as_deref()).await?;
    local_report::show(place.common, args, &written)
}

/// Lists or shows staged batches. What is staged are a customer's books: they must allow it, and every look is in the
/// audit trail.
pub(crate) async fn staged(place: &Place<'_>, args: &Staged) -> Result<Exit, Fault> {
    let run = look(place, &args.which, args.run.as_deref(), |_| true, "staged batches read").await?;
    local_staged::show(place.common, args, place.service.staging.clone(), &run, |_| None).await
}

/// Ends the active run for good; what it carried stays in the target and in the journal.
pub(crate) async fn cancel(place: &Place<'_>, which: &Which) -> Result<Exit, Fault> {
    let migration = place.one_migration(which).await?;
    let runs = place.service.jobs.runs(&migration.id).await?;
    let run = chosen_run(runs, None, |run| run.state.is_active())?;
    place.service.cancel(&migration.id, &run.id, place.stack.caller()).await?;
    let run = place.service.jobs.run(&migration.id, &run.id).await?.unwrap_or(run);
    if place.common.json {
        output::json(&local_status::described(&run))?;
    } else {
        output::line(&format!("Cancelled the {} run {}.", run.kind.name(), short(&run)))?;
    }
    Ok(Exit::Finished)
}

/// The run to look into, once the look itself is allowed and noted.
async fn look(
    place: &Place<'_>,
    which: &Which,
    run: Option<&str>,
    fits: impl Fn(&Run) -> bool,
    what: &str,
) -> Result<Run, Fault> {
    let migration = place.one_migration(which).await?;
    place.service.look(&migration.id, place.stack.caller(), what).await?;
    chosen_run(place.service.jobs.runs(&migration.id).await?, run, fits)
}

/// The newest report of a run, fetched into a folder; where its flow left none it is written from what is staged.
pub(crate) async fn fetch_report(
    place: &Place<'_>,
    run: &Run,
    output: Option<&Path>,
) -> Result<Written, Fault> {
    let folder = output.map_or_else(|| report_folder(&place.common.state, run), Path::to_owned);
    let files = place.service.report_files(&run.migration, &run.id).await?;
    if !files.contains_key(JSON_FILE) {
        return write_report(&place.engine(), run, &folder).await;
    }
    let unwritable = |e: std::io::Error| unreadable(&folder, e);
    std::fs::create_dir_all(&folder).map_err(unwritable)?;
    let folder = folder.canonicalize().map_err(unwritable)?;
    for (name, key) in &files {
        place.service.staging.copy_to(key, &folder.join(name)).await?;
    }
    let verdict = verdict(&folder.join(JSON_FILE))?;
    let mut names: Vec<_> = files.into_keys().collect();
    names.sort_by_key(|name| (name != HTML_FILE, name != JSON_FILE)); // the page first
    Ok(Written {
        html: folder.join(HTML_FILE),
        json: folder.join(JSON_FILE),
        folder,
        files: names,
        verdict: verdict.status,
        sentence: verdict.sentence,
    })
}

#[derive(Deserialize)]
struct Verdict {
    status: VerdictStatus,
    sentence: String,
}

/// What stands at the top of a report; its long lists are passed over.
fn verdict(file: &Path) -> Result<Verdict, Fault> {
    #[derive(Deserialize)]
    struct Top {
        verdict: Verdict,
    }
    let json = std::io::BufReader::new(File::open(file).map_err(|e| unreadable(file, e))?);
    let top: Top = serde_json::from_reader(json)
        .map_err(|e| Fault::new(Code::StagingCorrupt).detail(PathBuf::from(file).display()).caused_by(e))?;
    Ok(top.verdict)
}

fn unreadable(path: &Path, error: std::io::Error) -> Fault {
    Fault::new(Code::FileUnreadable).detail(path.display()).caused_by(error)
}
