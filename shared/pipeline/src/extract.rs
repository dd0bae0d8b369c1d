//! Extract: source rows into raw batches.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use carry_connector::{Partition, RawBatch, RawSink};
use carry_model::{Code, Entity, Fault};
use carry_ports::Stage;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::Engine;
use crate::plan::Plan;
use crate::store::{RunStore, content_name};

/// Batches being compressed at once while the next one is read.
const IN_HAND_MAX: usize = 2;

/// What became of a partition; written last, so a partition with one is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Extracted {
    pub(crate) partition: String,
    pub(crate) entity: Entity,
    /// Part names in order; each batch is under `extract/<entity>/<part>.jsonl.zst`.
    pub(crate) parts: Vec<String>,
    pub(crate) rows: u64,
}

pub(crate) fn done_key(partition: &Partition) -> String {
    format!("{}/done/{}.json", Stage::Extract.name(), partition.id)
}

struct StagingSink {
    store: RunStore,
    engine: Engine,
    entity: Entity,
    partition: String,
    parts: Vec<String>,
    rows: u64,
    in_hand: VecDeque<JoinHandle<Result<(), Fault>>>,
}

impl StagingSink {
    async fn settle(&mut self, at_most: usize) -> Result<(), Fault> {
        while self.in_hand.len() > at_most {
            if let Some(task) = self.in_hand.pop_front() {
                task.await.map_err(|e| Fault::new(Code::Bug).caused_by(e))??;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl RawSink for StagingSink {
    async fn accept(&mut self, batch: RawBatch, _resume: Option<String>) -> Result<(), Fault> {
        self.engine.cancel.check()?;
        self.settle(IN_HAND_MAX - 1).await?;
        let rows = u64::try_from(batch.rows).unwrap_or(u64::MAX);
        let lines = batch.to_jsonl()?;
        let part = format!("{}-{:05}-{}", self.partition, self.parts.len(), content_name(&lines));
        let (store, key) = (self.store.clone(), RunStore::batch_key(Stage::Extract, self.entity, &part));
        self.in_hand.push_back(tokio::spawn(async move { store.create_lines(&key, &lines).await }));
        self.parts.push(part);
        self.rows += rows;
        self.engine.progress.advance(Stage::Extract, self.entity.plural(), rows);
        Ok(())
    }
}

/// Reads a partition, unless that is done; says what became of it.
pub(crate) async fn extract_partition(
    engine: Engine,
    store: RunStore,
    plan: Arc<Plan>,
    partition: Partition,
) -> Result<Extracted, Fault> {
    if let Some(done) = store.get_json::<Extracted>(&done_key(&partition)).await? {
        engine.progress.advance(Stage::Extract, partition.entity.plural(), done.rows);
        return Ok(done);
    }
    let mut sink = StagingSink {
        store: store.clone(),
        engine: engine.clone(),
        entity: partition.entity,
        partition: partition.id.clone(),
        parts: Vec::new(),
        rows: 0,
        in_hand: VecDeque::new(),
    };
    engine.connection.reader.extract(&plan.survey, &partition, None, &mut sink).await?;
    sink.settle(0).await?;
    let done = Extracted {
        partition: partition.id.clone(),
        entity: partition.entity,
        parts: sink.parts,
        rows: sink.rows,
    };
    store.create_json(&done_key(&partition), &done).await?;
    Ok(done)
}
