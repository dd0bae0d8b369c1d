//! A source that reads records from memory.

use carry_connector::home::HomeRounding;
use std::collections::BTreeMap;

use async_trait::async_trait;
use carry_connector::{
    BatchBuilder, BatchHeader, Changes, Limits, Manifest, Partition, RawBatch, RawSink, Reader, Support,
    Survey, Transformed, Transformer,
};
use carry_model::{Company, Currency, Entity, Fault, Record, RecordKey, Timestamp};

use crate::books::Books;

static MANIFEST: Manifest = Manifest {
    system: "books",
    title: "Books in memory",
    source: Support::Yes,
    target: Support::No("a source"),
    entities: &[],
    home: HomeRounding::Unknown,
    limits: Limits::NONE,
};

pub struct BookSource {
    records: Vec<Record>,
    /// What changed and what went, where this source can tell.
    told: Option<(Vec<Record>, Vec<RecordKey>)>,
}

impl BookSource {
    pub fn new(books: &Books) -> Self {
        Self { records: books.records.clone(), told: None }
    }

    /// A source that tells what changed since `earlier`, and holds nothing else ready.
    pub fn telling_changes(books: &Books, earlier: &Books) -> Self {
        let is_new = |record: &&Record| !earlier.records.contains(record);
        let is_gone = |key: &RecordKey| !books.records.iter().any(|record| record.key() == *key);
        let changed = books.records.iter().filter(is_new).cloned().collect();
        let gone = earlier.records.iter().map(Record::key).filter(is_gone).collect();
        Self { records: Vec::new(), told: Some((changed, gone)) }
    }

    fn survey_of(&self, records: &[Record], changes: Option<Changes>) -> Survey {
        let mut counts = BTreeMap::new();
        for record in records {
            *counts.entry(record.entity).or_insert(0) += 1;
        }
        let partition = |(entity, rows): (&Entity, &u64)| Partition {
            id: entity.name().to_owned(),
            entity: *entity,
            spec: serde_json::Value::Bool(changes.is_some()),
            rows: *rows,
        };
        Survey {
            company: Company { name: "Simulated".into(), home_currency: Currency::EUR, country: None },
            partitions: counts.iter().map(partition).collect(),
            counts,
            findings: Vec::new(),
            catalog: Vec::new(),
            unlisted_receivable: Default::default(),
            unlisted_payable: Default::default(),
            lock_date: None,
            changes,
            profile: serde_json::Value::Null,
        }
    }
}

#[async_trait]
impl Reader for BookSource {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn survey(&self) -> Result<Survey, Fault> {
        Ok(self.survey_of(&self.records, None))
    }

    async fn changes(&self, since: Timestamp) -> Result<Option<Survey>, Fault> {
        let survey = |(changed, gone): &(Vec<Record>, Vec<RecordKey>)| {
            self.survey_of(changed, Some(Changes { since, gone: gone.clone(), whole: Vec::new() }))
        };
        Ok(self.told.as_ref().map(survey))
    }

    async fn extract(
        &self,
        _: &Survey,
        partition: &Partition,
        _: Option<String>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        let mut builder = BatchBuilder::new(BatchHeader {
            entity: partition.entity,
            partition: partition.id.clone(),
            file: "memory".into(),
            shape: serde_json::Value::Null,
        });
        // Small batches, so that there are many places to be interrupted at.
        let records = match &self.told {
            Some((changed, _)) if partition.spec == true => changed,
            _ => &self.records,
        };
        for chunk in records.iter().filter(|r| r.entity == partition.entity).collect::<Vec<_>>().chunks(7) {
            for record in chunk {
                builder.push(0, 0, record)?;
            }
            sink.accept(builder.take(), None).await?;
        }
        Ok(())
    }

    fn transformer(&self, _: &Survey) -> Result<Box<dyn Transformer>, Fault> {
        Ok(Box::new(AsTheyAre))
    }
}

struct AsTheyAre;

impl Transformer for AsTheyAre {
    fn transform(&self, batch: &RawBatch, out: &mut Transformed) -> Result<(), Fault> {
        for row in batch.rows() {
            let record: Record = serde_json::from_str(row?.data.get()).unwrap();
            out.records.push(Record::new(record.entity, record.id, record.number, record.body)?);
        }
        Ok(())
    }
}
