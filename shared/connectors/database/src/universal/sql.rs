//! The statements that both engines run alike, made from the tables' shapes once.

use std::sync::LazyLock;

use super::shape::{Kind, Role, Table};

/// Version of the schema that this program writes.
pub(super) const SCHEMA_VERSION: i64 = 2;

/// The schema of an empty SQLite database.
pub(super) const SCHEMA_SQLITE: &str = include_str!("../../schema.sqlite.sql");

/// The schema of an empty PostgreSQL database.
pub(super) const SCHEMA_POSTGRES: &str = include_str!("../../schema.postgres.sql");

/// Statements of one table.
#[derive(Debug)]
pub(super) struct Statements {
    /// SQLite: inserts a row given by position; a record's row replaces the one with the same id.
    pub(super) insert_sqlite: String,
    /// PostgreSQL: inserts many rows given column by column, as arrays of bigint and text.
    pub(super) insert_postgres: String,
    /// For parts: removes those of one record.
    pub(super) delete_parts: String,
}

static STATEMENTS: LazyLock<Vec<Statements>> =
    LazyLock::new(|| Table::ALL.iter().map(|t| make(*t)).collect());

/// The statements of a table; the list holds every table in order.
pub(super) fn statements(table: Table) -> Option<&'static Statements> {
    STATEMENTS.get(table as usize)
}

fn make(table: Table) -> Statements {
    let columns: Vec<_> = table.columns().collect();
    let list = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let name = table.name();
    let owner = match table.shape().role {
        Role::Part(_, owner, _) => Some(owner),
        _ => None,
    };
    let conflict = if owner.is_some() {
        String::new()
    } else {
        let set = columns.iter().skip(1).map(|(name, _)| format!("{name} = excluded.{name}"));
        format!(" ON CONFLICT (id) DO UPDATE SET {}", set.collect::<Vec<_>>().join(", "))
    };
    let holes = (1..=columns.len()).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ");
    let arrays = columns.iter().enumerate().map(|(at, (_, kind))| match kind {
        Kind::Int | Kind::Flag | Kind::Ref(_) => format!("${}::bigint[]", at + 1),
        Kind::Text | Kind::Decimal | Kind::Date => format!("${}::text[]", at + 1),
    });
    let casts = columns.iter().enumerate().map(|(at, (_, kind))| match kind {
        Kind::Int | Kind::Ref(_) | Kind::Text => format!("c{at}"),
        Kind::Flag => format!("c{at} <> 0"),
        Kind::Decimal => format!("c{at}::numeric"),
        Kind::Date => format!("c{at}::date"),
    });
    let names = (0..columns.len()).map(|at| format!("c{at}")).collect::<Vec<_>>().join(", ");
    Statements {
        insert_sqlite: format!("INSERT INTO {name} ({list}) VALUES ({holes}){conflict}"),
        insert_postgres: format!(
            "INSERT INTO {name} ({list}) SELECT {} FROM unnest({}) AS u ({names}){conflict}",
            casts.collect::<Vec<_>>().join(", "),
            arrays.collect::<Vec<_>>().join(", "),
        ),
        delete_parts: owner
            .map_or_else(String::new, |owner| format!("DELETE FROM {name} WHERE {owner} = ?1")),
    }
}

/// Where any table refers to records of `table`: the referring table and column, parts that go with a record of
/// `table` itself left out.
pub(super) fn referrers(table: Table) -> impl Iterator<Item = (Table, &'static str)> {
    Table::ALL.iter().flat_map(move |other| {
        let own_part = matches!(other.shape().role, Role::Part(owner, ..) if owner == table);
        let columns = other.columns().filter(move |(_, kind)| *kind == Kind::Ref(table) && !own_part);
        columns.map(|(column, _)| (*other, column))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_file_and_the_shapes_agree() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA_SQLITE).unwrap();
        for table in Table::ALL {
            let mut info = connection.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
            let mut stored: Vec<String> =
                info.query_map([table.name()], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
            let mut known: Vec<String> = table.columns().map(|(name, _)| name.to_owned()).collect();
            stored.sort();
            known.sort();
            assert_eq!(stored, known, "{}", table.name());
            connection.prepare(&statements(*table).unwrap().insert_sqlite).unwrap();
        }
    }

    #[test]
    fn the_two_schemas_have_the_same_tables_and_views() {
        let names = |schema: &str| {
            schema
                .lines()
                .filter(|line| line.starts_with("CREATE TABLE") || line.starts_with("CREATE VIEW"))
                .map(|line| line.split_whitespace().nth(2).unwrap().to_owned())
                .filter(|name| name != "id_counters")
                .collect::<Vec<_>>()
        };
        assert_eq!(names(SCHEMA_SQLITE), names(SCHEMA_POSTGRES));
    }
}
