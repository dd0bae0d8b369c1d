use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use carry_model::{Code, Fault};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::mpsc;

use super::rows::{Chunks, Message};
use super::{CELL_BYTES_MAX, Rows, Value, too_large};

const MAGIC: &[u8] = b"SQLite format 3\0";
const IDLE_MAX: usize = 8;

/// A SQLite file with its idle connections; each running query has one of its own.
pub(super) struct Files {
    path: PathBuf,
    uri: String,
    idle: Mutex<Vec<Connection>>,
}

impl Files {
    pub(super) fn open(path: PathBuf) -> Result<Self, Fault> {
        let uri = read_only_uri(&path)?;
        let files = Self { path, uri, idle: Mutex::new(Vec::new()) };
        let connection = files.connect()?;
        files.put_back(connection);
        Ok(files)
    }

    fn connect(&self) -> Result<Connection, Fault> {
        let unreadable = |error| fault_of(Code::DatabaseUnreadable, &error).detail(self.path.display());
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.uri, flags).map_err(unreadable)?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(unreadable)?;
        let cell = i32::try_from(CELL_BYTES_MAX).unwrap_or(i32::MAX);
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, cell).map_err(unreadable)?;
        connection
            .execute_batch("PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;")
            .map_err(unreadable)?;
        self.check_names(&connection)?;
        Ok(connection)
    }

    /// Reads the schema once. A name in it that is not UTF-8 is damage; the driver would stop at it.
    fn check_names(&self, connection: &Connection) -> Result<(), Fault> {
        let unreadable = |error| fault_of(Code::DatabaseUnreadable, &error).detail(self.path.display());
        let mut statement =
            connection.prepare("SELECT name, tbl_name, sql FROM sqlite_schema").map_err(unreadable)?;
        let mut rows = statement.query([]).map_err(unreadable)?;
        while let Some(row) = rows.next().map_err(unreadable)? {
            for column in 0..3 {
                if let ValueRef::Text(bytes) = row.get_ref(column).map_err(unreadable)?
                    && std::str::from_utf8(bytes).is_err()
                {
                    return Err(Fault::new(Code::DatabaseUnreadable)
                        .detail(format!("{}: the file is damaged.", self.path.display()))
                        .hint("Restore it from a backup."));
                }
            }
        }
        Ok(())
    }

    fn take(&self) -> Result<Connection, Fault> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.connect(), Ok)
    }

    fn put_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}

/// The file as a read-only address that leaves nothing beside it.
///
/// A file in write-ahead mode whose log is empty is opened as immutable: SQLite would otherwise create `-wal` and
/// `-shm` files that a read-only connection cannot remove again. With a log beside it, its content counts.
fn read_only_uri(path: &Path) -> Result<String, Fault> {
    let unreadable =
        |why: &str| Fault::new(Code::DatabaseUnreadable).detail(format!("{}: {why}", path.display()));
    let mut head = [0_u8; 20];
    let mut file =
        File::open(path).map_err(|error| unreadable("the file cannot be opened.").caused_by(error))?;
    file.read_exact(&mut head).map_err(|error| unreadable("the file is no database.").caused_by(error))?;
    let [_, _, write_version, ..] = head.get(16..).unwrap_or_default() else {
        return Err(unreadable("too short"));
    };
    if !head.starts_with(MAGIC) {
        return Err(unreadable("the file is no SQLite database."));
    }
    let text = path.to_str().ok_or_else(|| unreadable("the path is not UTF-8."))?;
    let encoded = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let log = PathBuf::from(format!("{text}-wal"));
    let log_is_empty = std::fs::metadata(log).map_or(true, |log| log.len() == 0);
    let immutable = if *write_version == 2 && log_is_empty { "&immutable=1" } else { "" };
    Ok(format!("file:{encoded}?mode=ro{immutable}"))
}

/// Virtual machine steps between two looks at whether anybody still waits for the query.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

pub(super) fn query(files: &Arc<Files>, sql: String, parameters: Vec<Value>) -> Rows {
    let stopped = Arc::new(AtomicBool::new(false));
    let stop = {
        let stopped = Arc::clone(&stopped);
        Box::new(move || stopped.store(true, Ordering::Relaxed))
    };
    let (rows, sender) = Rows::new(Some(stop));
    let files = Arc::clone(files);
    tokio::task::spawn_blocking(move || {
        let outcome = files.take().and_then(|mut connection| {
            let look = move || stopped.load(Ordering::Relaxed);
            let failed = |error| fault_of(Code::QueryFailed, &error);
            connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(look)).map_err(failed)?;
            let outcome = stream(&connection, &sql, &parameters, &sender);
            connection.progress_handler(0, None::<fn() -> bool>).map_err(failed)?;
            files.put_back(connection);
            outcome
        });
        // Whoever hears of the end and drops the database may rely on its file being closed.
        drop(files);
        // Nobody listens any longer where the rows were dropped.
        drop(sender.blocking_send(Message::Done(outcome)));
    });
    rows
}

fn stream(
    connection: &Connection,
    sql: &str,
    parameters: &[Value],
    sender: &mpsc::Sender<Message>,
) -> Result<(), Fault> {
    let failed = |error: rusqlite::Error| fault_of(Code::QueryFailed, &error);
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    if !statement.readonly() {
        return Err(Fault::new(Code::QueryFailed).detail("Only queries are sent to a source.").text(sql));
    }
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let columns = names.len();
    let mut chunks = Chunks::new(names)?;
    let mut rows = statement.query(rusqlite::params_from_iter(parameters)).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let mut values = Vec::with_capacity(columns);
        for at in 0..columns {
            values.push(value_of(row.get_ref(at).map_err(failed)?));
        }
        if let Some(full) = chunks.push(values)?
            && sender.blocking_send(full).is_err()
        {
            return Ok(());
        }
    }
    drop(sender.blocking_send(chunks.take()));
    Ok(())
}

fn value_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Int(n),
        // Display of a float is the shortest decimal that reads back as the same float, without exponent.
        ValueRef::Real(float) => Value::Text(float.to_string()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Bytes(bytes.to_vec()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Int(n) => ToSqlOutput::Borrowed(ValueRef::Integer(*n)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Decimal(amount) => ToSqlOutput::from(amount.to_string()),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// The fault of a SQLite error; damaged files and locks have their own.
pub(crate) fn fault_of(code: Code, error: &rusqlite::Error) -> Fault {
    let plain = |code| Fault::new(code).caused_by(error);
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            plain(Code::DatabaseUnreadable).detail("The file is damaged.").hint("Restore it from a backup.")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => plain(Code::ServerFailed)
            .detail("Another program is writing to the database.")
            .hint("Close the other program, then resume the run."),
        Some(ErrorCode::TooBig) => too_large("").caused_by(error),
        Some(ErrorCode::OperationInterrupted) => plain(Code::Interrupted),
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => {
            plain(Code::StateUnusable).detail("The database's disk is full or failing.")
        }
        _ => plain(code),
    }
}
