use carry_model::Fault;

use super::{Database, Dialect, Value};

const TABLES_MAX: usize = 20_000;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, as stored.
    pub name: String,
    /// Its declared type in the dialect's words, lower case; may be empty in SQLite.
    pub kind: String,
}

/// A table or view with its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableShape {
    /// Its name, as stored.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
}

impl TableShape {
    /// True where it has all of these columns, case ignored.
    pub fn has(&self, columns: &[&str]) -> bool {
        columns
            .iter()
            .all(|wanted| self.columns.iter().any(|column| column.name.eq_ignore_ascii_case(wanted)))
    }
}

impl Database {
    /// Names of tables and views, sorted; in PostgreSQL those on the search path, in MySQL those of the address's
    /// database.
    pub async fn tables(&self) -> Result<Vec<String>, Fault> {
        let sql = match self.dialect() {
            Dialect::Sqlite => {
                "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            }
            Dialect::Postgres => {
                "SELECT table_name::text FROM information_schema.tables WHERE table_schema = ANY(current_schemas(false)) ORDER BY 1"
            }
            Dialect::MySql => {
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1"
            }
        };
        let rows = self.fetch(sql, Vec::new(), TABLES_MAX).await?;
        rows.iter().filter_map(|row| row.values().first()).map(text_of).collect()
    }

    /// The columns of a table or view, in order; empty where there is no such table.
    pub async fn columns(&self, table: &str) -> Result<Vec<Column>, Fault> {
        let sql = match self.dialect() {
            Dialect::Sqlite => "SELECT name, lower(type) FROM pragma_table_info(?1) ORDER BY cid",
            Dialect::Postgres => {
                "SELECT column_name::text, lower(data_type)::text FROM information_schema.columns WHERE table_schema = ANY(current_schemas(false)) AND table_name = $1 ORDER BY ordinal_position"
            }
            Dialect::MySql => {
                "SELECT column_name, lower(data_type) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position"
            }
        };
        let rows = self.fetch(sql, vec![Value::from(table)], TABLES_MAX).await?;
        let column = |row: &super::Row| {
            let mut values = row.values().iter().map(text_of);
            let mut next = || values.next().unwrap_or_else(|| Ok(String::new()));
            Ok(Column { name: next()?, kind: next()? })
        };
        rows.iter().map(column).collect()
    }

    /// The table of that name with its columns; None where there is none.
    pub async fn table(&self, name: &str) -> Result<Option<TableShape>, Fault> {
        let columns = self.columns(name).await?;
        Ok((!columns.is_empty()).then(|| TableShape { name: name.to_owned(), columns }))
    }
}

// MySQL's catalogue may give names as bytes.
fn text_of(value: &Value) -> Result<String, Fault> {
    match value {
        Value::Bytes(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        other => Ok(other.text()?.unwrap_or_default().into_owned()),
    }
}
