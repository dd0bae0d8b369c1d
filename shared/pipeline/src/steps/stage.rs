//! Extract and transform: a partition, a part, and what all of them came to.

use std::sync::Arc;

use carry_connector::Transformer;
use carry_model::{Code, Entity, Fault};
use carry_ports::Stage;
use serde::{Deserialize, Serialize};

use super::OpenRun;
use crate::extract::{self, Extracted, extract_partition};
use crate::transform::{self, TransformedPart, transform_part};

/// A raw batch, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawPart {
    /// What its rows mainly are.
    pub entity: Entity,
    /// The name of the part.
    pub part: String,
}

impl OpenRun {
    /// The ids of the partitions that the plan lists.
    pub async fn partitions(&self) -> Result<Vec<&str>, Fault> {
        Ok(self.plan().await?.survey.partitions.iter().map(|partition| &*partition.id).collect())
    }

    /// Reads one partition into raw batches, slice after slice, from 0; Some is the one to go on with, because the
    /// time was up.
    pub async fn extract(&self, partition: &str, slice: u32) -> Result<Option<u32>, Fault> {
        self.read(partition, slice, None).await
    }

    /// Reads one partition, and transforms each raw batch while it is at hand.
    pub(crate) async fn extract_and_transform(&self, partition: &str) -> Result<(), Fault> {
        let transformer = self.transformer().await?.clone();
        self.read(partition, 0, Some(transformer)).await?;
        Ok(())
    }

    async fn read(
        &self,
        partition: &str,
        slice: u32,
        transformer: Option<Arc<dyn Transformer>>,
    ) -> Result<Option<u32>, Fault> {
        let plan = self.plan().await?;
        let found = plan.survey.partitions.iter().find(|known| known.id == partition);
        let partition = found.ok_or_else(|| Fault::new(Code::Bug).detail("a partition the plan lacks"))?;
        extract_partition(&self.engine, &self.store, plan, partition, slice, transformer).await
    }

    pub(super) async fn extracted(&self) -> Result<Vec<Extracted>, Fault> {
        let keys: Vec<_> = self.plan().await?.survey.partitions.iter().map(extract::done_key).collect();
        let mut done = complete(self.get_all::<Extracted>(keys).await?)?;
        done.sort_by(|a, b| a.partition.cmp(&b.partition));
        Ok(done)
    }

    /// The raw batches of every partition, once all of them are read. A fault ([`Code::Interrupted`]) where one is
    /// not.
    pub async fn raw_parts(&self) -> Result<Vec<RawPart>, Fault> {
        let extracted = self.extracted().await?;
        self.lap(Stage::Extract).await?;
        let of = |e: Extracted| e.parts.into_iter().map(move |part| RawPart { entity: e.entity, part });
        Ok(extracted.into_iter().flat_map(of).collect())
    }

    /// Rows read, for progress.
    pub(crate) async fn extracted_rows(&self) -> Result<u64, Fault> {
        Ok(self.extracted().await?.iter().map(|extracted| extracted.rows).sum())
    }

    /// Turns one raw batch into canonical records and rejects, and says how many rejects there are.
    pub async fn transform(&self, raw: &RawPart) -> Result<u64, Fault> {
        let transformer = self.transformer().await?;
        let part = raw.part.clone();
        let done = transform_part(&self.engine, &self.store, &**transformer, raw.entity, part).await?;
        Ok(done.rejects.values().sum())
    }

    /// Keys of the batches of rows that could not be read.
    pub async fn reject_keys(&self) -> Result<Vec<String>, Fault> {
        self.store.list(&format!("{}/rejects/", Stage::Transform.name())).await
    }

    /// What every raw batch became, in the source's order, without the marks of its ids. A fault
    /// ([`Code::Interrupted`]) where one is not done.
    pub(crate) async fn transformed(&self) -> Result<Vec<TransformedPart>, Fault> {
        self.transformed_parts(|part| part.marks = None).await
    }

    /// The same with the marks, which take as much memory as there are records.
    pub(super) async fn transformed_and_marked(&self) -> Result<Vec<TransformedPart>, Fault> {
        self.transformed_parts(|_| {}).await
    }

    async fn transformed_parts(
        &self,
        trim: impl Fn(&mut TransformedPart) + Sync,
    ) -> Result<Vec<TransformedPart>, Fault> {
        let extracted = self.extracted().await?;
        let keys = extracted.iter().flat_map(|e| &e.parts).map(|part| transform::done_key(part)).collect();
        let mut parts = complete(self.get_all_with(keys, trim).await?)?;
        parts.sort_by(|a, b| a.part.cmp(&b.part));
        Ok(parts)
    }

    /// Records to load, for progress.
    pub(crate) async fn transformed_records(&self) -> Result<u64, Fault> {
        Ok(self.transformed().await?.iter().flat_map(|part| part.records.values()).sum())
    }
}

/// All of them, or a fault where a part of the work is missing: it has to be done again.
pub(super) fn complete<T>(found: Vec<Option<T>>) -> Result<Vec<T>, Fault> {
    let all = found.len();
    let there: Vec<_> = found.into_iter().flatten().collect();
    if there.len() == all {
        return Ok(there);
    }
    Err(Fault::new(Code::Interrupted).detail(format!("{} of {all} parts are done.", there.len())))
}
