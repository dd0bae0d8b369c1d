//! A source object on its way through staging: the rows of one record, as they were read.
//!
//! As JSON it is an array of rows, each an array of its line number and its text as it stands in the file (of a
//! workbook: the row as comma-separated text, led by its number). That is the smallest faithful form, and the
//! quickest to write. A text in front of the rows holds what only the surroundings tell ([`UnitBuffer::note`]);
//! a third element of a row says why it could not be taken apart.

use std::borrow::Cow;
use std::fmt;

use csv_core::ReadRecordResult;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::dialect::Dialect;
use crate::table::{Broken, Cause, Row};

/// Collects the rows of one record; its memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct UnitBuffer {
    note: String,
    text: String,
    rows: Vec<RowEnd>,
    last: u64,
}

/// Where a row ends in the text of its unit.
#[derive(Debug, Clone, Copy)]
struct RowEnd {
    line: u64,
    end: usize,
    broken: Option<Cause>,
}

impl UnitBuffer {
    pub(crate) fn clear(&mut self) {
        self.note.clear();
        self.text.clear();
        self.rows.clear();
        self.last = 0;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What the rows do not say themselves: the contact whose group a report row stands in, the roles of a
    /// contact, the ordinal of a posting.
    pub(crate) fn note(&mut self, note: &str) {
        self.note.clear();
        self.note.push_str(note);
    }

    pub(crate) fn push(&mut self, row: &Row<'_>) {
        self.text.push_str(row.raw);
        self.rows.push(RowEnd { line: row.line_from, end: self.text.len(), broken: None });
        self.last = self.last.max(row.line_to);
    }

    pub(crate) fn push_broken(&mut self, broken: &Broken) {
        self.text.push_str(&broken.text);
        self.rows.push(RowEnd { line: broken.line, end: self.text.len(), broken: Some(broken.cause) });
        self.last = self.last.max(broken.line);
    }

    /// First and last line.
    pub(crate) fn lines(&self) -> (u64, u64) {
        (self.rows.first().map_or(0, |row| row.line), self.last)
    }

    /// Bytes of text in it.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }
}

impl Serialize for UnitBuffer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let noted = usize::from(!self.note.is_empty());
        let mut rows = serializer.serialize_seq(Some(self.rows.len() + noted))?;
        if noted > 0 {
            rows.serialize_element(&self.note)?;
        }
        let mut start = 0;
        for row in &self.rows {
            let text = self.text.get(start..row.end).unwrap_or_default();
            match row.broken {
                None => rows.serialize_element(&(row.line, text))?,
                Some(cause) => rows.serialize_element(&(row.line, text, cause.name()))?,
            }
            start = row.end;
        }
        rows.end()
    }
}

/// A source object as the transformer reads it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unit<'a> {
    pub(crate) note: Cow<'a, str>,
    pub(crate) rows: Vec<UnitRow>,
}

/// A row of it, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitRow {
    pub(crate) line: u64,
    text: String,
    /// End of each cell in `text`.
    ends: Vec<usize>,
    /// Why the row could not be read; `text` is then the beginning of it.
    broken: Option<Cause>,
}

impl UnitRow {
    /// Cell by position, without white space around it; empty where the row is shorter.
    pub(crate) fn cell(&self, at: usize) -> &str {
        self.raw_cell(at).trim()
    }

    fn raw_cell(&self, at: usize) -> &str {
        let Some(end) = self.ends.get(at) else { return "" };
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..*end).unwrap_or_default()
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|at| self.raw_cell(at))
    }

    /// Number of cells.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Why the row could not be read and its text, if so.
    pub(crate) fn broken(&self) -> Option<(Cause, &str)> {
        self.broken.map(|cause| (cause, self.text.as_str()))
    }
}

/// Takes the rows of records apart, told how cells are separated.
#[derive(Debug)]
pub(crate) struct UnitParser {
    core: csv_core::Reader,
    numbered: bool,
}

impl UnitParser {
    pub(crate) fn new(dialect: Dialect) -> Self {
        let core = csv_core::ReaderBuilder::new().delimiter(dialect.delimiter).quote(dialect.quote).build();
        Self { core, numbered: dialect.numbered }
    }

    /// Reads the JSON of a record.
    pub(crate) fn parse<'a>(&mut self, json: &'a str) -> Result<Unit<'a>, serde_json::Error> {
        let raw: RawUnit<'a> = serde_json::from_str(json)?;
        let rows = raw.rows.into_iter().map(|row| self.row(row)).collect();
        Ok(Unit { note: raw.note, rows })
    }

    fn row(&mut self, raw: RawLine<'_>) -> UnitRow {
        if let Some(cause) = raw.broken {
            return UnitRow {
                line: raw.line,
                text: raw.text.into_owned(),
                ends: Vec::new(),
                broken: Some(cause),
            };
        }
        let mut text = vec![0; raw.text.len()];
        let mut ends = vec![0; 24];
        let (mut input, mut written, mut cells) = (raw.text.as_bytes(), 0, 0);
        self.core.reset();
        loop {
            let output = text.get_mut(written..).unwrap_or_default();
            let (result, read, wrote, ended) =
                self.core.read_record(input, output, ends.get_mut(cells..).unwrap_or_default());
            input = input.get(read..).unwrap_or_default();
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => text.resize(text.len() + 16, 0),
                ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        text.truncate(written);
        ends.truncate(cells);
        // A row that was text stays text when it is taken apart at ASCII characters.
        let mut row =
            UnitRow { line: raw.line, text: String::from_utf8(text).unwrap_or_default(), ends, broken: None };
        if self.numbered && !row.ends.is_empty() {
            let hidden = row.ends.remove(0);
            row.text.drain(..hidden);
            row.ends.iter_mut().for_each(|end| *end -= hidden);
        }
        row
    }
}

/// The JSON of a record.
#[derive(Debug, Default)]
struct RawUnit<'a> {
    note: Cow<'a, str>,
    rows: Vec<RawLine<'a>>,
}

/// The JSON of a row.
#[derive(Debug)]
struct RawLine<'a> {
    line: u64,
    text: Cow<'a, str>,
    broken: Option<Cause>,
}

/// Text that borrows from the JSON where nothing is escaped.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// A row, or the note in front of the rows.
enum Element<'a> {
    Note(Cow<'a, str>),
    Row(RawLine<'a>),
}

impl<'de> Deserialize<'de> for Element<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ElementVisitor;
        impl<'de> Visitor<'de> for ElementVisitor {
            type Value = Element<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }
            fn visit_borrowed_str<E: Error>(self, note: &'de str) -> Result<Element<'de>, E> {
                Ok(Element::Note(Cow::Borrowed(note)))
            }
            fn visit_str<E: Error>(self, note: &str) -> Result<Element<'de>, E> {
                Ok(Element::Note(Cow::Owned(note.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Element<'de>, A::Error> {
                let line = seq.next_element()?.ok_or_else(|| A::Error::custom("a row without its line"))?;
                let text: Text<'de> =
                    seq.next_element()?.ok_or_else(|| A::Error::custom("a row without its text"))?;
                let cause: Option<&str> = seq.next_element()?;
                let broken = match cause {
                    None => None,
                    Some(name) => {
                        let unknown = || A::Error::custom("a row broken for an unknown cause");
                        Some(Cause::by_name(name).ok_or_else(unknown)?)
                    }
                };
                Ok(Element::Row(RawLine { line, text: text.0, broken }))
            }
        }
        deserializer.deserialize_any(ElementVisitor)
    }
}

impl<'de> Deserialize<'de> for RawUnit<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UnitVisitor;
        impl<'de> Visitor<'de> for UnitVisitor {
            type Value = RawUnit<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rows")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawUnit<'de>, A::Error> {
                let mut unit = RawUnit::default();
                while let Some(element) = seq.next_element()? {
                    match element {
                        Element::Note(note) => unit.note = note,
                        Element::Row(row) => unit.rows.push(row),
                    }
                }
                Ok(unit)
            }
        }
        deserializer.deserialize_seq(UnitVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Rows, Step};
    use proptest::prelude::*;

    fn buffer(text: &str) -> UnitBuffer {
        let path = std::path::Path::new("t");
        let mut rows = Rows::new(std::io::Cursor::new(text.as_bytes()), path, Dialect::COMMA, 0, 1).unwrap();
        let mut unit = UnitBuffer::default();
        while let Some(step) = rows.advance().unwrap() {
            match step {
                Step::Row(row) => unit.push(&row),
                Step::Broken(broken) => unit.push_broken(&broken),
            }
        }
        unit
    }

    fn cells(row: &UnitRow) -> Vec<&str> {
        row.cells().collect()
    }

    #[test]
    fn rows_survive_staging_verbatim() {
        let mut unit = buffer("a,\"say \"\"hi\"\"\",,\r\n\"two\nlines\",,x\n\"open,1\n");
        unit.note("c");
        let json = serde_json::to_string(&unit).unwrap();
        let expected = r#"["c",[1,"a,\"say \"\"hi\"\"\",,"],[2,"\"two\nlines\",,x"],[4,"\"open,1","quote"]]"#;
        assert_eq!(json, expected);
        let read = UnitParser::new(Dialect::COMMA).parse(&json).unwrap();
        assert_eq!(read.note, "c");
        assert_eq!(cells(&read.rows[0]), ["a", "say \"hi\"", "", ""]);
        assert_eq!(cells(&read.rows[1]), ["two\nlines", "", "x"]);
        assert_eq!(read.rows[1].cell(9), "");
        assert_eq!(read.rows[2].broken(), Some((Cause::StrayQuote, "\"open,1")));
        assert_eq!(read.rows[0].broken(), None);
        assert_eq!(unit.lines(), (1, 4));
    }

    #[test]
    fn row_numbers_of_workbooks_are_hidden() {
        let unit = UnitParser::new(Dialect::ROW_FILE).parse(r#"[[7,"7,a,bc,"]]"#).unwrap();
        assert_eq!((unit.rows[0].line, cells(&unit.rows[0])), (7, vec!["a", "bc", ""]));
    }

    proptest! {
        #[test]
        fn any_json_is_a_unit_or_an_error(json in "[\\[\\]\",a-z0-9\\\\{}:]{0,60}") {
            let _ = UnitParser::new(Dialect::COMMA).parse(&json);
        }

        #[test]
        fn any_row_reads_the_same_after_staging(text in "[a-c,\"\n ]{1,40}") {
            let mut rows = Rows::new(std::io::Cursor::new(text.as_bytes()), std::path::Path::new("t"), Dialect::COMMA, 0, 1).unwrap();
            while let Some(Step::Row(row)) = rows.advance().unwrap() {
                let mut unit = UnitBuffer::default();
                unit.push(&row);
                let json = serde_json::to_string(&unit).unwrap();
                let read = UnitParser::new(Dialect::COMMA).parse(&json).unwrap();
                prop_assert_eq!(cells(&read.rows[0]), row.cells().collect::<Vec<_>>());
            }
        }
    }
}
