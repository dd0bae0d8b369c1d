//! What a run did and what it proved, for the person who has to answer for the books.
//!
//! A report is a small [`RunReport`] plus long lists that are read as streams ([`ReportRows`]), so its memory does
//! not grow with the books. From them come one HTML page, one JSON file and one CSV file per [`Table`]:
//!
//! ```
//! # fn example(run: &carry_report::RunReport) -> Result<(), carry_model::Fault> {
//! use carry_report::{MemoryRows, Report, Table};
//!
//! let rows = MemoryRows::default();
//! let report = Report::new(run, &rows)?;
//! println!("{}", report.verdict().sentence);
//! let mut page = Vec::new();
//! report.html(&mut page)?;
//! report.csv(Table::Crosswalk, &mut std::io::stdout())?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Files`] writes all of them in one go.
//!
//! This crate names no file system: every renderer writes to a writer of the caller's.

mod compared;
mod digest;
mod files;
mod format;
mod html;
mod json;
mod moment;
mod rows;
mod run;
mod sheet;
mod table;
mod verdict;

use std::io::Write;

use carry_model::Fault;

pub use compared::Compared;
pub use digest::{LedgerTotal, Limits, Tally};
pub use files::Files;
pub use moment::Moment;
pub use rows::{
    Adjustment, AdjustmentKind, ContactBalance, CrosswalkRow, DocumentBalance, MemoryRows, Moved, Outcome,
    RejectRow, ReportRows, Rows, VanishedRow,
};
pub use run::{
    ClearingBalance, ControlTotal, Counts, EntitySummary, Finding, FindingKind, Mode, NotCarried,
    Reconciliation, RunHeader, RunKind, RunReport, RunState, Setting, Side, StageTiming,
};
pub use table::Table;
pub use verdict::{Verdict, VerdictStatus};

/// Name of the page among a report's files.
pub const HTML_FILE: &str = "report.html";
/// Name of the machine-readable report among a report's files.
pub const JSON_FILE: &str = "report.json";

/// A report that is ready to be written: its lists have been read once, counted and checked.
pub struct Report<'a> {
    run: &'a RunReport,
    rows: &'a dyn ReportRows,
    digest: digest::Digest,
    verdict: Verdict,
}

impl<'a> Report<'a> {
    /// Reads every list once. A fault where a list cannot be read or a sum leaves the range of a decimal.
    pub fn new(run: &'a RunReport, rows: &'a dyn ReportRows) -> Result<Self, Fault> {
        Self::with_limits(run, rows, &Limits::default())
    }

    /// The same with other limits on what the page shows.
    pub fn with_limits(run: &'a RunReport, rows: &'a dyn ReportRows, limits: &Limits) -> Result<Self, Fault> {
        let digest = digest::Digest::take(rows, limits)?;
        let verdict = Verdict::of(run, &digest)?;
        Ok(Self { run, rows, digest, verdict })
    }

    /// Do the books agree?
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// What the lists add up to.
    pub const fn tally(&self) -> &Tally {
        &self.digest.tally
    }

    /// The page: one self-contained file that names no other host. Shows the first rows of long lists and names
    /// the CSV file that has all of them.
    pub fn html(&self, out: &mut dyn Write) -> Result<(), Fault> {
        html::write(self, out)
    }

    /// Everything, as one JSON object; [`RunReport`] and [`MemoryRows`] can be read back from it.
    pub fn json(&self, out: &mut dyn Write) -> Result<(), Fault> {
        json::write(self, out)
    }

    /// One table, whole, as CSV.
    pub fn csv(&self, table: Table, out: &mut dyn Write) -> Result<(), Fault> {
        sheet::write(self, table, out)
    }
}

/// Does two things at once; the first fault counts.
fn both<A: Send, B>(
    aside: impl FnOnce() -> Result<A, Fault> + Send,
    here: impl FnOnce() -> Result<B, Fault>,
) -> Result<(A, B), Fault> {
    std::thread::scope(|scope| {
        let aside = scope.spawn(aside);
        let here = here();
        let died = |_| Fault::new(carry_model::Code::Bug).detail("a thread of the report died");
        Ok((aside.join().map_err(died)??, here?))
    })
}
