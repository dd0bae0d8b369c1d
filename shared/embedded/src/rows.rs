//! How journal rows lie in SQLite.

use carry_model::{Code, Decimal, Entity, Fault, Fingerprint, RecordKey, RunId, SourceId, checked_sum};
use carry_ports::{Intent, Link, LinkState};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use crate::body::{self, Columns};
use crate::names::Names;
use crate::numbered::AsNumber;

/// Version of the schema and of what stands in it (7: links with a body); a file of another version is not
/// worked in.
pub(crate) const SCHEMA_VERSION: i64 = 7;

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
        state integer not null, run integer not null, place_file integer not null,
        outstanding blob, applied blob, body blob not null, seen integer,
        primary key (migration, entity, source_id)) without rowid;
";

/// Columns of a link; `outstanding` and `applied` are the sixteen bytes of a decimal, `run` and `place_file` are numbers of [`Names`]. The journal is written more than anything else, so
/// what no statement asks for is one value ([`body`]).
pub(crate) const LINK_COLUMNS: &str = "entity, source_id, state, run, place_file, outstanding, applied, body";

/// The number of [`LinkState::Done`], for conditions.
pub(crate) const DONE: i64 = 0;

pub(crate) fn broken(error: rusqlite::Error) -> Fault {
    Fault::new(Code::StateUnusable).caused_by(error)
}

pub(crate) fn json_broken(error: serde_json::Error) -> Fault {
    Fault::new(Code::StateUnusable).caused_by(error)
}

/// The name of a function that adds two exact decimals in SQL.
pub(crate) const EXACT_SUM: &str = "exact_sum";

/// Makes [`EXACT_SUM`] known to a connection. A sum beyond the range of a decimal fails the statement.
pub(crate) fn add_exact_sum(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(EXACT_SUM, 2, flags, |call| {
        let parts = [decimal(call.get(0)?), decimal(call.get(1)?)];
        let sum = checked_sum(parts).map_err(|fault| rusqlite::Error::UserFunctionError(fault.into()))?;
        Ok(sum.serialize())
    })
}

/// What payments took off a document as its row keeps it; nothing of what none can settle. A sum that changes takes as
/// many bytes as before, so that its row stays where it is: rows that grow would split every page of the journal.
pub(crate) fn applied(link: &Link) -> Option<[u8; 16]> {
    (link.key.entity.is_document() || !link.applied.is_zero()).then(|| link.applied.serialize())
}

fn decimal(bytes: Option<[u8; 16]>) -> Decimal {
    bytes.map(Decimal::deserialize).unwrap_or_default()
}

/// Reads a row of [`LINK_COLUMNS`].
pub(crate) fn link(connection: &Connection, names: &mut Names, row: &Row<'_>) -> rusqlite::Result<Link> {
    let columns = Columns {
        key: RecordKey::new(row.get::<_, AsNumber<Entity>>(0)?.0, row.get_ref(1)?.as_str()?),
        state: row.get::<_, AsNumber<LinkState>>(2)?.0,
        run: RunId::from(names.text(connection, row.get(3)?)?),
        file: names.text(connection, row.get(4)?)?,
        outstanding: row.get::<_, Option<_>>(5)?.map(Decimal::deserialize),
        applied: decimal(row.get(6)?),
    };
    let unreadable = |body::Unreadable| rusqlite::Error::InvalidColumnType(7, "body".to_owned(), Type::Blob);
    body::read(row.get_ref(7)?.as_blob()?, columns).map_err(unreadable)
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
