//! Connections to the journal's file.

use std::path::Path;

use carry_model::{Code, Fault};
use carry_ports::Link;
use rusqlite::Connection;

use crate::names::Names;
use crate::rows::{SCHEMA, SCHEMA_VERSION, add_exact_sum, broken, link};

/// Links of a page for which there is room from the beginning.
const PAGE_MAX: usize = 1_000;

/// A connection, with names that it knows of the file's content.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) connection: Connection,
    pub(crate) names: Names,
}

impl Open {
    /// Opens the file to write, and makes it where there is none.
    pub(crate) fn to_write(path: &Path) -> Result<Self, Fault> {
        // Payments change links all over the journal, and a page is written whole.
        let open = Self::new(
            path,
            "pragma page_size = 4096; pragma journal_mode = wal; pragma cache_size = -4000;",
        )?;
        prepare(&open.connection, path)?;
        add_exact_sum(&open.connection).map_err(broken)?;
        Ok(open)
    }

    /// Opens a file that is there, to read.
    pub(crate) fn to_read(path: &Path) -> Result<Self, Fault> {
        // What it has at hand is worth nothing after the next commit of the one that writes.
        Self::new(path, "pragma query_only = on; pragma cache_size = -1000;")
    }

    /// The log is folded back beside the work ([`carry_sqlite::Folding`]); a writer does it only where that has fallen
    /// behind by 128 MB.
    fn new(path: &Path, first: &str) -> Result<Self, Fault> {
        let connection = Connection::open(path).map_err(broken)?;
        connection
            .execute_batch(&format!(
                "{first} pragma synchronous = normal; pragma busy_timeout = 10000; \
                 pragma wal_autocheckpoint = 32768;"
            ))
            .map_err(broken)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { connection, names: Names::default() })
    }

    /// The links that a statement finds, at most so many.
    pub(crate) fn page(
        &mut self,
        sql: &str,
        params: impl rusqlite::Params,
        limit: usize,
    ) -> Result<Vec<Link>, Fault> {
        let Self { connection, names } = self;
        let mut statement = connection.prepare_cached(sql).map_err(broken)?;
        let mut rows = statement.query(params).map_err(broken)?;
        let mut links = Vec::with_capacity(limit.min(PAGE_MAX));
        while let Some(row) = rows.next().map_err(broken)? {
            links.push(link(connection, names, row).map_err(broken)?);
        }
        Ok(links)
    }
}

/// Makes the tables in an empty file; a fault where the file was made by another version of this program.
fn prepare(connection: &Connection, path: &Path) -> Result<(), Fault> {
    let ask = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(broken);
    let (version, tables) = (ask("pragma user_version")?, ask("select count(*) from sqlite_schema")?);
    if tables > 0 && version != SCHEMA_VERSION {
        return Err(Fault::new(Code::StateUnusable)
            .detail(format!("{} was made by another version of this program.", path.display()))
            .hint("Name another state folder, or go on with the version that made it."));
    }
    connection.execute_batch(SCHEMA).map_err(broken)?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(broken)
}
