use std::io::Write;
use std::num::NonZero;

use async_trait::async_trait;
use carry_model::{Code, Entity, Fault, Place};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::FileContent;

/// Raw batches end at multiples of so many rows: a multiple of what platforms take in one call (30 and 50), so that
/// calls are not cut short where a batch ends.
const BATCH_ROWS_STEP: usize = 150;

/// Most rows of a raw batch.
pub const BATCH_ROWS_MAX: usize = 7 * BATCH_ROWS_STEP;

/// A raw batch is closed at the next step of its rows once it holds this many bytes of JSON Lines, and at once when it
/// holds twice as many; one row may exceed it.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// The first line of a raw batch: what all its rows have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BatchHeader {
    /// What the rows mainly are.
    pub entity: Entity,
    /// The partition they come from ([`crate::Partition::id`]).
    pub partition: String,
    /// File, table or endpoint.
    pub file: String,
    /// What the reader's own transformer needs to understand the rows (format name, columns, ...).
    pub shape: serde_json::Value,
}

/// One source object as it was read: a record of an API, or all the rows of one document in a file.
#[derive(Debug)]
pub struct RawRow<'a> {
    /// First line or row number in the source, from 1; 0 where it makes no sense.
    pub line: u64,
    /// Last line.
    pub last: u64,
    /// The object, verbatim JSON.
    pub data: &'a RawValue,
}

impl RawRow<'_> {
    /// Where it stands.
    pub fn place(&self, file: &str) -> Place {
        Place {
            file: file.to_owned(),
            line: self.line,
            last_line: if self.last > self.line { self.last } else { 0 },
        }
    }
}

/// A row as its line holds it: where rows follow one another, their lines need not be said.
#[derive(Deserialize)]
struct RowLine<'a> {
    /// Absent where it is the line after the last one of the row before.
    #[serde(default)]
    line: Option<u64>,
    /// How many lines it takes; absent where that is one, or none.
    #[serde(default)]
    lines: Option<NonZero<u64>>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// A bounded batch of raw rows. As JSON Lines, the header comes first and then one line a row.
#[derive(Clone, Debug)]
pub struct RawBatch {
    /// What the rows have in common.
    pub header: BatchHeader,
    /// Number of rows.
    pub rows: usize,
    jsonl: Vec<u8>,
    /// Where the rows begin in `jsonl`, behind the header.
    body: usize,
}

impl RawBatch {
    /// The batch as JSON Lines.
    pub fn jsonl(&self) -> &[u8] {
        &self.jsonl
    }

    /// Reads JSON Lines of a batch.
    pub fn from_jsonl(bytes: &[u8]) -> Result<Self, Fault> {
        let corrupt = |detail: &str| Fault::new(Code::StagingCorrupt).detail(detail);
        let end = bytes
            .iter()
            .position(|b| *b == b'\n')
            .ok_or_else(|| corrupt("a raw batch has no header line"))?;
        let (head, lines) = bytes.split_at(end + 1);
        let header =
            serde_json::from_slice(head).map_err(|e| corrupt("a raw batch's header").caused_by(e))?;
        let rows = lines.iter().filter(|b| **b == b'\n').count();
        Ok(Self { header, rows, jsonl: bytes.to_vec(), body: head.len() })
    }

    /// The rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = Result<RawRow<'_>, Fault>> {
        let lines = self.jsonl.get(self.body..).unwrap_or_default().split(|b| *b == b'\n');
        let mut before = 0_u64;
        lines.filter(|line| !line.is_empty()).map(move |line| {
            let corrupt = |e| Fault::new(Code::StagingCorrupt).detail("a raw row").caused_by(e);
            let RowLine { line, lines, data } = serde_json::from_slice(line).map_err(corrupt)?;
            let line = line.unwrap_or_else(|| before.saturating_add(1));
            before = line.saturating_add(lines.map_or(0, |lines| lines.get() - 1));
            Ok(RawRow { line, last: before, data })
        })
    }
}

/// Collects rows until a batch is full.
#[derive(Debug)]
pub struct BatchBuilder {
    header: BatchHeader,
    /// The batch so far; empty until its first row comes.
    jsonl: Vec<u8>,
    body: usize,
    rows: usize,
    /// Last line of the last row.
    before: u64,
}

impl BatchBuilder {
    /// An empty batch under that header.
    pub fn new(header: BatchHeader) -> Self {
        Self { header, jsonl: Vec::new(), body: 0, rows: 0, before: 0 }
    }

    /// Adds one source object, which stands in the lines from `line` to `last`.
    pub fn push(&mut self, line: u64, last: u64, data: &impl Serialize) -> Result<(), Fault> {
        if self.rows == 0 {
            self.begin()?;
        }
        let follows = line == self.before.saturating_add(1);
        let lines = last.saturating_sub(line).saturating_add(1);
        self.jsonl.push(b'{');
        for (name, number, said) in [("line", line, !follows), ("lines", lines, lines > 1)] {
            if said {
                // Memory takes every byte.
                write!(self.jsonl, "\"{name}\":{number},").map_err(serde_json::Error::io).map_err(bug)?;
            }
        }
        self.jsonl.extend_from_slice(b"\"data\":");
        serde_json::to_writer(&mut self.jsonl, data).map_err(bug)?;
        self.jsonl.extend_from_slice(b"}\n");
        self.before = last.max(line);
        self.rows += 1;
        Ok(())
    }

    fn begin(&mut self) -> Result<(), Fault> {
        self.jsonl = Vec::with_capacity(BATCH_BYTES_MAX / 2);
        serde_json::to_writer(&mut self.jsonl, &self.header).map_err(bug)?;
        self.jsonl.push(b'\n');
        (self.body, self.before) = (self.jsonl.len(), 0);
        Ok(())
    }

    /// True once the batch should be handed on.
    pub fn is_full(&self) -> bool {
        let bytes = self.jsonl.len();
        let at_step = self.rows.is_multiple_of(BATCH_ROWS_STEP);
        self.rows >= BATCH_ROWS_MAX || bytes >= 2 * BATCH_BYTES_MAX || (at_step && bytes >= BATCH_BYTES_MAX)
    }

    /// True where nothing was added since the last [`BatchBuilder::take`].
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The batch so far; the builder goes on empty under the same header.
    pub fn take(&mut self) -> RawBatch {
        RawBatch {
            header: self.header.clone(),
            rows: std::mem::take(&mut self.rows),
            jsonl: std::mem::take(&mut self.jsonl),
            body: self.body,
        }
    }
}

fn bug(error: serde_json::Error) -> Fault {
    Fault::new(Code::Bug).detail("a raw row did not serialise").caused_by(error)
}

/// Takes raw batches in order and keeps them.
#[async_trait]
pub trait RawSink: Send {
    /// Keeps a batch; `resume` is the cursor from which extraction of the partition would go on after it.
    async fn accept(&mut self, batch: RawBatch, resume: Option<String>) -> Result<(), Fault>;

    /// What is known of a file that was fetched before. `version` is the reader's name for it and for its state: the
    /// same only as long as the content is.
    async fn kept(&mut self, version: &str) -> Result<Option<FileContent>, Fault> {
        let _ = version;
        Ok(None)
    }

    /// Keeps a file's content, of at most [`crate::FILE_BYTES_MAX`] bytes, under its hash. A sink that keeps nothing
    /// only tells the hash.
    async fn keep(&mut self, version: &str, content: Vec<u8>) -> Result<FileContent, Fault> {
        let _ = version;
        Ok(FileContent::of(&content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_survives_its_jsonl() {
        let header = BatchHeader {
            entity: Entity::Invoice,
            partition: "invoices".into(),
            file: "Invoices.csv".into(),
            shape: serde_json::json!({"columns": ["a", "b"]}),
        };
        let mut builder = BatchBuilder::new(header);
        builder.push(2, 3, &[["1", "line\nbreak"], ["2", "\"quote\""]]).unwrap();
        builder.push(4, 4, &[["3", ""]]).unwrap();
        builder.push(5, 7, &"x").unwrap();
        builder.push(0, 0, &"y").unwrap();
        builder.push(1, 1, &"z").unwrap();
        let batch = RawBatch::from_jsonl(builder.take().jsonl()).unwrap();
        assert!(builder.is_empty());
        assert_eq!(batch.rows, 5);
        let rows: Vec<_> = batch.rows().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows[0].data.get(), r#"[["1","line\nbreak"],["2","\"quote\""]]"#);
        assert_eq!(rows[0].place("x").to_string(), "x:2-3");
        assert_eq!(rows[1].place("x").to_string(), "x:4");
        let lines: Vec<_> = rows.iter().map(|row| (row.line, row.last)).collect();
        assert_eq!(lines, [(2, 3), (4, 4), (5, 7), (0, 0), (1, 1)]);
    }

    #[test]
    fn a_batch_ends_at_a_step_unless_its_rows_are_large() {
        let rows_of = |bytes: usize| {
            let header = BatchHeader {
                entity: Entity::Invoice,
                partition: String::new(),
                file: String::new(),
                shape: serde_json::Value::Null,
            };
            let mut builder = BatchBuilder::new(header);
            let row = "x".repeat(bytes);
            while !builder.is_full() {
                builder.push(1, 1, &row).unwrap();
            }
            builder.take().rows
        };
        assert_eq!(rows_of(1), BATCH_ROWS_MAX);
        assert_eq!(rows_of(3_000), 450);
        assert_eq!(rows_of(BATCH_BYTES_MAX), 2, "rows that are large by themselves");
    }

    #[test]
    fn broken_batches_are_faults() {
        for bytes in [&b""[..], b"{}", b"{}\n", b"\n\n"] {
            assert_eq!(RawBatch::from_jsonl(bytes).unwrap_err().code, Code::StagingCorrupt);
        }
    }
}
