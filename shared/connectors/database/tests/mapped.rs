//! Any schema by a mapping file: a made-up invoicing program mapped completely.
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
use std::path::Path;

use carry_connector::{Reader, Transformed};
use carry_database::conn::Database;
use carry_database::mapped::{MappedDatabase, Mapping};
use carry_model::{Body, Code, Date, Entity, Fault, Record, Status, parse_plain};
use support::{Kept, read, try_read};

const SCHEMA: &str = include_str!("mapped/shop.sql");
const MAPPING: &str = include_str!("mapped/shop.toml");

fn shop(folder: &Path, extra: &str) -> String {
    let path = folder.join("shop.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    // A test's database need not survive a power cut.
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;").unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection.execute_batch(extra).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn open(url: &str, mapping: &str) -> Result<MappedDatabase, Fault> {
    Ok(MappedDatabase::new(Database::open(url).await?, Mapping::parse(mapping)?))
}

fn record<'a>(read: &'a Transformed, entity: Entity, id: &str) -> &'a Record {
    read.records
        .iter()
        .find(|r| r.entity == entity && r.id.as_str() == id)
        .unwrap_or_else(|| panic!("{entity} {id}"))
}

fn money(text: &str) -> carry_model::Decimal {
    parse_plain(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_schema_is_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let reader = open(&shop(folder.path(), ""), MAPPING).await.unwrap();
    let (survey, read) = read(&reader).await;
    assert_eq!((survey.company.name.as_str(), survey.company.home_currency.code()), ("Uferwerk GmbH", "EUR"));
    assert_eq!(survey.company.country.as_deref(), Some("DE"));
    assert_eq!(survey.catalog.len(), 7 + 2 + 2);
    assert!(
        survey.catalog.iter().any(|entry| entry.name == "USt 19 %" && entry.percent == Some(money("19")))
    );
    let mut counted: BTreeMap<Entity, u64> = BTreeMap::new();
    let entities = read.records.iter().map(|r| r.entity).chain(read.rejects.iter().map(|r| r.entity));
    entities.for_each(|entity| *counted.entry(entity).or_default() += 1);
    assert_eq!(counted, survey.counts, "every row is a record or a reject");

    let invoice = record(&read, Entity::Invoice, "11");
    let document = invoice.document().unwrap();
    assert_eq!(invoice.number.as_deref(), Some("0001"), "leading zeros stay");
    assert_eq!(invoice.modified.unwrap().to_string(), "2026-01-10T09:30:00Z");
    assert_eq!((document.total, document.outstanding), (money("285.60"), Some(money("85.60"))));
    assert_eq!(
        (document.date, document.due),
        (Date::constant(2026, 1, 10), Some(Date::constant(2026, 1, 24)))
    );
    assert_eq!(document.contact.as_ref().unwrap().as_str(), "K1");
    assert_eq!(document.related[0].to_string(), "estimate 10");
    assert_eq!(document.lines[0].tracking[0].option, "Nord");
    assert_eq!(document.sum_of_parts().unwrap(), document.total);

    let dollars = record(&read, Entity::Invoice, "12").document().unwrap();
    assert_eq!((dollars.currency.code(), dollars.rate), ("USD", Some(money("0.9217"))));
    assert_eq!(
        (dollars.lines[0].discount, dollars.lines[0].unit_price),
        (Some(money("10")), Some(money("11")))
    );
    assert_eq!(record(&read, Entity::Invoice, "14").document().unwrap().status, Status::Draft);
    assert_eq!(record(&read, Entity::Invoice, "15").document().unwrap().status, Status::Voided);
    let credit = record(&read, Entity::CreditNote, "13").document().unwrap();
    assert_eq!((credit.total, credit.taxes[0].amount), (money("11.90"), money("1.90")));
    assert_eq!(record(&read, Entity::Bill, "a3f0-1").document().unwrap().outstanding, Some(money("59.50")));

    let Body::Payment(refund) = &record(&read, Entity::Payment, "3").body else { panic!() };
    assert_eq!((refund.amount, refund.unapplied().unwrap()), (money("-11.90"), money("0")));
    let Body::Contact(customer) = &record(&read, Entity::Contact, "K1").body else { panic!() };
    assert_eq!(customer.billing.as_ref().unwrap().lines, ["Kai 1", "Hinterhaus"]);
    let Body::Contact(supplier) = &record(&read, Entity::Contact, "L1").body else { panic!() };
    assert!(supplier.supplier && !supplier.customer);
    let Body::Journal(journal) = &record(&read, Entity::Journal, "1").body else { panic!() };
    assert_eq!(journal.lines[1].amount, money("-1000"));
    let Body::Activity(time) = &record(&read, Entity::TimeActivity, "1").body else { panic!() };
    assert_eq!(
        (time.hours, time.amount, time.rate),
        (Some(money("1.5")), Some(money("180")), Some(money("120")))
    );
    let Body::TrackingCategory(places) = &record(&read, Entity::TrackingCategory, "1").body else { panic!() };
    assert_eq!(places.options, ["Nord", "Süd"]);
    let Body::Account(account) = &record(&read, Entity::Account, "4900").body else { panic!() };
    assert!(!account.active);
    assert!(record(&read, Entity::Attachment, "1").raw.contains("archiv/0001.pdf"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_read_are_rejected_with_table_field_and_text() {
    let folder = tempfile::tempdir().unwrap();
    let reader = open(&shop(folder.path(), ""), MAPPING).await.unwrap();
    let (_, read) = read(&reader).await;
    let rejects: BTreeMap<_, _> = read
        .rejects
        .iter()
        .map(|r| ((r.place.file.as_str(), r.id.as_ref().unwrap().as_str()), (r.fault.code, &*r.fault.field)))
        .collect();
    let expected = BTreeMap::from([
        (("invoice", "16"), (Code::DateUnreadable, "date")),
        (("invoice", "17"), (Code::CurrencyUnknown, "currency")),
        (("bill", "b"), (Code::AmountUnreadable, "total")),
        (("contact", "K7"), (Code::FieldMissing, "name")),
        (("journal", "2"), (Code::JournalUnbalanced, "")),
    ]);
    assert_eq!(rejects, expected);
    assert!(read.rejects.iter().all(|reject| reject.raw.starts_with('{')));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_join_without_loss_and_go_on_after_a_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let many = "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 2700) \
         INSERT INTO beleg (id, art, nummer, kunde_id, datum, brutto_cent, offen_cent) SELECT i * 3, 'RE', i, 1, '2026-03-01', i, 0 FROM n; \
         INSERT INTO position (beleg_id, pos, netto_cent) SELECT b.id, p.pos, 1 FROM beleg b, (SELECT 5 AS pos UNION ALL SELECT 6) p WHERE b.id > 200;";
    let reader = open(&shop(folder.path(), many), MAPPING).await.unwrap();
    let survey = reader.survey().await.unwrap();
    let partition = survey.partitions.iter().find(|p| p.id == "invoice").unwrap();
    let mut whole = Kept::default();
    reader.extract(&survey, partition, None, &mut whole).await.unwrap();
    let rows = whole.rows();
    assert_eq!(rows.len() as u64, partition.rows);
    assert!(rows.iter().rev().take(2601).all(|row| row["lines"].as_array().unwrap().len() == 2));
    let mut rest = Kept::default();
    reader.extract(&survey, partition, Some(rows[1233]["id"].to_string()), &mut rest).await.unwrap();
    assert_eq!(rest.rows(), rows[1234..]);
}

/// Replaces one section of the mapping.
fn with(section: &str) -> String {
    format!("[source]\ncompany = \"A\"\nhome_currency = \"EUR\"\n{section}")
}

#[tokio::test(flavor = "multi_thread")]
async fn slips_in_the_mapping_are_named_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let url = shop(folder.path(), "");
    for (section, why) in [
        (
            "[terms]\nquery = \"SELECT * FROM zahlungsziel WHERE id > :after ORDER BY id LIMIT :limit\"",
            "column 'tage' that is no field",
        ),
        (
            "[terms]\nquery = \"SELECT id, tage AS due_days FROM zahlungsziel WHERE id > :after ORDER BY id LIMIT :limit\"",
            "no column 'name', which is needed",
        ),
        (
            "[terms]\nquery = \"SELECT id, name FROM nirgends WHERE id > :after ORDER BY id LIMIT :limit\"",
            "[terms]",
        ),
        (
            "[terms]\nkey = \"nr\"\nquery = \"SELECT id, name FROM zahlungsziel WHERE id > :after ORDER BY id LIMIT :limit\"",
            "no column 'nr'",
        ),
        (
            "[terms]\nquery = \"SELECT name AS id, name FROM zahlungsziel WHERE name > :after ORDER BY name LIMIT :limit\"",
            "no whole number",
        ),
        (
            "[terms]\nkey_kind = \"text\"\nquery = \"SELECT id, name FROM zahlungsziel WHERE id > :after ORDER BY id LIMIT :limit\"",
            "compared as another kind",
        ),
        (
            "[journal]\nquery = \"SELECT id, datum AS date FROM buchung WHERE id > :after ORDER BY id LIMIT :limit\"\n[journal.lines]\nparent = \"buchung_id\"\nquery = \"SELECT konto FROM nirgends WHERE buchung_id IN (:keys)\"",
            "[journal.lines]",
        ),
        (
            "[terms]\nquery = \"SELECT id, name FROM zahlungsziel WHERE id > :after ORDER BY id DESC LIMIT :limit\"",
            "not in ascending order",
        ),
        (
            "[invoice]\nquery = \"SELECT b.id, 1 AS contact, datum AS date, 1 AS total FROM beleg b JOIN position p ON p.beleg_id = b.id JOIN artikel WHERE b.id > :after ORDER BY b.id LIMIT :limit\"",
            "not unique",
        ),
        (
            "[journal]\nquery = \"SELECT id, datum AS date FROM buchung WHERE id > :after ORDER BY id LIMIT :limit\"\n[journal.lines]\nparent = \"buchung_id\"\nquery = \"SELECT buchung_id, konto AS account, soll AS amount FROM buchungszeile WHERE 1 OR buchung_id IN (:keys)\"\n[journal.taxes]\nparent = \"x\"\nquery = \"SELECT 1\"",
            "no part 'taxes'",
        ),
        ("[company]\nquery = \"SELECT 1; DELETE FROM beleg\"", "more than one statement"),
    ] {
        let outcome = match open(&url, &with(section)).await {
            Ok(reader) => try_read(&reader).await.map(drop),
            Err(fault) => Err(fault),
        };
        let fault = outcome.expect_err(why);
        let shown = format!("{fault:?}");
        assert!(shown.contains(why), "{section}\n{shown}");
        assert!(matches!(fault.code, Code::MappingInvalid | Code::QueryFailed), "{shown}");
    }
}

/// What stands in the first block of that language in the documentation.
fn block(language: &str) -> &'static str {
    const DOCS: &str = include_str!("../../../../docs/sources-database.md");
    let (_, rest) = DOCS.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// The documentation's example at that address.
async fn the_example_is_read(url: &str) {
    let reader = open(url, block("toml")).await.unwrap();
    let (_, read) = read(&reader).await;
    assert!(read.rejects.is_empty(), "{:?}", read.rejects);
    let invoice = record(&read, Entity::Invoice, "R-0001").document().unwrap();
    assert_eq!((invoice.total, invoice.outstanding), (money("119"), Some(money("69"))));
    assert_eq!(invoice.sum_of_parts().unwrap(), invoice.total);
    let Body::Payment(payment) = &record(&read, Entity::Payment, "1").body else { panic!() };
    assert_eq!((payment.amount, payment.unapplied().unwrap()), (money("50"), money("0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_documentation_works() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch(block("sql")).unwrap();
    the_example_is_read(path.to_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_documentation_works_in_postgresql() {
    let Some(server) = postgres::Postgres::start() else {
        eprintln!("skipped: PostgreSQL's server is not installed, or cannot be started");
        return;
    };
    let file = server.folder().join("example.sql");
    std::fs::write(&file, block("sql")).unwrap();
    server.script(&file);
    the_example_is_read(&server.url()).await;
}

const JUNK: &[&str] = &[
    "NULL",
    "''",
    "'x'",
    "-1",
    "9223372036854775807",
    "3.7e300",
    "0.1 + 0.2",
    "x'00ff'",
    "'2026-02-30'",
    "'Ä' || char(0) || '😀'",
    "replace(hex(zeroblob(50000)), '0', 'y')",
];

/// Every column of every table that is no key, with its table.
fn columns(connection: &rusqlite::Connection) -> Vec<(String, String)> {
    let sql = "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND c.pk = 0";
    let mut all = connection.prepare(sql).unwrap();
    all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 32, ..Default::default() })]

    #[test]
    fn junk_in_any_column_ends_in_rejects_or_a_clear_fault(
        changes in proptest::collection::vec((proptest::prelude::any::<u16>(), 0..JUNK.len()), 1..8)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let url = shop(folder.path(), "");
        let connection = rusqlite::Connection::open(&url).unwrap();
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;").unwrap();
        let all = columns(&connection);
        for (at, junk) in changes {
            let (table, column) = &all[usize::from(at) % all.len()];
            // A constraint may refuse it, which is as well.
            drop(connection.execute_batch(&format!("UPDATE {table} SET {column} = {}", JUNK[junk])));
        }
        drop(connection);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let outcome = runtime.block_on(async { try_read(&open(&url, MAPPING).await.unwrap()).await });
        match outcome {
            Err(fault) => assert_ne!(fault.kind(), carry_model::Kind::Bug, "{fault:?}"),
            Ok((survey, read)) => {
                let all = survey.counts.values().sum::<u64>();
                assert_eq!(all, (read.records.len() + read.rejects.len()) as u64);
                assert!(read.rejects.iter().all(|reject| !reject.place.file.is_empty() && !reject.raw.is_empty()));
            }
        }
    }
}
