//! Transform: raw batches into canonical records and rejects.

use std::collections::BTreeMap;
use std::sync::Arc;

use carry_connector::{RawBatch, Transformed, Transformer};
use carry_model::{Entity, Fault};
use carry_ports::Stage;
use serde::{Deserialize, Serialize};

use crate::Engine;
use crate::load::{id_mark, may_be_split};
use crate::staged::push_record;
use crate::store::{RunStore, push_line};

/// What became of a raw batch; written last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct TransformedPart {
    pub(crate) part: String,
    /// Records per entity, each set under `transform/<entity>/<part>.jsonl.zst`.
    pub(crate) records: BTreeMap<Entity, u64>,
    /// Rejects per entity, all under `transform/rejects/<part>.jsonl.zst`.
    pub(crate) rejects: BTreeMap<Entity, u64>,
    /// Marks of the ids of those records that several workers may load at once: one that is in two parts shows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) marks: BTreeMap<Entity, Vec<u64>>,
}

pub(crate) fn rejects_key(part: &str) -> String {
    format!("{}/rejects/{part}.jsonl.zst", Stage::Transform.name())
}

pub(crate) fn done_key(part: &str) -> String {
    format!("{}/done/{part}.json", Stage::Transform.name())
}

/// Turns a raw batch into canonical records and rejects, unless that is done; says what became of it.
pub(crate) async fn transform_part(
    engine: Engine,
    store: RunStore,
    transformer: Arc<dyn Transformer>,
    entity: Entity,
    part: String,
) -> Result<TransformedPart, Fault> {
    engine.cancel.check()?;
    if let Some(done) = store.get_json::<TransformedPart>(&done_key(&part)).await? {
        return Ok(done);
    }
    let lines = store.get_lines(&RunStore::batch_key(Stage::Extract, entity, &part)).await?;
    let batch = RawBatch::from_jsonl(&lines)?;
    drop(lines);
    let mut out = Transformed::default();
    transformer.transform(&batch, &mut out)?;

    let mut done = TransformedPart { part: part.clone(), ..TransformedPart::default() };
    let mut by_entity: BTreeMap<Entity, Vec<u8>> = BTreeMap::new();
    for record in &out.records {
        push_record(by_entity.entry(record.entity).or_default(), record)?;
        *done.records.entry(record.entity).or_default() += 1;
        if may_be_split(record.entity) {
            done.marks.entry(record.entity).or_default().push(id_mark(&record.id));
        }
    }
    for (entity, lines) in by_entity {
        store.create_lines(&RunStore::batch_key(Stage::Transform, entity, &part), &lines).await?;
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
    engine.progress.advance(Stage::Transform, entity.plural(), u64::try_from(batch.rows).unwrap_or(u64::MAX));
    Ok(done)
}
