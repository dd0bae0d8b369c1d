//! Load: canonical records into the target, one dependency level after the other.

mod batch;
mod beside;
mod chunks;
mod figures;
mod gone;
mod known;
mod parts;
mod write;

use std::sync::Arc;

use carry_model::{Entity, Fault, RecordKey, Reject, SourceId, TargetId};
use carry_ports::{LinkState, Run};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::{OnceCell, Semaphore};

use crate::Engine;
use crate::plan::Plan;
use crate::store::{RunStore, content_name};
use crate::tally::Tally;
use crate::transform::rejects_key;

pub(crate) use batch::settlement_key;
pub use chunks::Chunk;
pub(crate) use chunks::{id_mark, lay_out, may_be_split};
pub(crate) use gone::TakenBack;
pub(crate) use known::AtHand;
pub(crate) use write::batches_at_once;

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

/// Which records an earlier attempt may have left in the target without the journal knowing.
#[derive(Clone, Debug)]
pub(crate) enum Doubt {
    /// Any: the journal may have lost what was noted last.
    Everything,
    /// These, whose batches were opened and never closed.
    Only(FxHashSet<RecordKey>),
}

impl Doubt {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Only(keys) if keys.is_empty())
    }

    fn is_about(&self, key: &RecordKey) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(keys) => keys.contains(key),
        }
    }
}

/// Carries the records of one run.
pub(crate) struct Loader {
    pub(crate) engine: Engine,
    pub(crate) store: RunStore,
    pub(crate) plan: Arc<Plan>,
    pub(crate) run: Run,
    pub(crate) scope: Scope,
    /// Records that the mapping says the target has already.
    pub(crate) existing: FxHashMap<RecordKey, TargetId>,
    pub(crate) doubt: Doubt,
    pub(crate) at_hand: Arc<AtHand>,
    /// See [`Loader::any_before`].
    pub(crate) any_before: OnceCell<bool>,
    /// One permit for each batch that may be under way.
    pub(crate) room: Semaphore,
}

/// Entities whose records may name others of the same entity (a sub-account its parent).
pub(crate) const fn refers_to_its_own(entity: Entity) -> bool {
    matches!(entity, Entity::Account | Entity::Contact)
}

/// Lists are complete, and stay as they are, before records of other entities are loaded.
pub(crate) const fn is_list(entity: Entity) -> bool {
    entity.level() < 3
}

/// Entities that one worker loads: lists, whose records name one another, and files, of which only one is ever in memory.
pub(crate) const fn by_one_worker(entity: Entity) -> bool {
    is_list(entity) || matches!(entity, Entity::Attachment)
}

/// Rejects noted in one go.
const REJECTS_AT_ONCE: usize = 1_000;

impl Loader {
    /// True where one batch of one part is loaded after the other: files, and lists where two records may come to be one
    /// in the target.
    fn one_by_one(&self, entity: Entity) -> bool {
        let lists_side_by_side = self.engine.connection.writer.manifest().limits.lists_side_by_side;
        by_one_worker(entity) && !(lists_side_by_side && is_list(entity))
    }

    /// Loads a chunk; false where the time was up before its end: calling it again goes on.
    pub(crate) async fn load_chunk(self: &Arc<Self>, chunk: &Chunk) -> Result<bool, Fault> {
        let loaded = match chunk.entity {
            None => self.note_rejects(&chunk.parts).await,
            Some(entity) => self.load_entity(entity, &chunk.parts).await,
        };
        match loaded {
            Ok(tally) => self.store.create_json(&chunk.done_key(), &tally).await.map(|()| true),
            Err(fault) if self.engine.is_out_of_time(&fault) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Rejected rows become failed links, so that what refers to them fails with a reason and a retry finds them.
    async fn note_rejects(&self, parts: &[String]) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        for part in parts {
            self.engine.cancel.check()?;
            let rejects: Vec<Reject> = self.store.get_rows(&rejects_key(part)).await?;
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
                self.engine.jobs.note_links(&self.run, links).await?;
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
        let fingerprint = carry_model::Fingerprint::of(Some(&reject.raw), &body);
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
