//! A source object on its way through staging: the rows of one record, as they were read.
//!
//! As JSON it is an array of rows, each an array of its line number and its cells, verbatim, without the empty
//! cells at its end. A text in front holds what only the surroundings tell ([`UnitBuffer::note`]).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::table::{Broken, Cause, Row};

/// First cell of a row that could not be read; the cause and the beginning of its text follow. The character
/// cannot come from a file: cells do not begin with control characters that survive trimming.
const BROKEN: &str = "\u{1}broken";

/// Last cell of a row that has fewer cells than its header; empty cells at the end of others are left out.
const SHORT: &str = "\u{1}short";

/// Collects the rows of one record; its memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct UnitBuffer {
    note: String,
    text: String,
    /// End of each cell in `text`.
    cells: Vec<u32>,
    /// Line and end of each row in `cells`.
    rows: Vec<(u64, u32)>,
    last: u64,
}

impl UnitBuffer {
    pub(crate) fn clear(&mut self) {
        self.note.clear();
        self.text.clear();
        self.cells.clear();
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

    /// Adds a row of a table with `width` columns; 0 where short rows are usual.
    pub(crate) fn push(&mut self, row: &Row<'_>, width: usize) {
        let first = self.cells.len();
        let mut filled = first;
        for cell in row.cells() {
            self.cell(cell);
            if !cell.is_empty() {
                filled = self.cells.len();
            }
        }
        self.cells.truncate(filled);
        if row.len() < width {
            self.cell(SHORT);
        }
        self.end_row(row.line_from, row.line_to);
    }

    pub(crate) fn push_broken(&mut self, broken: &Broken) {
        let cause = match broken.cause {
            Cause::TooLong => "long",
            Cause::TooManyColumns => "wide",
            Cause::StrayQuote => "quote",
            Cause::NotText => "text",
        };
        for cell in [BROKEN, cause, &broken.text] {
            self.cell(cell);
        }
        self.end_row(broken.line, broken.line);
    }

    fn cell(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.cells.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    fn end_row(&mut self, line: u64, last: u64) {
        self.rows.push((line, u32::try_from(self.cells.len()).unwrap_or(u32::MAX)));
        self.last = self.last.max(last);
    }

    /// First and last line.
    pub(crate) fn lines(&self) -> (u64, u64) {
        (self.rows.first().map_or(0, |(line, _)| *line), self.last)
    }

    /// Bytes of text in it.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.cells.len() * 4
    }
}

impl Serialize for UnitBuffer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let noted = usize::from(!self.note.is_empty());
        let mut rows = serializer.serialize_seq(Some(self.rows.len() + noted))?;
        if noted > 0 {
            rows.serialize_element(&self.note)?;
        }
        let mut cells_from = 0;
        for (line, cells_to) in &self.rows {
            let to = *cells_to as usize;
            rows.serialize_element(&RowView { unit: self, line: *line, from: cells_from, to })?;
            cells_from = to;
        }
        rows.end()
    }
}

struct RowView<'a> {
    unit: &'a UnitBuffer,
    line: u64,
    from: usize,
    to: usize,
}

impl Serialize for RowView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut cells = serializer.serialize_seq(Some(self.to - self.from + 1))?;
        cells.serialize_element(&self.line)?;
        let end_of = |index: usize| self.unit.cells.get(index).map_or(0, |end| *end as usize);
        let mut start = self.from.checked_sub(1).map_or(0, end_of);
        for index in self.from..self.to {
            let end = end_of(index);
            cells.serialize_element(self.unit.text.get(start..end).unwrap_or_default())?;
            start = end;
        }
        cells.end()
    }
}

/// A source object as the transformer reads it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unit<'a> {
    pub(crate) note: Cow<'a, str>,
    pub(crate) rows: Vec<UnitRow<'a>>,
}

/// A row of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitRow<'a> {
    pub(crate) line: u64,
    cells: Vec<Cow<'a, str>>,
}

impl UnitRow<'_> {
    /// Cell by position; empty where the row is shorter.
    pub(crate) fn cell(&self, at: usize) -> &str {
        self.cells.get(at).map_or("", |cell| cell.trim())
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(AsRef::as_ref).filter(|cell| *cell != SHORT)
    }

    /// How many cells the row has, if it has fewer than its header.
    pub(crate) fn short(&self) -> Option<usize> {
        (self.cells.last().is_some_and(|cell| cell == SHORT)).then(|| self.cells.len() - 1)
    }

    /// Why the row could not be read and its text, if so.
    pub(crate) fn broken(&self) -> Option<(Cause, &str)> {
        let [mark, cause, text] = self.cells.as_slice() else { return None };
        let cause = match (mark.as_ref(), cause.as_ref()) {
            (BROKEN, "long") => Cause::TooLong,
            (BROKEN, "wide") => Cause::TooManyColumns,
            (BROKEN, "quote") => Cause::StrayQuote,
            (BROKEN, _) => Cause::NotText,
            _ => return None,
        };
        Some((cause, text))
    }
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
    Row(UnitRow<'a>),
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
                let mut cells = Vec::with_capacity(20);
                while let Some(Text(cell)) = seq.next_element()? {
                    cells.push(cell);
                }
                Ok(Element::Row(UnitRow { line, cells }))
            }
        }
        deserializer.deserialize_any(ElementVisitor)
    }
}

impl<'de> Deserialize<'de> for Unit<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UnitVisitor;
        impl<'de> Visitor<'de> for UnitVisitor {
            type Value = Unit<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rows")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Unit<'de>, A::Error> {
                let mut unit = Unit::default();
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
    use crate::dialect::Dialect;
    use crate::table::{Rows, Step};
    use proptest::prelude::*;

    fn buffer(text: &str) -> UnitBuffer {
        let path = std::path::Path::new("t");
        let mut rows = Rows::new(std::io::Cursor::new(text.as_bytes()), path, Dialect::COMMA, 0, 1).unwrap();
        let mut unit = UnitBuffer::default();
        while let Some(step) = rows.advance().unwrap() {
            match step {
                Step::Row(row) => unit.push(&row, 3),
                Step::Broken(broken) => unit.push_broken(&broken),
            }
        }
        unit
    }

    fn buffer_short(text: &str) -> Option<usize> {
        let json = serde_json::to_string(&buffer(text)).unwrap();
        serde_json::from_str::<Unit<'_>>(&json).unwrap().rows[0].short()
    }

    #[test]
    fn rows_survive_staging_verbatim() {
        let mut unit = buffer("a,\"say \"\"hi\"\"\",,\n\"two\nlines\",,x\n\"open,1\n");
        unit.note("c");
        let json = serde_json::to_string(&unit).unwrap();
        assert_eq!(
            json,
            r#"["c",[1,"a","say \"hi\""],[2,"two\nlines","","x"],[4,"\u0001broken","quote","\"open,1"]]"#
        );
        let read: Unit<'_> = serde_json::from_str(&json).unwrap();
        assert_eq!(read.note, "c");
        assert_eq!(read.rows[0].cell(1), "say \"hi\"");
        assert_eq!(read.rows[1].cell(9), "");
        assert_eq!(read.rows[2].broken(), Some((Cause::StrayQuote, "\"open,1")));
        assert_eq!(read.rows[0].broken(), None);
        assert_eq!(
            (read.rows[0].short(), buffer_short("a,b\n"), buffer_short("a,b,\n")),
            (None, Some(2), None)
        );
        assert_eq!(unit.lines(), (1, 4));
    }

    proptest! {
        #[test]
        fn any_json_is_a_unit_or_an_error(json in "[\\[\\]\",a-z0-9\\\\{}:]{0,60}") {
            let _ = serde_json::from_str::<Unit<'_>>(&json);
        }
    }
}
