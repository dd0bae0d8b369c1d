//! Extract: source rows into raw batches.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use carry_connector::{FileContent, Partition, RawBatch, RawSink, Transformer};
use carry_model::{Entity, Fault};
use carry_ports::{Stage, StagedFiles};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::plan::Plan;
use crate::store::{RunStore, content_name};
use crate::transform::transform_batch;
use crate::{Engine, joined};

/// Batches of a partition being staged at once while the next one is read.
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

/// How far a partition was read when the time was up; the next slice goes on there.
#[derive(Serialize, Deserialize)]
struct Slice {
    so_far: Extracted,
    resume: String,
}

fn slice_key(partition: &Partition, slice: u32) -> String {
    format!("{}/slices/{}/{slice:05}.json", Stage::Extract.name(), partition.id)
}

struct StagingSink {
    store: RunStore,
    engine: Engine,
    files: StagedFiles,
    done: Extracted,
    /// Where each batch is to be transformed as well, while it is at hand.
    transformer: Option<Arc<dyn Transformer>>,
    /// Where to go on after the last batch that was taken.
    resume: Option<String>,
    in_hand: VecDeque<JoinHandle<Result<(), Fault>>>,
}

impl StagingSink {
    async fn settle(&mut self, at_most: usize) -> Result<(), Fault> {
        while self.in_hand.len() > at_most {
            if let Some(task) = self.in_hand.pop_front() {
                joined(task).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl RawSink for StagingSink {
    async fn accept(&mut self, batch: RawBatch, resume: Option<String>) -> Result<(), Fault> {
        self.engine.cancel.check()?;
        self.settle(IN_HAND_MAX - 1).await?;
        let rows = u64::try_from(batch.rows).unwrap_or(u64::MAX);
        let Extracted { partition, entity, parts, .. } = &mut self.done;
        let part = format!("{partition}-{:05}-{}", parts.len(), content_name(batch.jsonl()));
        let (store, transformer) = (self.store.clone(), self.transformer.clone());
        self.in_hand.push_back(tokio::spawn(stage_batch(store, transformer, *entity, part.clone(), batch)));
        parts.push(part);
        self.engine.progress.advance(Stage::Extract, entity.plural(), rows);
        self.done.rows += rows;
        self.resume = resume;
        Ok(())
    }

    async fn kept(&mut self, version: &str) -> Result<Option<FileContent>, Fault> {
        self.files.kept(version).await
    }

    async fn keep(&mut self, version: &str, content: Vec<u8>) -> Result<FileContent, Fault> {
        let kept = self.files.keep(version, content).await?;
        // What was fetched is kept: whoever goes on does not fetch it again.
        self.engine.cancel.check()?;
        Ok(kept)
    }
}

async fn stage_batch(
    store: RunStore,
    transformer: Option<Arc<dyn Transformer>>,
    entity: Entity,
    part: String,
    batch: RawBatch,
) -> Result<(), Fault> {
    store.create_lines(&RunStore::batch_key(Stage::Extract, entity, &part), batch.jsonl()).await?;
    if let Some(transformer) = transformer {
        transform_batch(&store, &*transformer, part, &batch, false).await?;
    }
    Ok(())
}

/// Reads a partition, unless that is done, slice after slice, from 0; Some is the one to go on with, because the time
/// was up. A source that cannot go on in the middle is read in one slice. With a transformer, each batch that is read
/// is transformed too.
pub(crate) async fn extract_partition(
    engine: &Engine,
    store: &RunStore,
    plan: &Plan,
    partition: &Partition,
    slice: u32,
    transformer: Option<Arc<dyn Transformer>>,
) -> Result<Option<u32>, Fault> {
    if let Some(done) = store.get_json::<Extracted>(&done_key(partition)).await? {
        engine.progress.advance(Stage::Extract, partition.entity.plural(), done.rows);
        return Ok(None);
    }
    if store.get_json::<Slice>(&slice_key(partition, slice)).await?.is_some() {
        return Ok(Some(slice + 1));
    }
    let before = match slice.checked_sub(1) {
        Some(before) => Some(store.need_json::<Slice>(&slice_key(partition, before)).await?),
        None => None,
    };
    let (id, entity) = (partition.id.clone(), partition.entity);
    let (done, after) = match before {
        Some(Slice { so_far, resume }) => (so_far, Some(resume)),
        None => (Extracted { partition: id, entity, parts: Vec::new(), rows: 0 }, None),
    };
    let mut sink = StagingSink {
        store: store.clone(),
        engine: engine.clone(),
        files: store.files(),
        done,
        transformer,
        resume: None,
        in_hand: VecDeque::new(),
    };
    let read = engine.connection.reader.extract(&plan.survey, partition, after, &mut sink).await;
    sink.settle(0).await?;
    match (read, sink.resume) {
        (Ok(()), _) => store.create_json(&done_key(partition), &sink.done).await.map(|()| None),
        (Err(fault), Some(resume)) if engine.is_out_of_time(&fault) => {
            let so_far = sink.done;
            store.create_json(&slice_key(partition, slice), &Slice { so_far, resume }).await?;
            Ok(Some(slice + 1))
        }
        (Err(fault), _) => Err(fault),
    }
}
