//! What the journal and the universal database share of SQLite: the write-ahead log, folded back into its database
//! while others work on.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rusqlite::Connection;

/// Folding is worth a thread when reading begins for this part of the transactions after which it begins by itself.
const WORTH_IT: u32 = 10;

/// Folds the log back in a thread with a connection of its own, so that neither a writer nor the end of the program
/// waits for the disk. What a crash leaves in the log is read from there.
#[derive(Debug)]
pub struct Folding {
    path: PathBuf,
    transactions_max: u32,
    transactions: u32,
    thread: Option<JoinHandle<()>>,
}

impl Folding {
    /// Of the database in that file, whose log is folded back after so many transactions: fewer than come together
    /// before SQLite has a writer do it (`wal_autocheckpoint`).
    pub fn new(path: &Path, transactions_max: u32) -> Self {
        Self { path: path.to_owned(), transactions_max, transactions: 0, thread: None }
    }

    /// A transaction was written.
    pub fn wrote(&mut self) {
        self.transactions += 1;
        if self.transactions >= self.transactions_max {
            self.begin();
        }
    }

    /// Much is read from now on, and little written.
    pub fn reads(&mut self) {
        if self.transactions >= self.transactions_max / WORTH_IT {
            self.begin();
        }
    }

    fn begin(&mut self) {
        if self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return;
        }
        self.transactions = 0;
        let path = self.path.clone();
        // Where there can be no thread, SQLite folds the log back in its own time.
        self.thread = std::thread::Builder::new().spawn(move || fold(&path)).ok();
    }
}

impl Drop for Folding {
    /// The last connection that is closed removes the log, so this one must not outlast the others.
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn fold(path: &Path) {
    // What is not folded back now is when a writer finds much in the log, or when the last connection is closed.
    Connection::open(path)
        .and_then(|connection| connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())))
        .ok();
}
