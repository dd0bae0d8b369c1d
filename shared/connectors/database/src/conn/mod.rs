//! Databases behind one small interface: open read-only by address, look at the schema, stream rows.
//!
//! A [`Database`] never writes. SQLite files are opened with `mode=ro` and `query_only`; PostgreSQL sessions run
//! with `default_transaction_read_only`, MySQL and MariaDB sessions with `TRANSACTION READ ONLY`; and only
//! `SELECT`, `WITH` and `VALUES` statements are sent at all.
//!
//! Values are never binary floats: a `REAL` or `double` column arrives as the shortest text that reads back as
//! the same float ([`Value::Text`]), exact decimals as [`Value::Decimal`].
//!
//! Paging is the caller's: `WHERE key > {p1} ORDER BY key LIMIT {p2}` with [`Dialect::parameter`] for the
//! placeholders and the values bound. Between pages nothing is held open.

mod address;
mod mysql;
mod postgres;
mod rows;
mod schema;
mod sqlite;
mod value;

pub use address::Address;
pub use rows::Rows;
pub use schema::{Column, TableShape};
pub use value::{Row, Value};

pub(crate) use postgres::{fault_of as postgres_fault, pool as postgres_pool};
pub(crate) use sqlite::fault_of as sqlite_fault;

use std::time::Duration;

use carry_model::{Code, Fault};

/// A query is given up when no row has come for this long.
pub const QUERY_SILENCE_MAX: Duration = Duration::from_secs(300);
/// Opening a connection is given up after this long.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(20);
/// Most bytes of a single value.
pub const CELL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most bytes of a row.
pub const ROW_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most columns of a row.
pub const COLUMNS_MAX: usize = 1_000;

/// The dialects of SQL in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

impl Dialect {
    /// The placeholder of the n-th bound parameter (from 1). MySQL counts by position, so there every parameter
    /// must be used exactly once and in order.
    pub fn parameter(self, n: usize) -> String {
        match self {
            Self::Sqlite => format!("?{n}"),
            Self::Postgres => format!("${n}"),
            Self::MySql => "?".to_owned(),
        }
    }

    /// A table or column name in the dialect's quotes.
    pub fn quote(self, name: &str) -> String {
        match self {
            Self::MySql => format!("`{}`", name.replace('`', "``")),
            Self::Sqlite | Self::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
        }
    }
}

enum Backend {
    Sqlite(std::sync::Arc<sqlite::Files>),
    Postgres(sqlx::PgPool),
    MySql(sqlx::MySqlPool),
}

/// A database, opened for reading only.
pub struct Database {
    backend: Backend,
    shown: String,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Database({})", self.shown)
    }
}

impl Database {
    /// Opens a database by address: `sqlite:PATH` or a plain path, `postgres://...`, `mysql://...` or
    /// `mariadb://...`.
    ///
    /// A fault ([`Code::DatabaseUnreadable`], [`Code::ConfigInvalid`]) names the address without its password.
    pub async fn open(url: &str) -> Result<Self, Fault> {
        let address = Address::parse(url)?;
        let shown = address.to_string();
        let backend = match address {
            Address::Sqlite(path) => Backend::Sqlite(std::sync::Arc::new(sqlite::Files::open(path)?)),
            Address::Postgres(options) => Backend::Postgres(postgres::open(*options, &shown).await?),
            Address::MySql(options) => Backend::MySql(mysql::open(*options, &shown).await?),
        };
        Ok(Self { backend, shown })
    }

    /// Which SQL it speaks.
    pub const fn dialect(&self) -> Dialect {
        match self.backend {
            Backend::Sqlite(_) => Dialect::Sqlite,
            Backend::Postgres(_) => Dialect::Postgres,
            Backend::MySql(_) => Dialect::MySql,
        }
    }

    /// The address without user and password, for people.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Runs a query and streams its rows; at most a few hundred of them, or about a megabyte, wait in memory.
    /// Dropping the rows ends the query.
    ///
    /// Parameters are bound by position. PostgreSQL sees integers as `bigint`, texts and decimals as `text`, so
    /// a comparison with a date or numeric column needs a cast in the query.
    pub fn query(&self, sql: &str, parameters: Vec<Value>) -> Result<Rows, Fault> {
        only_reads(sql)?;
        let sql = sql.to_owned();
        Ok(match &self.backend {
            Backend::Sqlite(files) => sqlite::query(files, sql, parameters),
            Backend::Postgres(pool) => postgres::query(pool, sql, parameters),
            Backend::MySql(pool) => mysql::query(pool, sql, parameters),
        })
    }

    /// All rows of a query that yields at most `rows_max`; a fault ([`Code::InputTooLarge`]) where there are more.
    pub async fn fetch(&self, sql: &str, parameters: Vec<Value>, rows_max: usize) -> Result<Vec<Row>, Fault> {
        let mut rows = self.query(sql, parameters)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().await? {
            if all.len() == rows_max {
                return Err(
                    Fault::new(Code::InputTooLarge).detail(format!("a query gave more than {rows_max} rows"))
                );
            }
            all.push(row);
        }
        Ok(all)
    }
}

/// Refuses every statement that is not plainly a query. The servers refuse writes too; this names the reason.
fn only_reads(sql: &str) -> Result<(), Fault> {
    let mut rest = sql.trim_start();
    loop {
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after).trim_start();
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after).trim_start();
        } else if let Some(inner) = rest.strip_prefix('(') {
            rest = inner.trim_start();
        } else {
            break;
        }
    }
    let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
    match word.to_ascii_lowercase().as_str() {
        "select" | "with" | "values" => Ok(()),
        _ => Err(Fault::new(Code::QueryFailed)
            .detail("Only queries are sent to a source.")
            .hint("Begin the statement with SELECT or WITH.")
            .text(sql)),
    }
}

fn too_large(column: &str) -> Fault {
    Fault::new(Code::InputTooLarge)
        .field(column)
        .detail(format!("A value or row exceeds {} MiB.", ROW_BYTES_MAX / 1024 / 1024))
        .hint("Leave the column out of the query, or shorten what it holds.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_refused_before_they_are_sent() {
        for sql in
            ["SELECT 1", " -- a\n/* b */ select 1", "WITH x AS (SELECT 1) SELECT * FROM x", "(SELECT 1)"]
        {
            assert!(only_reads(sql).is_ok(), "{sql}");
        }
        for sql in ["", "DELETE FROM x", "PRAGMA query_only=0", "-- SELECT", "SET x = 1", "/* SELECT"] {
            assert_eq!(only_reads(sql).unwrap_err().code, Code::QueryFailed, "{sql}");
        }
    }
}
