//! The walk over the parts of a chunk, and over them again where records wait for others of their own entity.

use carry_connector::exact;
use carry_model::{Code, Entity, Fault, Record, SourceId};
use carry_ports::Stage;
use rustc_hash::FxHashSet;
use tokio::task::JoinHandle;

use super::batch::Pass;
use super::chunks::OWN;
use super::{Loader, refers_to_its_own};
use crate::tally::Tally;

/// Where what became of a part in a pass over its chunk is staged; passes count from 1.
fn part_key(entity: Entity, part: &str, pass: u32) -> String {
    let folder = format!("{}/{}", Stage::Load.name(), entity.name());
    if pass == 1 { format!("{folder}/{part}.json") } else { format!("{folder}/{part}.{pass}.json") }
}

impl Loader<'_> {
    /// Carries all records of these parts; parts that are done already are passed over.
    pub(super) async fn load_entity(&self, entity: Entity, parts: &[String]) -> Result<Tally, Fault> {
        if !refers_to_its_own(entity) {
            return self.load_pass_over(entity, parts, 1, Pass::Last).await;
        }
        let mut tally = self.load_pass_over(entity, parts, 1, Pass::More).await?;
        let mut waiting = std::mem::take(&mut tally.deferred).len();
        let mut last = false;
        for pass in 2.. {
            if waiting == 0 {
                break;
            }
            let order = if last { Pass::Last } else { Pass::More };
            let mut again = self.load_pass_over(entity, parts, pass, order).await?;
            let left = std::mem::take(&mut again.deferred).len();
            tally.merge(&again)?;
            // Where a pass got no further, what is left over names records that nobody has.
            last = left == waiting;
            waiting = left;
        }
        Ok(tally)
    }

    async fn load_pass_over(
        &self,
        entity: Entity,
        parts: &[String],
        pass: u32,
        order: Pass,
    ) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let mut parts = parts.iter().peekable();
        // The next batch is fetched and parsed while this one is written.
        let mut next = parts.peek().map(|part| self.fetch(entity, part));
        while let (Some(part), Some(fetched)) = (parts.next(), next.take()) {
            next = parts.peek().map(|part| self.fetch(entity, part));
            let key = part_key(entity, part, pass);
            if let Some(done) = self.store.get_json::<Tally>(&key).await? {
                tally.merge(&done)?;
                tally.deferred.extend(done.deferred);
                continue;
            }
            self.engine.cancel.check()?;
            let records = fetched.await.map_err(|e| Fault::new(Code::Bug).caused_by(e))??;
            let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
            let records =
                if pass == 1 { records } else { self.left_over(entity, part, pass, records).await? };
            let order = if part == OWN { Pass::Last } else { order };
            let mut done = self.load_pass(entity, part, records, order).await?;
            if part == OWN {
                // The engine's own accounts are no records of the source.
                done.entities.clear();
            } else if pass == 1 {
                self.engine.progress.advance(Stage::Load, entity.plural(), count);
            }
            self.store.create_json(&key, &done).await?;
            tally.merge(&done)?;
            tally.deferred.extend(done.deferred);
        }
        Ok(tally)
    }

    fn fetch(&self, entity: Entity, part: &str) -> JoinHandle<Result<Vec<Record>, Fault>> {
        let (store, part) = (self.store.clone(), part.to_owned());
        tokio::spawn(async move {
            if part == OWN { exact::accounts() } else { store.get_records(entity, &part).await }
        })
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
