//! Streams the objects of a partition: all queries run side by side, ordered by the object's key, and are merged.

use carry_connector::{BatchBuilder, BatchHeader, RawSink};
use carry_model::{Code, Currency, Fault};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::partitions::{Kind, sql};
use crate::conn::{Database, Row, Rows, Value};

/// Most rows of one part of an object (entries of an invoice, splits of a transaction).
pub const PARTS_MAX: usize = 20_000;

/// Most bytes of one part of an object.
pub const PART_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What an extraction needs to know.
pub(super) struct Task<'a> {
    pub(super) database: &'a Database,
    pub(super) kind: &'static Kind,
    /// The root of the templates for scheduled transactions.
    pub(super) templates: &'a str,
    pub(super) home: Currency,
}

/// One object with its parts, as it is staged.
struct Object<'a> {
    row: &'a Row,
    parts: Vec<(&'static str, Part)>,
}

#[derive(Default)]
struct Part {
    rows: Vec<Row>,
    bytes: usize,
    /// True where rows beyond [`PARTS_MAX`] or [`PART_BYTES_MAX`] were left out: the object is rejected.
    oversized: bool,
}

impl Part {
    fn push(&mut self, row: Row) {
        self.bytes = self.bytes.saturating_add(row.values().iter().map(Value::size).sum());
        if self.rows.len() >= PARTS_MAX || self.bytes > PART_BYTES_MAX {
            (self.oversized, self.rows) = (true, Vec::new());
        }
        if !self.oversized {
            self.rows.push(row);
        }
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let columns = || self.row.names().iter().zip(self.row.values());
        for (name, value) in columns().filter(|(name, value)| *name != "parent" && !value.is_null()) {
            map.serialize_entry(&name.to_ascii_lowercase(), value)?;
        }
        for (name, part) in &self.parts {
            map.serialize_entry(name, &PartRows(&part.rows))?;
            if part.oversized {
                map.serialize_entry("oversized", name)?;
            }
        }
        map.end()
    }
}

struct PartRows<'a>(&'a [Row]);

impl Serialize for PartRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|row| Object { row, parts: Vec::new() }))
    }
}

/// A query whose rows belong to objects, read alongside them.
struct Lane {
    name: &'static str,
    rows: Rows,
    head: Option<(String, Row)>,
    last: String,
}

impl Lane {
    fn open(task: &Task<'_>, name: &'static str, template: &str, after: Option<&str>) -> Result<Self, Fault> {
        let text = sql(template, task.database.dialect(), after.is_some(), task.templates, task.home);
        let rows = task.database.query(&text, after.map(Value::from).into_iter().collect())?;
        Ok(Self { name, rows, head: None, last: String::new() })
    }

    /// The next row with its key. Keys that do not rise would make parts of an object vanish.
    async fn next(&mut self) -> Result<Option<(String, Row)>, Fault> {
        if let Some(head) = self.head.take() {
            return Ok(Some(head));
        }
        let Some(row) = self.rows.next().await? else { return Ok(None) };
        let key = match row.values().first() {
            Some(value) => value.text()?.unwrap_or_default().into_owned(),
            None => String::new(),
        };
        if key < self.last {
            return Err(Fault::new(Code::DatabaseUnreadable)
                .field(self.name)
                .detail("The database does not give keys in their order.")
                .hint("Use a binary collation for the book's tables, or rebuild the file's indexes."));
        }
        self.last.clone_from(&key);
        Ok(Some((key, row)))
    }

    /// All rows of an object; those of objects that do not exist or are not wanted are passed over.
    async fn take(&mut self, wanted: &str) -> Result<Part, Fault> {
        let mut part = Part::default();
        while let Some((key, row)) = self.next().await? {
            match key.as_str().cmp(wanted) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => part.push(row),
                std::cmp::Ordering::Greater => {
                    self.head = Some((key, row));
                    break;
                }
            }
        }
        Ok(part)
    }
}

/// Reads the partition from the start or after a key. `folded` names objects that another one stands for.
pub(super) async fn extract(
    task: &Task<'_>,
    header: BatchHeader,
    after: Option<&str>,
    folded: impl Fn(&str) -> bool,
    sink: &mut dyn RawSink,
) -> Result<(), Fault> {
    let in_table = |fault: Fault| super::lists::in_table(fault, task.kind.table);
    let mut objects = Lane::open(task, task.kind.id, task.kind.objects, after)?;
    let parts = task.kind.parts.iter();
    let mut lanes = parts
        .map(|(name, template)| Lane::open(task, name, template, after))
        .collect::<Result<Vec<_>, _>>()?;
    let mut batch = BatchBuilder::new(header);
    let mut last = String::new();
    while let Some((key, row)) = objects.next().await.map_err(in_table)? {
        if folded(&key) {
            continue;
        }
        let mut parts = Vec::with_capacity(lanes.len());
        for lane in &mut lanes {
            parts.push((lane.name, lane.take(&key).await.map_err(in_table)?));
        }
        batch.push(0, 0, &Object { row: &row, parts })?;
        last = key;
        if batch.is_full() {
            sink.accept(batch.take(), Some(last.clone())).await?;
        }
    }
    if !batch.is_empty() {
        sink.accept(batch.take(), Some(last)).await?;
    }
    Ok(())
}
