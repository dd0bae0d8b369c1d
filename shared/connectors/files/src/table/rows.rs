//! The streaming row reader.
//!
//! It reads over one growing window that always holds the whole raw row. That costs nothing on the way through,
//! bounds the memory by [`ROW_BYTES_MAX`], and lets reading go on at the next line when a quote was opened and
//! never closed. Simple rows are taken apart where they stand, all others by the parser of `csv-core`.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::split::{Span, Split, split};
use crate::dialect::Dialect;
use crate::error::FileError;
use crate::limits::{COLUMNS_MAX, RECOVERY_BYTES_MAX, ROW_BYTES_MAX};

/// Bytes of the window to begin with; it grows for longer rows only.
const WINDOW_BYTES: usize = 64 * 1024;

/// Bytes of an unreadable line that are kept to show.
const SHOWN_BYTES: usize = 400;

/// One row. Cells borrow from the reader's buffer.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Line in which the row begins, from 1; of a workbook the row number.
    pub line_from: u64,
    /// Line in which it ends; differs for cells with line breaks.
    pub line_to: u64,
    /// Byte offset at which the row can be read again with [`Rows::seek`].
    pub offset: u64,
    /// The row as it stands in the file, without its line end.
    pub raw: &'a str,
    pub(super) text: &'a str,
    pub(super) spans: &'a [Span],
    pub(super) hidden: usize,
}

impl<'a> Row<'a> {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.spans.len().saturating_sub(self.hidden)
    }

    /// A row without cells does not occur in files; it is what an empty slice gives.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cell by position from 0; empty when the row is shorter.
    pub fn cell(&self, column: usize) -> &'a str {
        self.at(column + self.hidden)
    }

    /// All cells in order.
    pub fn cells(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let text = self.text;
        self.spans.iter().skip(self.hidden).map(|span| span.of(text))
    }

    fn at(&self, index: usize) -> &'a str {
        self.spans.get(index).map_or("", |span| span.of(self.text))
    }
}

/// Why a row could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Longer than [`ROW_BYTES_MAX`].
    TooLong,
    /// More cells than [`COLUMNS_MAX`].
    TooManyColumns,
    /// A quote opens a cell and does not close it.
    StrayQuote,
    /// The file changed under the reader and is no longer UTF-8 here.
    NotText,
}

impl Cause {
    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLong => "long",
            Self::TooManyColumns => "wide",
            Self::StrayQuote => "quote",
            Self::NotText => "text",
        }
    }

    /// The cause of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::TooLong, Self::TooManyColumns, Self::StrayQuote, Self::NotText]
            .into_iter()
            .find(|cause| cause.name() == name)
    }

    /// What is wrong, as a sentence for a bookkeeper.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::TooLong => {
                "the row is longer than 1 MiB, probably because a quotation mark is never closed"
            }
            Self::TooManyColumns => "the row has more than 1,024 columns",
            Self::StrayQuote => {
                "a quotation mark opens a cell and is not closed, so that the next rows ran into it"
            }
            Self::NotText => "the row holds bytes that are no text",
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::TooLong | Self::StrayQuote => "remove the quotation mark or double it, then run again",
            Self::TooManyColumns => "export the table again with fewer columns",
            Self::NotText => "export the file again and leave it unchanged during the run",
        }
    }
}

/// A row that could not be read; reading goes on after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Line in which the row begins, from 1.
    pub line: u64,
    /// Byte offset of the row.
    pub offset: u64,
    /// Beginning of that line, to show.
    pub text: String,
    /// Why.
    pub cause: Cause,
}

/// What [`Rows::advance`] found.
#[derive(Debug)]
pub enum Step<'a> {
    /// A row.
    Row(Row<'a>),
    /// A row that could not be read.
    Broken(Broken),
}

/// A simple row: where it stands in the window, its first line, and the line feeds in it.
struct Simple {
    from: usize,
    to: usize,
    line: u64,
    breaks: u64,
}

enum Outcome {
    /// The row, and how much of the buffers for text and cells it fills.
    Read(usize, usize),
    Failed(Cause),
    Ended,
}

/// Reader of rows from UTF-8 text.
pub struct Rows<R> {
    input: R,
    path: PathBuf,
    core: Reader,
    dialect: Dialect,
    window: Vec<u8>,
    /// Unread bytes of the window are `at..filled`.
    at: usize,
    filled: usize,
    at_end: bool,
    /// File offset of the window's first byte.
    window_offset: u64,
    line: u64,
    /// Cells of the current row, in the window or in `text`.
    spans: Vec<Span>,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// The parser has yet to see the first row since it was reset, which may bear a byte order mark.
    fresh: bool,
    #[cfg(test)]
    pub(super) no_shortcut: bool,
    recovered_bytes: u64,
}

impl<R: Read + Seek> Rows<R> {
    /// Reads from the byte offset `offset`, which is line `line`.
    pub fn new(input: R, path: &Path, dialect: Dialect, offset: u64, line: u64) -> Result<Self, FileError> {
        let mut rows = Self {
            input,
            path: path.to_owned(),
            core: core_reader(dialect),
            dialect,
            window: vec![0; WINDOW_BYTES],
            at: 0,
            filled: 0,
            at_end: false,
            window_offset: 0,
            line: 1,
            spans: Vec::with_capacity(64),
            text: vec![0; 4096],
            ends: vec![0; 64],
            fresh: true,
            #[cfg(test)]
            no_shortcut: false,
            recovered_bytes: 0,
        };
        rows.seek(offset, line)?;
        Ok(rows)
    }

    /// Goes to a row that was read before: its byte offset and line.
    pub fn seek(&mut self, offset: u64, line: u64) -> Result<(), FileError> {
        self.line = line;
        self.reset();
        let ahead = offset.checked_sub(self.window_offset).and_then(|n| usize::try_from(n).ok());
        if let Some(at) = ahead.filter(|at| self.filled > 0 && *at <= self.filled) {
            self.at = at;
            return Ok(());
        }
        self.input.seek(SeekFrom::Start(offset)).map_err(|e| FileError::io(&self.path, e))?;
        (self.at, self.filled, self.at_end, self.window_offset) = (0, 0, false, offset);
        Ok(())
    }

    /// Byte offset of what is read next.
    pub fn offset(&self) -> u64 {
        self.window_offset + self.at as u64
    }

    /// Line of what is read next.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next row that has any character; blank lines are passed over and counted.
    pub fn advance(&mut self) -> Result<Option<Step<'_>>, FileError> {
        if !self.skip_blank_lines()? {
            return Ok(None);
        }
        match self.pass_simple() {
            Some(simple) => Ok(Some(Step::Row(self.simple_row(&simple)))),
            None => self.advance_parsing(),
        }
    }

    /// Takes a row apart where it stands and passes it, if it is simple and wholly in the window.
    fn pass_simple(&mut self) -> Option<Simple> {
        #[cfg(test)]
        if self.no_shortcut {
            return None;
        }
        let bytes = self.window.get(self.at..self.filled)?;
        let Split { len, breaks } = split(bytes, self.dialect, self.at_end, &mut self.spans)?;
        let row = bytes.get(..len).filter(|row| std::str::from_utf8(row).is_ok())?;
        let line_end = bytes.get(len).copied();
        let simple = Simple { from: self.at, to: self.at + row.len(), line: self.line, breaks };
        self.at = simple.to + usize::from(line_end.is_some());
        self.line += breaks + u64::from(line_end == Some(b'\n'));
        self.see_first();
        Some(simple)
    }

    fn simple_row(&self, simple: &Simple) -> Row<'_> {
        let bytes = self.window.get(simple.from..simple.to).unwrap_or_default();
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let row = Row {
            line_from: simple.line,
            line_to: simple.line + simple.breaks,
            offset: self.window_offset + simple.from as u64,
            raw: text,
            text,
            spans: &self.spans,
            hidden: usize::from(self.dialect.numbered),
        };
        self.numbered(row)
    }

    /// The row number of a workbook stands in its first cell.
    fn numbered<'a>(&self, mut row: Row<'a>) -> Row<'a> {
        if self.dialect.numbered {
            row.line_from = row.at(0).parse().unwrap_or(row.line_from);
            row.line_to = row.line_from;
        }
        row
    }

    /// The next row by the parser, which reads every row.
    fn advance_parsing(&mut self) -> Result<Option<Step<'_>>, FileError> {
        let (offset, line_from) = (self.offset(), self.line);
        self.fresh = false;
        let outcome = self.read_record(offset)?;
        // The window may have moved, the row's offset has not.
        let from = self.in_window(offset);
        let (text_len, cause) = match outcome {
            Outcome::Ended => return Ok(None),
            Outcome::Failed(cause) => (0, Some(cause)),
            Outcome::Read(text_len, cells) => {
                Span::between(self.ends.get(..cells).unwrap_or_default(), &mut self.spans);
                (text_len, self.doubt(from, text_len))
            }
        };
        if let Some(cause) = cause {
            return self.recover(offset, from, cause).map(|broken| Some(Step::Broken(broken)));
        }
        let raw = self.window.get(from..self.at).unwrap_or_default();
        let breaks = memchr::memchr_iter(b'\n', raw).count() as u64;
        let ended_by_feed = raw.last() == Some(&b'\n');
        self.line = line_from + breaks;
        let raw = std::str::from_utf8(raw).unwrap_or_default().trim_end_matches(['\r', '\n']);
        let row = Row {
            line_from,
            line_to: self.line - u64::from(ended_by_feed),
            offset,
            raw,
            text: self.text.get(..text_len).and_then(|t| std::str::from_utf8(t).ok()).unwrap_or_default(),
            spans: &self.spans,
            hidden: usize::from(self.dialect.numbered),
        };
        Ok(Some(Step::Row(self.numbered(row))))
    }

    fn reset(&mut self) {
        self.core.reset();
        self.fresh = true;
    }

    /// A row was read without the parser, which passes a byte order mark in front of the first it sees: let it see
    /// a blank line instead.
    fn see_first(&mut self) {
        if std::mem::take(&mut self.fresh) {
            self.core.read_record(b"\n", &mut [0], &mut [0]);
        }
    }

    /// Passes line ends and returns whether anything follows.
    fn skip_blank_lines(&mut self) -> Result<bool, FileError> {
        loop {
            while let Some(byte) = self.window.get(self.at..self.filled).and_then(|w| w.first()) {
                match byte {
                    b'\n' => self.line += 1,
                    b'\r' => {}
                    _ => return Ok(true),
                }
                self.at += 1;
            }
            if !self.refill(self.at)? {
                return Ok(false);
            }
        }
    }

    /// Parses one record.
    fn read_record(&mut self, offset: u64) -> Result<Outcome, FileError> {
        let (mut written, mut cells) = (0, 0);
        loop {
            let input = self.window.get(self.at..self.filled).unwrap_or_default();
            let output = self.text.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(cells..).unwrap_or_default();
            let (result, read, wrote, ended) = self.core.read_record(input, output, ends);
            self.at += read;
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::Record => return Ok(Outcome::Read(written, cells)),
                ReadRecordResult::End => return Ok(Outcome::Ended),
                ReadRecordResult::InputEmpty => {
                    let from = self.in_window(offset);
                    if self.at - from >= ROW_BYTES_MAX {
                        return Ok(Outcome::Failed(Cause::TooLong));
                    }
                    // At the end of input the parser is called once more with nothing, and closes the row.
                    self.refill(from)?;
                }
                ReadRecordResult::OutputFull => {
                    let len = self.text.len() * 2;
                    self.text.resize(len, 0);
                }
                ReadRecordResult::OutputEndsFull if cells > COLUMNS_MAX => {
                    return Ok(Outcome::Failed(Cause::TooManyColumns));
                }
                ReadRecordResult::OutputEndsFull => {
                    let len = self.ends.len() * 2;
                    self.ends.resize(len, 0);
                }
            }
        }
    }

    /// Position in the window of a file offset at or before what is read next.
    fn in_window(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.window_offset)).unwrap_or(0).min(self.at)
    }

    /// Whether what was parsed is a row after all.
    fn doubt(&self, from: usize, text_len: usize) -> Option<Cause> {
        let text = self.text.get(..text_len).unwrap_or_default();
        if self.spans.len() > COLUMNS_MAX + usize::from(self.dialect.numbered) {
            return Some(Cause::TooManyColumns);
        }
        if std::str::from_utf8(text).is_err() {
            return Some(Cause::NotText);
        }
        let several_lines = memchr::memchr(b'\n', text).is_some();
        let raw = self.window.get(from..self.at).unwrap_or_default();
        (several_lines && !well_quoted(raw, self.dialect)).then_some(Cause::StrayQuote)
    }

    /// Goes on at the line after the one in which the broken row began.
    fn recover(&mut self, offset: u64, from: usize, cause: Cause) -> Result<Broken, FileError> {
        let line = self.line;
        let seen = self.window.get(from..self.filled).unwrap_or_default();
        let first_line = seen.get(..memchr::memchr(b'\n', seen).unwrap_or(seen.len())).unwrap_or_default();
        let shown = first_line.get(..first_line.len().min(SHOWN_BYTES)).unwrap_or_default();
        let text = String::from_utf8_lossy(shown).trim_end().to_owned();
        let read_to = self.at;
        self.at = from + first_line.len();
        self.recovered_bytes += read_to.saturating_sub(self.at) as u64;
        if self.recovered_bytes > RECOVERY_BYTES_MAX {
            return Err(FileError::limit(
                &self.path,
                format!("re-reading after unclosed quotation marks (the last in line {line})"),
                "64 MiB",
                "export the file again, or correct the quotation marks in it",
            ));
        }
        self.reset();
        while self.at == self.filled && self.refill(self.at)? {
            let rest = self.window.get(..self.filled).unwrap_or_default();
            self.at = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        }
        Ok(Broken { line, offset, text, cause })
    }

    /// Moves the bytes from `keep` on to the front of the window and reads more after them. False at the end
    /// of the file.
    fn refill(&mut self, keep: usize) -> Result<bool, FileError> {
        if self.at_end {
            return Ok(false);
        }
        self.window.copy_within(keep..self.filled, 0);
        self.window_offset += keep as u64;
        self.filled -= keep;
        self.at -= keep;
        if self.filled * 2 > self.window.len() {
            let len = self.window.len() * 2;
            self.window.resize(len, 0);
        }
        let room = self.window.get_mut(self.filled..).unwrap_or_default();
        let got = loop {
            match self.input.read(room) {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other.map_err(|e| FileError::io(&self.path, e))?,
            }
        };
        self.filled += got;
        self.at_end = got == 0;
        Ok(got > 0)
    }
}

fn core_reader(dialect: Dialect) -> Reader {
    ReaderBuilder::new().delimiter(dialect.delimiter).quote(dialect.quote).build()
}

/// Whether every quoted cell of a raw row is closed, and closed right before a delimiter or the end. The
/// parser forgives both; in a row of several lines they show that rows ran into each other.
fn well_quoted(raw: &[u8], dialect: Dialect) -> bool {
    let mut bytes = raw.iter().copied().peekable();
    let mut at_cell_start = true;
    while let Some(byte) = bytes.next() {
        if !(at_cell_start && byte == dialect.quote) {
            at_cell_start = byte == dialect.delimiter;
            continue;
        }
        loop {
            match (bytes.next(), bytes.peek()) {
                (None, _) => return false,
                (Some(q), Some(next)) if q == dialect.quote && *next == dialect.quote => {
                    bytes.next();
                }
                (Some(q), next) if q == dialect.quote => {
                    match next {
                        None | Some(b'\r' | b'\n') => {}
                        Some(next) if *next == dialect.delimiter => {}
                        Some(_) => return false,
                    }
                    break;
                }
                _ => {}
            }
        }
        at_cell_start = false;
    }
    true
}
