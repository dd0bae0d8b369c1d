//! What is written is read back, to the last field.

use std::collections::BTreeMap;

use carry_database::conn::Database;
use carry_database::universal::UniversalWriter;
use carry_model::{Record, RecordKey};
use proptest::prelude::*;

use crate::books::books;
use crate::server::Server;
use crate::writing::{Known, read, sqlite};

fn by_key(records: &[Record]) -> BTreeMap<RecordKey, &Record> {
    records.iter().map(|record| (record.key(), record)).collect()
}

fn assert_same(given: &[Record], found: &[Record]) {
    assert_eq!(given.len(), found.len());
    let found = by_key(found);
    for (key, given) in by_key(given) {
        let found = found.get(&key).unwrap_or_else(|| panic!("{key} is gone"));
        // As text, so that 12.30 and 12.3 are told apart.
        let [given_text, found_text] = [given, *found].map(|record| serde_json::to_string(record).unwrap());
        assert_eq!(given_text, found_text);
        assert_eq!(given.fingerprint(), found.fingerprint());
    }
}

/// Sums of the double entry that are not zero. Generated journals do not balance, so they are left out.
async fn unbalanced(url: &str) -> Vec<String> {
    let database = Database::open(url).await.unwrap();
    let sql = "SELECT currency || ' ' || CAST(sum(amount_minor) AS TEXT) AS sums FROM postings
               WHERE entity <> 'journal' GROUP BY currency HAVING sum(amount_minor) <> 0
               UNION ALL SELECT 'home ' || CAST(sum(home_minor) AS TEXT) FROM postings
               WHERE entity <> 'journal' HAVING sum(home_minor) <> 0";
    let rows = database.fetch(sql, Vec::new(), 100).await.unwrap();
    rows.iter().map(|row| row.text("sums").unwrap().unwrap().into_owned()).collect()
}

async fn round_trip(url: &str, records: &[Record]) {
    let writer = UniversalWriter::open(url).await.unwrap();
    let mut known = Known::default();
    known.create_all(&writer, records).await;
    assert_same(records, &read(url).await.records);
    assert_eq!(unbalanced(url).await, Vec::<String>::new());

    // Once more: the same keys, nothing doubled.
    let mut again = Known(known.0.clone());
    again.create_all(&writer, records).await;
    assert_eq!(known.0, again.0);
    assert_same(records, &read(url).await.records);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_survives_sqlite(seed: u64) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let place = sqlite();
        runtime.block_on(round_trip(&place.url, &books(seed, true)));
    }
}

#[tokio::test]
async fn every_record_survives_postgresql() {
    let Some(mut server) = Server::start() else { return };
    for seed in 0..3 {
        let url = server.schema(&format!("books{seed}")).await;
        round_trip(&url, &books(seed, false)).await;
    }
    server.clean().await;
}

#[tokio::test]
async fn extraction_goes_on_after_any_cursor() {
    use carry_connector::Reader;
    use carry_database::universal::UniversalReader;

    let place = sqlite();
    let writer = UniversalWriter::open(&place.url).await.unwrap();
    let records = books(7, true);
    Known::default().create_all(&writer, &records).await;
    let reader = UniversalReader::open(&place.url).await.unwrap();
    let survey = reader.survey().await.unwrap();
    for partition in &survey.partitions {
        let mut whole = crate::writing::Kept::default();
        reader.extract(&survey, partition, None, &mut whole).await.unwrap();
        let rows: Vec<String> = lines(&whole);
        let last = whole.0.last().unwrap().1.clone().unwrap();
        let first: i64 = partition.spec["from"].as_i64().unwrap();
        for cursor in first - 1..=last.parse().unwrap() {
            let mut rest = crate::writing::Kept::default();
            reader.extract(&survey, partition, Some(cursor.to_string()), &mut rest).await.unwrap();
            let rest = lines(&rest);
            assert_eq!(rest, rows[rows.len() - rest.len()..]);
        }
    }
}

fn lines(kept: &crate::writing::Kept) -> Vec<String> {
    kept.0
        .iter()
        .flat_map(|(batch, _)| batch.rows().map(|row| row.unwrap().data.get().to_owned()).collect::<Vec<_>>())
        .collect()
}
