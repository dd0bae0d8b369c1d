//! Reading a stretch of a table into records, one raw row of a batch each.

use carry_connector::{BatchBuilder, RawSink};
use carry_model::{Code, Entity, Fault, Ledger};

use crate::error::FileError;
use crate::formats::{Field, Shape};
use crate::group::{Grouper, Ordinals, RowClass};
use crate::limits::{UNIT_BYTES_MAX, UNIT_ROWS_MAX};
use crate::profile::SectionProfile;
use crate::scan::{Role, Scan, Section};
use crate::table::{Broken, Cause, Input, Row, Rows, Sheet, Step};
use crate::unit::UnitBuffer;
use crate::written::parse_amount;

/// A place in a file: byte offset and line.
pub(crate) type At = (u64, u64);

/// Reads the records of a section that begin in a stretch of it.
pub(crate) struct Extraction<'a> {
    rows: Rows<Input>,
    end: u64,
    records: Records<'a>,
}

impl<'a> Extraction<'a> {
    /// Begins at `from`, stops at the offset `end`, passes over records that begin before `resume`.
    pub(crate) fn new(
        scan: &'a Scan,
        section: &'a Section,
        profile: &'a SectionProfile,
        from: At,
        end: u64,
        resume: u64,
    ) -> Result<Self, Fault> {
        let sheet =
            scan.sheet(section).ok_or_else(|| Fault::new(Code::Bug).detail("a section without a sheet"))?;
        let rows = sheet.rows_from(from.0, from.1).map_err(FileError::into_fault)?;
        Ok(Self { rows, end, records: Records::new(scan, section, profile, sheet, from, resume) })
    }

    /// Hands every record on, in batches. The cursor of a batch is the place of the first record not in it.
    pub(crate) async fn run(mut self, mut batch: BatchBuilder, sink: &mut dyn RawSink) -> Result<(), Fault> {
        loop {
            let goes_on = self.read_row().map_err(FileError::into_fault)?;
            for unit in self.records.done.drain(..) {
                let (line, last) = unit.lines();
                batch.push(line, last, &unit)?;
                self.records.spare.push(unit);
            }
            if batch.is_full() && goes_on {
                let (offset, line) = self.records.unit_at;
                sink.accept(batch.take(), Some(format!("{offset}:{line}"))).await?;
            }
            if !goes_on {
                break;
            }
        }
        if !batch.is_empty() {
            sink.accept(batch.take(), Some(format!("{}:0", self.end))).await?;
        }
        Ok(())
    }

    /// Reads one row; false at the end. Records that are complete are in `records.done`.
    fn read_row(&mut self) -> Result<bool, FileError> {
        match self.rows.advance()? {
            Some(Step::Row(row)) if row.offset < self.end => self.records.row(&row)?,
            Some(Step::Broken(broken)) if broken.offset < self.end => self.records.broken(&broken)?,
            _ => {
                self.records.finish()?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Puts rows together to records.
struct Records<'a> {
    scan: &'a Scan,
    section: &'a Section,
    profile: &'a SectionProfile,
    sheet: &'a Sheet,
    /// Reader for the other parts of documents that lie scattered; opened when the first is met.
    elsewhere: Option<Rows<Input>>,
    resume: u64,
    grouper: Grouper,
    /// The record being read, and where it begins.
    unit: UnitBuffer,
    unit_at: At,
    carried: bool,
    overlong: bool,
    rows: usize,
    note: String,
    done: Vec<UnitBuffer>,
    spare: Vec<UnitBuffer>,
    /// Contact of the group of a report.
    group: String,
    ordinals: Ordinals,
}

impl<'a> Records<'a> {
    fn new(
        scan: &'a Scan,
        section: &'a Section,
        profile: &'a SectionProfile,
        sheet: &'a Sheet,
        from: At,
        resume: u64,
    ) -> Self {
        Self {
            scan,
            section,
            profile,
            sheet,
            elsewhere: None,
            resume,
            grouper: Grouper::default(),
            unit: UnitBuffer::default(),
            unit_at: from,
            carried: false,
            overlong: false,
            rows: 0,
            note: String::new(),
            done: Vec::new(),
            spare: Vec::new(),
            group: String::new(),
            ordinals: Ordinals::default(),
        }
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), FileError> {
        match self.section.rules.classify(row) {
            RowClass::Data => {}
            RowClass::Blank => {
                if self.section.format().shape == Shape::JournalReport {
                    self.grouper.interrupt();
                }
                return Ok(());
            }
            RowClass::Group => {
                self.group.clear();
                self.group.push_str(self.cell(row, Field::Group));
                return Ok(());
            }
            RowClass::Header | RowClass::Total | RowClass::Footer => return Ok(()),
        }
        if self.grouper.begins(&self.section.rules, row) {
            self.finish()?;
            self.begin((row.offset, row.line_from));
            let left_out = self.section.left_out.contains(&row.offset) || self.section.is_elsewhere(row);
            self.carried = row.offset >= self.resume && !left_out;
            self.note.push_str(&self.ordinals.next(&self.section.rules, row));
        }
        self.push(row);
        Ok(())
    }

    fn cell<'r>(&self, row: &Row<'r>, field: Field) -> &'r str {
        self.section.rules.at.cell(row, field)
    }

    fn begin(&mut self, at: At) {
        self.unit_at = at;
        self.carried = at.0 >= self.resume;
        self.overlong = false;
        self.rows = 0;
        self.note.clear();
    }

    fn push(&mut self, row: &Row<'_>) {
        if !self.carried || self.overlong {
            return;
        }
        if self.rows >= UNIT_ROWS_MAX || self.unit.bytes() > UNIT_BYTES_MAX {
            self.overlong = true;
            let (line, offset) = (row.line_from, row.offset);
            self.unit.push_broken(&Broken { line, offset, text: String::new(), cause: Cause::TooLong });
            return;
        }
        self.note(row);
        self.unit.push(row);
        self.rows += 1;
    }

    /// A broken row is a reject of its own, or makes a reject of the record it belongs to.
    fn broken(&mut self, broken: &Broken) -> Result<(), FileError> {
        let delimiter = self.sheet.dialect.delimiter;
        if self.grouper.breaks(&self.section.rules, &broken.text, delimiter) {
            self.finish()?;
            self.begin((broken.offset, broken.line));
        }
        if self.carried && !self.overlong {
            self.unit.push_broken(broken);
        }
        Ok(())
    }

    /// The record is complete, but for parts of it that lie elsewhere in the file.
    fn finish(&mut self) -> Result<(), FileError> {
        if self.unit.is_empty() {
            return Ok(());
        }
        if self.carried
            && let Some(parts) = self.section.scattered.get(&self.unit_at.0)
        {
            for (offset, line) in parts {
                self.append_part(*offset, *line)?;
            }
        }
        self.unit.note(&self.note);
        let mut fresh = self.spare.pop().unwrap_or_default();
        fresh.clear();
        self.done.push(std::mem::replace(&mut self.unit, fresh));
        Ok(())
    }

    fn append_part(&mut self, offset: u64, line: u64) -> Result<(), FileError> {
        let mut rows = match self.elsewhere.take() {
            Some(mut rows) => {
                rows.seek(offset, line)?;
                rows
            }
            None => self.sheet.rows_from(offset, line)?,
        };
        let mut grouper = Grouper::default();
        let mut first = true;
        while let Some(step) = rows.advance()? {
            let row = match step {
                Step::Row(row) => row,
                Step::Broken(broken) => {
                    let delimiter = self.sheet.dialect.delimiter;
                    if grouper.breaks(&self.section.rules, &broken.text, delimiter) {
                        break;
                    }
                    self.unit.push_broken(&broken);
                    continue;
                }
            };
            if row.offset >= self.section.end || self.section.rules.classify(&row) != RowClass::Data {
                break;
            }
            if grouper.begins(&self.section.rules, &row) && !first {
                break;
            }
            first = false;
            self.push(&row);
        }
        self.elsewhere = Some(rows);
        Ok(())
    }

    /// What the rows do not say themselves.
    fn note(&mut self, row: &Row<'_>) {
        if self.section.repeats.contains(&row.offset) {
            self.note = "!".to_owned();
            return;
        }
        match self.section.format().shape {
            Shape::Contacts(_) => {
                let role = self.scan.names.role(Entity::Contact, self.cell(row, Field::Name));
                self.note.clear();
                self.note.push_str(if role.has(Role::CUSTOMER) { "c" } else { "" });
                self.note.push_str(if role.has(Role::SUPPLIER) { "s" } else { "" });
            }
            Shape::Payments(ledger) => {
                let (number, contact) = (self.cell(row, Field::AppliedTo), self.grouper.contact());
                if !number.is_empty() && !self.is_there(ledger, self.is_negative(row), number, contact) {
                    self.note.push_str(&format!("!{}", self.rows));
                }
            }
            Shape::Balances(ledger) => {
                let (number, kind) = (self.cell(row, Field::Number), self.cell(row, Field::Kind));
                let credit =
                    crate::kinds::document_kind(kind).is_some_and(|k| k.ledger().is_some_and(|l| l.1 < 0));
                let there = self.is_there(ledger, credit, number, &self.group);
                self.note.clear();
                self.note.push(if there { '=' } else { '!' });
                self.note.push_str(&self.group);
            }
            _ => {}
        }
    }

    fn is_negative(&self, row: &Row<'_>) -> bool {
        let at = self.section.rules.at.of(Field::Amount);
        let way = at.and_then(|at| self.profile.ways.get(at));
        way.is_some_and(|way| {
            parse_amount(self.cell(row, Field::Amount), way.number())
                .is_ok_and(|amount| amount.value.is_sign_negative())
        })
    }

    fn is_there(&self, ledger: Ledger, credit: bool, number: &str, contact: &str) -> bool {
        let entity = match (ledger, credit) {
            (Ledger::Receivable, false) => Entity::Invoice,
            (Ledger::Receivable, true) => Entity::CreditNote,
            (Ledger::Payable, false) => Entity::Bill,
            (Ledger::Payable, true) => Entity::BillCredit,
        };
        let supplier = if ledger == Ledger::Payable { contact } else { "" };
        self.scan.documents.has(entity, number, supplier)
    }
}

/// The first records of a short section.
pub(crate) fn units(
    scan: &Scan,
    section: &Section,
    profile: &SectionProfile,
    max: usize,
) -> Result<Vec<UnitBuffer>, Fault> {
    let mut extraction =
        Extraction::new(scan, section, profile, section.begin, section.end, section.begin.0)?;
    while extraction.records.done.len() < max && extraction.read_row().map_err(FileError::into_fault)? {}
    Ok(extraction.records.done)
}
