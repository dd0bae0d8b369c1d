//! The built-in example: the universal database, written by its writer and read by its mapping file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use carry_connector::{Links, Operation, Transformed, WriteBatch, WriteItem, Writer};
use carry_database::conn::Database;
use carry_database::gnucash::GnuCash;
use carry_database::mapped::{MappedDatabase, Mapping, UNIVERSAL};
use carry_database::universal::UniversalWriter;
use carry_model::{Entity, Record, RecordKey, TargetId};
use support::{data, read};

/// Writes records in load order, as a run does.
async fn written(path: &Path, records: &[Record]) {
    let writer = UniversalWriter::open(path.to_str().unwrap()).await.unwrap();
    let mut known: BTreeMap<RecordKey, TargetId> = BTreeMap::new();
    for entity in Entity::ALL {
        // Records of one entity may refer to each other: those whose references are known go first.
        let mut waiting: Vec<&Record> = records.iter().filter(|record| record.entity == *entity).collect();
        while !waiting.is_empty() {
            let ready = |record: &&Record| {
                let mut ready = true;
                record.body.each_reference(|entity, id| {
                    ready &= known.contains_key(&RecordKey::new(entity, id.clone()))
                });
                ready
            };
            let (now, later): (Vec<&Record>, Vec<&Record>) = waiting.into_iter().partition(ready);
            assert!(!now.is_empty(), "{entity}: references that nothing fulfils");
            waiting = later;
            let mut links = Links::default();
            known.iter().for_each(|(key, id)| links.insert(key.clone(), id.clone()));
            let items = now
                .iter()
                .map(|r| WriteItem { record: (*r).clone(), operation: Operation::Create })
                .collect();
            let batch = WriteBatch {
                entity: *entity,
                items,
                links,
                home_currency: "EUR".parse().unwrap(),
                verify_first: false,
                keep_numbers: true,
                files: std::sync::Arc::new(carry_connector::NoFiles),
            };
            let outcomes = writer.write(batch.into()).await.unwrap();
            for (record, outcome) in now.iter().zip(outcomes) {
                known.insert(record.key(), outcome.unwrap().id);
            }
        }
    }
}

fn by_key(records: &[Record]) -> BTreeMap<RecordKey, &Record> {
    records.iter().map(|record| (record.key(), record)).collect()
}

async fn comes_back(source: &Transformed) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("universal.db");
    written(&path, &source.records).await;
    let database = Database::open(path.to_str().unwrap()).await.unwrap();
    let reader = MappedDatabase::new(database, Mapping::parse(UNIVERSAL).unwrap());
    let (survey, again) = read(&reader).await;
    assert!(again.rejects.is_empty(), "{:?}", again.rejects);
    assert_eq!(survey.company.home_currency.code(), "EUR");
    let carried = source.records.iter().filter(|record| record.entity != Entity::Company);
    let (before, after) = (by_key(&carried.cloned().collect::<Vec<_>>()).len(), by_key(&again.records));
    assert_eq!(before, after.len());
    for record in source.records.iter().filter(|record| record.entity != Entity::Company) {
        let read = after[&record.key()];
        assert_eq!(read.number, record.number, "{}", record.key());
        if let (Some(before), Some(after)) = (record.document(), read.document()) {
            assert_eq!(
                (before.total, before.outstanding),
                (after.total, after.outstanding),
                "{}",
                record.key()
            );
        }
        assert_eq!(read.body, record.body, "{}", record.key());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gnucash_book_comes_back_through_the_mapping() {
    let path = data("gnucash/book.gnucash");
    let book = GnuCash::new(Database::open(path.to_str().unwrap()).await.unwrap(), None, None);
    let (_, source) = read(&book).await;
    comes_back(&source).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entity_comes_back_through_the_mapping() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(include_str!("mapped/shop.sql")).unwrap();
    drop(connection);
    let mapping = Mapping::parse(include_str!("mapped/shop.toml")).unwrap();
    let shop = MappedDatabase::new(Database::open(path.to_str().unwrap()).await.unwrap(), mapping);
    let (survey, mut source) = read(&shop).await;
    let company = carry_model::Body::Company(survey.company);
    source.records.push(Record::new(Entity::Company, "1", None, company).unwrap());
    // What refers to a reject is not carried either.
    let rejected: Vec<_> =
        source.rejects.iter().filter_map(|r| Some(RecordKey::new(r.entity, r.id.clone()?))).collect();
    source.records.retain(|record| {
        let mut whole = true;
        record
            .body
            .each_reference(|entity, id| whole &= !rejected.contains(&RecordKey::new(entity, id.clone())));
        whole
    });
    comes_back(&source).await;
}
