//! The streaming row reader.
//!
//! It drives the table-driven parser of `csv-core` over one growing window that always holds the whole raw
//! row. That costs nothing on the way through, bounds the memory by [`ROW_BYTES_MAX`], and lets reading go on
//! at the next line when a quote was opened and never closed.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

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
    text: &'a str,
    ends: &'a [usize],
    hidden: usize,
}

impl<'a> Row<'a> {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len().saturating_sub(self.hidden)
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
    pub fn cells(&self) -> impl Iterator<Item = &'a str> + '_ {
        (0..self.len()).map(|column| self.cell(column))
    }

    /// Whether every cell is empty or white space.
    pub fn is_blank(&self) -> bool {
        let shown = self.hidden.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        self.text.get(shown..).is_none_or(|text| text.trim().is_empty())
    }

    fn at(&self, index: usize) -> &'a str {
        let Some(end) = self.ends.get(index) else { return "" };
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..*end).unwrap_or_default()
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

enum Outcome {
    Read,
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
    text: Vec<u8>,
    ends: Vec<usize>,
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
            text: vec![0; 4096],
            ends: vec![0; 64],
            recovered_bytes: 0,
        };
        rows.seek(offset, line)?;
        Ok(rows)
    }

    /// Goes to a row that was read before: its byte offset and line.
    pub fn seek(&mut self, offset: u64, line: u64) -> Result<(), FileError> {
        self.line = line;
        self.core.reset();
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
        let (offset, line_from) = (self.offset(), self.line);
        let (outcome, text_len, cells) = self.read_record(offset)?;
        // The window may have moved, the row's offset has not.
        let from = self.in_window(offset);
        let cause = match outcome {
            Outcome::Ended => return Ok(None),
            Outcome::Failed(cause) => Some(cause),
            Outcome::Read => self.doubt(from, text_len, cells),
        };
        if let Some(cause) = cause {
            return self.recover(offset, from, cause).map(|broken| Some(Step::Broken(broken)));
        }
        let raw = self.window.get(from..self.at).unwrap_or_default();
        let breaks = memchr::memchr_iter(b'\n', raw).count() as u64;
        let ended_by_feed = raw.last() == Some(&b'\n');
        self.line = line_from + breaks;
        let line_to = self.line - u64::from(ended_by_feed);
        let raw = std::str::from_utf8(raw).unwrap_or_default().trim_end_matches(['\r', '\n']);
        let text = self.text.get(..text_len).and_then(|t| std::str::from_utf8(t).ok()).unwrap_or_default();
        let ends = self.ends.get(..cells).unwrap_or_default();
        let hidden = usize::from(self.dialect.numbered);
        let mut row = Row { line_from, line_to, offset, raw, text, ends, hidden };
        if self.dialect.numbered {
            row.line_from = row.at(0).parse().unwrap_or(line_from);
            row.line_to = row.line_from;
        }
        Ok(Some(Step::Row(row)))
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

    /// Parses one record; returns how much of the text and cell buffers it fills.
    fn read_record(&mut self, offset: u64) -> Result<(Outcome, usize, usize), FileError> {
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
                ReadRecordResult::Record => return Ok((Outcome::Read, written, cells)),
                ReadRecordResult::End => return Ok((Outcome::Ended, 0, 0)),
                ReadRecordResult::InputEmpty => {
                    let from = self.in_window(offset);
                    if self.at - from >= ROW_BYTES_MAX {
                        return Ok((Outcome::Failed(Cause::TooLong), 0, 0));
                    }
                    // At the end of input the parser is called once more with nothing, and closes the row.
                    self.refill(from)?;
                }
                ReadRecordResult::OutputFull => {
                    let len = self.text.len() * 2;
                    self.text.resize(len, 0);
                }
                ReadRecordResult::OutputEndsFull if cells > COLUMNS_MAX => {
                    return Ok((Outcome::Failed(Cause::TooManyColumns), 0, 0));
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
    fn doubt(&self, from: usize, text_len: usize, cells: usize) -> Option<Cause> {
        let text = self.text.get(..text_len).unwrap_or_default();
        if cells > COLUMNS_MAX + usize::from(self.dialect.numbered) {
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
        self.core.reset();
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
