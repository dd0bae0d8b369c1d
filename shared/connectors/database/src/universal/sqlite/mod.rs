//! The universal database in a SQLite file: one writing connection, write-ahead log, one transaction a batch.

mod balances;
mod remove;
mod there;
mod write;

pub(super) use balances::{account_balance, catalog, company, read_back};
pub(super) use remove::remove;
pub(super) use write::write;

use std::path::Path;
use std::time::Duration;

use carry_connector::Found;
use carry_model::{Code, Fault, RecordKey, Reject, TargetId};
use carry_sqlite::Folding;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::Mutex;

use self::there::There;
use super::shape::Table;
use super::sql::{SCHEMA_SQLITE, SCHEMA_VERSION};
use crate::conn::sqlite_fault;

const STATEMENT_CACHE: usize = 128;
/// Transactions after which the log is folded back.
const TRANSACTIONS_MAX: u32 = 80;
/// "CFWD" in ASCII: marks the file as a universal database.
const APPLICATION_ID: i32 = 0x4346_5744;

/// The database behind one lock.
pub(super) struct SqliteStore(Mutex<Open>);

/// An open database, with what is known of its content.
pub(super) struct Open {
    /// Ends before the connection is closed.
    folding: Folding,
    pub(super) connection: Connection,
    pub(super) there: There,
}

impl SqliteStore {
    /// Opens the file, creating it with its schema where it is missing or empty.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let (folding, connection) = (Folding::new(path, TRANSACTIONS_MAX), open(path)?);
        Ok(Self(Mutex::new(Open { folding, connection, there: There::default() })))
    }

    /// Runs work on the connection where it is awaited: a batch takes milliseconds. Who waits for its turn holds up
    /// no thread.
    pub(super) async fn run<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send,
    ) -> Result<T, Fault> {
        self.run_open(|open| work(&mut open.connection)).await
    }

    /// The same, with what is known of the database's content.
    pub(super) async fn run_open<T>(
        &self,
        work: impl FnOnce(&mut Open) -> Result<T, Fault> + Send,
    ) -> Result<T, Fault> {
        work(&mut *self.0.lock().await)
    }
}

/// The fault of a failed statement.
pub(super) fn failed(error: rusqlite::Error) -> Fault {
    sqlite_fault(Code::TargetRefused, &error)
}

fn open(path: &Path) -> Result<Connection, Fault> {
    let unusable = |error| sqlite_fault(Code::DatabaseUnreadable, &error).detail(path.display());
    let mut connection = Connection::open(path).map_err(unusable)?;
    connection.busy_timeout(Duration::from_secs(30)).map_err(unusable)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(unusable)?;
    if tables > 0 {
        check(&connection, path)?;
    } else {
        connection.execute_batch("PRAGMA page_size = 8192;").map_err(unusable)?;
    }
    // References are checked by the program, once for each record referred to; SQLite would look each of them up
    // for every row and search whole tables for every removal.
    // The log is folded back beside the work ([`Folding`]); a writer does it only where that has fallen behind by
    // 128 MB. A crash of the machine loses at most the last batches, never the rest.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF;
             PRAGMA cache_size = -4000; PRAGMA wal_autocheckpoint = 16384; PRAGMA temp_store = MEMORY;
             PRAGMA trusted_schema = OFF;",
        )
        .map_err(unusable)?;
    if tables == 0 {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate);
        let transaction = transaction.map_err(unusable)?;
        transaction.execute_batch(SCHEMA_SQLITE).map_err(unusable)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(unusable)?;
        let books = "INSERT INTO books (id, schema_version) VALUES (1, ?1)";
        transaction.execute(books, [SCHEMA_VERSION]).map_err(unusable)?;
        transaction.commit().map_err(unusable)?;
    }
    Ok(connection)
}

/// Refuses files that hold something else: nothing is ever written into a stranger's database.
fn check(connection: &Connection, path: &Path) -> Result<(), Fault> {
    let application: i32 =
        connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(failed)?;
    let version: Option<i64> = match application {
        APPLICATION_ID => connection
            .query_row("SELECT schema_version FROM books WHERE id = 1", [], |row| row.get(0))
            .optional()
            .map_err(failed)?,
        _ => None,
    };
    super::check_version(version, &path.display().to_string())
}

/// Adds rejects; one that is there already stays as it is.
pub(super) fn store_rejects(connection: &mut Connection, rejects: &[Reject]) -> Result<(), Fault> {
    let transaction = connection.transaction().map_err(failed)?;
    {
        let mut insert = transaction
            .prepare_cached(
                "INSERT INTO rejects (entity, source_id, source_number, place_file, place_line, place_last_line, code,
                     sentence, remedy, field, text, raw_message, raw)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING",
            )
            .map_err(failed)?;
        for reject in rejects {
            let (place, fault) = (&reject.place, &reject.fault);
            let id = reject.id.as_ref().map_or("", |id| id.as_str());
            let line = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
            insert
                .execute(params![
                    reject.entity.name(),
                    id,
                    reject.number,
                    place.file,
                    line(place.line),
                    line(place.last_line),
                    fault.code.id(),
                    fault.sentence(),
                    fault.remedy(),
                    fault.field.as_ref(),
                    fault.text.as_ref(),
                    fault.raw.as_ref(),
                    reject.raw
                ])
                .map_err(failed)?;
        }
    }
    transaction.commit().map_err(failed)
}

/// Empties the table of rejects.
pub(super) fn clear_rejects(connection: &mut Connection) -> Result<(), Fault> {
    connection.execute("DELETE FROM rejects", []).map(|_| ()).map_err(failed)
}

/// Where records are, by what the source calls them.
pub(super) fn find(connection: &Connection, keys: &[RecordKey]) -> Result<Vec<Option<Found>>, Fault> {
    let find = |key: &RecordKey| {
        let Some(table) = Table::of(key.entity) else { return Ok(None) };
        let found = write::by_source(connection, table, key.entity, key.id.as_str()).map_err(failed)?;
        Ok(found.map(|(id, number)| Found { id: TargetId::new(id.to_string()), number }))
    };
    keys.iter().map(find).collect()
}
