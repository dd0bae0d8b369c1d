//! A source object on its way through staging: the rows of one record, as they were read.
//!
//! As JSON it is an array of rows, each its text as it stands in the file (of a workbook: the row as comma-separated
//! text, led by its number). That is the smallest faithful form, and the quickest to write. A row that does not
//! begin in the line after the one before it is an array of its line and its text; a third element says why it
//! could not be taken apart. An object in front of the rows holds what only the surroundings tell
//! ([`UnitBuffer::note`]).

use std::borrow::Cow;
use std::fmt;

use csv_core::ReadRecordResult;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::dialect::Dialect;
use crate::table::{Broken, Cause, Row, Span, split};

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
            rows.serialize_element(&Note { note: Cow::Borrowed(&self.note) })?;
        }
        let (mut start, mut due) = (0, self.lines().0);
        for row in &self.rows {
            let text = self.text.get(start..row.end).unwrap_or_default();
            match row.broken {
                None if row.line == due => rows.serialize_element(text)?,
                None => rows.serialize_element(&(row.line, text))?,
                Some(cause) => rows.serialize_element(&(row.line, text, cause.name()))?,
            }
            start = row.end;
            due = line_after(row.line, text);
        }
        rows.end()
    }
}

/// The line after a row.
fn line_after(line: u64, text: &str) -> u64 {
    line.saturating_add(1 + text.bytes().filter(|byte| *byte == b'\n').count() as u64)
}

/// What stands in front of the rows.
#[derive(serde::Serialize)]
struct Note<'a> {
    note: Cow<'a, str>,
}

/// A source object as the transformer reads it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unit<'a> {
    pub(crate) note: Cow<'a, str>,
    pub(crate) rows: Vec<UnitRow<'a>>,
}

/// A row of it, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitRow<'a> {
    pub(crate) line: u64,
    text: Cow<'a, str>,
    /// Its cells in `text`.
    spans: Vec<Span>,
    /// Why the row could not be read; `text` is then the beginning of it.
    broken: Option<Cause>,
}

impl UnitRow<'_> {
    /// Cell by position, without white space around it; empty where the row is shorter.
    pub(crate) fn cell(&self, at: usize) -> &str {
        self.spans.get(at).map_or("", |span| trimmed(span.of(&self.text)))
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().map(|span| span.of(&self.text))
    }

    /// Number of cells.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Why the row could not be read and its text, if so.
    pub(crate) fn broken(&self) -> Option<(Cause, &str)> {
        self.broken.map(|cause| (cause, &*self.text))
    }
}

/// Takes the rows of records apart, told how cells are separated.
#[derive(Debug)]
pub(crate) struct UnitParser {
    dialect: Dialect,
    /// For rows that are not simple.
    core: csv_core::Reader,
    ends: Vec<usize>,
    /// Memory of rows that are done with.
    spare: Vec<Vec<Span>>,
}

impl UnitParser {
    pub(crate) fn new(dialect: Dialect) -> Self {
        let core = csv_core::ReaderBuilder::new().delimiter(dialect.delimiter).quote(dialect.quote).build();
        Self { dialect, core, ends: vec![0; 64], spare: Vec::new() }
    }

    /// Reads the JSON of a record that begins in that line.
    pub(crate) fn parse<'a>(&mut self, line: u64, json: &'a str) -> Result<Unit<'a>, serde_json::Error> {
        let raw: RawUnit<'a> = serde_json::from_str(json)?;
        let mut due = line;
        let mut row = |raw: RawLine<'a>| {
            let line = raw.line.unwrap_or(due);
            due = line_after(line, &raw.text);
            self.row(line, raw)
        };
        Ok(Unit { note: raw.note, rows: raw.rows.into_iter().map(&mut row).collect() })
    }

    /// The memory of a record is used again for the next ones.
    pub(crate) fn reuse(&mut self, unit: Unit<'_>) {
        self.spare.extend(unit.rows.into_iter().map(|row| row.spans));
    }

    fn row<'a>(&mut self, line: u64, raw: RawLine<'a>) -> UnitRow<'a> {
        let mut spans = self.spare.pop().unwrap_or_default();
        spans.clear();
        let mut text = raw.text;
        if raw.broken.is_none() {
            if split(text.as_bytes(), self.dialect, true, &mut spans).is_none() {
                text = Cow::Owned(self.parse_row(&text, &mut spans));
            }
            if self.dialect.numbered && !spans.is_empty() {
                spans.remove(0);
            }
        }
        UnitRow { line, text, spans, broken: raw.broken }
    }

    /// Takes a row apart by the parser, which undoubles quotes.
    fn parse_row(&mut self, raw: &str, spans: &mut Vec<Span>) -> String {
        let mut text = vec![0; raw.len()];
        let (mut input, mut written, mut cells) = (raw.as_bytes(), 0, 0);
        self.core.reset();
        loop {
            let output = text.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(cells..).unwrap_or_default();
            let (result, read, wrote, ended) = self.core.read_record(input, output, ends);
            input = input.get(read..).unwrap_or_default();
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => text.resize(text.len() + 16, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        text.truncate(written);
        Span::between(self.ends.get(..cells).unwrap_or_default(), spans);
        // A row that was text stays text when it is taken apart at ASCII characters.
        String::from_utf8(text).unwrap_or_default()
    }
}

/// Without white space around it. Nearly no text has any, which its first and last byte tell.
pub(crate) fn trimmed(text: &str) -> &str {
    let is_ink = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if is_ink(bytes.first()) && is_ink(bytes.last()) { text } else { text.trim() }
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
    /// Nothing where it is the line after the row before.
    line: Option<u64>,
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

impl<'a> Element<'a> {
    fn plain(text: Cow<'a, str>) -> Self {
        Self::Row(RawLine { line: None, text, broken: None })
    }
}

impl<'de> Deserialize<'de> for Element<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ElementVisitor;
        impl<'de> Visitor<'de> for ElementVisitor {
            type Value = Element<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Element<'de>, E> {
                Ok(Element::plain(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Element<'de>, E> {
                Ok(Element::plain(Cow::Owned(text.to_owned())))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element<'de>, A::Error> {
                let mut note = Cow::Borrowed("");
                while let Some((Text(key), Text(value))) = map.next_entry()? {
                    if key != "note" {
                        return Err(A::Error::custom("something else than a note"));
                    }
                    note = value;
                }
                Ok(Element::Note(note))
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
                Ok(Element::Row(RawLine { line: Some(line), text: text.0, broken }))
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

    fn cells<'a>(row: &'a UnitRow<'_>) -> Vec<&'a str> {
        row.cells().collect()
    }

    #[test]
    fn rows_survive_staging_verbatim() {
        let mut unit = buffer("a,\"say \"\"hi\"\"\",,\r\n\"two\nlines\",,x\n\"open,1\n");
        unit.note("c");
        let json = serde_json::to_string(&unit).unwrap();
        let expected =
            r#"[{"note":"c"},"a,\"say \"\"hi\"\"\",,","\"two\nlines\",,x",[4,"\"open,1","quote"]]"#;
        assert_eq!(json, expected);
        let read = UnitParser::new(Dialect::COMMA).parse(1, &json).unwrap();
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
        let unit = UnitParser::new(Dialect::ROW_FILE).parse(7, r#"["7,a,bc,"]"#).unwrap();
        assert_eq!((unit.rows[0].line, cells(&unit.rows[0])), (7, vec!["a", "bc", ""]));
    }

    proptest! {
        #[test]
        fn any_json_is_a_unit_or_an_error(json in "[\\[\\]\",a-z0-9\\\\{}:]{0,60}") {
            let _ = UnitParser::new(Dialect::COMMA).parse(1, &json);
        }

        #[test]
        fn any_row_reads_the_same_after_staging(text in "[a-c,\"\n ]{1,40}") {
            let mut rows = Rows::new(std::io::Cursor::new(text.as_bytes()), std::path::Path::new("t"), Dialect::COMMA, 0, 1).unwrap();
            while let Some(Step::Row(row)) = rows.advance().unwrap() {
                let mut unit = UnitBuffer::default();
                unit.push(&row);
                let json = serde_json::to_string(&unit).unwrap();
                let read = UnitParser::new(Dialect::COMMA).parse(unit.lines().0, &json).unwrap();
                prop_assert_eq!(cells(&read.rows[0]), row.cells().collect::<Vec<_>>());
                prop_assert_eq!(read.rows[0].line, row.line_from);
            }
        }

        #[test]
        fn every_row_keeps_its_line(text in "(a,b\n|\"x\ny\",\n|\r\n|\n|c\r\n|d\r|\"e){1,12}") {
            let unit = buffer(&text);
            let json = serde_json::to_string(&unit).unwrap();
            let read = UnitParser::new(Dialect::COMMA).parse(unit.lines().0, &json).unwrap();
            let lines: Vec<_> = read.rows.iter().map(|row| row.line).collect();
            prop_assert_eq!(lines, unit.rows.iter().map(|row| row.line).collect::<Vec<_>>());
        }

        #[test]
        fn trimming_is_that_of_the_library(text in "[ \t\u{a0}\u{3000}a1é]{0,6}") {
            prop_assert_eq!(trimmed(&text), text.trim());
        }
    }
}
