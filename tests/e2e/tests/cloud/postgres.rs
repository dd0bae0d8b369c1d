//! What a universal database in PostgreSQL holds.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Map, Value};

use crate::support::{Table, comparable};

/// Comparable between databases, as [`comparable`] says.
pub(crate) fn content(url: &str) -> Vec<String> {
    let names = rows(
        url,
        "select table_name as name from information_schema.tables
         where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1",
    );
    let references = rows(
        url,
        "select c.conrelid::regclass::text as of, a.attname as column, c.confrelid::regclass::text as to
         from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
         where c.contype = 'f'",
    );
    let table = |row: &Map<String, Value>| {
        let name = text(&row["name"]);
        let sql = format!(
            "select column_name as name from information_schema.columns
             where table_schema = current_schema() and table_name = '{name}' order by ordinal_position"
        );
        let columns: Vec<_> = rows(url, &sql).iter().map(|row| text(&row["name"])).collect();
        let found = rows(url, &format!("select * from {name}"));
        let cells = |row: &Map<String, Value>| columns.iter().map(|column| text(&row[column])).collect();
        let own = references.iter().filter(|row| text(&row["of"]) == name);
        let own: BTreeMap<_, _> = own.map(|row| (text(&row["column"]), text(&row["to"]))).collect();
        Table { rows: found.iter().map(cells).collect(), references: own, columns, name }
    };
    comparable(&names.iter().map(table).collect::<Vec<_>>())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn rows(url: &str, sql: &str) -> Vec<Map<String, Value>> {
    let sql = format!("select row_to_json(t) from ({sql}) t");
    let done = Command::new("psql").args(["--no-psqlrc", "-At", url, "-c", &sql]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let lines = String::from_utf8(done.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
