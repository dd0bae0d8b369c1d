//! Load: canonical records into the target, one dependency level after the other.

mod batch;
mod figures;
mod write;

use std::sync::Arc;

use carry_connector::exact;
use carry_model::{Entity, Fault, Record, RecordKey, Reject, SourceId, TargetId};
use carry_ports::{LinkState, Run, Stage};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::Engine;
use crate::plan::Plan;
use crate::store::{RunStore, content_name};
use crate::tally::Tally;
use crate::transform::{TransformedPart, rejects_key};

use batch::Pass;
pub(crate) use batch::settlement_key;

/// Which records a run is about.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    /// All of them.
    All,
    /// A demo's sample.
    Sample(Arc<FxHashSet<RecordKey>>),
    /// Only what is not in the target yet.
    Missing,
}

/// Carries the records of one run.
pub(crate) struct Loader<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) store: &'a RunStore,
    pub(crate) plan: &'a Plan,
    pub(crate) run: &'a Run,
    pub(crate) scope: Scope,
    /// Records that the mapping says the target has already.
    pub(crate) existing: FxHashMap<RecordKey, TargetId>,
    /// True where an earlier attempt may have left something in the target that the journal does not know.
    pub(crate) verify_first: bool,
}

/// Entities whose records may name others of the same entity (a sub-account its parent).
pub(crate) const fn refers_to_its_own(entity: Entity) -> bool {
    matches!(entity, Entity::Account | Entity::Contact)
}

/// Rejects noted in one go.
const REJECTS_AT_ONCE: usize = 1_000;

impl Loader<'_> {
    /// Carries everything that was transformed; parts that are done already are passed over.
    pub(crate) async fn load(&self, parts: &[TransformedPart]) -> Result<Tally, Fault> {
        let total = parts.iter().flat_map(|part| part.records.values()).sum();
        self.engine.progress.begin(Stage::Load, Some(total));
        let mut tally = self.note_rejects(parts).await?;
        for entity in Entity::ALL {
            if *entity == Entity::Account {
                // The engine's own accounts are no records of the source.
                let mut own = self.load_part(*entity, "carryforward", exact::accounts()?, Pass::Only).await?;
                own.entities.clear();
                tally.merge(&own)?;
            }
            tally.merge(&self.load_entity(*entity, parts).await?)?;
        }
        self.engine.progress.end(Stage::Load);
        Ok(tally)
    }

    async fn load_entity(&self, entity: Entity, parts: &[TransformedPart]) -> Result<Tally, Fault> {
        if !refers_to_its_own(entity) {
            return self.load_pass_over(entity, parts, Pass::Only).await;
        }
        let mut tally = self.load_pass_over(entity, parts, Pass::First).await?;
        let mut deferred = std::mem::take(&mut tally.deferred);
        while deferred > 0 {
            let mut again = self.load_pass_over(entity, parts, Pass::Again).await?;
            let left = std::mem::take(&mut again.deferred);
            tally.merge(&again)?;
            if left == deferred {
                tally.merge(&self.load_pass_over(entity, parts, Pass::Last).await?)?;
                break;
            }
            deferred = left;
        }
        Ok(tally)
    }

    async fn load_pass_over(
        &self,
        entity: Entity,
        parts: &[TransformedPart],
        pass: Pass,
    ) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let mut parts = parts.iter().filter(|part| part.records.contains_key(&entity)).peekable();
        let fetch = |part: &TransformedPart| {
            let (store, part) = (self.store.clone(), part.part.clone());
            tokio::spawn(async move { store.get_records(entity, &part).await })
        };
        // The next batch is fetched and parsed while this one is written.
        let mut next = parts.peek().map(|part| fetch(part));
        while let (Some(part), Some(records)) = (parts.next(), next.take()) {
            next = parts.peek().map(|part| fetch(part));
            let records = records.await.map_err(|e| Fault::new(carry_model::Code::Bug).caused_by(e))??;
            let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
            tally.merge(&self.load_part(entity, &part.part, records, pass).await?)?;
            if matches!(pass, Pass::Only | Pass::First) {
                self.engine.progress.advance(Stage::Load, entity.plural(), count);
            }
        }
        Ok(tally)
    }

    async fn load_part(
        &self,
        entity: Entity,
        part: &str,
        records: Vec<Record>,
        pass: Pass,
    ) -> Result<Tally, Fault> {
        self.engine.cancel.check()?;
        if !matches!(pass, Pass::Only | Pass::First) {
            return self.load_pass(entity, part, records, pass).await;
        }
        let key = format!("{}/{}/{part}.json", Stage::Load.name(), entity.name());
        if let Some(done) = self.store.get_json(&key).await? {
            return Ok(done);
        }
        let tally = self.load_pass(entity, part, records, pass).await?;
        self.store.create_json(&key, &tally).await?;
        Ok(tally)
    }

    /// Rejected rows become failed links, so that what refers to them fails with a reason and a retry finds them.
    async fn note_rejects(&self, parts: &[TransformedPart]) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        for part in parts.iter().filter(|part| !part.rejects.is_empty()) {
            let rejects: Vec<Reject> = self.store.get_rows(&rejects_key(&part.part)).await?;
            let mut links = Vec::new();
            for reject in rejects {
                let selected = !matches!(self.scope, Scope::Sample(_));
                if !selected {
                    tally.of(reject.entity).not_selected += 1;
                    continue;
                }
                tally.of(reject.entity).failed += 1;
                tally.not_carried(reject.entity, reject.fault.code, None, None, None)?;
                links.push(self.rejected(reject)?);
            }
            for links in links.chunks(REJECTS_AT_ONCE) {
                self.engine.jobs.note_links(self.run, links).await?;
            }
        }
        Ok(tally)
    }

    fn rejected(&self, reject: Reject) -> Result<carry_ports::Link, Fault> {
        // A reject without an id gets one from its place, so that it can be listed and retried.
        let id = reject.id.unwrap_or_else(|| {
            SourceId::new(format!("at {} ({})", reject.place, content_name(reject.raw.as_bytes())))
        });
        let body = carry_model::Body::PaymentMethod(carry_model::PaymentMethod { name: String::new() });
        let fingerprint = carry_model::Fingerprint::of(Some(&reject.raw), &body)?;
        let mut fault = reject.fault;
        if fault.text.is_empty() {
            fault.text = reject.raw.chars().take(200).collect::<String>().into();
        }
        Ok(carry_ports::Link {
            key: RecordKey { entity: reject.entity, id },
            state: LinkState::Failed,
            change: carry_ports::Change::Created,
            target: None,
            number: reject.number,
            target_number: None,
            fingerprint,
            run: self.run.id.clone(),
            contact: None,
            date: None,
            currency: None,
            rate: None,
            total: None,
            outstanding: None,
            applied: carry_model::Decimal::ZERO,
            more: carry_ports::More {
                place: reject.place,
                fault: Some(fault),
                ..carry_ports::More::default()
            },
        })
    }
}
