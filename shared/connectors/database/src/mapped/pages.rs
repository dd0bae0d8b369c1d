//! Reads a mapped query page by page, each page with the rows that belong to its records.

use carry_connector::{BatchBuilder, BatchHeader, RawSink};
use carry_model::{Code, Fault};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::file::{EntityQuery, KeyKind, PartQuery, in_place, invalid};
use super::sql::ENTITY;
use crate::conn::{Database, Row, Value};

/// Records of a page.
pub const PAGE_ROWS: usize = 500;
/// Most rows that belong to the records of a page in one part; a page that has more is read in halves, and a single
/// record that has more is rejected.
pub const PART_ROWS_MAX: usize = 20_000;

/// Marks a record that was staged without the rows of a part because there were too many.
pub(super) const OVERSIZED: &str = ":oversized";

/// The value before the first key.
pub(super) fn start(kind: KeyKind) -> Value {
    match kind {
        KeyKind::Integer => Value::Int(i64::MIN),
        KeyKind::Text => Value::Text(String::new()),
    }
}

/// A cursor as it was handed to the sink.
fn resumed(query: &EntityQuery, cursor: Option<String>) -> Result<Value, Fault> {
    match (cursor, query.key_kind) {
        (None, kind) => Ok(start(kind)),
        (Some(text), KeyKind::Text) => Ok(Value::Text(text)),
        (Some(text), KeyKind::Integer) => {
            text.parse().map(Value::Int).map_err(|_| Fault::new(Code::StagingCorrupt).detail("a cursor"))
        }
    }
}

/// The query of a page, ready to run.
pub(super) fn bound(
    database: &Database,
    query: &EntityQuery,
    after: &[Value],
    limit: &[Value],
) -> (String, Vec<Value>) {
    let entity = [Value::from(query.entity.name())];
    query.query.bind(database.dialect(), |name| match name {
        ENTITY => &entity,
        "after" => after,
        _ => limit,
    })
}

/// The query of a part, ready to run.
pub(super) fn bound_part(
    database: &Database,
    query: &EntityQuery,
    part: &PartQuery,
    keys: &[Value],
) -> (String, Vec<Value>) {
    let entity = [Value::from(query.entity.name())];
    part.query.bind(database.dialect(), |name| if name == ENTITY { &entity } else { keys })
}

/// One page of a query: rows after `after`, at most `limit`.
pub(super) async fn page(
    database: &Database,
    query: &EntityQuery,
    after: &Value,
    limit: usize,
) -> Result<Vec<Row>, Fault> {
    let after = [after.clone()];
    let count = [Value::Int(i64::try_from(limit).unwrap_or(i64::MAX))];
    let (sql, values) = bound(database, query, &after, &count);
    let rows = database.fetch(&sql, values, limit).await.map_err(|fault| in_place(fault, &query.id))?;
    if let Some(row) = rows.first() {
        query.columns.check(row.names(), &query.key, &query.id)?;
    }
    Ok(rows)
}

/// The key of a row, as the query must give it.
pub(super) fn key(query: &EntityQuery, row: &Row) -> Result<Value, Fault> {
    let wrong = |detail: String| invalid(&query.id, detail).field(&query.key);
    let value = row.get(&query.key).ok_or_else(|| {
        wrong(format!("The query gives no column '{}'.", query.key)).hint("State the key's column under key.")
    })?;
    match (query.key_kind, value) {
        (_, Value::Null) => Err(wrong("A key is null.".to_owned())),
        (KeyKind::Integer, Value::Int(_)) | (KeyKind::Text, Value::Text(_)) => Ok(value.clone()),
        (KeyKind::Integer, other) => {
            let n = other.int().ok().flatten();
            n.map(Value::Int).ok_or_else(|| {
                wrong("A key is no whole number.".to_owned()).hint("State key_kind = \"text\".")
            })
        }
        (KeyKind::Text, _) => Err(wrong("A key is no text.".to_owned())
            .hint("Leave key_kind out for whole numbers, or cast the key to text in the query.")),
    }
}

/// A record with its parts, as it is staged.
struct Object<'a> {
    row: &'a Row,
    parts: Vec<(&'static str, Vec<Row>)>,
    oversized: Option<&'static str>,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in
            self.row.names().iter().zip(self.row.values()).filter(|(_, value)| !value.is_null())
        {
            map.serialize_entry(&name.to_lowercase(), value)?;
        }
        for (name, rows) in &self.parts {
            map.serialize_entry(name, &Rows(rows))?;
        }
        if let Some(part) = self.oversized {
            map.serialize_entry(OVERSIZED, part)?;
        }
        map.end()
    }
}

struct Rows<'a>(&'a [Row]);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|row| Object { row, parts: Vec::new(), oversized: None }))
    }
}

/// Reads a query from the start or after a cursor.
pub(super) async fn extract(
    database: &Database,
    query: &EntityQuery,
    header: BatchHeader,
    cursor: Option<String>,
    sink: &mut dyn RawSink,
) -> Result<(), Fault> {
    let mut after = resumed(query, cursor)?;
    let mut seen = FxHashSet::default();
    let mut batch = BatchBuilder::new(header);
    loop {
        let rows = page(database, query, &after, PAGE_ROWS).await?;
        let keys = rows.iter().map(|row| key(query, row)).collect::<Result<Vec<_>, _>>()?;
        let Some(last) = keys.last() else { break };
        rising(query, &after, &keys)?;
        if !seen.insert(last.text()?.unwrap_or_default().into_owned()) {
            return Err(invalid(&query.id, "The same page came twice.")
                .hint("Order the query by its key: ORDER BY key LIMIT :limit."));
        }
        let full = rows.len() == PAGE_ROWS;
        after = last.clone();
        let parts = parts(database, query, &keys).await?;
        stage(&rows, &keys, parts, &mut batch, sink).await?;
        if !full {
            break;
        }
    }
    if !batch.is_empty() {
        sink.accept(batch.take(), after.text()?.map(std::borrow::Cow::into_owned)).await?;
    }
    Ok(())
}

/// A query whose key is not unique or not in order would lose records between two pages.
fn rising(query: &EntityQuery, after: &Value, keys: &[Value]) -> Result<(), Fault> {
    let mut before = after;
    for key in keys {
        let rises = match (before, key) {
            (Value::Int(a), Value::Int(b)) => a < b,
            // Texts are ordered by the database's own collation.
            (a, b) => a != b,
        };
        if !rises {
            return Err(invalid(&query.id, "Keys are not unique, or not in ascending order.")
                .field(&query.key)
                .hint("Order the query by its key alone, and let it give one row for each record; further rows belong in a part such as lines."));
        }
        before = key;
    }
    Ok(())
}

type ByKey = FxHashMap<String, Vec<Row>>;

/// The rows of a part by the key of the record they belong to; None where one record has too many.
struct PartRows {
    name: &'static str,
    rows: ByKey,
    oversized: FxHashSet<String>,
}

async fn parts(database: &Database, query: &EntityQuery, keys: &[Value]) -> Result<Vec<PartRows>, Fault> {
    let mut all = Vec::with_capacity(query.parts.len());
    for part in &query.parts {
        let mut found = PartRows { name: part.name, rows: ByKey::default(), oversized: FxHashSet::default() };
        let mut waiting = vec![keys];
        while let Some(keys) = waiting.pop() {
            if belonging(database, query, part, keys, &mut found.rows).await? {
                continue;
            }
            match keys {
                [one] => {
                    found.oversized.insert(one.text()?.unwrap_or_default().into_owned());
                }
                many => {
                    let (first, second) = many.split_at(many.len() / 2);
                    waiting.extend([first, second]);
                }
            }
        }
        all.push(found);
    }
    Ok(all)
}

/// Reads the rows that belong to these keys; false, with nothing added, where there are too many at once.
async fn belonging(
    database: &Database,
    query: &EntityQuery,
    part: &PartQuery,
    keys: &[Value],
    into: &mut ByKey,
) -> Result<bool, Fault> {
    let place = format!("{}.{}", query.id, part.name);
    let (sql, values) = bound_part(database, query, part, keys);
    let named = |fault| in_place(fault, &place);
    let mut rows = database.query(&sql, values).map_err(named)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().await.map_err(named)? {
        if found.len() == PART_ROWS_MAX {
            return Ok(false);
        }
        found.push(row);
    }
    if let Some(row) = found.first() {
        part.columns.check(row.names(), &part.parent, &place)?;
    }
    let known: FxHashSet<String> = keys
        .iter()
        .map(|key| Ok(key.text()?.unwrap_or_default().into_owned()))
        .collect::<Result<_, Fault>>()?;
    for row in found {
        let parent = row.get(&part.parent).ok_or_else(|| {
            invalid(&place, format!("The query gives no column '{}'.", part.parent)).field(&part.parent)
        })?;
        let parent = parent.text()?.unwrap_or_default().into_owned();
        if !known.contains(&parent) {
            return Err(invalid(&place, "A row belongs to none of the keys that were asked for.")
                .field(&part.parent)
                .hint("Write the query like: SELECT ... WHERE parent_id IN (:keys), and give that column under parent."));
        }
        into.entry(parent).or_default().push(row);
    }
    Ok(true)
}

async fn stage(
    rows: &[Row],
    keys: &[Value],
    mut parts: Vec<PartRows>,
    batch: &mut BatchBuilder,
    sink: &mut dyn RawSink,
) -> Result<(), Fault> {
    for (row, key) in rows.iter().zip(keys) {
        let key = key.text()?.unwrap_or_default().into_owned();
        let oversized = parts.iter().find(|part| part.oversized.contains(&key)).map(|part| part.name);
        let parts =
            parts.iter_mut().map(|part| (part.name, part.rows.remove(&key).unwrap_or_default())).collect();
        batch.push(0, 0, &Object { row, parts, oversized })?;
        if batch.is_full() {
            sink.accept(batch.take(), Some(key)).await?;
        }
    }
    Ok(())
}
