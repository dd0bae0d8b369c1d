//! Every file of a report. A list's sheet is written while the list is read for the page and the verdict, so that
//! a list is parsed once.

use std::io::{BufWriter, Write};
use std::sync::{Mutex, PoisonError};

use carry_model::Fault;

use crate::json;
use crate::sheet::{self, Sheet, unwritable};
use crate::{
    Adjustment, ContactBalance, CrosswalkRow, DocumentBalance, HTML_FILE, JSON_FILE, RejectRow, Report,
    ReportRows, Rows, RunReport, Table, VanishedRow, Verdict, both,
};

/// The lists, whose sheets are written as they are read.
const LISTS: [Table; 6] = [
    Table::Documents,
    Table::Contacts,
    Table::Adjustments,
    Table::Rejects,
    Table::Crosswalk,
    Table::Vanished,
];

/// Bytes that are written to a file at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// A report's files once they are written.
#[derive(Clone, Debug)]
pub struct Files {
    /// Their names, the page first.
    pub names: Vec<String>,
    /// Do the books agree?
    pub verdict: Verdict,
}

impl Files {
    /// Writes every file of a report: `create` is called with each file's name and gives its writer. The JSON
    /// is written while the lists are added up for the others.
    pub fn write<W: Write + Send>(
        run: &RunReport,
        rows: &dyn ReportRows,
        mut create: impl FnMut(&str) -> std::io::Result<W>,
    ) -> Result<Self, Fault> {
        let mut open = |name: &str| {
            create(name).map(|file| BufWriter::with_capacity(BUFFER_BYTES, file)).map_err(unwritable)
        };
        let (mut page, mut json) = (open(HTML_FILE)?, open(JSON_FILE)?);
        let (mut lists, mut sheets) = (Vec::new(), Vec::new());
        for table in Table::ALL {
            let of = if LISTS.contains(table) { &mut lists } else { &mut sheets };
            of.push((*table, open(&table.file_name())?));
        }
        let copying = Copying { rows, outs: Mutex::new(lists) };
        let ((), report) = both(|| json::begin(run, rows, &mut json), || Report::new(run, &copying))?;
        let report = Report { rows, ..report };
        json::end(&report, &mut json)?;
        report.html(&mut page)?;
        page.flush().map_err(unwritable)?;
        for (table, mut out) in sheets {
            report.csv(table, &mut out)?;
            out.flush().map_err(unwritable)?;
        }
        let names = [HTML_FILE.to_owned(), JSON_FILE.to_owned()].into_iter();
        let names = names.chain(Table::ALL.iter().map(|table| table.file_name())).collect();
        Ok(Self { names, verdict: report.verdict })
    }
}

/// Lists that are copied into their sheets as they are read for the first time.
struct Copying<'a, W> {
    rows: &'a dyn ReportRows,
    outs: Mutex<Vec<(Table, W)>>,
}

impl<W: Write + Send> Copying<'_, W> {
    fn copied<'s, T: 's>(
        &'s self,
        table: Table,
        rows: Rows<'s, T>,
        cells: fn(&mut Sheet<'_>, &T),
    ) -> Result<Rows<'s, T>, Fault> {
        let mut outs = self.outs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = outs.iter().position(|(of, _)| *of == table) else { return Ok(rows) };
        let (_, out) = outs.swap_remove(at);
        Ok(Box::new(Copied { rows, sheet: Some(Sheet::new(table, Box::new(out))?), cells }))
    }
}

impl<W: Write + Send> ReportRows for Copying<'_, W> {
    fn documents(&self) -> Result<Rows<'_, DocumentBalance>, Fault> {
        self.copied(Table::Documents, self.rows.documents()?, sheet::document)
    }

    fn contacts(&self) -> Result<Rows<'_, ContactBalance>, Fault> {
        self.copied(Table::Contacts, self.rows.contacts()?, sheet::contact)
    }

    fn adjustments(&self) -> Result<Rows<'_, Adjustment>, Fault> {
        self.copied(Table::Adjustments, self.rows.adjustments()?, sheet::adjustment)
    }

    fn rejects(&self) -> Result<Rows<'_, RejectRow>, Fault> {
        self.copied(Table::Rejects, self.rows.rejects()?, sheet::reject)
    }

    fn crosswalk(&self) -> Result<Rows<'_, CrosswalkRow>, Fault> {
        self.copied(Table::Crosswalk, self.rows.crosswalk()?, sheet::crosswalk)
    }

    fn vanished(&self) -> Result<Rows<'_, VanishedRow>, Fault> {
        self.copied(Table::Vanished, self.rows.vanished()?, sheet::vanished)
    }
}

/// Rows that pass through, each also a line of a sheet, which is complete after the last.
struct Copied<'s, T> {
    rows: Rows<'s, T>,
    sheet: Option<Sheet<'s>>,
    cells: fn(&mut Sheet<'_>, &T),
}

impl<T> Iterator for Copied<'_, T> {
    type Item = Result<T, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.rows.next() {
            Some(Ok(row)) => {
                let written = self.sheet.as_mut().map_or(Ok(()), |sheet| sheet.row(&row, self.cells));
                Some(written.map(|()| row))
            }
            Some(Err(fault)) => Some(Err(fault)),
            None => self.sheet.take()?.finish().err().map(Err),
        }
    }
}
