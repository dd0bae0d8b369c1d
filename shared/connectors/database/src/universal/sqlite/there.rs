use rusqlite::{CachedStatement, OptionalExtension, Transaction};
use rustc_hash::FxHashMap;

use super::super::shape::Table;

/// Most words kept in mind, of 64 rows each; past that rows are looked for again.
const WORDS_MAX: usize = 100_000;

/// Rows that were written or found to be there, so that what refers to them need not look for them. Holds as long as
/// nobody but this connection writes, and it removes nothing. Keys are given in order, so a bit for each takes little.
#[derive(Debug, Default)]
pub(in super::super) struct There {
    words: FxHashMap<(Table, i64), u64>,
    /// SQLite's count of what other connections have written.
    version: i64,
}

impl There {
    /// Forgets everything.
    pub(in super::super) fn forget(&mut self) {
        self.words.clear();
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

    fn knows(&self, table: Table, id: i64) -> bool {
        let (word, bit) = place(id);
        self.words.get(&(table, word)).is_some_and(|bits| bits & bit != 0)
    }

    fn note(&mut self, table: Table, id: i64) {
        if self.words.len() >= WORDS_MAX {
            self.forget();
        }
        let (word, bit) = place(id);
        *self.words.entry((table, word)).or_default() |= bit;
    }
}

/// The word of a row and its bit there.
const fn place(id: i64) -> (i64, u64) {
    (id >> 6, 1 << (id & 63))
}

/// Looks for rows that a batch refers to.
pub(super) struct Lookup<'t> {
    transaction: &'t Transaction<'t>,
    selects: Vec<Option<CachedStatement<'t>>>,
    there: &'t mut There,
}

impl<'t> Lookup<'t> {
    pub(super) fn new(transaction: &'t Transaction<'t>, there: &'t mut There) -> Self {
        let mut selects = Vec::new();
        selects.resize_with(Table::ALL.len(), || None);
        Self { transaction, selects, there }
    }

    /// Notes a row that was written. Whoever takes the transaction back forgets everything.
    pub(super) fn wrote(&mut self, table: Table, id: i64) {
        self.there.note(table, id);
    }

    /// True where the row is there.
    pub(super) fn has(&mut self, table: Table, id: i64) -> rusqlite::Result<bool> {
        if self.there.knows(table, id) {
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
        if found {
            self.there.note(table, id);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_bit_of_its_own() {
        let mut there = There::default();
        for id in [-65, -64, -1, 0, 1, 63, 64, i64::MAX] {
            assert!(!there.knows(Table::Contacts, id), "{id}");
            there.note(Table::Contacts, id);
            assert!(there.knows(Table::Contacts, id) && !there.knows(Table::Documents, id), "{id}");
        }
        assert!(!there.knows(Table::Contacts, 2) && !there.knows(Table::Contacts, 65));
    }
}
