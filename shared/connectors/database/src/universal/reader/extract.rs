use std::iter::Peekable;
use std::vec::IntoIter;

use carry_connector::{BatchBuilder, BatchHeader, Partition, RawSink};
use carry_model::{Code, Fault};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::super::shape::{Kind, Role, Table};
use crate::conn::{Database, Dialect, Row, Value};

/// Most records of a page; fewer where they are large.
const PAGE_ROWS: usize = 256;
/// A page ends once its records hold this much.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Most rows of one table of parts in a page; a page with more is halved.
const PART_ROWS_MAX: usize = 100_000;

/// The keys of a partition, both ends included.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// Reads a partition page by page: records by key, then the parts of just these records.
pub(super) async fn extract(
    database: &Database,
    partition: &Partition,
    after: Option<String>,
    sink: &mut dyn RawSink,
) -> Result<(), Fault> {
    let corrupt = || Fault::new(Code::StagingCorrupt).detail("a partition or cursor of a universal database");
    let span: Span = serde_json::from_value(partition.spec.clone()).map_err(|e| corrupt().caused_by(e))?;
    let mut after = match after {
        Some(cursor) => cursor.parse().map_err(|_| corrupt())?,
        None => span.from.saturating_sub(1),
    };
    let table = Table::of(partition.entity).ok_or_else(corrupt)?;
    let pages = Pages::new(database, table, partition);
    let header = BatchHeader {
        entity: partition.entity,
        partition: partition.id.clone(),
        file: table.name().to_owned(),
        shape: serde_json::Value::Null,
    };
    let mut builder = BatchBuilder::new(header);
    let mut limit = PAGE_ROWS;
    while after < span.to {
        let page = pages.records(after, span.to, limit).await?;
        let Some(last) = page.last().map(key).transpose()? else { break };
        let parts = match pages.parts(after, last).await {
            Err(fault) if fault.code == Code::InputTooLarge && page.len() > 1 => {
                limit = page.len() / 2;
                continue;
            }
            parts => parts?,
        };
        let mut parts = parts;
        for row in page {
            let id = key(&row)?;
            let line = u64::try_from(id).unwrap_or_default();
            builder.push(line, line, &object(&row, id, &mut parts)?)?;
            if builder.is_full() {
                sink.accept(builder.take(), Some(id.to_string())).await?;
            }
        }
        after = last;
    }
    if !builder.is_empty() {
        sink.accept(builder.take(), Some(after.to_string())).await?;
    }
    Ok(())
}

fn key(row: &Row) -> Result<i64, Fault> {
    row.int("id")?.ok_or_else(|| Fault::new(Code::FieldMissing).field("id"))
}

/// A table's rows of parts that are not used yet, by owner.
struct Parts {
    table: Table,
    owner: &'static str,
    rows: Peekable<IntoIter<Row>>,
}

/// A record's rows as they are staged: `{"row": {...}, "parts": {"document_lines": [{...}]}}`.
struct Object<'a> {
    row: &'a Row,
    parts: Vec<(&'static str, Vec<Row>)>,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct PartRows<'a>(&'a [(&'static str, Vec<Row>)]);
        impl Serialize for PartRows<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|(name, rows)| (name, rows)))
            }
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("row", self.row)?;
        if !self.parts.is_empty() {
            map.serialize_entry("parts", &PartRows(&self.parts))?;
        }
        map.end()
    }
}

fn object<'a>(row: &'a Row, id: i64, parts: &mut [Parts]) -> Result<Object<'a>, Fault> {
    let mut own = Vec::new();
    for part in parts {
        let mut rows = Vec::new();
        while let Some(next) = part.rows.peek() {
            if next.int(part.owner)? != Some(id) {
                break;
            }
            rows.extend(part.rows.next());
        }
        if !rows.is_empty() {
            own.push((part.table.name(), rows));
        }
    }
    Ok(Object { row, parts: own })
}

/// The queries of a partition.
struct Pages<'d> {
    database: &'d Database,
    records: String,
    parts: Vec<(Table, &'static str, String)>,
}

impl<'d> Pages<'d> {
    fn new(database: &'d Database, table: Table, partition: &Partition) -> Self {
        let dialect = database.dialect();
        let [p1, p2, p3] = [1, 2, 3].map(|n| dialect.parameter(n));
        let kind = |alias: &str| match table.has_kind() {
            true => format!("{alias}.kind = '{}' AND ", partition.entity.name()),
            false => String::new(),
        };
        let records = format!(
            "SELECT {} FROM {} t WHERE {}t.id > {p1} AND t.id <= {p2} ORDER BY t.id LIMIT {p3}",
            columns(table, dialect),
            table.name(),
            kind("t"),
        );
        let parts = table.parts().map(|(part, owner)| {
            let order = match part.shape().role {
                Role::Part(_, _, order) => order.split(", ").map(|column| format!(", t.{column}")).collect(),
                _ => String::new(),
            };
            let sql = format!(
                "SELECT {} FROM {} t JOIN {} o ON o.id = t.{owner} WHERE {}t.{owner} > {p1} AND t.{owner} <= {p2} \
                 ORDER BY t.{owner}{order}",
                columns(part, dialect),
                part.name(),
                table.name(),
                kind("o"),
            );
            (part, owner, sql)
        });
        Self { database, records, parts: parts.collect() }
    }

    async fn records(&self, after: i64, to: i64, limit: usize) -> Result<Vec<Row>, Fault> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let parameters = vec![Value::Int(after), Value::Int(to), Value::Int(limit)];
        let mut rows = self.database.query(&self.records, parameters)?;
        let (mut page, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next().await? {
            bytes += row.values().iter().map(Value::size).sum::<usize>();
            page.push(row);
            if bytes >= PAGE_BYTES {
                break;
            }
        }
        Ok(page)
    }

    async fn parts(&self, after: i64, to: i64) -> Result<Vec<Parts>, Fault> {
        let mut all = Vec::new();
        for (table, owner, sql) in &self.parts {
            let parameters = vec![Value::Int(after), Value::Int(to)];
            let rows = self.database.fetch(sql, parameters, PART_ROWS_MAX).await?;
            all.push(Parts { table: *table, owner, rows: rows.into_iter().peekable() });
        }
        Ok(all)
    }
}

/// What is read of a table: its columns, references as the source ids of what they refer to.
fn columns(table: Table, dialect: Dialect) -> String {
    let column = |(name, kind): (&'static str, Kind)| match kind {
        Kind::Ref(other) => {
            let find =
                |what: &str| format!("(SELECT r.{what} FROM {} r WHERE r.id = t.{name})", other.name());
            let id = format!("{} AS {name}", find("source_id"));
            if other.has_kind() { format!("{id}, {} AS {name}_kind", find("kind")) } else { id }
        }
        // Written with all its decimals, whatever the column's type.
        Kind::Decimal if dialect == Dialect::Postgres => format!("t.{name}::text AS {name}"),
        _ => format!("t.{name}"),
    };
    table.columns().map(column).collect::<Vec<_>>().join(", ")
}
