//! How journal rows lie in SQLite.

use std::fmt::Write;
use std::str::FromStr;

use carry_model::{
    Code, Currency, Decimal, Entity, Fault, Fingerprint, Place, RecordKey, RunId, SourceId, TargetId,
    checked_sum, push_decimal,
};
use carry_ports::{Change, Intent, Link, LinkState, More};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Row, ToSql};

use crate::names::Names;

/// Version of the schema and of what stands in it (5: fingerprints by XXH3); a file of another version is not worked in.
pub(crate) const SCHEMA_VERSION: i64 = 5;

pub(crate) const SCHEMA: &str = "
    create table if not exists migrations (
        seq integer primary key, id text not null unique, json text not null);
    create table if not exists runs (
        seq integer primary key, id text not null unique, migration integer not null references migrations(seq),
        json text not null);
    create table if not exists batches (
        run integer not null references runs(seq), name text not null, intents text not null,
        primary key (run, name)) without rowid;
    create table if not exists names (number integer primary key, text text not null unique);
    create table if not exists links (
        migration integer not null, entity text not null, source_id text not null,
        state text not null, change text not null, target_id text, number text, target_number text,
        fingerprint blob not null, run integer not null, contact text, date text, currency text, rate text,
        total text, outstanding text, applied text not null,
        place_file integer not null, place_line integer not null, place_last_line integer not null,
        more text, seen integer,
        primary key (migration, entity, source_id)) without rowid;
";

/// Columns of a link; `run` and `place_file` are numbers of [`Names`].
pub(crate) const LINK_COLUMNS: &str = "entity, source_id, state, change, target_id, number, target_number, \
     fingerprint, run, contact, date, currency, rate, total, outstanding, applied, place_file, place_line, \
     place_last_line, more";

pub(crate) fn broken(error: rusqlite::Error) -> Fault {
    Fault::new(Code::StateUnusable).caused_by(error)
}

pub(crate) fn json_broken(error: serde_json::Error) -> Fault {
    Fault::new(Code::StateUnusable).caused_by(error)
}

/// A value kept as its text.
pub(crate) struct AsText<T>(pub(crate) T);

impl<T: FromStr> FromSql for AsText<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(AsText).map_err(|_| FromSqlError::InvalidType)
    }
}

impl<T: std::fmt::Display> ToSql for AsText<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

/// An exact decimal kept as its text.
pub(crate) struct Exact(pub(crate) Decimal);

impl FromSql for Exact {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Decimal::from_str_exact(value.as_str()?).map(Exact).map_err(|_| FromSqlError::InvalidType)
    }
}

impl ToSql for Exact {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let mut text = String::new();
        push_decimal(&mut text, &self.0);
        Ok(text.into())
    }
}

/// Binds the values of a row, one column after the other.
struct Binding<'s, 'c> {
    statement: &'s mut CachedStatement<'c>,
    column: usize,
    /// Texts are made in it.
    text: &'s mut String,
}

impl Binding<'_, '_> {
    /// A value that SQLite knows.
    fn value(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.column += 1;
        self.statement.raw_bind_parameter(self.column, value)
    }

    /// An exact decimal as [`Exact`] keeps it, or null.
    fn decimal(&mut self, value: Option<Decimal>) -> rusqlite::Result<()> {
        self.written(value, |text, value| push_decimal(text, &value))
    }

    /// A value as [`AsText`] keeps it, or null.
    fn shown(&mut self, value: Option<impl std::fmt::Display>) -> rusqlite::Result<()> {
        // Writing to a string cannot fail.
        self.written(value, |text, value| write!(text, "{value}").unwrap_or_default())
    }

    fn written<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut String, T)) -> rusqlite::Result<()> {
        self.column += 1;
        self.text.clear();
        let is_there = value.map(|value| write(self.text, value)).is_some();
        self.statement.raw_bind_parameter(self.column, is_there.then_some(self.text.as_str()))
    }
}

/// The name of a function that adds two exact decimals in SQL.
pub(crate) const EXACT_SUM: &str = "exact_sum";

/// Makes [`EXACT_SUM`] known to a connection. A sum beyond the range of a decimal fails the statement.
pub(crate) fn add_exact_sum(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(EXACT_SUM, 2, flags, |call| {
        let (Exact(one), Exact(other)) = (call.get(0)?, call.get(1)?);
        let sum =
            checked_sum([one, other]).map_err(|fault| rusqlite::Error::UserFunctionError(fault.into()))?;
        Ok(Exact(sum))
    })
}

fn opt_exact(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Decimal>> {
    Ok(row.get::<_, Option<Exact>>(index)?.map(|exact| exact.0))
}

fn opt_text<T: FromStr>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>> {
    Ok(row.get::<_, Option<AsText<T>>>(index)?.map(|text| text.0))
}

const fn change_name(change: Change) -> &'static str {
    match change {
        Change::Created => "created",
        Change::Updated => "updated",
        Change::Mapped => "mapped",
    }
}

fn invalid(index: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(index, String::new(), rusqlite::types::Type::Text)
}

fn text<T: for<'t> From<&'t str>>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>> {
    Ok(row.get_ref(index)?.as_str_or_null()?.map(T::from))
}

fn line(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get_ref(index)?.as_i64()?).map_err(|_| invalid(index))
}

/// Reads a row of [`LINK_COLUMNS`].
pub(crate) fn link(connection: &Connection, names: &mut Names, row: &Row<'_>) -> rusqlite::Result<Link> {
    let state = match row.get_ref(2)?.as_str()? {
        "done" => LinkState::Done,
        "failed" => LinkState::Failed,
        "skipped" => LinkState::Skipped,
        _ => return Err(invalid(2)),
    };
    let change = match row.get_ref(3)?.as_str()? {
        "created" => Change::Created,
        "updated" => Change::Updated,
        "mapped" => Change::Mapped,
        _ => return Err(invalid(3)),
    };
    let print: [u8; 16] = row.get_ref(7)?.as_blob()?.try_into().map_err(|_| invalid(7))?;
    let more = match row.get_ref(19)?.as_str_or_null()? {
        Some(text) => serde_json::from_str(text).map_err(|_| invalid(19))?,
        None => More::default(),
    };
    let place = Place {
        file: names.text(connection, row.get(16)?)?,
        line: line(row, 17)?,
        last_line: line(row, 18)?,
    };
    Ok(Link {
        key: RecordKey::new(row.get::<_, AsText<Entity>>(0)?.0, row.get_ref(1)?.as_str()?),
        state,
        change,
        target: text(row, 4)?,
        number: text(row, 5)?,
        target_number: text(row, 6)?,
        fingerprint: Fingerprint::from_bytes(print),
        run: RunId::from(names.text(connection, row.get(8)?)?),
        contact: text(row, 9)?,
        date: opt_text(row, 10)?,
        currency: opt_text(row, 11)?,
        rate: opt_exact(row, 12)?,
        total: opt_exact(row, 13)?,
        outstanding: opt_exact(row, 14)?,
        applied: row.get::<_, Exact>(15)?.0,
        more: More { place, ..more },
    })
}

/// Binds the number of a migration and the [`LINK_COLUMNS`] of a link: its run and file by their numbers, `more` as
/// [`more_json`] has it. `text` is memory to be used again.
pub(crate) fn bind_link(
    statement: &mut CachedStatement<'_>,
    text: &mut String,
    (migration, run, file): (i64, i64, i64),
    link: &Link,
    more: Option<&str>,
) -> rusqlite::Result<()> {
    let mut row = Binding { statement, column: 0, text };
    let line = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    row.value(migration)?;
    row.value(link.key.entity.name())?;
    row.value(link.key.id.as_str())?;
    row.value(link.state.name())?;
    row.value(change_name(link.change))?;
    row.value(link.target.as_ref().map(TargetId::as_str))?;
    row.value(link.number.as_deref())?;
    row.value(link.target_number.as_deref())?;
    row.value(link.fingerprint.to_bytes())?;
    row.value(run)?;
    row.value(link.contact.as_ref().map(SourceId::as_str))?;
    row.shown(link.date)?;
    row.value(link.currency.as_ref().map(Currency::code))?;
    row.decimal(link.rate)?;
    row.decimal(link.total)?;
    row.decimal(link.outstanding)?;
    row.decimal(Some(link.applied))?;
    row.value(file)?;
    row.value(line(link.more.place.line))?;
    row.value(line(link.more.place.last_line))?;
    row.value(more)
}

/// The seldom needed part of a link as JSON without its place, which has columns of its own; nothing where there
/// is nothing in it.
pub(crate) fn more_json(more: &More) -> Result<Option<String>, Fault> {
    let More { draft, allocations, adjustments, notes, fault, place: _ } = more;
    let plain = !draft && allocations.is_empty() && adjustments.is_empty() && notes.is_empty();
    if plain && fault.is_none() {
        return Ok(None);
    }
    let rest = More { place: Place::default(), ..more.clone() };
    serde_json::to_string(&rest).map(Some).map_err(json_broken)
}

/// Intents as JSON, short because every batch writes them and takes them away again: `["invoice","1048","<32 digits>"]`.
pub(crate) fn intents_json(intents: &[Intent]) -> Result<String, Fault> {
    let all: Vec<_> = intents.iter().map(|i| (i.key.entity, i.key.id.as_str(), i.fingerprint)).collect();
    serde_json::to_string(&all).map_err(json_broken)
}

/// Reads what [`intents_json`] wrote.
pub(crate) fn intents_of(json: &str) -> Result<Vec<Intent>, Fault> {
    let all: Vec<(Entity, SourceId, Fingerprint)> = serde_json::from_str(json).map_err(json_broken)?;
    Ok(all
        .into_iter()
        .map(|(entity, id, fingerprint)| Intent { key: RecordKey { entity, id }, fingerprint })
        .collect())
}
