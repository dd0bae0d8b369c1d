use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use carry_model::{
    Code, Decimal, Entity, Fault, MigrationId, RecordKey, RunId, SourceId, Timestamp, checked_sum,
};

use crate::{Applied, Begun, Claim, Intent, Jobs, Leases, Link, Migration, Run};

/// Migrations, runs and links in memory.
#[derive(Debug, Default)]
pub struct MemoryJobs {
    state: Mutex<State>,
    leases: Leases,
}

#[derive(Debug, Default)]
struct State {
    migrations: Vec<Migration>,
    runs: Vec<Run>,
    batches: BTreeMap<(RunId, String), Batch>,
    links: BTreeMap<(MigrationId, RecordKey), Link>,
    seen: BTreeSet<(RunId, RecordKey)>,
}

#[derive(Debug)]
struct Batch {
    intents: Vec<Intent>,
    open: bool,
}

impl State {
    fn apply(&mut self, migration: &MigrationId, applied: &[Applied]) -> Result<(), Fault> {
        for change in applied {
            if let Some(link) = self.links.get_mut(&(migration.clone(), change.document.clone())) {
                link.applied = checked_sum([link.applied, change.delta()?])?;
            }
        }
        Ok(())
    }
}

impl MemoryJobs {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Jobs for MemoryJobs {
    async fn create_migration(&self, migration: &Migration) -> Result<(), Fault> {
        let mut state = self.state();
        if state.migrations.iter().all(|known| known.id != migration.id) {
            state.migrations.push(migration.clone());
        }
        Ok(())
    }

    async fn migrations(&self) -> Result<Vec<Migration>, Fault> {
        Ok(self.state().migrations.clone())
    }

    async fn begin_run(&self, run: Run) -> Result<Begun, Fault> {
        let mut state = self.state();
        let active = state.runs.iter_mut().find(|r| r.migration == run.migration && r.state.is_active());
        match active {
            Some(active) if active.kind == run.kind => {
                *active = active.clone().resumed();
                Ok(Begun::Resumed(active.clone()))
            }
            Some(active) => Err(Fault::new(Code::RunActive).detail(format!("A {} run.", active.kind.name()))),
            None => {
                state.runs.push(run.clone());
                Ok(Begun::Started(run))
            }
        }
    }

    async fn save_run(&self, run: &Run) -> Result<(), Fault> {
        let mut state = self.state();
        match state.runs.iter_mut().find(|known| known.id == run.id) {
            Some(known) => *known = run.clone(),
            None => return Err(Fault::new(Code::StateUnusable).detail("a run that was never begun")),
        }
        Ok(())
    }

    async fn runs(&self, migration: &MigrationId) -> Result<Vec<Run>, Fault> {
        Ok(self.state().runs.iter().filter(|run| &run.migration == migration).cloned().collect())
    }

    async fn lease(&self, run: &Run, claim: &Claim, now: Timestamp, until: Timestamp) -> Result<bool, Fault> {
        Ok(self.leases.lease(&run.id, claim, now, until))
    }

    async fn give_back(&self, run: &Run, claim: &Claim) -> Result<(), Fault> {
        self.leases.give_back(&run.id, claim);
        Ok(())
    }

    async fn open_batch(&self, run: &Run, batch: &str, intents: &[Intent]) -> Result<(), Fault> {
        let mut state = self.state();
        let key = (run.id.clone(), batch.to_owned());
        match state.batches.get(&key) {
            Some(known) if known.intents == intents => Ok(()),
            Some(_) => Err(Fault::new(Code::FingerprintConflict).detail(format!("batch {batch}"))),
            None => {
                state.batches.insert(key, Batch { intents: intents.to_vec(), open: true });
                Ok(())
            }
        }
    }

    async fn close_batch(
        &self,
        run: &Run,
        batch: &str,
        links: &[Link],
        applied: &[Applied],
    ) -> Result<bool, Fault> {
        let mut state = self.state();
        match state.batches.get_mut(&(run.id.clone(), batch.to_owned())) {
            Some(known) if known.open => known.open = false,
            _ => return Ok(false),
        }
        for link in links {
            state.links.insert((run.migration.clone(), link.key.clone()), link.clone());
        }
        state.apply(&run.migration, applied)?;
        Ok(true)
    }

    async fn open_batches(&self, run: &Run, prefix: &str) -> Result<Vec<(String, Vec<Intent>)>, Fault> {
        let state = self.state();
        let of_run =
            |id: &RunId, name: &str, batch: &Batch| id == &run.id && name.starts_with(prefix) && batch.open;
        let open = state.batches.iter().filter(|((id, name), batch)| of_run(id, name, batch));
        Ok(open.map(|((_, name), batch)| (name.clone(), batch.intents.clone())).collect())
    }

    async fn note_links(&self, run: &Run, links: &[Link]) -> Result<(), Fault> {
        let mut state = self.state();
        for link in links {
            let key = (run.migration.clone(), link.key.clone());
            if !state.links.get(&key).is_some_and(Link::is_done) {
                state.links.insert(key, link.clone());
            }
        }
        Ok(())
    }

    async fn resolve(&self, migration: &MigrationId, keys: &[RecordKey]) -> Result<Vec<Option<Link>>, Fault> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.links.get(&(migration.clone(), key.clone())).cloned()).collect())
    }

    async fn links(
        &self,
        migration: &MigrationId,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault> {
        let state = self.state();
        let start = match after {
            Some(id) => Bound::Excluded((migration.clone(), RecordKey::new(entity, id.clone()))),
            None => Bound::Included((migration.clone(), RecordKey::new(entity, ""))),
        };
        let of_entity =
            |(key, _): &(&(MigrationId, RecordKey), &Link)| &key.0 == migration && key.1.entity == entity;
        let links = state.links.range((start, Bound::Unbounded)).take_while(of_entity);
        Ok(links.map(|(_, link)| link.clone()).take(limit).collect())
    }

    async fn count_links(
        &self,
        migration: &MigrationId,
    ) -> Result<BTreeMap<(Entity, &'static str), u64>, Fault> {
        let mut counts = BTreeMap::new();
        for ((of, key), link) in &self.state().links {
            if of == migration {
                *counts.entry((key.entity, link.state.name())).or_default() += 1;
            }
        }
        Ok(counts)
    }

    async fn set_outstanding(
        &self,
        migration: &MigrationId,
        balances: &[(RecordKey, Decimal)],
    ) -> Result<Vec<RecordKey>, Fault> {
        let mut state = self.state();
        let mut unknown = Vec::new();
        for (key, outstanding) in balances {
            match state.links.get_mut(&(migration.clone(), key.clone())) {
                Some(link) => link.outstanding = Some(*outstanding),
                None => unknown.push(key.clone()),
            }
        }
        Ok(unknown)
    }

    async fn mark_seen(&self, run: &Run, keys: &[RecordKey]) -> Result<(), Fault> {
        self.state().seen.extend(keys.iter().map(|key| (run.id.clone(), key.clone())));
        Ok(())
    }

    async fn unseen(
        &self,
        run: &Run,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault> {
        let links = self.links(&run.migration, entity, after, usize::MAX).await?;
        let state = self.state();
        let unseen = links.into_iter().filter(|link| {
            link.is_done() && link.run != run.id && !state.seen.contains(&(run.id.clone(), link.key.clone()))
        });
        Ok(unseen.take(limit).collect())
    }

    async fn remove_links(
        &self,
        migration: &MigrationId,
        keys: &[RecordKey],
        applied: &[Applied],
    ) -> Result<(), Fault> {
        let mut state = self.state();
        let mut removed = false;
        for key in keys {
            removed |= state.links.remove(&(migration.clone(), key.clone())).is_some();
        }
        if removed { state.apply(migration, applied) } else { Ok(()) }
    }

    async fn purge(&self, migration: &MigrationId) -> Result<u64, Fault> {
        let mut state = self.state();
        let runs: BTreeSet<RunId> =
            state.runs.iter().filter(|run| &run.migration == migration).map(|run| run.id.clone()).collect();
        let before = state.links.len();
        state.links.retain(|(of, _), _| of != migration);
        state.batches.retain(|(run, _), _| !runs.contains(run));
        state.seen.retain(|(run, _)| !runs.contains(run));
        state.runs.retain(|run| &run.migration != migration);
        state.migrations.retain(|known| &known.id != migration);
        Ok(u64::try_from(before - state.links.len()).unwrap_or(u64::MAX))
    }
}
