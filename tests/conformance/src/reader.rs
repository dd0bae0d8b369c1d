use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use carry_connector::{
    BATCH_BYTES_MAX, BATCH_ROWS_MAX, Partition, RawBatch, RawSink, Reader, Survey, Transformed,
};
use carry_model::{Entity, Fault, Fingerprint, RecordKey};

/// A row may be this much larger than what a batch should hold.
const SLACK_BYTES: usize = 8 * 1024 * 1024;

#[derive(Default)]
struct Kept(Vec<(RawBatch, Option<String>)>);

#[async_trait]
impl RawSink for Kept {
    async fn accept(&mut self, batch: RawBatch, resume: Option<String>) -> Result<(), Fault> {
        self.0.push((batch, resume));
        Ok(())
    }
}

async fn extract(reader: &dyn Reader, survey: &Survey, partition: &Partition, after: Option<String>) -> Kept {
    let mut kept = Kept::default();
    reader.extract(survey, partition, after, &mut kept).await.unwrap();
    kept
}

fn lines(batches: &[(RawBatch, Option<String>)]) -> Vec<String> {
    let rows =
        batches.iter().flat_map(|(batch, _)| batch.rows().map(|row| row.unwrap().data.get().to_owned()));
    rows.collect()
}

/// The survey is stable and complete, every partition is read to its last row and can be resumed after every
/// batch, transformation is pure and loses nothing, every record has an identity, a place and its raw slice.
pub async fn reader(reader: &dyn Reader) {
    let manifest = reader.manifest();
    super::manifest(manifest);
    assert!(manifest.source.is_yes(), "{} is no source", manifest.system);
    let survey = reader.survey().await.unwrap();
    let again = reader.survey().await.unwrap();
    assert_eq!(
        serde_json::to_value(&survey).unwrap(),
        serde_json::to_value(&again).unwrap(),
        "a survey changes nothing"
    );
    let ids: BTreeSet<_> = survey.partitions.iter().map(|partition| partition.id.as_str()).collect();
    assert_eq!(ids.len(), survey.partitions.len(), "partition ids are unique");
    let safe =
        |id: &&str| id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) && !id.is_empty();
    assert!(ids.iter().all(safe), "{ids:?}");

    let transformer = reader.transformer(&survey).unwrap();
    let mut all = Transformed::default();
    for partition in &survey.partitions {
        let kept = extract(reader, &survey, partition, None).await;
        batches(partition, &kept);
        resumes(reader, &survey, partition, &kept).await;
        for (batch, _) in &kept.0 {
            let staged = RawBatch::from_jsonl(batch.jsonl()).unwrap();
            let (mut once, mut twice) = (Transformed::default(), Transformed::default());
            transformer.transform(&staged, &mut once).unwrap();
            transformer.transform(&staged, &mut twice).unwrap();
            assert_eq!(once.records, twice.records, "transformation is pure");
            assert!(
                staged.rows == 0 || once.records.len() + once.rejects.len() > 0,
                "{} rows of {} vanished",
                staged.rows,
                partition.id
            );
            all.records.append(&mut once.records);
            all.rejects.append(&mut once.rejects);
        }
    }
    records(&all);
    counts(&survey, &all);
}

fn batches(partition: &Partition, kept: &Kept) {
    for (batch, _) in &kept.0 {
        assert_eq!(batch.header.partition, partition.id);
        assert!(batch.rows <= BATCH_ROWS_MAX, "{} rows in a batch", batch.rows);
        assert!(batch.jsonl().len() <= 2 * BATCH_BYTES_MAX + SLACK_BYTES);
        for row in batch.rows() {
            let row = row.unwrap();
            assert!(row.last >= row.line || row.last == 0);
        }
    }
}

async fn resumes(reader: &dyn Reader, survey: &Survey, partition: &Partition, kept: &Kept) {
    for (index, (_, cursor)) in kept.0.iter().enumerate() {
        let Some(cursor) = cursor else { continue };
        let rest = extract(reader, survey, partition, Some(cursor.clone())).await;
        assert_eq!(
            lines(&rest.0),
            lines(&kept.0[index + 1..]),
            "{} resumed after batch {index}",
            partition.id
        );
    }
}

fn records(all: &Transformed) {
    let mut seen: BTreeMap<RecordKey, Fingerprint> = BTreeMap::new();
    for record in &all.records {
        assert!(record.body.fits(record.entity), "{}", record.key());
        assert!(!record.id.as_str().is_empty(), "a record without an id");
        assert!(!record.place.file.is_empty(), "{} has no place", record.key());
        assert!(record.implied || !record.raw.is_empty(), "{} lost its raw slice", record.key());
        let known = seen.insert(record.key(), record.fingerprint());
        assert_eq!(known, None, "{} came twice", record.key());
    }
    for reject in &all.rejects {
        assert!(!reject.place.file.is_empty());
        assert!(!reject.fault.remedy().is_empty());
    }
}

/// What the survey counted is what came out, rejected or not.
fn counts(survey: &Survey, all: &Transformed) {
    let mut found: BTreeMap<Entity, u64> = BTreeMap::new();
    let entities = all.records.iter().map(|r| r.entity).chain(all.rejects.iter().map(|r| r.entity));
    entities.for_each(|entity| *found.entry(entity).or_default() += 1);
    for (entity, count) in &survey.counts {
        assert_eq!(
            found.get(entity).copied().unwrap_or_default(),
            *count,
            "{entity}: surveyed and transformed"
        );
    }
}
