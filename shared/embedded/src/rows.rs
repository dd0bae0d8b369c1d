//! How journal rows lie in SQLite.

use std::fmt::Write;
use std::str::FromStr;

use carry_model::{
    Allocation, Code, Currency, Decimal, Entity, Fault, Fingerprint, Place, RecordKey, RunId, SourceId,
    TargetId, checked_sum, push_decimal,
};
use carry_ports::{Change, Intent, Link, LinkState, More};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Null, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Row, ToSql};

use crate::names::Names;

/// Version of the schema and of what stands in it (6: entities, states and changes by their numbers); a file of another
/// version is not worked in.
pub(crate) const SCHEMA_VERSION: i64 = 6;

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
        migration integer not null, entity integer not null, source_id text not null,
        state integer not null, change integer not null, target_id text, number, target_number,
        fingerprint blob not null, run integer not null, contact text, date text, currency text, rate text,
        total text, outstanding text, applied text not null,
        place_file integer not null, place_line integer not null, place_last_line integer not null,
        allocations text, more text, seen integer,
        primary key (migration, entity, source_id)) without rowid;
";

/// Columns of a link; `run` and `place_file` are numbers of [`Names`]. The journal is written more than anything else, so
/// rows are short: a number that is the record's id, as nearly all are, is kept as [`SAME`].
pub(crate) const LINK_COLUMNS: &str = "entity, source_id, state, change, target_id, number, target_number, \
     fingerprint, run, contact, date, currency, rate, total, outstanding, applied, place_file, place_line, \
     place_last_line, allocations, more";

/// Stands for the record's id.
const SAME: i64 = 1;

/// The number of [`LinkState::Done`], for conditions.
pub(crate) const DONE: i64 = 0;

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

/// One of a few, kept as its number: its place among all.
pub(crate) trait Numbered: Copy + PartialEq + 'static {
    const ALL: &'static [Self];
}

impl Numbered for Entity {
    const ALL: &'static [Self] = Self::ALL;
}

impl Numbered for LinkState {
    const ALL: &'static [Self] = &[Self::Done, Self::Failed, Self::Skipped];
}

impl Numbered for Change {
    const ALL: &'static [Self] = &[Self::Created, Self::Updated, Self::Mapped];
}

/// A value kept as its number.
pub(crate) struct AsNumber<T>(pub(crate) T);

impl<T: Numbered> FromSql for AsNumber<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let known = usize::try_from(value.as_i64()?).ok().and_then(|number| T::ALL.get(number));
        known.copied().map(AsNumber).ok_or(FromSqlError::InvalidType)
    }
}

impl<T: Numbered> ToSql for AsNumber<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let number = T::ALL.iter().position(|known| *known == self.0);
        let number = number.and_then(|number| i64::try_from(number).ok());
        Ok(number.map_or(ToSqlOutput::from(Null), ToSqlOutput::from))
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

    /// A number, which may be the record's id, or null.
    fn number(&mut self, number: Option<&str>, id: &SourceId) -> rusqlite::Result<()> {
        if number == Some(id.as_str()) { self.value(SAME) } else { self.value(number) }
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

fn invalid(index: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(index, String::new(), rusqlite::types::Type::Text)
}

fn text<T: for<'t> From<&'t str>>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>> {
    Ok(row.get_ref(index)?.as_str_or_null()?.map(T::from))
}

/// A number, which may be the record's id.
fn number(row: &Row<'_>, index: usize, id: &str) -> rusqlite::Result<Option<String>> {
    match row.get_ref(index)? {
        ValueRef::Integer(SAME) => Ok(Some(id.to_owned())),
        other => Ok(other.as_str_or_null()?.map(str::to_owned)),
    }
}

fn line(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get_ref(index)?.as_i64()?).map_err(|_| invalid(index))
}

/// Reads a row of [`LINK_COLUMNS`].
pub(crate) fn link(connection: &Connection, names: &mut Names, row: &Row<'_>) -> rusqlite::Result<Link> {
    let print: [u8; 16] = row.get_ref(7)?.as_blob()?.try_into().map_err(|_| invalid(7))?;
    let allocations = match row.get_ref(19)?.as_str_or_null()? {
        Some(text) => allocations_of(text).map_err(|_| invalid(19))?,
        None => Vec::new(),
    };
    let more = match row.get_ref(20)?.as_str_or_null()? {
        Some(text) => serde_json::from_str(text).map_err(|_| invalid(20))?,
        None => More::default(),
    };
    let place = Place {
        file: names.text(connection, row.get(16)?)?,
        line: line(row, 17)?,
        last_line: line(row, 18)?,
    };
    let id = row.get_ref(1)?.as_str()?;
    Ok(Link {
        key: RecordKey::new(row.get::<_, AsNumber<Entity>>(0)?.0, id),
        state: row.get::<_, AsNumber<LinkState>>(2)?.0,
        change: row.get::<_, AsNumber<Change>>(3)?.0,
        target: text(row, 4)?,
        number: number(row, 5, id)?,
        target_number: number(row, 6, id)?,
        fingerprint: Fingerprint::from_bytes(print),
        run: RunId::from(names.text(connection, row.get(8)?)?),
        contact: text(row, 9)?,
        date: opt_text(row, 10)?,
        currency: opt_text(row, 11)?,
        rate: opt_exact(row, 12)?,
        total: opt_exact(row, 13)?,
        outstanding: opt_exact(row, 14)?,
        applied: row.get::<_, Exact>(15)?.0,
        more: More { place, allocations, ..more },
    })
}

/// Binds the number of a migration and the [`LINK_COLUMNS`] of a link: its run and file by their numbers, allocations and
/// `more` as [`allocations_json`] and [`more_json`] have them. `text` is memory to be used again.
pub(crate) fn bind_link(
    statement: &mut CachedStatement<'_>,
    text: &mut String,
    (migration, run, file): (i64, i64, i64),
    link: &Link,
    (allocations, more): (Option<&str>, Option<&str>),
) -> rusqlite::Result<()> {
    let mut row = Binding { statement, column: 0, text };
    let line = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    row.value(migration)?;
    row.value(AsNumber(link.key.entity))?;
    row.value(link.key.id.as_str())?;
    row.value(AsNumber(link.state))?;
    row.value(AsNumber(link.change))?;
    row.value(link.target.as_ref().map(TargetId::as_str))?;
    row.number(link.number.as_deref(), &link.key.id)?;
    row.number(link.target_number.as_deref(), &link.key.id)?;
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
    row.value(allocations)?;
    row.value(more)
}

/// The seldom needed part of a link as JSON, without its place and allocations, which have columns of their own;
/// nothing where there is nothing in it.
pub(crate) fn more_json(more: &More) -> Result<Option<String>, Fault> {
    let More { draft, allocations: _, adjustments, notes, fault, place: _ } = more;
    if !draft && adjustments.is_empty() && notes.is_empty() && fault.is_none() {
        return Ok(None);
    }
    let rest = More { place: Place::default(), allocations: Vec::new(), ..more.clone() };
    serde_json::to_string(&rest).map(Some).map_err(json_broken)
}

/// Allocations as JSON, short because every payment has some: `["invoice","1048","20.00"]`. Nothing where there are none.
pub(crate) fn allocations_json(allocations: &[Allocation]) -> Result<Option<String>, Fault> {
    if allocations.is_empty() {
        return Ok(None);
    }
    let all: Vec<_> = allocations
        .iter()
        .map(|part| (part.document.entity, part.document.id.as_str(), part.amount))
        .collect();
    serde_json::to_string(&all).map(Some).map_err(json_broken)
}

/// Reads what [`allocations_json`] wrote.
fn allocations_of(json: &str) -> serde_json::Result<Vec<Allocation>> {
    let all: Vec<(Entity, SourceId, Decimal)> = serde_json::from_str(json)?;
    let part = |(entity, id, amount)| Allocation { document: RecordKey { entity, id }, amount };
    Ok(all.into_iter().map(part).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_means_what_it_meant_in_this_version() {
        let names: Vec<_> = Entity::ALL.iter().map(|entity| entity.name()).collect();
        let then = "company account tax_rate terms payment_method tracking_category contact item project estimate \
                    sales_order purchase_order invoice bill sales_receipt expense credit_note bill_credit refund \
                    open_balance payment bill_payment transfer bank_transaction journal time_activity \
                    expense_activity fee_activity attachment";
        assert_eq!(names.join(" "), then, "the order changed: raise SCHEMA_VERSION and change it here");
        assert_eq!(AsNumber(LinkState::Done).to_sql().unwrap(), ToSqlOutput::from(DONE));
        assert_eq!(AsNumber(LinkState::Skipped).to_sql().unwrap(), ToSqlOutput::from(2_i64));
        assert_eq!(AsNumber(Change::Mapped).to_sql().unwrap(), ToSqlOutput::from(2_i64));
    }

    #[test]
    fn allocations_come_back_to_the_last_digit() {
        let part = |id: &str, amount: &str| Allocation {
            document: RecordKey::new(Entity::Invoice, id),
            amount: Decimal::from_str_exact(amount).unwrap(),
        };
        let parts =
            [part("1048", "20.00"), part("\"10,49\"", "-0.5"), part("", "79228162514264337593543950335")];
        let json = allocations_json(&parts).unwrap().unwrap();
        assert!(json.starts_with(r#"[["invoice","1048","20.00"],"#), "{json}");
        assert_eq!(allocations_of(&json).unwrap(), parts);
        assert_eq!(allocations_json(&[]).unwrap(), None);
    }
}
