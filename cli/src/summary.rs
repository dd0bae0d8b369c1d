//! What a run came to, for people and as JSON.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use carry_model::{Code, Decimal, Entity, Fault};
use carry_pipeline::{Ended, Engine, EntityTally, Tally, report_files};
use carry_ports::{Migration, Run};
use carry_report::{HTML_FILE, JSON_FILE, VerdictStatus};
use serde::Serialize;

use crate::args::Common;
use crate::output;

/// A report that lies on disk.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Written {
    /// Where it lies.
    pub(crate) folder: PathBuf,
    /// The page to open.
    pub(crate) html: PathBuf,
    /// The same for machines.
    pub(crate) json: PathBuf,
    /// Every file.
    pub(crate) files: Vec<String>,
    /// Do the books agree?
    pub(crate) verdict: VerdictStatus,
    /// In a sentence.
    pub(crate) sentence: String,
}

/// What a run came to.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) migration: String,
    pub(crate) run: String,
    pub(crate) kind: &'static str,
    pub(crate) state: &'static str,
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) attempts: u32,
    /// Seconds spent in each stage, over all attempts.
    pub(crate) stages: BTreeMap<&'static str, Decimal>,
    /// Per entity.
    pub(crate) counts: BTreeMap<Entity, Counts>,
    pub(crate) adjustments: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reconciliation: Option<Reconciled>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<Written>,
}

/// What became of the records of an entity.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Counts {
    pub(crate) available: u64,
    #[serde(flatten)]
    pub(crate) of: EntityTally,
}

/// What reading the target back came to.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Reconciled {
    pub(crate) compared: u64,
    pub(crate) different: u64,
    pub(crate) contacts_different: u64,
    pub(crate) agrees: bool,
}

impl Summary {
    pub(crate) fn new(migration: &Migration, run: &Run, tally: &Tally) -> Self {
        let counts = tally.entities.iter().map(|(e, of)| (*e, Counts { available: of.sum(), of: *of }));
        Self {
            migration: migration.id.to_string(),
            run: run.id.to_string(),
            kind: run.kind.name(),
            state: run.state.name(),
            source: migration.source.clone(),
            target: migration.target.clone(),
            attempts: run.attempts,
            stages: run.seconds.iter().map(|(stage, seconds)| (stage.name(), *seconds)).collect(),
            counts: counts.filter(|(_, counts)| counts.available > 0).collect(),
            adjustments: tally.adjustments,
            reconciliation: None,
            report: None,
        }
    }

    /// Of a run that ended, with its report.
    pub(crate) fn ended(migration: &Migration, ended: &Ended, report: Written) -> Self {
        let reconciled = &ended.reconciled;
        Self {
            reconciliation: Some(Reconciled {
                compared: reconciled.compared,
                different: reconciled.different,
                contacts_different: reconciled.contacts_different,
                agrees: reconciled.agrees(),
            }),
            report: Some(report),
            ..Self::new(migration, &ended.run, &ended.tally)
        }
    }

    /// On stdout, in the form that was asked for.
    pub(crate) fn print(&self, common: &Common) -> Result<(), Fault> {
        if common.json { output::json(self) } else { self.show() }
    }

    fn show(&self) -> Result<(), Fault> {
        output::line(&self.table())?;
        if let Some(report) = &self.report {
            output::line(&format!("\n{}", output::wrapped(&report.sentence, 0)))?;
            output::line(&self.looked_at())?;
            output::line(&format!("Report: {}", report.html.display()))?;
        }
        Ok(())
    }

    /// How many records a person has to look at.
    fn looked_at(&self) -> String {
        let sum =
            |pick: fn(&EntityTally) -> u64| self.counts.values().map(|counts| pick(&counts.of)).sum::<u64>();
        let (failed, skipped) = (sum(|c| c.failed), sum(|c| c.skipped));
        let mut parts = Vec::new();
        if failed > 0 {
            parts.push(format!("{} failed", output::counted(failed, "record", "records")));
        }
        if skipped > 0 {
            parts.push(format!("{} left out", output::counted(skipped, "record was", "records were")));
        }
        if self.adjustments > 0 {
            let word = output::counted(self.adjustments, "adjustment keeps", "adjustments keep");
            parts.push(format!("{word} the figures exact"));
        }
        if parts.is_empty() {
            "Nothing failed, nothing was left out.".to_owned()
        } else {
            format!("{}; each is listed in the report.", parts.join(", "))
        }
    }

    fn table(&self) -> String {
        let rows = self.counts.iter().map(|(entity, Counts { available, of })| {
            let mut row = vec![entity.plural().to_owned()];
            let figures =
                [*available, of.migrated, of.updated, of.unchanged, of.skipped, of.failed, of.not_selected];
            row.extend(figures.map(|n| if n == 0 { "·".to_owned() } else { output::count(n) }));
            row
        });
        let header =
            ["", "available", "migrated", "updated", "unchanged", "left out", "failed", "not selected"];
        output::table(&header, rows.collect(), &[1, 2, 3, 4, 5, 6, 7])
    }
}

/// The folder of a run's report below the state folder.
pub(crate) fn report_folder(state: &Path, run: &Run) -> PathBuf {
    let day: String = run.started.to_string().chars().take(10).collect();
    state.join("reports").join(format!("{day}-{}-{}", run.kind.name(), short(run)))
}

/// The end of a run's id: what tells runs apart, for the beginnings of ids made on one day are alike.
pub(crate) fn short(run: &Run) -> String {
    let id = run.id.as_str();
    let skip = id.chars().count().saturating_sub(8);
    id.chars().skip(skip).collect()
}

/// Writes the report of a run into a folder; files that are there are replaced once all are written, the page last.
pub(crate) async fn write_report(engine: &Engine, run: &Run, folder: &Path) -> Result<Written, Fault> {
    let unwritable =
        |e: std::io::Error| Fault::new(Code::FileUnreadable).detail(folder.display()).caused_by(e);
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    let into = folder.to_owned();
    let create = move |name: &str| {
        File::create(unfinished(&into, name)).map(|file| -> Box<dyn Write + Send> { Box::new(file) })
    };
    let files = report_files(engine, run, create).await?;
    for name in files.names.iter().rev() {
        std::fs::rename(unfinished(folder, name), folder.join(name)).map_err(unwritable)?;
    }
    let folder = folder.canonicalize().map_err(unwritable)?;
    Ok(Written {
        html: folder.join(HTML_FILE),
        json: folder.join(JSON_FILE),
        folder,
        files: files.names,
        verdict: files.verdict,
        sentence: files.sentence,
    })
}

/// Where a file lies until its report is complete.
fn unfinished(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(".new-{name}"))
}
