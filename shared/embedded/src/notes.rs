use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use carry_model::{Code, Fault};
use rusqlite::{Connection, OptionalExtension, params};

/// Small objects as rows of one SQLite file: stages note something of every batch, and where files were deleted a short
/// while ago a file system takes up to a millisecond to make another one.
#[derive(Debug)]
pub(crate) struct Notes(Mutex<Connection>);

impl Notes {
    /// Opens the file, and makes it where there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let open = || {
            let connection = Connection::open(path)?;
            connection.execute_batch(
                "pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = normal; \
                 pragma cache_size = -500; pragma secure_delete = on; \
                 create table if not exists notes (key text primary key, bytes blob not null) without rowid;",
            )?;
            Ok(Self(Mutex::new(connection)))
        };
        open().map_err(|e: rusqlite::Error| broken(e).detail(path.display()))
    }

    /// Creates a note. False, and nothing done, where the key exists already.
    pub(crate) fn create(&self, key: &str, bytes: &[u8]) -> Result<bool, Fault> {
        let sql = "insert into notes (key, bytes) values (?1, ?2) on conflict (key) do nothing";
        let connection = self.connection();
        let mut insert = connection.prepare_cached(sql).map_err(broken)?;
        insert.execute(params![key, bytes]).map(|created| created > 0).map_err(broken)
    }

    /// The note, or None.
    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        let connection = self.connection();
        let mut select =
            connection.prepare_cached("select bytes from notes where key = ?1").map_err(broken)?;
        select.query_row([key], |row| row.get(0)).optional().map_err(broken)
    }

    /// Every key that starts with the prefix.
    pub(crate) fn keys(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let connection = self.connection();
        let mut select = connection
            .prepare_cached("select key from notes where key >= ?1 and key < ?2")
            .map_err(broken)?;
        let keys = select.query_map([prefix, &after(prefix)], |row| row.get(0)).map_err(broken)?;
        keys.collect::<Result<_, _>>().map_err(broken)
    }

    /// Deletes every note whose key starts with the prefix; what it said is overwritten.
    pub(crate) fn delete(&self, prefix: &str) -> Result<(), Fault> {
        let connection = self.connection();
        let delete = "delete from notes where key >= ?1 and key < ?2";
        connection.execute(delete, [prefix, &after(prefix)]).map_err(broken)?;
        connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).map_err(broken)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What comes after every key that starts with the prefix.
fn after(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

fn broken(error: rusqlite::Error) -> Fault {
    Fault::new(Code::FileUnreadable).caused_by(error)
}
