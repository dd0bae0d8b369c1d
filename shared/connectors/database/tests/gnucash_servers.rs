//! The same book in a database server gives the same records.
//!
//! PostgreSQL is started where it is installed. MySQL or MariaDB is used where `CARRY_TEST_MYSQL_URL` names an empty
//! database. Where there is none the test says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs,
    reason = "tests"
)]

#[path = "support/postgres.rs"]
mod postgres;
mod support;

use std::collections::BTreeMap;

use carry_connector::{Reader, Transformed};
use carry_database::conn::Database;
use carry_database::gnucash::GnuCash;
use carry_model::{Entity, Record};
use rusqlite::types::ValueRef;
use support::{Kept, data, read};

/// Column types as GnuCash declares them.
fn kind(name: &str, sqlite: &str, mysql: bool) -> String {
    let time = [
        "date",
        "post_date",
        "enter_date",
        "reconcile_date",
        "date_entered",
        "date_opened",
        "date_posted",
        "date_closed",
        "timespec_val",
    ];
    match sqlite.to_lowercase().as_str() {
        _ if name == "gdate_val" => "date".into(),
        _ if time.contains(&name) && mysql => "datetime".into(),
        _ if time.contains(&name) => "timestamp without time zone".into(),
        "bigint" => "bigint".into(),
        "float8" => "double precision".into(),
        text if text.starts_with("text") => text.replace("text", "varchar"),
        text if text.starts_with("varchar") => text.into(),
        _ => "integer".into(),
    }
}

fn literal(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".into(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Text(text) => format!("'{}'", String::from_utf8_lossy(text).replace('\'', "''")),
        other => panic!("{other:?}"),
    }
}

/// The sample book as statements for a server.
fn statements(mysql: bool) -> Vec<String> {
    let book = rusqlite::Connection::open(data("gnucash/book.gnucash")).unwrap();
    let mut tables = book
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        .unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut sql = Vec::new();
    for table in tables {
        let mut columns =
            book.prepare(&format!("SELECT name, type FROM pragma_table_info('{table}')")).unwrap();
        let columns: Vec<(String, String)> = columns
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let declared: Vec<_> =
            columns.iter().map(|(name, sqlite)| format!("{name} {}", kind(name, sqlite, mysql))).collect();
        sql.push(format!("CREATE TABLE {table} ({})", declared.join(", ")));
        let mut rows = book.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<_> = (0..columns.len()).map(|at| literal(row.get_ref(at).unwrap())).collect();
            sql.push(format!("INSERT INTO {table} VALUES ({})", values.join(", ")));
        }
    }
    for (table, column) in [
        ("transactions", "guid"),
        ("splits", "tx_guid"),
        ("splits", "account_guid"),
        ("slots", "obj_guid"),
        ("invoices", "guid"),
        ("accounts", "guid"),
    ] {
        sql.push(format!("CREATE INDEX {table}_{column}_index ON {table} ({column})"));
    }
    sql
}

/// Six thousand more invoices: more than the queries that are read side by side hold in memory.
const MANY: &str = "
CREATE TEMP TABLE n AS SELECT md5(i::text) AS inv, md5('t' || i) AS txn, md5('l' || i) AS lot, i FROM generate_series(1, 6000) i;
CREATE TEMP TABLE k AS SELECT (SELECT guid FROM accounts WHERE name = 'Accounts Receivable') AS ar, (SELECT guid FROM accounts WHERE name = 'Consulting') AS income,
  (SELECT guid FROM commodities WHERE mnemonic = 'EUR' AND namespace = 'CURRENCY') AS eur, (SELECT min(guid) FROM customers) AS customer;
INSERT INTO transactions SELECT txn, eur, '', '2026-03-01 10:59:00', '2026-03-01 10:59:00', 'x' FROM n, k;
INSERT INTO splits SELECT md5('a' || i), txn, ar, '', '', 'n', NULL, 1000, 100, 1000, 100, lot FROM n, k;
INSERT INTO splits SELECT md5('b' || i), txn, income, '', '', 'n', NULL, -1000, 100, -1000, 100, NULL FROM n, k;
INSERT INTO invoices (guid, id, date_opened, notes, active, currency, owner_type, owner_guid, post_txn, post_lot, post_acc) SELECT inv, 'M' || i, '2026-03-01 10:59:00', '', 1, eur, 2, customer, txn, lot, ar FROM n, k;
INSERT INTO entries (guid, date, description, quantity_num, quantity_denom, i_acct, i_price_num, i_price_denom, invoice) SELECT md5('e' || i), '2026-03-01 10:59:00', 'work', 1, 1, income, 10, 1, inv FROM n, k;
";

fn by_key(read: &Transformed) -> BTreeMap<String, &Record> {
    read.records.iter().map(|record| (record.key().to_string(), record)).collect()
}

/// The book at that address is the sample book.
async fn is_the_sample(url: &str) {
    let database = Database::open(url).await.unwrap();
    assert!(GnuCash::recognises(&database).await.unwrap());
    let in_server = GnuCash::new(database, None, None);
    let path = data("gnucash/book.gnucash");
    let in_file = GnuCash::new(Database::open(path.to_str().unwrap()).await.unwrap(), None, None);
    let ((surveyed, a), (expected, b)) = (read(&in_server).await, read(&in_file).await);
    assert_eq!((surveyed.counts, surveyed.company), (expected.counts.clone(), expected.company.clone()));
    assert!(a.rejects.is_empty(), "{:?}", a.rejects);
    let (a, b) = (by_key(&a), by_key(&b));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (key, record) in &a {
        assert_eq!((&record.number, &record.body), (&b[key].number, &b[key].body), "{key}");
        assert_eq!(record.fingerprint(), b[key].fingerprint(), "{key}");
    }
    let survey = in_server.survey().await.unwrap();
    let partition = survey.partitions.iter().find(|partition| partition.id == "documents").unwrap();
    let mut whole = Kept::default();
    in_server.extract(&survey, partition, None, &mut whole).await.unwrap();
    let rows = whole.rows();
    let mut rest = Kept::default();
    let after = rows[20]["guid"].as_str().map(str::to_owned);
    in_server.extract(&survey, partition, after, &mut rest).await.unwrap();
    assert_eq!(rest.rows(), rows[21..], "it goes on after a key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_in_postgresql_gives_the_same_records() {
    let Some(server) = postgres::Postgres::start() else {
        eprintln!("skipped: PostgreSQL's server is not installed, or cannot be started");
        return;
    };
    let file = server.folder().join("book.sql");
    std::fs::write(&file, format!("BEGIN;\n{};\nCOMMIT;\n", statements(false).join(";\n"))).unwrap();
    server.script(&file);
    is_the_sample(&server.url()).await;
    std::fs::write(&file, MANY).unwrap();
    server.script(&file);
    let database = Database::open(&server.url()).await.unwrap();
    let (survey, grown) = read(&GnuCash::new(database, None, None)).await;
    assert!(grown.rejects.is_empty(), "{:?}", grown.rejects.first());
    let invoices = grown.records.iter().filter(|record| record.entity == Entity::Invoice).count();
    assert_eq!((invoices, survey.counts[&Entity::Invoice]), (6_038, 6_038));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_in_mysql_gives_the_same_records() {
    let Ok(url) = std::env::var("CARRY_TEST_MYSQL_URL") else {
        eprintln!("skipped: CARRY_TEST_MYSQL_URL names no empty MySQL or MariaDB database");
        return;
    };
    let options: sqlx::mysql::MySqlConnectOptions = url.parse().unwrap();
    let mut connection = <sqlx::MySqlConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
    for statement in statements(true) {
        let statement = statement.replace('\\', "\\\\");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    is_the_sample(&url).await;
}
