//! Transform: raw batches into canonical records and rejects.

use std::collections::BTreeMap;

use carry_connector::{RawBatch, Transformed, Transformer};
use carry_model::{Entity, Fault};
use carry_ports::Stage;
use serde::{Deserialize, Serialize};

use crate::Engine;
use crate::load::{id_mark, may_be_split};
use crate::staged::StagedWriter;
use crate::store::{RunStore, buffer, push_line};

/// What became of a raw batch; written last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct TransformedPart {
    pub(crate) part: String,
    /// Records per entity, each set under `transform/<entity>/<part>.jsonl.zst`.
    pub(crate) records: BTreeMap<Entity, u64>,
    /// Rejects per entity, all under `transform/rejects/<part>.jsonl.zst`.
    pub(crate) rejects: BTreeMap<Entity, u64>,
    /// Marks of the ids of those records that several workers may load at once: one that is in two parts shows. None
    /// where one process carries everything and loads it with one worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) marks: Option<BTreeMap<Entity, Vec<u64>>>,
}

pub(crate) fn rejects_key(part: &str) -> String {
    format!("{}/rejects/{part}.jsonl.zst", Stage::Transform.name())
}

pub(crate) fn done_key(part: &str) -> String {
    format!("{}/done/{part}.json", Stage::Transform.name())
}

impl TransformedPart {
    /// Records and rejects.
    fn sum(&self) -> u64 {
        self.records.values().chain(self.rejects.values()).sum()
    }
}

/// Turns a staged raw batch into canonical records and rejects, unless that is done; says what became of it.
pub(crate) async fn transform_part(
    engine: &Engine,
    store: &RunStore,
    transformer: &dyn Transformer,
    entity: Entity,
    part: String,
) -> Result<TransformedPart, Fault> {
    engine.cancel.check()?;
    let done = match store.get_json::<TransformedPart>(&done_key(&part)).await? {
        Some(done) => done,
        None => {
            let lines = store.get_lines(&RunStore::batch_key(Stage::Extract, entity, &part)).await?;
            let batch = RawBatch::from_jsonl(&lines)?;
            drop(lines);
            transform_batch(store, transformer, part, &batch, true).await?
        }
    };
    engine.progress.advance(Stage::Transform, entity.plural(), done.sum());
    Ok(done)
}

/// Turns a raw batch into canonical records and rejects, and stages them; `marked` where several workers may load them.
pub(crate) async fn transform_batch(
    store: &RunStore,
    transformer: &dyn Transformer,
    part: String,
    batch: &RawBatch,
    marked: bool,
) -> Result<TransformedPart, Fault> {
    // The raw slices are staged already.
    let records = Vec::with_capacity(batch.rows);
    let mut out = Transformed { records, without_raw: true, ..Transformed::default() };
    transformer.transform(batch, &mut out)?;

    let marks = marked.then(BTreeMap::new);
    let mut done = TransformedPart { part: part.clone(), marks, ..TransformedPart::default() };
    let mut by_entity: BTreeMap<Entity, StagedWriter> = BTreeMap::new();
    for record in out.records {
        let entity = record.entity;
        *done.records.entry(entity).or_default() += 1;
        if let Some(marks) = done.marks.as_mut().filter(|_| may_be_split(entity)) {
            marks.entry(entity).or_default().push(id_mark(&record.id));
        }
        by_entity.entry(entity).or_insert_with(|| StagedWriter::new(buffer())).push(record)?;
    }
    for (entity, written) in by_entity {
        let key = RunStore::batch_key(Stage::Transform, entity, &part);
        store.create_buffered(&key, written.lines()).await?;
    }
    let mut rejects = Vec::new();
    for reject in &out.rejects {
        push_line(&mut rejects, reject)?;
        *done.rejects.entry(reject.entity).or_default() += 1;
    }
    if !rejects.is_empty() {
        store.create_lines(&rejects_key(&part), &rejects).await?;
    }
    store.create_json(&done_key(&part), &done).await?;
    Ok(done)
}
