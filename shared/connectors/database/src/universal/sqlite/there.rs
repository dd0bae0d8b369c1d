use rusqlite::{CachedStatement, OptionalExtension, Transaction};
use rustc_hash::FxHashSet;

use super::super::shape::Table;

/// Most rows kept in mind; past that they are looked for again.
const ROWS_MAX: usize = 100_000;

/// Rows of lists (accounts, contacts, items) that were found to be there, so that what refers to them need not look
/// for them in every batch. Holds as long as nobody but this connection writes, and it removes nothing.
#[derive(Debug, Default)]
pub(in super::super) struct There {
    rows: FxHashSet<(Table, i64)>,
    /// SQLite's count of what other connections have written.
    version: i64,
}

impl There {
    /// Forgets everything.
    pub(in super::super) fn forget(&mut self) {
        self.rows.clear();
    }

    /// Forgets everything where another connection has written since; called in a transaction, which keeps others
    /// from writing.
    pub(super) fn check(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let version =
            transaction.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get::<_, i64>(0))?;
        if version != self.version {
            self.forget();
            self.version = version;
        }
        Ok(())
    }
}

/// Looks for rows that a batch refers to.
pub(super) struct Lookup<'t> {
    transaction: &'t Transaction<'t>,
    selects: Vec<Option<CachedStatement<'t>>>,
    there: &'t mut There,
    /// Documents found in this batch: too many to keep for longer.
    documents: FxHashSet<i64>,
}

impl<'t> Lookup<'t> {
    pub(super) fn new(transaction: &'t Transaction<'t>, there: &'t mut There) -> Self {
        let mut selects = Vec::new();
        selects.resize_with(Table::ALL.len(), || None);
        Self { transaction, selects, there, documents: FxHashSet::default() }
    }

    /// True where the row is there.
    pub(super) fn has(&mut self, table: Table, id: i64) -> rusqlite::Result<bool> {
        let known = match table {
            Table::Documents => self.documents.contains(&id),
            _ => self.there.rows.contains(&(table, id)),
        };
        if known {
            return Ok(true);
        }
        let Some(slot) = self.selects.get_mut(table as usize) else { return Ok(false) };
        let select = match slot {
            Some(select) => select,
            None => {
                let sql = format!("SELECT 1 FROM {} WHERE id = ?1", table.name());
                slot.insert(self.transaction.prepare_cached(&sql)?)
            }
        };
        let found = select.query_row([id], |_| Ok(())).optional()?.is_some();
        if found && table == Table::Documents {
            self.documents.insert(id);
        } else if found {
            if self.there.rows.len() >= ROWS_MAX {
                self.there.forget();
            }
            self.there.rows.insert((table, id));
        }
        Ok(found)
    }
}
