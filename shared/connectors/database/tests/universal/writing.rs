//! What a run does around the connector: links, batches, staging.

use std::collections::BTreeMap;

use async_trait::async_trait;
use carry_connector::{
    Links, Operation, RawBatch, RawSink, Reader, Transformed, WriteBatch, WriteItem, Writer, Written,
};
use carry_database::universal::{UniversalReader, UniversalWriter};
use carry_model::{Currency, Entity, Fault, Record, RecordKey, TargetId};

/// A database that tests may do anything to, gone afterwards.
pub(crate) struct Place {
    pub(crate) url: String,
    _folder: tempfile::TempDir,
}

pub(crate) fn sqlite() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place { url: format!("sqlite:{}", folder.path().join("books.db").display()), _folder: folder }
}

/// Links of everything written so far.
#[derive(Default)]
pub(crate) struct Known(pub(crate) BTreeMap<RecordKey, TargetId>);

impl Known {
    pub(crate) fn id(&self, entity: Entity, id: &str) -> TargetId {
        self.0[&RecordKey::new(entity, id)].clone()
    }

    pub(crate) fn links(&self) -> Links {
        let mut links = Links::default();
        self.0.iter().for_each(|(key, id)| links.insert(key.clone(), id.clone()));
        links
    }

    pub(crate) fn batch(&self, entity: Entity, items: Vec<WriteItem>) -> WriteBatch {
        WriteBatch {
            entity,
            items,
            links: self.links(),
            home_currency: Currency::EUR,
            verify_first: false,
            keep_numbers: true,
            files: std::sync::Arc::new(carry_connector::NoFiles),
        }
    }

    /// Writes records of one entity as new; every one must be taken.
    pub(crate) async fn create(&mut self, writer: &UniversalWriter, records: &[Record]) -> Vec<Written> {
        let outcomes = self.try_create(writer, records).await;
        outcomes.into_iter().map(|outcome| outcome.unwrap()).collect()
    }

    /// Writes records of one entity as new.
    pub(crate) async fn try_create(
        &mut self,
        writer: &UniversalWriter,
        records: &[Record],
    ) -> Vec<Result<Written, Fault>> {
        let Some(first) = records.first() else { return Vec::new() };
        let item = |record: &Record| WriteItem { record: record.clone(), operation: Operation::Create };
        let batch = self.batch(first.entity, records.iter().map(item).collect());
        let outcomes = writer.write(batch.into()).await.unwrap();
        assert_eq!(outcomes.len(), records.len());
        for (record, outcome) in records.iter().zip(&outcomes) {
            if let Ok(written) = outcome {
                self.0.insert(record.key(), written.id.clone());
            }
        }
        outcomes
    }

    /// Writes everything in load order.
    pub(crate) async fn create_all(&mut self, writer: &UniversalWriter, records: &[Record]) {
        for entity in Entity::ALL {
            let own: Vec<Record> =
                records.iter().filter(|record| record.entity == *entity).cloned().collect();
            self.create(writer, &own).await;
        }
    }
}

#[derive(Default)]
pub(crate) struct Kept(pub(crate) Vec<(RawBatch, Option<String>)>);

#[async_trait]
impl RawSink for Kept {
    async fn accept(&mut self, batch: RawBatch, resume: Option<String>) -> Result<(), Fault> {
        // As staging does: through text and back.
        self.0.push((RawBatch::from_jsonl(batch.jsonl())?, resume));
        Ok(())
    }
}

/// Everything a database holds.
pub(crate) async fn read(url: &str) -> Transformed {
    let reader = UniversalReader::open(url).await.unwrap();
    let survey = reader.survey().await.unwrap();
    let transformer = reader.transformer(&survey).unwrap();
    let mut out = Transformed::default();
    for partition in &survey.partitions {
        let mut kept = Kept::default();
        reader.extract(&survey, partition, None, &mut kept).await.unwrap();
        for (batch, _) in &kept.0 {
            transformer.transform(batch, &mut out).unwrap();
        }
    }
    let counted: u64 = survey.counts.values().sum();
    assert_eq!(counted, (out.records.len() + out.rejects.len()) as u64);
    out
}
