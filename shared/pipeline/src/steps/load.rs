//! Load: the levels, their chunks, and settling.

use std::sync::Arc;

use carry_model::{Code, Fault, RecordKey};
use carry_ports::{RunKind, Stage};

use rustc_hash::FxHashSet;
use tokio::sync::{OnceCell, Semaphore};
use uuid::Uuid;

use super::OpenRun;
use super::stage::complete;
use crate::Engine;
use crate::held::Held;
use crate::load::{Chunk, Doubt, Loader, Scope, batches_at_once, lay_out};
use crate::sample::choose;
use crate::settle::{is_settling, settled_so_far};
use crate::tally::Tally;
use crate::transform::TransformedPart;

const LEVELS: &str = "load/levels.json";
const SAMPLE: &str = "load/sample.json";

impl OpenRun {
    /// Lays out what is to be loaded, in levels that follow one another, once everything is transformed. A chunk
    /// has at most `parts_at_once` parts, except where order matters. Hands back how many levels there are. A delta
    /// takes payments back first that are gone from the source.
    pub async fn plan_load(&self, parts_at_once: usize) -> Result<usize, Fault> {
        // One worker for everything needs no marks to be sure that no other has a record of the same id.
        let parts = match parts_at_once {
            usize::MAX => self.transformed().await?,
            _ => self.transformed_and_marked().await?,
        };
        self.lap(Stage::Transform).await?;
        if self.is_demo() && self.store.get_json::<Vec<RecordKey>>(SAMPLE).await?.is_none() {
            let sample = choose(&self.store, &parts, self.plan().await?.settings.sample_size).await?;
            let mut sample: Vec<_> = sample.into_iter().collect();
            sample.sort_unstable();
            self.store.create_json(SAMPLE, &sample).await?;
        }
        if self.run.kind == RunKind::Delta {
            self.take_back(&parts).await?;
        }
        self.store.create_json(LEVELS, &lay_out(&parts, parts_at_once)).await?;
        Ok(self.levels().await?.len())
    }

    /// A fault ([`carry_model::Code::Interrupted`]) where the time was up while another worker did it.
    async fn take_back(&self, parts: &[TransformedPart]) -> Result<(), Fault> {
        let held = Held::when_free(&self.engine, &self.run, "take back".to_owned()).await?;
        let taken_back =
            async || self.loader_after(&held, FxHashSet::default()).await?.take_back(parts).await;
        let done = taken_back().await;
        held.give_back().await;
        done
    }

    async fn levels(&self) -> Result<Vec<Vec<Chunk>>, Fault> {
        self.store.need_json(LEVELS).await
    }

    /// The chunks of a level, once every earlier level is loaded. A fault ([`carry_model::Code::Interrupted`]) where
    /// one is not.
    pub async fn level(&self, level: usize) -> Result<Vec<Chunk>, Fault> {
        let mut levels = self.levels().await?;
        let at = level.min(levels.len());
        let rest = levels.split_off(at);
        if let Some(before) = levels.pop() {
            complete(self.chunk_tallies(&before).await?)?;
        }
        Ok(rest.into_iter().next().unwrap_or_default())
    }

    /// A chunk by its id.
    pub async fn chunk(&self, id: &str) -> Result<Chunk, Fault> {
        let found = self.levels().await?.into_iter().flatten().find(|chunk| chunk.id == id);
        found.ok_or_else(|| Fault::new(Code::Bug).detail("a chunk that no level has"))
    }

    async fn chunk_tallies(&self, chunks: &[Chunk]) -> Result<Vec<Option<Tally>>, Fault> {
        self.get_all(chunks.iter().map(Chunk::done_key).collect()).await
    }

    /// Loads a chunk; false where the time was up before its end: calling it again goes on.
    pub async fn load(&self, chunk: &Chunk) -> Result<bool, Fault> {
        if self.is_loaded(chunk).await? {
            return Ok(true);
        }
        let Some(held) = self.hold(format!("load {}", chunk.id)).await? else { return Ok(false) };
        let loaded = self.load_held(chunk, &held).await;
        held.give_back().await;
        loaded
    }

    async fn is_loaded(&self, chunk: &Chunk) -> Result<bool, Fault> {
        Ok(self.store.get_json::<Tally>(&chunk.done_key()).await?.is_some())
    }

    async fn load_held(&self, chunk: &Chunk, held: &Held) -> Result<bool, Fault> {
        // Whoever held it before may have loaded it.
        if self.is_loaded(chunk).await? {
            return Ok(true);
        }
        let mut in_doubt = FxHashSet::default();
        for prefix in chunk.batches() {
            in_doubt.extend(self.take_over(&prefix, |_| true).await?);
        }
        self.loader_after(held, in_doubt).await?.load_chunk(chunk).await
    }

    /// Settles documents and closes out the clearing account, slice after slice, from 0; Some is the one to go on
    /// with, because the time was up.
    pub async fn settle(&self, slice: u32) -> Result<Option<u32>, Fault> {
        let Some(held) = self.hold("settle".to_owned()).await? else { return Ok(Some(slice)) };
        let settled = self.settle_held(slice, &held).await;
        held.give_back().await;
        settled
    }

    async fn settle_held(&self, slice: u32, held: &Held) -> Result<Option<u32>, Fault> {
        let in_doubt = self.take_over("", is_settling).await?;
        let next = self.loader_after(held, in_doubt).await?.settle(slice).await?;
        if next.is_none() {
            self.at_hand.forget();
            self.close_open_batches().await?;
            self.lap(Stage::Load).await?;
        }
        Ok(next)
    }

    /// Holds work that one worker at a time may do; None where the time was up while another one did it.
    pub(super) async fn hold(&self, work: String) -> Result<Option<Held>, Fault> {
        match Held::when_free(&self.engine, &self.run, work).await {
            Err(fault) if self.engine.is_out_of_time(&fault) => Ok(None),
            held => held.map(Some),
        }
    }

    /// The records of such batches that were opened and never closed: what came of them is unknown. Each batch is closed
    /// with nothing, so that whoever opened it, should they be alive, changes nothing any more; another one of the same
    /// records stays open in its place, to tell the same to the next one.
    async fn take_over(
        &self,
        prefix: &str,
        such: impl Fn(&str) -> bool,
    ) -> Result<FxHashSet<RecordKey>, Fault> {
        let jobs = &self.engine.jobs;
        let mut open = jobs.open_batches(&self.run, prefix).await?;
        open.retain(|(batch, _)| such(batch));
        for (batch, intents) in &open {
            let part = batch.rsplit_once('/').map_or(batch.as_str(), |(part, _)| part);
            let in_its_place = format!("{part}/taken-over-{}", Uuid::now_v7().simple());
            jobs.open_batch(&self.run, &in_its_place, intents).await?;
            jobs.close_batch(&self.run, batch, &[], &[]).await?;
        }
        Ok(open.into_iter().flat_map(|(_, intents)| intents).map(|intent| intent.key).collect())
    }

    /// Batches of interrupted attempts whose records were all looked up and written since.
    async fn close_open_batches(&self) -> Result<(), Fault> {
        for (batch, _) in self.engine.jobs.open_batches(&self.run, "").await? {
            self.engine.jobs.close_batch(&self.run, &batch, &[], &[]).await?;
        }
        Ok(())
    }

    /// A loader of held work, of which these records may be in the target.
    async fn loader_after(&self, held: &Held, in_doubt: FxHashSet<RecordKey>) -> Result<Arc<Loader>, Fault> {
        if !in_doubt.is_empty() || held.after_another {
            self.engine.connection.writer.look_anew().await;
        }
        self.loader(held.engine(&self.engine), in_doubt).await
    }

    pub(super) async fn loader(
        &self,
        engine: Engine,
        in_doubt: FxHashSet<RecordKey>,
    ) -> Result<Arc<Loader>, Fault> {
        let plan = self.plan().await?.clone();
        let scope = match self.run.kind {
            RunKind::Demo => {
                let sample: Vec<RecordKey> = self.store.need_json(SAMPLE).await?;
                Scope::Sample(Arc::new(sample.into_iter().collect()))
            }
            RunKind::Retry => Scope::Missing,
            _ => Scope::All,
        };
        Ok(Arc::new(Loader {
            room: Semaphore::new(batches_at_once(engine.connection.writer.manifest())),
            engine,
            store: self.store.clone(),
            run: self.run.clone(),
            scope,
            existing: plan.mapping.existing(),
            plan,
            doubt: if self.run.broke_off { Doubt::Everything } else { Doubt::Only(in_doubt) },
            at_hand: self.at_hand.clone(),
            any_before: OnceCell::new(),
        }))
    }

    /// What the load came to, as far as it got.
    pub(super) async fn tally(&self) -> Result<Tally, Fault> {
        let levels: Vec<Vec<Chunk>> = self.store.get_json(LEVELS).await?.unwrap_or_default();
        let mut tally = Tally::default();
        for chunks in levels {
            for done in self.chunk_tallies(&chunks).await?.into_iter().flatten() {
                tally.merge(&done)?;
            }
        }
        tally.merge(&settled_so_far(&self.store).await?)?;
        Ok(tally)
    }
}
