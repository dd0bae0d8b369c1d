use async_trait::async_trait;
use carry_model::{Code, Entity, Fault, Place};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Most rows of a raw batch.
pub const BATCH_ROWS_MAX: usize = 1_000;

/// A raw batch is closed once it holds this many bytes of JSON Lines; one row may exceed it.
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
#[derive(Debug, Deserialize)]
pub struct RawRow<'a> {
    /// First line or row number in the source, from 1; 0 where it makes no sense.
    pub line: u64,
    /// Last line.
    pub last: u64,
    /// The object, verbatim JSON.
    #[serde(borrow)]
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

/// A bounded batch of raw rows. As JSON Lines, the header comes first and then one line a row.
#[derive(Clone, Debug)]
pub struct RawBatch {
    /// What the rows have in common.
    pub header: BatchHeader,
    /// Number of rows.
    pub rows: usize,
    lines: Vec<u8>,
}

impl RawBatch {
    /// The batch as JSON Lines.
    pub fn to_jsonl(&self) -> Result<Vec<u8>, Fault> {
        let mut out = serde_json::to_vec(&self.header).map_err(bug)?;
        out.reserve(self.lines.len() + 1);
        out.push(b'\n');
        out.extend_from_slice(&self.lines);
        Ok(out)
    }

    /// Reads what [`RawBatch::to_jsonl`] wrote.
    pub fn from_jsonl(bytes: &[u8]) -> Result<Self, Fault> {
        let corrupt = |detail: &str| Fault::new(Code::StagingCorrupt).detail(detail);
        let end = bytes
            .iter()
            .position(|b| *b == b'\n')
            .ok_or_else(|| corrupt("a raw batch has no header line"))?;
        let (head, lines) = bytes.split_at(end);
        let header =
            serde_json::from_slice(head).map_err(|e| corrupt("a raw batch's header").caused_by(e))?;
        let lines = lines.get(1..).unwrap_or_default().to_vec();
        let rows = lines.iter().filter(|b| **b == b'\n').count();
        Ok(Self { header, rows, lines })
    }

    /// The rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = Result<RawRow<'_>, Fault>> {
        self.lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(|line| {
            serde_json::from_slice(line)
                .map_err(|e| Fault::new(Code::StagingCorrupt).detail("a raw row").caused_by(e))
        })
    }
}

/// Collects rows until a batch is full.
#[derive(Debug)]
pub struct BatchBuilder {
    header: BatchHeader,
    lines: Vec<u8>,
    rows: usize,
}

impl BatchBuilder {
    /// An empty batch under that header.
    pub fn new(header: BatchHeader) -> Self {
        Self { header, lines: Vec::new(), rows: 0 }
    }

    /// Adds one source object.
    pub fn push(&mut self, line: u64, last: u64, data: &impl Serialize) -> Result<(), Fault> {
        #[derive(Serialize)]
        struct Row<'a, T> {
            line: u64,
            last: u64,
            data: &'a T,
        }
        serde_json::to_writer(&mut self.lines, &Row { line, last, data }).map_err(bug)?;
        self.lines.push(b'\n');
        self.rows += 1;
        Ok(())
    }

    /// True once the batch should be handed on.
    pub fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS_MAX || self.lines.len() >= BATCH_BYTES_MAX
    }

    /// True where nothing was added since the last [`BatchBuilder::take`].
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The batch so far; the builder goes on empty under the same header.
    pub fn take(&mut self) -> RawBatch {
        let lines = std::mem::replace(&mut self.lines, Vec::with_capacity(BATCH_BYTES_MAX / 4));
        RawBatch { header: self.header.clone(), rows: std::mem::take(&mut self.rows), lines }
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
        let batch = RawBatch::from_jsonl(&builder.take().to_jsonl().unwrap()).unwrap();
        assert!(builder.is_empty());
        assert_eq!(batch.rows, 2);
        let rows: Vec<_> = batch.rows().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows[0].data.get(), r#"[["1","line\nbreak"],["2","\"quote\""]]"#);
        assert_eq!(rows[0].place("x").to_string(), "x:2-3");
        assert_eq!(rows[1].place("x").to_string(), "x:4");
    }

    #[test]
    fn broken_batches_are_faults() {
        for bytes in [&b""[..], b"{}", b"{}\n", b"\n\n"] {
            assert_eq!(RawBatch::from_jsonl(bytes).unwrap_err().code, Code::StagingCorrupt);
        }
    }
}
