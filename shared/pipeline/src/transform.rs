//! Transform: raw batches into canonical records and rejects.

use std::collections::BTreeMap;
use std::sync::Arc;

use carry_connector::{RawBatch, Transformed, Transformer};
use carry_model::{Entity, Fault};
use carry_ports::Stage;
use serde::{Deserialize, Serialize};

use crate::extract::Extracted;
use crate::plan::Plan;
use crate::staged::push_record;
use crate::store::{RunStore, push_line};
use crate::{Engine, concurrently};

/// What became of a raw batch; written last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct TransformedPart {
    pub(crate) part: String,
    /// Records per entity, each set under `transform/<entity>/<part>.jsonl.zst`.
    pub(crate) records: BTreeMap<Entity, u64>,
    /// Rejects per entity, all under `transform/rejects/<part>.jsonl.zst`.
    pub(crate) rejects: BTreeMap<Entity, u64>,
}

pub(crate) fn rejects_key(part: &str) -> String {
    format!("{}/rejects/{part}.jsonl.zst", Stage::Transform.name())
}

fn done_key(part: &str) -> String {
    format!("{}/done/{part}.json", Stage::Transform.name())
}

/// Turns every raw batch that is not done yet; returns what became of each, in the source's order.
pub(crate) async fn transform(
    engine: &Engine,
    store: &RunStore,
    plan: &Arc<Plan>,
    extracted: &[Extracted],
) -> Result<Vec<TransformedPart>, Fault> {
    engine.progress.begin(Stage::Transform, Some(extracted.iter().map(|e| e.rows).sum()));
    let transformer: Arc<dyn Transformer> = Arc::from(engine.connection.reader.transformer(&plan.survey)?);
    let parts = extracted.iter().flat_map(|e| e.parts.iter().map(|part| (e.entity, part.clone())));
    let work: Vec<_> = parts
        .map(|(entity, part)| {
            let (engine, store, transformer) = (engine.clone(), store.clone(), transformer.clone());
            async move { transform_part(engine, store, transformer, entity, part).await }
        })
        .collect();
    let mut all = concurrently(engine.workers, work.into_iter()).await?;
    all.sort_by(|a, b| a.part.cmp(&b.part));
    engine.progress.end(Stage::Transform);
    Ok(all)
}

async fn transform_part(
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
