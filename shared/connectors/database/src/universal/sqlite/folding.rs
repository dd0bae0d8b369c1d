//! The write-ahead log, folded back into its database while others work on.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rusqlite::Connection;

/// Transactions after which the log is folded back. That many come to less than SQLite lets come together before a
/// writer has to do it.
const TRANSACTIONS_MAX: u32 = 80;

/// Transactions in the log for which folding is worth a thread when reading begins.
const TRANSACTIONS_MIN: u32 = 8;

/// Folds the log back in a thread with a connection of its own, so that neither a writer nor the end of the program
/// waits for the disk. What a crash leaves in the log is read from there.
#[derive(Debug)]
pub(super) struct Folding {
    path: PathBuf,
    transactions: u32,
    thread: Option<JoinHandle<()>>,
}

impl Folding {
    /// Of the database in that file.
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), transactions: 0, thread: None }
    }

    /// A transaction was written.
    pub(super) fn wrote(&mut self) {
        self.transactions += 1;
        if self.transactions >= TRANSACTIONS_MAX {
            self.begin();
        }
    }

    /// Much is read from now on, and little written.
    pub(super) fn reads(&mut self) {
        if self.transactions >= TRANSACTIONS_MIN {
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
