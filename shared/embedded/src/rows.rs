//! How journal rows lie in SQLite.

use std::str::FromStr;

use carry_model::{Code, Decimal, Entity, Fault, RecordKey, RunId, SourceId, TargetId};
use carry_ports::{Change, Link, LinkState, More};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Row, ToSql};

pub(crate) const SCHEMA: &str = "
    create table if not exists migrations (
        seq integer primary key, id text not null unique, json text not null);
    create table if not exists runs (
        seq integer primary key, id text not null unique, migration integer not null references migrations(seq),
        json text not null);
    create table if not exists batches (
        run integer not null references runs(seq), name text not null, open integer not null, intents text not null,
        primary key (run, name)) without rowid;
    create table if not exists links (
        migration integer not null, entity text not null, source_id text not null,
        state text not null, change text not null, target_id text, number text, target_number text,
        fingerprint text not null, run text not null, contact text, date text, currency text, rate text,
        total text, outstanding text, applied text not null, more text, seen integer,
        primary key (migration, entity, source_id)) without rowid;
";

pub(crate) const LINK_COLUMNS: &str = "entity, source_id, state, change, target_id, number, target_number, \
     fingerprint, run, contact, date, currency, rate, total, outstanding, applied, more";

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
        Ok(self.0.to_string().into())
    }
}

fn opt_exact(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Decimal>> {
    Ok(row.get::<_, Option<Exact>>(index)?.map(|exact| exact.0))
}

fn opt_text<T: FromStr>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>> {
    Ok(row.get::<_, Option<AsText<T>>>(index)?.map(|text| text.0))
}

pub(crate) const fn change_name(change: Change) -> &'static str {
    match change {
        Change::Created => "created",
        Change::Updated => "updated",
        Change::Mapped => "mapped",
    }
}

fn invalid(index: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(index, String::new(), rusqlite::types::Type::Text)
}

/// Reads a row of [`LINK_COLUMNS`].
pub(crate) fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
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
    let more = match row.get_ref(16)?.as_str_or_null()? {
        Some(text) => serde_json::from_str(text).map_err(|_| invalid(16))?,
        None => More::default(),
    };
    Ok(Link {
        key: RecordKey::new(row.get::<_, AsText<Entity>>(0)?.0, row.get::<_, String>(1)?),
        state,
        change,
        target: row.get::<_, Option<String>>(4)?.map(TargetId::from),
        number: row.get(5)?,
        target_number: row.get(6)?,
        fingerprint: row.get::<_, String>(7)?.parse().map_err(|_| invalid(7))?,
        run: RunId::from(row.get::<_, String>(8)?),
        contact: row.get::<_, Option<String>>(9)?.map(SourceId::from),
        date: opt_text(row, 10)?,
        currency: opt_text(row, 11)?,
        rate: opt_exact(row, 12)?,
        total: opt_exact(row, 13)?,
        outstanding: opt_exact(row, 14)?,
        applied: row.get::<_, Exact>(15)?.0,
        more,
    })
}

/// The seldom needed part of a link as JSON, or nothing where there is nothing in it.
pub(crate) fn more_json(more: &More) -> Result<Option<String>, Fault> {
    let json = serde_json::to_string(more).map_err(json_broken)?;
    Ok((json != r#"{"place":{"file":""}}"#).then_some(json))
}
