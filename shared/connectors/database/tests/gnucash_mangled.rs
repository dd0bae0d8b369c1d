//! Damaged GnuCash books: no panic, no hang, a clear fault or a reject that names table and object.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use carry_connector::{Survey, Transformed};
use carry_database::conn::Database;
use carry_database::gnucash::GnuCash;
use carry_model::{Code, Entity, Fault, Kind};
use proptest::prelude::*;
use rusqlite::Connection;
use support::{data, try_read};

fn copy(folder: &Path) -> PathBuf {
    let path = folder.join("book.gnucash");
    std::fs::copy(data("gnucash/book.gnucash"), &path).unwrap();
    path
}

/// A copy whose tables have lost their constraints and indexes, so that anything can be put into them.
fn loosened(folder: &Path) -> (PathBuf, Connection) {
    let path = copy(folder);
    let connection = Connection::open(&path).unwrap();
    // A test's book need not survive a power cut.
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;").unwrap();
    for table in TABLES {
        let sql = format!(
            "CREATE TABLE loose AS SELECT * FROM {table}; DROP TABLE {table}; ALTER TABLE loose RENAME TO {table};"
        );
        connection.execute_batch(&sql).unwrap();
    }
    (path, connection)
}

const TABLES: &[&str] = &[
    "books",
    "commodities",
    "accounts",
    "transactions",
    "splits",
    "slots",
    "lots",
    "prices",
    "billterms",
    "taxtables",
    "taxtable_entries",
    "customers",
    "vendors",
    "employees",
    "jobs",
    "invoices",
    "entries",
];

async fn attempt(path: &Path) -> Result<(Survey, Transformed), Fault> {
    let reading = async {
        let reader = GnuCash::new(Database::open(path.to_str().unwrap()).await?, None, None);
        try_read(&reader).await
    };
    tokio::time::timeout(Duration::from_secs(60), reading).await.expect("it ends")
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn acceptable(outcome: Result<(Survey, Transformed), Fault>) {
    match outcome {
        Err(fault) => {
            assert_ne!(fault.kind(), Kind::Bug, "{fault:?}");
            assert!(!fault.remedy().is_empty() && !fault.sentence().is_empty());
        }
        Ok((_, read)) => {
            for reject in &read.rejects {
                assert_ne!(reject.fault.kind(), Kind::Bug, "{:?}", reject.fault);
                assert!(TABLES.contains(&reject.place.file.as_str()), "{:?}", reject.place);
                assert!(reject.raw.starts_with('{'), "the object itself is kept");
            }
        }
    }
}

const JUNK: &[&str] = &[
    "NULL",
    "''",
    "'x'",
    "-1",
    "0",
    "9223372036854775807",
    "-9223372036854775808",
    "3.7e300",
    "x'00ff'",
    "'1; DROP TABLE splits'",
    "'1899-13-77 99:99:99'",
    "lower(hex(randomblob(16)))",
    "'Ä' || char(0) || '😀'",
    "replace(hex(zeroblob(100000)), '0', 'y')",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 4, ..ProptestConfig::default() })]

    #[test]
    fn junk_in_any_column(changes in prop::collection::vec((0..TABLES.len(), any::<u16>(), 0..JUNK.len(), any::<bool>()), 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        let (path, connection) = loosened(folder.path());
        for (table, column, junk, all) in changes {
            let table = TABLES[table];
            let mut columns = connection.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
            let columns: Vec<String> = columns.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            let column = &columns[usize::from(column) % columns.len()];
            let which = if all { "1" } else { "abs(random()) % 3 = 0" };
            connection.execute_batch(&format!("UPDATE {table} SET {column} = {} WHERE {which}", JUNK[junk])).unwrap();
        }
        drop(connection);
        run(async { acceptable(attempt(&path).await) });
    }

    #[test]
    fn bytes_missing_or_flipped(cut in 0_usize..400_000, flips in prop::collection::vec((any::<usize>(), any::<u8>()), 0..40), whole: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = copy(folder.path());
        let mut bytes = std::fs::read(&path).unwrap();
        if !whole {
            bytes.truncate(cut);
        }
        for (at, byte) in flips {
            if let Some(len) = std::num::NonZero::new(bytes.len()) {
                bytes[at % len] ^= byte;
            }
        }
        std::fs::write(&path, bytes).unwrap();
        run(async { acceptable(attempt(&path).await) });
    }
}

#[test]
fn a_missing_table_or_column_is_named() {
    for table in TABLES.iter().filter(|table| **table != "lots") {
        let folder = tempfile::tempdir().unwrap();
        let path = copy(folder.path());
        Connection::open(&path).unwrap().execute_batch(&format!("DROP TABLE {table}")).unwrap();
        let fault = run(attempt(&path)).unwrap_err();
        assert_eq!(fault.code, Code::SourceUnrecognised);
        assert!(fault.detail.contains(&format!("'{table}' is missing")), "{fault:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = copy(folder.path());
    Connection::open(&path).unwrap().execute_batch("ALTER TABLE invoices DROP COLUMN post_lot").unwrap();
    assert!(run(attempt(&path)).unwrap_err().detail.contains("'invoices' lacks post_lot"));
}

/// The one reject that a change to the book brings about.
fn one_reject(change: &str) -> carry_model::Reject {
    let folder = tempfile::tempdir().unwrap();
    let (path, connection) = loosened(folder.path());
    connection.execute_batch(change).unwrap();
    drop(connection);
    let (_, mut read) = run(attempt(&path)).unwrap();
    let rejects: Vec<_> =
        read.rejects.iter().map(|reject| format!("{} {:?}", reject.entity, reject.fault)).collect();
    assert_eq!(read.rejects.len(), 1, "{change}: {rejects:?}");
    read.rejects.remove(0)
}

#[test]
fn what_is_damaged_is_rejected_alone_and_named() {
    const INVOICE: &str = "(SELECT guid FROM invoices WHERE id = '000004' AND owner_type = 2)";
    let entry = format!("(SELECT min(guid) FROM entries WHERE invoice = {INVOICE})");
    for (change, entity, code, field) in [
        (format!("UPDATE invoices SET owner_guid = 'gone' WHERE guid = {INVOICE}"), Entity::Invoice, Code::ReferenceMissing, "owner_guid"),
        (format!("UPDATE invoices SET currency = 'gone' WHERE guid = {INVOICE}"), Entity::Invoice, Code::FieldMissing, "currency"),
        (format!("UPDATE entries SET i_acct = 'gone' WHERE guid = {entry}"), Entity::Invoice, Code::ReferenceMissing, "account"),
        (format!("UPDATE entries SET i_taxtable = 'gone', i_taxable = 1 WHERE guid = {entry}"), Entity::Invoice, Code::ReferenceMissing, "tax_table"),
        (format!("UPDATE entries SET quantity_num = 'many' WHERE guid = {entry}"), Entity::Invoice, Code::AmountUnreadable, "quantity_num"),
        (format!("UPDATE entries SET quantity_denom = 0 WHERE guid = {entry}"), Entity::Invoice, Code::AmountUnreadable, "quantity"),
        (format!("UPDATE entries SET quantity_num = 1, quantity_denom = 3 WHERE guid = {entry}"), Entity::Invoice, Code::AmountUnreadable, "quantity"),
        (format!("UPDATE entries SET i_disc_how = 'LATER' WHERE guid = {entry}"), Entity::Invoice, Code::ValueUnknown, "discount_how"),
        ("UPDATE customers SET name = NULL, addr_name = NULL WHERE guid = (SELECT min(guid) FROM customers)".into(), Entity::Contact, Code::FieldMissing, "name"),
        ("UPDATE accounts SET account_type = 'MYSTERY' WHERE name = 'Savings'".into(), Entity::Account, Code::ValueUnknown, "account_type"),
        ("UPDATE splits SET value_num = value_num + 1 WHERE guid = (SELECT min(s.guid) FROM splits s JOIN transactions t ON t.guid = s.tx_guid WHERE t.description = 'Opening balances')".into(), Entity::Journal, Code::JournalUnbalanced, ""),
        ("UPDATE splits SET account_guid = 'gone' WHERE guid = (SELECT min(s.guid) FROM splits s JOIN transactions t ON t.guid = s.tx_guid WHERE t.description = 'Opening balances')".into(), Entity::Journal, Code::ReferenceMissing, "account_guid"),
        ("UPDATE transactions SET post_date = 'soon' WHERE num = 'D01'; DELETE FROM slots WHERE name = 'date-posted' AND obj_guid = (SELECT guid FROM transactions WHERE num = 'D01')".into(), Entity::Journal, Code::DateUnreadable, "post_date"),
    ] {
        let reject = one_reject(&change);
        assert_eq!((reject.entity, reject.fault.code, &*reject.fault.field), (entity, code, field), "{change}: {:?}", reject.fault);
        assert!(reject.id.is_some() && !reject.place.file.is_empty() && !reject.raw.is_empty());
    }
}

#[test]
fn an_object_of_monstrous_size_is_rejected_and_the_rest_is_read() {
    let reject = one_reject(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20001) \
         INSERT INTO splits (guid, tx_guid, account_guid, memo, action, reconcile_state, value_num, value_denom, quantity_num, quantity_denom) \
         SELECT printf('%032d', i), (SELECT guid FROM transactions WHERE num = 'D01'), 'x', '', '', 'n', 0, 1, 0, 1 FROM n",
    );
    assert_eq!((reject.fault.code, &*reject.fault.field), (Code::InputTooLarge, "splits"));
}

#[test]
fn two_books_or_none_are_refused() {
    for change in ["DELETE FROM books", "INSERT INTO books VALUES ('a', 'b', 'c')"] {
        let folder = tempfile::tempdir().unwrap();
        let (path, connection) = loosened(folder.path());
        connection.execute_batch(change).unwrap();
        drop(connection);
        assert_eq!(run(attempt(&path)).unwrap_err().code, Code::SourceUnrecognised);
    }
}
