//! The tables of a sheet: where they begin and end, and what their columns hold.

use std::borrow::Cow;
use std::collections::BTreeMap;

use carry_model::Entity;
use rustc_hash::{FxHashMap, FxHashSet};

use super::documents::Documents;
use super::mention::{claim, mention};
use super::names::Names;
use crate::error::FileError;
use crate::evidence::{DateEvidence, NumberEvidence};
use crate::formats::{Field, FieldKind, Format, Match, Shape, is_header_start, nearest, recognise};
use crate::group::{Grouper, Ordinals, RowClass, Rules};
use crate::ids;
use crate::kinds::{JournalKind, document_kind, journal_kind};
use crate::limits::{PARTITION_ROWS, PREAMBLE_ROWS_MAX, SECTIONS_MAX};
use crate::table::{Row, Sheet, Step};
use crate::unit::trimmed;

/// Evidence of one column.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    Text,
    Date(DateEvidence),
    Number(NumberEvidence),
}

/// A stretch of a section that is extracted on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) offset: u64,
    pub(crate) line: u64,
    pub(crate) rows: u64,
}

/// Rows that are no records of their own, by what they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Skipped {
    /// Transactions of the journal report, or rows of a balance report, that other files carry.
    pub(crate) elsewhere: BTreeMap<String, u64>,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Section {
    /// Number in the order of finding; its place in the final order is its index.
    pub(crate) number: u32,
    pub(crate) sheet: usize,
    pub(crate) file: String,
    pub(crate) rules: Rules,
    pub(crate) names: Vec<String>,
    pub(crate) fields: Vec<Option<Field>>,
    pub(crate) titles: Vec<String>,
    /// Line of the header.
    pub(crate) header_line: u64,
    /// Offset and line of the first row after the header.
    pub(crate) begin: (u64, u64),
    /// Offset after the last row.
    pub(crate) end: u64,
    pub(crate) rows: u64,
    pub(crate) short_rows: u64,
    pub(crate) units: BTreeMap<Entity, u64>,
    pub(crate) skipped: Skipped,
    pub(crate) columns: Vec<Column>,
    /// Whether any cell of the column holds something.
    pub(crate) filled: Vec<bool>,
    pub(crate) parts: Vec<Part>,
    /// Documents in parts: offset of the first, offsets and lines of the others.
    pub(crate) scattered: FxHashMap<u64, Vec<(u64, u64)>>,
    /// Offsets of records that are not handed on from where they stand: those others, and what stands in
    /// another file too.
    pub(crate) left_out: FxHashSet<u64>,
    /// Offsets of list rows whose id an earlier row has.
    pub(crate) repeats: FxHashSet<u64>,
    /// Currencies of rows that state no rate, or one, with their counts.
    pub(crate) currencies: BTreeMap<String, u64>,
}

impl Section {
    fn new(
        found: Match,
        names: Vec<String>,
        titles: Vec<String>,
        sheet: usize,
        file: &str,
        begin: (u64, u64),
    ) -> Self {
        let kind = |field: &Option<Field>| match field.map(Field::kind) {
            Some(FieldKind::Date) => Column::Date(DateEvidence::default()),
            Some(FieldKind::Number) => Column::Number(NumberEvidence::default()),
            _ => Column::Text,
        };
        Self {
            number: 0,
            sheet,
            file: file.to_owned(),
            rules: Rules::new(found.format, &found.fields, &names),
            columns: found.fields.iter().map(kind).collect(),
            filled: vec![false; names.len()],
            names,
            fields: found.fields,
            titles,
            header_line: 0,
            begin,
            end: u64::MAX,
            rows: 0,
            short_rows: 0,
            units: BTreeMap::new(),
            skipped: Skipped::default(),
            parts: vec![Part { offset: begin.0, line: begin.1, rows: 0 }],
            scattered: FxHashMap::default(),
            left_out: FxHashSet::default(),
            repeats: FxHashSet::default(),
            currencies: BTreeMap::new(),
        }
    }

    /// The record that begins there is not handed on, and not counted.
    pub(crate) fn leave_out(&mut self, offset: u64, entity: Entity) {
        if self.left_out.insert(offset)
            && let Some(count) = self.units.get_mut(&entity)
        {
            *count = count.saturating_sub(1);
        }
    }

    pub(crate) fn format(&self) -> &'static Format {
        self.rules.format
    }

    /// Whether rows are usually written without the empty cells at their end.
    pub(crate) fn has_short_rows(&self, sheet: &Sheet) -> bool {
        sheet.is_workbook() || self.short_rows * 20 > self.rows
    }

    /// The number that a row states, or what stands for it.
    pub(crate) fn number_of(&self, row: &Row<'_>) -> String {
        let cell = |field| self.rules.at.cell(row, field);
        if self.format().lacks_numbers() { ids::unnumbered(cell, "") } else { cell(Field::Number).to_owned() }
    }

    /// What a row's record is: of the format's entity, unless a column tells the kind.
    pub(crate) fn entity_of(&self, row: &Row<'_>) -> Entity {
        let kind = self.rules.at.cell(row, Field::Kind);
        match self.format().shape {
            Shape::Documents(_) => document_kind(kind).unwrap_or(self.format().entity),
            Shape::JournalReport => match journal_kind(kind) {
                JournalKind::Carried(entity) => entity,
                JournalKind::Elsewhere => Entity::Journal,
            },
            _ => self.format().entity,
        }
    }

    /// Whether a record that begins with this row is left to another file.
    pub(crate) fn is_elsewhere(&self, row: &Row<'_>) -> bool {
        let kind = self.rules.at.cell(row, Field::Kind);
        match self.format().shape {
            Shape::JournalReport => journal_kind(kind) == JournalKind::Elsewhere,
            // Unapplied payments: what is left of them follows from the payments themselves.
            Shape::Balances(_) => document_kind(kind).is_none_or(|entity| !entity.is_document()),
            _ => false,
        }
    }

    /// Whether rows depend on rows before them, so that reading must begin at the beginning.
    pub(crate) fn needs_context(&self) -> bool {
        self.format().is_report() || self.format().lacks_numbers()
    }
}

/// Whether the first table of a sheet is a list.
pub(super) fn begins_with_list(sheet: &Sheet) -> bool {
    let Ok(mut rows) = sheet.rows() else { return false };
    let mut titles = Vec::new();
    for _ in 0..PREAMBLE_ROWS_MAX {
        let Ok(Some(step)) = rows.advance() else { return false };
        let Step::Row(row) = step else { continue };
        let cells: Vec<&str> = row.cells().collect();
        if let Some(found) = recognise(&cells, &titles) {
            return found.format.is_list();
        }
        titles.push(title(&row));
    }
    false
}

fn title(row: &Row<'_>) -> String {
    row.cells().map(str::trim).find(|cell| !cell.is_empty()).unwrap_or_default().to_owned()
}

/// What an unknown table comes nearest to.
type Nearest = Option<(&'static str, Vec<&'static str>)>;

/// Reads a whole sheet once. The inner error is for a sheet in which no known header was found.
pub(super) fn scan_sheet(
    sheet: &Sheet,
    index: usize,
    file: &str,
    names: &mut Names,
    documents: &mut Documents,
) -> Result<Result<Vec<Section>, Nearest>, FileError> {
    let mut rows = sheet.rows_ahead()?;
    let mut scanner = Scanner {
        index,
        file,
        names,
        documents,
        done: Vec::new(),
        current: None,
        grouper: Grouper::default(),
        ordinals: Ordinals::default(),
        titles: Vec::new(),
        lone: None,
        preamble: 0,
        nearest: None,
        nearest_known: 0,
        skipping: false,
    };
    while let Some(step) = rows.advance()? {
        let header_after = match step {
            Step::Broken(broken) => {
                scanner.broken(&broken.text, sheet.dialect.delimiter);
                None
            }
            Step::Row(row) => scanner.row(&row).map(|header| (header, row.line_from)),
        };
        if let Some(((found, names), header_line)) = header_after {
            let begin = (rows.offset(), rows.line());
            scanner.begin(found, names, header_line, begin)?;
        }
        if scanner.current.is_none() && scanner.preamble > PREAMBLE_ROWS_MAX {
            return Ok(Err(scanner.nearest));
        }
    }
    let end = rows.offset();
    scanner.close(end);
    if scanner.done.is_empty() { Ok(Err(scanner.nearest)) } else { Ok(Ok(scanner.done)) }
}

struct Scanner<'a> {
    index: usize,
    file: &'a str,
    names: &'a mut Names,
    documents: &'a mut Documents,
    done: Vec<Section>,
    current: Option<Section>,
    grouper: Grouper,
    ordinals: Ordinals,
    titles: Vec<String>,
    /// The last row, if it had a single cell: the title of the next table, should one follow.
    lone: Option<(u64, String, Option<Entity>)>,
    preamble: usize,
    nearest: Nearest,
    nearest_known: usize,
    /// The record being read is left to another file.
    skipping: bool,
}

impl Scanner<'_> {
    /// Takes a row; returns the header it is, if it is one.
    fn row(&mut self, row: &Row<'_>) -> Option<(Match, Vec<String>)> {
        if let Some(header) = self.header(row) {
            let end = self.lone.as_ref().map_or(row.offset, |(offset, ..)| *offset);
            self.drop_title();
            self.close(end);
            return Some(header);
        }
        if self.current.is_none() {
            self.preamble += 1;
            let cells: Vec<&str> = row.cells().collect();
            let known = crate::formats::count_known(&cells);
            if known > self.nearest_known {
                self.nearest_known = known;
                self.nearest = nearest(&cells).map(|(format, lacking)| (format.id, lacking));
            }
            self.titles.push(title(row));
            return None;
        }
        self.data(row);
        None
    }

    /// A row is compared with the headers of all formats only where it can be one.
    fn header(&self, row: &Row<'_>) -> Option<(Match, Vec<String>)> {
        let is_plain = |cell: &str| cell.len() < 40 && !cell.bytes().any(|b| b.is_ascii_digit());
        if self.current.is_some() {
            let mut filled = row.cells().filter(|cell| !trimmed(cell).is_empty());
            let (first, second) = (filled.next()?, filled.next()?);
            if !is_plain(first) || !is_plain(second) || !is_header_start(first) {
                return None;
            }
        }
        let cells: Vec<&str> = row.cells().collect();
        let mut titles = self.titles.clone();
        titles.extend(self.lone.iter().map(|(_, text, _)| text.clone()));
        let found = recognise(&cells, &titles)?;
        let names: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
        let same =
            self.current.as_ref().is_some_and(|c| c.names == names && c.format().id == found.format.id);
        (!same).then_some((found, names))
    }

    fn begin(
        &mut self,
        found: Match,
        names: Vec<String>,
        header_line: u64,
        begin: (u64, u64),
    ) -> Result<(), FileError> {
        if self.done.len() >= SECTIONS_MAX {
            return Err(FileError::limit(
                self.file,
                "the number of tables in it",
                format!("{SECTIONS_MAX}"),
                "split the file",
            ));
        }
        let titles = std::mem::take(&mut self.titles);
        let mut section = Section::new(found, names, titles, self.index, self.file, begin);
        section.header_line = header_line;
        let number = self.index * SECTIONS_MAX + self.done.len();
        section.number = u32::try_from(number).unwrap_or(u32::MAX);
        self.grouper = Grouper::default();
        self.ordinals = Ordinals::default();
        self.skipping = false;
        self.current = Some(section);
        Ok(())
    }

    fn close(&mut self, end: u64) {
        if let Some(mut section) = self.current.take() {
            section.end = end;
            self.done.push(section);
        }
    }

    /// The title of the next table was counted as a record of this one.
    fn drop_title(&mut self) {
        let Some((_, text, counted)) = self.lone.take() else { return };
        self.titles.push(text);
        if let (Some(section), Some(entity)) = (self.current.as_mut(), counted) {
            section.rows = section.rows.saturating_sub(1);
            if let Some(count) = section.units.get_mut(&entity) {
                *count = count.saturating_sub(1);
            }
        }
    }

    /// A broken row stands for a record of its own, or for a part of one; it is a reject either way.
    fn broken(&mut self, text: &str, delimiter: u8) {
        self.lone = None;
        let Some(section) = self.current.as_mut() else { return };
        section.rows += 1;
        if self.grouper.breaks(&section.rules, text, delimiter) {
            self.skipping = false;
            *section.units.entry(section.format().entity).or_default() += 1;
        }
    }

    fn data(&mut self, row: &Row<'_>) {
        let Some(section) = self.current.as_mut() else { return };
        let class = section.rules.classify(row);
        let alone = row.cells().filter(|cell| !trimmed(cell).is_empty()).nth(1).is_none();
        if class != RowClass::Blank {
            self.lone = None;
        }
        match class {
            RowClass::Data => {}
            RowClass::Blank => {
                if section.format().shape == Shape::JournalReport {
                    self.grouper.interrupt();
                }
                return;
            }
            _ => return,
        }
        section.rows += 1;
        section.short_rows += u64::from(row.len() < section.names.len());
        let mut counted = None;
        if self.grouper.begins(&section.rules, row) {
            self.skipping = section.is_elsewhere(row);
            counted = self.begin_unit(row);
        }
        let Some(section) = self.current.as_mut() else { return };
        if alone {
            self.lone = Some((row.offset, title(row), counted));
        }
        observe(section, row);
        if !self.skipping {
            mention(section, row, self.grouper.contact(), self.names, self.file);
        }
    }

    /// Counts a record and notes where it begins. Returns its entity, if it is carried.
    fn begin_unit(&mut self, row: &Row<'_>) -> Option<Entity> {
        let section = self.current.as_mut()?;
        if self.skipping {
            let kind = section.rules.at.cell(row, Field::Kind).to_owned();
            *section.skipped.elsewhere.entry(kind).or_default() += 1;
            return None;
        }
        let entity = section.entity_of(row);
        *section.units.entry(entity).or_default() += 1;
        let numbered =
            matches!(section.format().shape, Shape::Documents(_) | Shape::Payments(_) | Shape::Postings);
        if numbered {
            let supplier =
                if has_supplier_numbers(section.format(), entity) { self.grouper.contact() } else { "" };
            let number = match section.format().lacks_numbers() {
                true => Cow::Owned(section.number_of(row) + &self.ordinals.next(&section.rules, row)),
                false => Cow::Borrowed(self.grouper.number()),
            };
            let place = section.number;
            self.documents.begin(entity, &number, supplier, place, row.offset, row.line_from);
        }
        if section.format().is_list() {
            claim(section, row, entity, self.names);
        }
        if !section.needs_context()
            && let Some(part) = section.parts.last_mut()
        {
            if part.rows >= PARTITION_ROWS {
                section.parts.push(Part { offset: row.offset, line: row.line_from, rows: 1 });
            } else {
                part.rows += 1;
            }
        }
        Some(entity)
    }
}

/// Whether numbers of that entity are unique per contact only.
pub(crate) fn has_supplier_numbers(format: &Format, entity: Entity) -> bool {
    match format.shape {
        Shape::Documents(rules) => {
            rules.supplier_numbers || matches!(entity, Entity::Bill | Entity::BillCredit)
        }
        _ => false,
    }
}

/// Votes of the cells for how their columns are written.
fn observe(section: &mut Section, row: &Row<'_>) {
    for (at, cell) in row.cells().enumerate() {
        if cell.is_empty() {
            continue;
        }
        if let Some(filled) = section.filled.get_mut(at) {
            *filled = true;
        }
        match section.columns.get_mut(at) {
            Some(Column::Date(evidence)) => evidence.observe(cell, row.line_from),
            Some(Column::Number(evidence)) => evidence.observe(cell, row.line_from),
            _ => {}
        }
    }
    let currency = section.rules.at.cell(row, Field::Currency);
    if !currency.is_empty() && is_home_rate(section.rules.at.cell(row, Field::ExchangeRate)) {
        // Codes are few; anything else is a reject later and must not fill the memory.
        if let Some(count) = section.currencies.get_mut(currency) {
            *count += 1;
        } else if section.currencies.len() < 400 {
            section.currencies.insert(currency.to_owned(), 1);
        }
    }
}

/// No rate, or a rate of one however it is written.
fn is_home_rate(rate: &str) -> bool {
    rate.is_empty()
        || rate.strip_prefix('1').is_some_and(|rest| {
            rest.is_empty() || (rest.starts_with(['.', ',']) && rest.bytes().skip(1).all(|b| b == b'0'))
        })
}
