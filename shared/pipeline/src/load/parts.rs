//! The walk over the parts of a chunk, and over them again where records wait for others of their own entity.

use carry_connector::exact;
use carry_model::{Code, Entity, Fault, Record, SourceId};
use carry_ports::Stage;
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use rustc_hash::FxHashSet;
use tokio::task::JoinHandle;

use super::batch::Pass;
use super::beside::{Herald, PartBefore, Touched, bound, herald, touched};
use super::chunks::OWN;
use super::{Loader, is_list, refers_to_its_own};
use crate::tally::Tally;

/// Where what became of a part in a pass over its chunk is staged; passes count from 1.
fn part_key(entity: Entity, part: &str, pass: u32) -> String {
    let folder = format!("{}/{}", Stage::Load.name(), entity.name());
    if pass == 1 { format!("{folder}/{part}.json") } else { format!("{folder}/{part}.{pass}.json") }
}

/// Parts under way at once: while one is written to the target, the journal says what is known of the next and notes
/// what became of the one before.
const PARTS_UNDER_WAY: usize = 2;

/// A part whose records are being read.
struct Ahead<'p> {
    part: &'p str,
    records: JoinHandle<Result<Vec<Record>, Fault>>,
}

/// A walk over the parts of a chunk.
#[derive(Clone, Copy)]
struct Walk {
    entity: Entity,
    pass: u32,
    order: Pass,
    at_once: usize,
}

impl Loader<'_> {
    /// Carries all records of these parts; parts that are done already are passed over.
    pub(super) async fn load_entity(&self, entity: Entity, parts: &[String]) -> Result<Tally, Fault> {
        let at_once = if is_list(entity) { 1 } else { PARTS_UNDER_WAY };
        let first = Walk { entity, pass: 1, order: Pass::Last, at_once };
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

    async fn walk(&self, parts: &[String], walk: Walk) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let mut parts = parts.iter().map(|part| self.fetch(walk.entity, part));
        let mut next = None;
        let mut before = None;
        let mut under_way = FuturesOrdered::new();
        let mut stopped = None;
        loop {
            while under_way.len() < walk.at_once
                && stopped.is_none()
                && let Some(ahead) = next.take().or_else(|| parts.next())
            {
                // Where one is loaded at a time, the next is read and parsed meanwhile: two are in memory, never more.
                if walk.at_once == 1 {
                    next = parts.next();
                }
                let (herald, waiting) = herald();
                under_way.push_back(self.load_part(ahead, walk, before.replace(waiting), herald));
            }
            match under_way.next().await {
                None => break,
                Some(Ok(done)) => {
                    tally.merge(&done)?;
                    tally.deferred.extend(done.deferred);
                }
                // What is under way beside it comes to its end, so that its outcome is known.
                Some(Err(fault)) => {
                    stopped.get_or_insert(fault);
                }
            }
        }
        stopped.map_or(Ok(tally), Err)
    }

    async fn load_part(
        &self,
        ahead: Ahead<'_>,
        walk: Walk,
        before: Option<PartBefore>,
        mut herald: Herald,
    ) -> Result<Tally, Fault> {
        let Walk { entity, pass, order, .. } = walk;
        let Ahead { part, records } = ahead;
        let key = part_key(entity, part, pass);
        if let Some(done) = self.store.get_json::<Tally>(&key).await? {
            herald.begin(Touched::default());
            herald.end();
            return Ok(done);
        }
        self.engine.cancel.check()?;
        let records = records.await.map_err(|e| Fault::new(Code::Bug).caused_by(e))??;
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let records = if pass == 1 { records } else { self.left_over(entity, part, pass, records).await? };
        let order = if part == OWN { Pass::Last } else { order };
        let mut done = if walk.at_once == 1 {
            self.load_pass(entity, part, records, order).await?
        } else {
            herald.begin(touched(&records));
            self.load_beside(entity, part, records, before).await?
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

    /// Loads a part while the one before it is under way: records that have nothing to do with that one at once,
    /// the others after it.
    async fn load_beside(
        &self,
        entity: Entity,
        part: &str,
        records: Vec<Record>,
        before: Option<PartBefore>,
    ) -> Result<Tally, Fault> {
        let Some(mut before) = before else { return self.load_pass(entity, part, records, Pass::Last).await };
        let (free, bound) = bound(records, before.touched().await?);
        let mut done = self.load_pass(entity, part, free, Pass::Last).await?;
        if !bound.is_empty() {
            before.end().await?;
            done.merge(&self.load_pass(entity, part, bound, Pass::Last).await?)?;
        }
        Ok(done)
    }

    fn fetch<'p>(&self, entity: Entity, part: &'p str) -> Ahead<'p> {
        let (store, name) = (self.store.clone(), part.to_owned());
        let records = tokio::spawn(async move {
            if name == OWN { exact::accounts() } else { store.get_records(entity, &name).await }
        });
        Ahead { part, records }
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
