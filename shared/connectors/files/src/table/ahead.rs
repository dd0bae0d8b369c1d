//! Rows that a thread takes apart ahead of the one that looks at them.

use std::io::{Read, Seek};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

use super::rows::{Broken, Row, Rows, Step};
use super::split::Span;
use crate::error::FileError;

/// Bytes of rows that are handed over together.
const BLOCK_BYTES: usize = 128 * 1024;

/// Blocks that wait at most to be looked at.
const BLOCKS_AHEAD: usize = 2;

/// Byte offset and line of what comes next.
type Position = (u64, u64);

/// The rows of a sheet from its beginning, as [`Rows`] gives them.
pub(crate) struct Ahead {
    path: PathBuf,
    blocks: Receiver<Result<Block, FileError>>,
    block: Block,
    at: usize,
    next: Position,
}

impl Ahead {
    pub(super) fn of(rows: Rows<impl Read + Seek + Send + 'static>, path: &Path) -> Result<Self, FileError> {
        let (sender, blocks) = sync_channel(BLOCKS_AHEAD);
        let next = (rows.offset(), rows.line());
        Builder::new().spawn(move || hand_over(rows, &sender)).map_err(|e| FileError::io(path, e))?;
        Ok(Self { path: path.to_owned(), blocks, block: Block::default(), at: 0, next })
    }

    /// The next row that has any character.
    pub(crate) fn advance(&mut self) -> Result<Option<Step<'_>>, FileError> {
        while self.at == self.block.found.len() {
            if let Some(end) = self.block.end {
                self.next = end;
                return Ok(None);
            }
            let died = |_| FileError::io(&self.path, std::io::Error::other("the thread that reads it died"));
            self.block = self.blocks.recv().map_err(died)??;
            self.at = 0;
        }
        let Some((found, next)) = self.block.found.get(self.at) else { return Ok(None) };
        self.at += 1;
        self.next = *next;
        Ok(Some(self.block.step(found)))
    }

    /// Byte offset of what is read next.
    pub(crate) fn offset(&self) -> u64 {
        self.next.0
    }

    /// Line of what is read next.
    pub(crate) fn line(&self) -> u64 {
        self.next.1
    }
}

/// Ends where nobody wants any more.
fn hand_over(mut rows: Rows<impl Read + Seek>, blocks: &SyncSender<Result<Block, FileError>>) {
    loop {
        let block = Block::read(&mut rows);
        let goes_on = block.as_ref().is_ok_and(|block| block.end.is_none());
        if blocks.send(block).is_err() || !goes_on {
            return;
        }
    }
}

/// A row, by where its parts are in the block.
struct Kept {
    line_from: u64,
    line_to: u64,
    offset: u64,
    raw: Range<usize>,
    text: Range<usize>,
    spans: Range<usize>,
    hidden: usize,
}

enum Found {
    Row(Kept),
    Broken(Broken),
}

/// Rows that lie one after the other.
#[derive(Default)]
struct Block {
    text: String,
    spans: Vec<Span>,
    /// Each with the place behind it.
    found: Vec<(Found, Position)>,
    /// Where the sheet ends, in its last block.
    end: Option<Position>,
}

impl Block {
    fn read(rows: &mut Rows<impl Read + Seek>) -> Result<Self, FileError> {
        let mut block = Self { text: String::with_capacity(BLOCK_BYTES), ..Self::default() };
        while block.text.len() < BLOCK_BYTES {
            let found = match rows.advance()? {
                None => {
                    block.end = Some((rows.offset(), rows.line()));
                    break;
                }
                Some(Step::Row(row)) => Found::Row(block.keep(&row)),
                Some(Step::Broken(broken)) => Found::Broken(broken),
            };
            block.found.push((found, (rows.offset(), rows.line())));
        }
        Ok(block)
    }

    fn keep(&mut self, row: &Row<'_>) -> Kept {
        let raw = self.add(row.raw);
        // Of a simple row both are the same.
        let text = if std::ptr::eq(row.raw, row.text) { raw.clone() } else { self.add(row.text) };
        let from = self.spans.len();
        self.spans.extend_from_slice(row.spans);
        let Row { line_from, line_to, offset, hidden, .. } = *row;
        Kept { line_from, line_to, offset, raw, text, spans: from..self.spans.len(), hidden }
    }

    fn add(&mut self, text: &str) -> Range<usize> {
        let from = self.text.len();
        self.text.push_str(text);
        from..self.text.len()
    }

    fn step(&self, found: &Found) -> Step<'_> {
        let text = |at: &Range<usize>| self.text.get(at.clone()).unwrap_or_default();
        match found {
            Found::Broken(broken) => Step::Broken(broken.clone()),
            Found::Row(kept) => Step::Row(Row {
                line_from: kept.line_from,
                line_to: kept.line_to,
                offset: kept.offset,
                raw: text(&kept.raw),
                text: text(&kept.text),
                spans: self.spans.get(kept.spans.clone()).unwrap_or_default(),
                hidden: kept.hidden,
            }),
        }
    }
}
