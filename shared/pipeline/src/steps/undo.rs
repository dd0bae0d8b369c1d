//! Rollback as a run: what was carried is removed, entity after entity.

use std::collections::BTreeMap;

use carry_model::{Entity, Fault};
use carry_ports::{Run, RunState};

use super::OpenRun;
use crate::held::Held;
use crate::rollback::{Removal, RollbackResult, removable, remove_rest};

/// Where the outcome of a rollback is staged, for people.
pub(super) const OUTCOME: &str = "report/rollback.json";

fn slice_key(slice: u32) -> String {
    format!("rollback/{slice:05}.json")
}

impl OpenRun {
    /// Removes the records of these entities, all that can be removed where None are named, slice after slice, from
    /// 0; Some is the one to go on with, because the time was up.
    pub async fn undo(&self, entities: Option<&[Entity]>, slice: u32) -> Result<Option<u32>, Fault> {
        let Some(held) = self.hold("undo".to_owned()).await? else { return Ok(Some(slice)) };
        let undone = self.undo_held(&held, entities, slice).await;
        held.give_back().await;
        undone
    }

    async fn undo_held(
        &self,
        held: &Held,
        entities: Option<&[Entity]>,
        slice: u32,
    ) -> Result<Option<u32>, Fault> {
        let next = |removal: &Removal| if removal.done { None } else { Some(slice + 1) };
        let mut removal = match self.store.get_json::<Removal>(&slice_key(slice)).await? {
            Some(done) => return Ok(next(&done)),
            None if slice == 0 => Removal::of(match entities {
                Some(entities) => entities.to_vec(),
                None => self.all_removable().await?,
            }),
            None => self.store.need_json(&slice_key(slice - 1)).await?,
        };
        match remove_rest(&held.engine(&self.engine), &self.migration.id, &mut removal).await {
            Ok(()) => {}
            Err(fault) if self.engine.is_out_of_time(&fault) => {}
            Err(fault) => return Err(fault),
        }
        self.store.create_json(&slice_key(slice), &removal).await?;
        Ok(next(&removal))
    }

    async fn all_removable(&self) -> Result<Vec<Entity>, Fault> {
        let there = removable(&self.engine, &self.migration.id).await?;
        Ok(there.into_iter().filter(|line| line.possible).map(|line| line.entity).collect())
    }

    /// Ends a rollback: finished, or with issues where something stayed.
    pub async fn finish_undo(&self) -> Result<(Run, BTreeMap<Entity, RollbackResult>), Fault> {
        let slices = self.store.list("rollback/").await?;
        let results = match slices.last() {
            Some(last) => self.store.need_json::<Removal>(last).await?.results,
            None => BTreeMap::new(),
        };
        self.store.create_json(OUTCOME, &results).await?;
        let kept = results.values().any(|result| !result.kept.is_empty());
        let state = if kept { RunState::FinishedWithIssues } else { RunState::Finished };
        Ok((self.end(state).await?, results))
    }
}
