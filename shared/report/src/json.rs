//! The machine-readable report: one JSON object, one list row per line, written as it is read. What the lists add up
//! to stands behind them, so that they can be written while they are added up.

use std::io::{BufWriter, Write};

use carry_model::{Code, Fault};
use serde::Serialize;

use crate::sheet::unwritable;
use crate::{Report, ReportRows, Rows, RunReport, Table};

/// Version of the layout; a breaking change raises it.
const FORMAT: &str = "carryforward-report/1";

/// The lists, in the order in which they stand there.
const LISTS: [Table; 6] = [
    Table::Contacts,
    Table::Documents,
    Table::Adjustments,
    Table::Rejects,
    Table::Vanished,
    Table::Crosswalk,
];

struct Object<'w> {
    out: &'w mut dyn Write,
    first: bool,
}

impl Object<'_> {
    fn raw(&mut self, text: &str) -> Result<(), Fault> {
        self.out.write_all(text.as_bytes()).map_err(unwritable)
    }

    fn value(&mut self, value: &impl Serialize) -> Result<(), Fault> {
        serde_json::to_writer(&mut *self.out, value).map_err(|e| {
            if e.is_io() {
                unwritable(e)
            } else {
                Fault::new(Code::Bug).detail("a row of the report did not serialise").caused_by(e)
            }
        })
    }

    fn key(&mut self, key: &str) -> Result<(), Fault> {
        let separator = if self.first { "{\n" } else { ",\n" };
        self.first = false;
        self.raw(separator)?;
        self.value(&key)?;
        self.raw(":")
    }

    fn field(&mut self, key: &str, value: &impl Serialize) -> Result<(), Fault> {
        self.key(key)?;
        self.value(value)
    }

    fn list(&mut self, key: &str, pieces: Rows<'_, Vec<u8>>) -> Result<(), Fault> {
        self.key(key)?;
        let mut separator = "[\n";
        let mut rows = Vec::new();
        for piece in pieces {
            let piece = piece?;
            rows.clear();
            let mut rest = piece.as_slice();
            while !rest.is_empty() {
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                let (line, after) = rest.split_at(end);
                if !line.is_empty() {
                    rows.extend_from_slice(separator.as_bytes());
                    rows.extend_from_slice(line);
                    separator = ",\n";
                }
                rest = after.get(1..).unwrap_or_default();
            }
            self.out.write_all(&rows).map_err(unwritable)?;
        }
        self.raw(if separator == "[\n" { "[]" } else { "\n]" })
    }
}

/// Writes the report whole.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn Write) -> Result<(), Fault> {
    let mut out = BufWriter::new(out);
    begin(report.run, report.rows, &mut out)?;
    end(report, &mut out)
}

/// Writes what needs no look at the lists, and the lists, in many small pieces.
pub(crate) fn begin(run: &RunReport, rows: &dyn ReportRows, out: &mut dyn Write) -> Result<(), Fault> {
    let mut object = Object { out, first: true };
    object.field("format", &FORMAT)?;
    object.field("run", &run.run)?;
    object.field("summary", &run.summary)?;
    object.field("reconciliation", &run.reconciliation)?;
    object.field("not_carried", &run.not_carried)?;
    object.field("findings", &run.findings)?;
    object.field("stages", &run.stages)?;
    for list in LISTS {
        object.list(list.name(), rows.json_lines(list)?)?;
    }
    Ok(())
}

/// Writes what the lists add up to, behind what [`begin`] wrote.
pub(crate) fn end(report: &Report<'_>, out: &mut dyn Write) -> Result<(), Fault> {
    let mut object = Object { out, first: false };
    object.field("tally", &report.digest.tally)?;
    object.field("verdict", &report.verdict)?;
    object.raw("\n}\n")?;
    object.out.flush().map_err(unwritable)
}
