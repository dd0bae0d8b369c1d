//! try: the main job on the sample books, or between simulated platforms.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use carry_model::{Code, Entity, Fault};
use carry_pipeline::Cancel;
use carry_ports::{Jobs, LinkState, Migration, RunKind};
use carry_report::VerdictStatus;
use serde::{Deserialize, Serialize};

use crate::args::{Common, SourceOptions, Try};
use crate::commands::run::Work;
use crate::commands::{report, simulated};
use crate::exit::Exit;
use crate::output;
use crate::session::{Outside, Session, open_sides};
use crate::stop;
use crate::summary::Summary;

/// Sample books, with what is read of each.
const SAMPLES: [(&str, &str, &str); 3] = [
    ("quickbooks", "", "QuickBooks Online exports of Larkspur Landscaping LLC"),
    ("xero", "", "Xero exports of Harbour & Finch Ltd"),
    ("gnucash", "book.gnucash", "a GnuCash book"),
];

/// What the samples say of themselves.
#[derive(Debug, Default, Deserialize)]
struct Expected {
    #[serde(default)]
    rejects: Vec<ExpectedReject>,
    #[serde(default)]
    company: ExpectedCompany,
}

#[derive(Debug, Default, Deserialize)]
struct ExpectedCompany {
    name: Option<String>,
    home_currency: Option<String>,
}

/// A row that has to be refused.
#[derive(Clone, Debug, Deserialize)]
struct ExpectedReject {
    file: String,
    line: u64,
}

/// What one book came to.
#[derive(Debug, Serialize)]
pub(super) struct Tried {
    pub(super) name: String,
    /// Rows refused as they have to be.
    pub(super) expected: u64,
    /// What nobody expected, by place.
    pub(super) unexpected: Vec<String>,
    /// Calls made, by the platform's title.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) calls: BTreeMap<&'static str, u64>,
    #[serde(flatten)]
    pub(super) summary: Summary,
}

impl Tried {
    fn is_well(&self) -> bool {
        let verdict = self.summary.report.as_ref().map(|report| report.verdict);
        self.unexpected.is_empty()
            && matches!(verdict, Some(VerdictStatus::Agrees | VerdictStatus::AgreesInPart))
    }
}

/// Migrates each of the sample books into a universal database of its own, or between the platforms that are named.
pub(crate) async fn run(common: &Common, args: &Try) -> Result<Exit, Fault> {
    let cancel = stop::on_signal();
    let all = match (args.simulated.from, args.simulated.to) {
        (Some(from), Some(to)) => vec![simulated::run(common, args, from, to, &cancel).await?],
        _ => books(common, args, &cancel).await?,
    };
    show(common, args, &all)?;
    Ok(if all.iter().all(Tried::is_well) { Exit::Finished } else { Exit::Issues })
}

async fn books(common: &Common, args: &Try, cancel: &Cancel) -> Result<Vec<Tried>, Fault> {
    let samples = samples(args.samples.as_deref())?;
    let mut all = Vec::new();
    for (name, file, title) in SAMPLES {
        let folder = samples.join(name);
        if !folder.is_dir() {
            continue;
        }
        if !common.quiet {
            output::note(&format!("\n{title}"));
        }
        all.push(book(common, &args.into.join(name), &folder, name, file, cancel).await?);
    }
    if all.is_empty() {
        return Err(Fault::new(Code::SourceUnrecognised)
            .detail(samples.display())
            .hint("The folder of samples holds quickbooks/, xero/ or gnucash/."));
    }
    Ok(all)
}

fn show(common: &Common, args: &Try, all: &[Tried]) -> Result<(), Fault> {
    if common.json {
        output::json(&all)?;
    } else {
        for tried in all {
            show_book(tried)?;
        }
    }
    if args.open {
        all.iter()
            .filter_map(|tried| tried.summary.report.as_ref())
            .for_each(|written| report::open(&written.html));
    }
    Ok(())
}

fn show_book(tried: &Tried) -> Result<(), Fault> {
    let Some(report) = &tried.summary.report else { return Ok(()) };
    let mark = if tried.is_well() { "ok" } else { "LOOK" };
    let verdict = format!("{mark:<4} {}: {}", tried.name, report.sentence);
    output::line(&format!("\n{}", output::wrapped(&verdict, 5)))?;
    if tried.expected > 0 {
        let rows = output::counted(tried.expected, "broken row was", "broken rows were");
        output::line(&format!("     {rows} refused, each with its reason and remedy, as it has to be."))?;
    }
    for place in &tried.unexpected {
        output::line(&format!("     not expected: {place}"))?;
    }
    output::line(&format!("     report:   {}", shown(&report.html)))?;
    if let Some(database) = tried.summary.target.strip_prefix("sqlite:") {
        output::line(&format!("     database: {database}"))?;
    }
    for (platform, calls) in &tried.calls {
        let calls = output::counted(*calls, "call", "calls");
        output::line(&format!("     {calls} to the simulated {platform}."))?;
    }
    Ok(())
}

/// Relative to where the person stands, where that is shorter.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let relative = here.ok().and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    relative.unwrap_or_else(|| path.to_path_buf()).display().to_string()
}

/// The folder of sample books: the one named, or the one of the source tree the program stands in or was built from.
fn samples(named: Option<&Path>) -> Result<PathBuf, Fault> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let below = |folder: &Path| folder.join("tests").join("data");
    let here = std::env::current_dir().unwrap_or_default();
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here
        .ancestors()
        .chain(built.ancestors())
        .map(below)
        .find(|folder| folder.join("quickbooks").is_dir());
    found.ok_or_else(|| {
        Fault::new(Code::SourceUnrecognised)
            .detail("The sample books are not here.")
            .hint("Name their folder with --samples; they are in tests/data of the source tree.")
    })
}

async fn book(
    common: &Common,
    into: &Path,
    folder: &Path,
    name: &'static str,
    file: &str,
    cancel: &Cancel,
) -> Result<Tried, Fault> {
    let expected = expected(folder)?;
    make_folder(into)?;
    let (state, database) = (into.join("state"), into.join("books.sqlite"));
    clear_unless_active(&state, &database).await?;
    let source = if file.is_empty() { folder.to_owned() } else { folder.join(file) };
    // The exports of some systems name neither the company nor its currency.
    let company = [("company", expected.company.name), ("home_currency", expected.company.home_currency)];
    let settings = company.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let more = SourceOptions { settings, queries: None };
    let target = format!("sqlite:{}", database.display());
    let sides = open_sides(&source.display().to_string(), &more, &target, &Outside::new(&state)).await?;
    let settings = carry_pipeline::Settings::default();
    let mut work = Work::of(common, Session::to_write(&state)?, sides, settings, None).await?;
    work.engine.cancel = cancel.clone();
    let (summary, _) = work.carry(RunKind::Full).await?;
    let failed = failed(work.session.jobs.as_ref(), &work.migration).await?;
    let (met, unexpected) = judge(&expected.rejects, failed);
    Ok(Tried { name: name.to_owned(), expected: met, unexpected, calls: BTreeMap::new(), summary })
}

/// Makes the folder to work in where there is none.
pub(super) fn make_folder(path: &Path) -> Result<(), Fault> {
    std::fs::create_dir_all(path).map_err(|e| unusable(path, e))
}

/// Takes away the state that an earlier try left. A fault ([`Code::RunActive`]) where a process still works in it.
pub(super) fn clear(state: &Path) -> Result<(), Fault> {
    if state.join("state.db").is_file() {
        drop(Session::to_write(state)?);
        std::fs::remove_dir_all(state).map_err(|e| unusable(state, e))?;
    }
    Ok(())
}

fn unusable(path: &Path, error: std::io::Error) -> Fault {
    Fault::new(Code::FileUnreadable).detail(path.display()).caused_by(error)
}

fn expected(folder: &Path) -> Result<Expected, Fault> {
    let path = folder.join("expected.json");
    if !path.is_file() {
        return Ok(Expected::default());
    }
    let unreadable = |e: String| Fault::new(Code::FileUnreadable).detail(path.display()).caused_by(e);
    let text = std::fs::read_to_string(&path).map_err(|e| unreadable(e.to_string()))?;
    serde_json::from_str(&text).map_err(|e| unreadable(e.to_string()))
}

/// Each try begins anew, unless one was cut off: that one goes on.
async fn clear_unless_active(state: &Path, database: &Path) -> Result<(), Fault> {
    if state.join("state.db").is_file() {
        let session = Session::to_write(state)?;
        for migration in session.jobs.migrations().await? {
            if session.jobs.runs(&migration.id).await?.iter().any(|run| run.state.is_active()) {
                return Ok(());
            }
        }
        drop(session);
        clear(state)?;
    }
    for ending in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{}{ending}", database.display()));
        match std::fs::remove_file(&file) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(unusable(&file, e));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A record that failed: where it stands and why.
pub(super) struct Failed {
    file: String,
    lines: (u64, u64),
    pub(super) shown: String,
}

pub(super) async fn failed(jobs: &dyn Jobs, migration: &Migration) -> Result<Vec<Failed>, Fault> {
    let mut all = Vec::new();
    for entity in Entity::ALL {
        let mut after = None;
        loop {
            let page = jobs.links(&migration.id, *entity, after.as_ref(), 1_000).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.id.clone());
            for link in page.into_iter().filter(|link| link.state == LinkState::Failed) {
                let place = link.more.place;
                let code = link.more.fault.map(|fault| fault.code.id()).unwrap_or_default();
                all.push(Failed {
                    shown: format!("{place} {entity} {code}"),
                    lines: (place.line, place.last_line.max(place.line)),
                    file: place.file,
                });
            }
        }
    }
    Ok(all)
}

/// How many rows were refused as they have to be, and what nobody expected: other failures, and rows that were taken
/// though they are broken.
fn judge(expected: &[ExpectedReject], failed: Vec<Failed>) -> (u64, Vec<String>) {
    let mut missing = expected.to_vec();
    let mut unexpected = Vec::new();
    for record in failed {
        let of_it = |reject: &ExpectedReject| {
            record.file.starts_with(&reject.file) && (record.lines.0..=record.lines.1).contains(&reject.line)
        };
        let before = missing.len();
        missing.retain(|reject| !of_it(reject));
        if missing.len() == before && !expected.iter().any(of_it) {
            unexpected.push(record.shown);
        }
    }
    let met = u64::try_from(expected.len() - missing.len()).unwrap_or_default();
    unexpected.extend(missing.iter().map(|reject| format!("{}:{} was taken", reject.file, reject.line)));
    (met, unexpected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u64, last: u64) -> Failed {
        Failed { file: "A.csv".to_owned(), lines: (line, last), shown: format!("A.csv:{line}") }
    }

    #[test]
    fn only_the_rows_that_have_to_fail_may_fail() {
        let expected = [5, 9].map(|line| ExpectedReject { file: "A.csv".to_owned(), line });
        assert_eq!(judge(&expected, vec![at(4, 6), at(9, 9)]), (2, vec![]));
        assert_eq!(judge(&expected, vec![at(4, 6), at(7, 9), at(20, 20)]), (2, vec!["A.csv:20".to_owned()]));
        assert_eq!(judge(&expected, vec![at(4, 6)]), (1, vec!["A.csv:9 was taken".to_owned()]));
    }
}
