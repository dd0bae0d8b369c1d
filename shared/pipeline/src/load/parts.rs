//! The walk over the parts of a chunk, and over them again where records wait for others of their own entity.

use std::collections::VecDeque;
use std::sync::Arc;

use carry_connector::exact;
use carry_model::{Entity, Fault, Record, SourceId};
use carry_ports::Stage;
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use rustc_hash::FxHashSet;

use super::batch::Pass;
use super::beside::{Herald, PartBefore, Touched, bound, herald};
use super::chunks::OWN;
use super::{Loader, refers_to_its_own};
use crate::died;
use crate::tally::Tally;

/// Where what became of a part in a pass over its chunk is staged; passes count from 1.
fn part_key(entity: Entity, part: &str, pass: u32) -> String {
    let folder = format!("{}/{}", Stage::Load.name(), entity.name());
    if pass == 1 { format!("{folder}/{part}.json") } else { format!("{folder}/{part}.{pass}.json") }
}

/// Parts under way at once: while one is written to the target, the journal notes what became of the other, or says what
/// is known of it. A third would take 8 MB, and time, for what processors have at hand is small.
const PARTS_UNDER_WAY: usize = 2;

/// A walk over the parts of a chunk.
#[derive(Clone, Copy)]
struct Walk {
    entity: Entity,
    pass: u32,
    order: Pass,
}

impl Loader {
    /// Carries all records of these parts; parts that are done already are passed over.
    pub(super) async fn load_entity(
        self: &Arc<Self>,
        entity: Entity,
        parts: &[String],
    ) -> Result<Tally, Fault> {
        let first = Walk { entity, pass: 1, order: Pass::Last };
        if !refers_to_its_own(entity) {
            return self.walk(parts, first).await;
        }
        let mut tally = self.walk(parts, Walk { order: Pass::More, ..first }).await?;
        let mut waiting = std::mem::take(&mut tally.deferred).len();
        let mut last = false;
        for pass in 2.. {
            if waiting == 0 {
                break;
            }
            let order = if last { Pass::Last } else { Pass::More };
            let mut again = self.walk(parts, Walk { pass, order, ..first }).await?;
            let left = std::mem::take(&mut again.deferred).len();
            tally.merge(&again)?;
            // Where a pass got no further, what is left over names records that nobody has.
            last = left == waiting;
            waiting = left;
        }
        Ok(tally)
    }

    async fn walk(self: &Arc<Self>, parts: &[String], walk: Walk) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let mut parts = parts.iter();
        let mut before = VecDeque::<PartBefore>::new();
        let mut under_way = FuturesOrdered::new();
        let mut stopped = None;
        loop {
            while under_way.len() < PARTS_UNDER_WAY
                && stopped.is_none()
                && let Some(part) = parts.next()
            {
                let (herald, next) = herald();
                let earlier = before.iter().cloned().collect();
                let load = Arc::clone(self).load_part(part.clone(), walk, earlier, herald);
                under_way.push_back(tokio::spawn(load));
                before.push_back(next);
                if before.len() == PARTS_UNDER_WAY {
                    before.pop_front();
                }
            }
            let Some(joined) = under_way.next().await else { break };
            match joined.unwrap_or_else(|error| Err(died(error))) {
                Ok(done) => {
                    tally.merge(&done)?;
                    tally.deferred.extend(done.deferred);
                }
                // What is under way beside it comes to its end, so that its outcome is known.
                Err(fault) => {
                    stopped.get_or_insert(fault);
                }
            }
        }
        stopped.map_or(Ok(tally), Err)
    }

    async fn load_part(
        self: Arc<Self>,
        part: String,
        walk: Walk,
        mut before: Vec<PartBefore>,
        herald: Herald,
    ) -> Result<Tally, Fault> {
        let Walk { entity, pass, order } = walk;
        let key = part_key(entity, &part, pass);
        if let Some(done) = self.store.get_json::<Tally>(&key).await? {
            herald.end();
            return Ok(done);
        }
        self.engine.cancel.check()?;
        let records = self.records(entity, &part).await?;
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let records = if pass == 1 { records } else { self.left_over(entity, &part, pass, records).await? };
        let order = if part == OWN { Pass::Last } else { order };
        let mut done = if self.one_by_one(entity) {
            end_of_all(&mut before).await?;
            self.engine.cancel.check()?;
            self.load_pass(entity, &part, records, order).await?
        } else {
            herald.begin(Touched::by(records.iter()));
            self.load_beside(entity, &part, records, order, before).await?
        };
        if part == OWN {
            // The engine's own accounts are no records of the source.
            done.entities.clear();
        } else if pass == 1 {
            self.engine.progress.advance(Stage::Load, entity.plural(), count);
        }
        self.store.create_json(&key, &done).await?;
        herald.end();
        Ok(done)
    }

    /// Loads a part while those before it are under way: records that have nothing to do with them at once, the
    /// others after them.
    async fn load_beside(
        &self,
        entity: Entity,
        part: &str,
        records: Vec<Record>,
        order: Pass,
        mut before: Vec<PartBefore>,
    ) -> Result<Tally, Fault> {
        let mut touched = Vec::new();
        for part in &mut before {
            touched.push(part.touched().await?);
        }
        let (free, bound) = bound(records, &touched);
        drop(touched);
        let mut done = self.load_pass(entity, part, free, order).await?;
        if !bound.is_empty() {
            end_of_all(&mut before).await?;
            let after = self.load_pass(entity, part, bound, order).await?;
            done.merge(&after)?;
            done.deferred.extend(after.deferred);
        }
        Ok(done)
    }

    async fn records(&self, entity: Entity, part: &str) -> Result<Vec<Record>, Fault> {
        if part == OWN { exact::accounts() } else { self.store.get_records(entity, part).await }
    }

    /// Records that the pass before this one left for it.
    async fn left_over(
        &self,
        entity: Entity,
        part: &str,
        pass: u32,
        mut records: Vec<Record>,
    ) -> Result<Vec<Record>, Fault> {
        let before: Tally = self.store.need_json(&part_key(entity, part, pass - 1)).await?;
        let waiting: FxHashSet<SourceId> = before.deferred.into_iter().collect();
        records.retain(|record| waiting.contains(&record.id));
        Ok(records)
    }
}

async fn end_of_all(parts: &mut [PartBefore]) -> Result<(), Fault> {
    for part in parts {
        part.end().await?;
    }
    Ok(())
}
