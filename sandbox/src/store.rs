//! A company file: rows of a platform in SQLite, so that a sandbox can be stopped and started again.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::platform::Change;

/// An open company file.
#[derive(Debug)]
pub(crate) struct CompanyFile(Connection);

impl CompanyFile {
    /// Opens or creates a file.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "pragma journal_mode = wal; pragma synchronous = normal;
             create table if not exists rows (key text primary key, body blob not null) without rowid;",
        )?;
        Ok(Self(connection))
    }

    /// All rows in the order of their keys.
    pub(crate) fn rows(&self) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
        let mut select = self.0.prepare("select key, body from rows order by key")?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }

    /// Writes changes, all or none.
    pub(crate) fn write(&mut self, changes: &[Change]) -> rusqlite::Result<()> {
        let transaction = self.0.transaction()?;
        {
            let mut put = transaction.prepare_cached("insert or replace into rows values (?1, ?2)")?;
            let mut delete = transaction.prepare_cached("delete from rows where key = ?1")?;
            for (key, body) in changes {
                match body {
                    Some(body) => put.execute(params![key, body])?,
                    None => delete.execute(params![key])?,
                };
            }
        }
        transaction.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("company.sqlite");
        let mut file = CompanyFile::open(&path).unwrap();
        let change = |key: &str, body: Option<&str>| (key.to_owned(), body.map(|b| b.as_bytes().to_vec()));
        file.write(&[change("b", Some("2")), change("a", Some("1")), change("c", Some("3"))]).unwrap();
        file.write(&[change("b", None), change("a", Some("one"))]).unwrap();
        drop(file);
        let rows = CompanyFile::open(&path).unwrap().rows().unwrap();
        assert_eq!(rows, [("a".to_owned(), b"one".to_vec()), ("c".to_owned(), b"3".to_vec())]);
    }
}
