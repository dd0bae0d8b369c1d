//! What the tests through the binary share: a folder to work in, the command, its JSON, and the target's content.
#![allow(dead_code, reason = "not every test uses all of it")]

pub(crate) mod odoo;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// A folder with copies of sample books, a state folder and a target.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// What a command printed and how it ended.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The JSON on stdout, which is all there is on it.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("{e} in stdout: {}\nstderr: {}", self.stdout, self.stderr))
    }

    /// Fails with what the command said, unless it ended with that code.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

/// Sample books shipped with the source.
pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(name)
}

/// The truth about sample books.
pub(crate) fn expected(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(sample(name).join("expected.json")).unwrap()).unwrap()
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With a copy of sample books in `books`.
    pub(crate) fn with(name: &str) -> Self {
        let place = Self::new();
        let books = place.path("books");
        std::fs::create_dir(&books).unwrap();
        for entry in std::fs::read_dir(sample(name)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != "expected.json" {
                std::fs::copy(entry.path(), books.join(entry.file_name())).unwrap();
            }
        }
        place
    }

    /// With books that take a while: so many invoices with their payments.
    pub(crate) fn large(number: usize) -> Self {
        let place = Self::new();
        let books = place.path("books");
        std::fs::create_dir(&books).unwrap();
        let mut invoices = String::from(
            "*InvoiceNo,*Customer,*InvoiceDate,*DueDate,Terms,Memo,Item(Product/Service),ItemDescription,ItemQuantity,ItemRate,*ItemAmount\r\n",
        );
        let mut payments =
            String::from("Receive Payment #,Payment Date,Customer,Invoice Apply,Amount Received\r\n");
        for n in 1..=number {
            let (customer, day) = (n % 500, n % 28 + 1);
            let _ = write!(
                invoices,
                "A{n:06},Customer {customer},01/{day:02}/2026,02/{day:02}/2026,Net 30,,Work,,1,{n}.25,{n}.25\r\n"
            );
            if n % 3 == 0 {
                let _ = write!(payments, "P{n:06},03/{day:02}/2026,Customer {customer},A{n:06},{n}.25\r\n");
            }
        }
        std::fs::write(books.join("Invoices.csv"), invoices).unwrap();
        std::fs::write(books.join("Received Payments.csv"), payments).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Replaces text in a file of the books; it has to be there exactly once.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path("books").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "'{from}' in {file}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    /// `carry` in this folder with a state folder of its own.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carry-e2e"));
        command.current_dir(self.folder.path()).args(args).stdin(Stdio::null());
        command.env_remove("CARRY_LOG").env("NO_COLOR", "1");
        command
    }

    /// Runs `carry` to its end.
    pub(crate) fn carry(&self, args: &[&str]) -> Done {
        Done::of(self.command(args).output().unwrap())
    }

    /// Runs a migration of `books` into `target.sqlite` with the state in `state`.
    pub(crate) fn migrate(&self, kind: &str, more: &[&str]) -> Done {
        let mut args =
            vec![kind, "--from", "books", "--to", "target.sqlite", "--state", "state", "--json", "--quiet"];
        args.extend(more);
        self.carry(&args)
    }

    /// What the target holds, comparable between targets: ids replaced by what they stand for, the entries that
    /// close out the clearing account left out (a run writes one of its own).
    pub(crate) fn content(&self, target: &str) -> Vec<String> {
        content(&self.path(target))
    }

    /// One figure of the target.
    pub(crate) fn query(&self, target: &str, sql: &str) -> i64 {
        open(&self.path(target)).query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

fn open(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

fn texts(connection: &Connection, sql: &str) -> Vec<Vec<String>> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..columns).map(|at| Ok(shown(row.get_ref(at)?))).collect::<rusqlite::Result<Vec<_>>>()
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) => x.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => format!("{bytes:?}"),
    }
}

/// A table of a target.
pub(crate) struct Table {
    pub(crate) name: String,
    /// Which table the value of a column names a row of.
    pub(crate) references: BTreeMap<String, String>,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

fn content(path: &Path) -> Vec<String> {
    let connection = open(path);
    let names = texts(&connection, "select name from sqlite_schema where type = 'table' order by name");
    let table = |name: String| {
        let sql = format!("select \"from\", \"table\" from pragma_foreign_key_list('{name}')");
        let references = texts(&connection, &sql).into_iter().map(|row| (row[0].clone(), row[1].clone()));
        Table {
            references: references.collect(),
            columns: columns(&connection, &name),
            rows: texts(&connection, &format!("select * from {name}")),
            name,
        }
    };
    comparable(&names.into_iter().flatten().map(table).collect::<Vec<_>>())
}

/// What a target holds, comparable between targets: a line for each row, ids replaced by what they stand for, the
/// entries that close out the clearing account left out (a run writes one of its own).
pub(crate) fn comparable(tables: &[Table]) -> Vec<String> {
    const ENGINES_OWN: [&str; 2] = ["id_counters", "books"];
    let tables: Vec<_> = tables.iter().filter(|table| !ENGINES_OWN.contains(&table.name.as_str())).collect();
    // What each id stands for, by table.
    let mut meaning: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for table in &tables {
        let at = |column: &str| table.columns.iter().position(|known| known == column);
        if let (Some(id), Some(source)) = (at("id"), at("source_id")) {
            meaning.extend(table.rows.iter().map(|row| ((&*table.name, &*row[id]), &*row[source])));
        }
    }
    let mut lines = Vec::new();
    for table in &tables {
        for row in &table.rows {
            let cells =
                table.columns.iter().zip(row).filter(|(column, _)| *column != "id").map(|(column, value)| {
                    // Rows below lines refer to line and document together; the document is what tells them apart.
                    let of = match column.as_str() {
                        "document_id" => Some("documents"),
                        "journal_id" => Some("journals"),
                        _ => table.references.get(column).map(String::as_str),
                    };
                    let known = of.and_then(|of| meaning.get(&(of, value.as_str())));
                    format!("{column}={}", known.unwrap_or(&value.as_str()))
                });
            lines.push(format!("{}: {}", table.name, cells.collect::<Vec<_>>().join(" ")));
        }
    }
    lines.retain(|line| !line.contains("carryforward:clearing:"));
    lines.sort_unstable();
    lines
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    texts(connection, &format!("select name from pragma_table_info('{table}') order by cid"))
        .into_iter()
        .flatten()
        .collect()
}

/// Compares two targets line by line and names the first differences.
pub(crate) fn assert_same(one: &[String], other: &[String]) {
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        let those: std::collections::BTreeSet<_> = those.iter().collect();
        these.iter().filter(|line| !those.contains(line)).take(8).cloned().collect()
    };
    assert!(
        one == other,
        "only in the first: {:#?}\nonly in the second: {:#?}",
        only(one, other),
        only(other, one)
    );
}

/// Adds up a counter over all entities of a run's JSON. Open balances are left out: they are stated anew by each run
/// and written nowhere.
pub(crate) fn sum(summary: &Value, counter: &str) -> u64 {
    let counts =
        summary["counts"].as_object().unwrap().iter().filter(|(entity, _)| *entity != "open_balance");
    counts.map(|(_, counts)| counts[counter].as_u64().unwrap()).sum()
}
