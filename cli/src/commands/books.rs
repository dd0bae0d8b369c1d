//! The staged canonical records of a run, batch by batch.

use carry_model::{Entity, Fault, Record};
use carry_pipeline::RunStore;
use carry_ports::Stage;

/// Keys of the batches that hold an entity's records.
pub(crate) async fn batches(store: &RunStore, entity: Entity) -> Result<Vec<String>, Fault> {
    store.list(&format!("{}/{}/", Stage::Transform.name(), entity.name())).await
}

/// The records of a batch.
pub(crate) async fn records(store: &RunStore, key: &str) -> Result<Vec<Record>, Fault> {
    carry_pipeline::parse_records(&store.get_lines(key).await?)
}

/// Keys of the batches that hold rows that could not be carried.
pub(crate) async fn rejects(store: &RunStore) -> Result<Vec<String>, Fault> {
    store.list(&format!("{}/rejects/", Stage::Transform.name())).await
}
