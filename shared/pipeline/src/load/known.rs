//! What the journal knows about a batch's records and everything they refer to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use carry_connector::{ByEntity, Links, WriteItem, exact};
use carry_model::{Body, Decimal, Entity, Fault, Record, RecordKey, SourceId, TargetId, checked_sum};
use carry_ports::{Link, LinkState};
use rustc_hash::{FxHashMap, FxHashSet};

use super::batch::settlement_key;
use super::{Loader, is_list};

/// Where references lead that are kept at hand; past that they are asked for again.
const LEADS_MAX: usize = 220_000;

/// Where a reference leads.
#[derive(Clone, Debug)]
pub(crate) enum Lead {
    /// To a record of the target.
    There(TargetId),
    /// Nowhere: the record was not carried, for the reason with this code.
    NotCarried(&'static str),
}

impl Lead {
    fn of(link: &Link) -> Self {
        match &link.target {
            Some(target) if link.is_done() => Self::There(target.clone()),
            _ => Self::NotCarried(link.more.fault.as_ref().map(|f| f.code.id()).unwrap_or_default()),
        }
    }
}

type Leads = ByEntity<Lead>;

/// Where references to lists lead, kept at hand while a run is loaded: as they are written, or as they are looked up.
#[derive(Default)]
pub(crate) struct AtHand(Mutex<Leads>);

impl AtHand {
    fn leads(&self) -> MutexGuard<'_, Leads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything, and gives the memory back.
    pub(crate) fn forget(&self) {
        *self.leads() = Leads::default();
    }

    /// Learns where records of a list are that were just written.
    pub(super) fn note(&self, links: &[Link]) {
        let of_lists = links.iter().filter(|link| is_list(link.key.entity));
        self.learn(of_lists.map(|link| (link.key.clone(), Lead::of(link))).collect());
    }

    fn learn(&self, learnt: Vec<(RecordKey, Lead)>) {
        if learnt.is_empty() {
            return;
        }
        let mut leads = self.leads();
        if leads.count() + learnt.len() > LEADS_MAX {
            leads.clear();
        }
        for (key, lead) in learnt {
            leads.insert(key.entity, key.id, lead);
        }
    }
}

/// What the journal knows about a batch's records and everything they refer to.
pub(crate) struct Known {
    links: FxHashMap<RecordKey, Link>,
    leads: Leads,
    may_be_settled: bool,
}

impl Known {
    /// A record that is in the target.
    pub(crate) fn done(&self, key: &RecordKey) -> Option<&Link> {
        self.links.get(key).filter(|link| link.is_done())
    }

    /// Where a reference leads; None where the journal has no such record.
    pub(crate) fn lead(&self, entity: Entity, id: &SourceId) -> Option<Lead> {
        if let Some(lead) = self.leads.get(entity, id) {
            return Some(lead.clone());
        }
        self.links.get(&RecordKey::new(entity, id.clone())).map(Lead::of)
    }

    /// Where everything is in the target that these records refer to.
    pub(crate) fn targets<'a>(&self, items: impl Iterator<Item = &'a WriteItem>) -> Links {
        let mut links = Links::default();
        for item in items {
            item.record.body.each_reference(|entity, id| {
                if links.get(entity, id).is_none()
                    && let Some(Lead::There(target)) = self.lead(entity, id)
                {
                    links.insert(RecordKey::new(entity, id.clone()), target);
                }
            });
        }
        links
    }

    /// What is known of a record, in the target or not.
    pub(crate) fn get(&self, key: &RecordKey) -> Option<&Link> {
        self.links.get(key)
    }

    /// True for a record that was refused before.
    pub(crate) fn is_refused(&self, key: &RecordKey) -> bool {
        self.links.get(key).is_some_and(|link| link.state == LinkState::Failed)
    }

    /// True where documents may have settlements, of an earlier run.
    pub(crate) const fn may_be_settled(&self) -> bool {
        self.may_be_settled
    }

    /// Takes out the settlement of a document that is in the target and is to be removed there.
    pub(crate) fn take_settlement(&mut self, document: &RecordKey) -> Option<Link> {
        let key = settlement_key(document).filter(|_| self.may_be_settled)?;
        self.done(&key)?;
        self.links.remove(&key)
    }

    /// Notes that a payment takes so much off a document.
    pub(crate) fn apply(&mut self, document: &RecordKey, amount: Decimal) -> Result<(), Fault> {
        if let Some(link) = self.links.get_mut(document) {
            link.applied = checked_sum([link.applied, amount])?;
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, link: Link) {
        self.links.insert(link.key.clone(), link);
    }
}

/// True for lists that are complete, and stay as they are, before records of `of` are loaded.
const fn is_earlier_list(entity: Entity, of: Entity) -> bool {
    is_list(entity) && entity.level() < of.level()
}

impl Loader {
    pub(super) async fn look_up(&self, records: &[Record]) -> Result<Known, Fault> {
        let (jobs, migration) = (&*self.engine.jobs, &self.run.migration);
        let pays = records.iter().any(|record| matches!(record.body, Body::Payment(_)));
        // Loading removes settlements of earlier runs and makes none.
        let may_be_settled = pays && self.any_before().await?;
        let (mut leads, keys) = self.wanted(records, may_be_settled);
        let found = jobs.resolve(migration, &keys).await?;
        let mut links = FxHashMap::default();
        let mut learnt = Vec::new();
        let of = records.first().map(|record| record.entity);
        for (key, link) in keys.into_iter().zip(found) {
            let Some(link) = link else { continue };
            if of.is_some_and(|of| is_earlier_list(key.entity, of)) {
                let lead = Lead::of(&link);
                learnt.push((key, lead));
            } else {
                links.insert(key, link);
            }
        }
        self.at_hand.learn(learnt.clone());
        learnt.into_iter().for_each(|(key, lead)| leads.insert(key.entity, key.id, lead));
        Ok(Known { links, leads, may_be_settled })
    }

    /// What is at hand already, and the keys that the journal is asked for.
    fn wanted(&self, records: &[Record], may_be_settled: bool) -> (Leads, Vec<RecordKey>) {
        let at_hand = self.at_hand.leads();
        let mut leads = Leads::default();
        let mut seen: FxHashSet<(Entity, &SourceId)> = FxHashSet::default();
        let mut keys: Vec<RecordKey> = records.iter().map(Record::key).collect();
        let mut lead = |entity, id: &SourceId, of| match at_hand.get(entity, id) {
            Some(lead) if is_earlier_list(entity, of) => {
                leads.insert(entity, id.clone(), lead.clone());
            }
            _ => keys.push(RecordKey::new(entity, id.clone())),
        };
        for record in records {
            record.body.each_reference(|entity, id| {
                if seen.insert((entity, id)) {
                    lead(entity, id, record.entity);
                }
            });
        }
        // Any document may come to need a line of adjustment.
        if let Some(document) = records.iter().find(|record| record.document().is_some()) {
            lead(Entity::Account, &SourceId::from(exact::ADJUSTMENTS), document.entity);
        }
        if may_be_settled {
            let payments = records.iter().filter_map(|record| match &record.body {
                Body::Payment(payment) => Some(&payment.allocations),
                _ => None,
            });
            keys.extend(payments.flatten().filter_map(|a| settlement_key(&a.document)));
        }
        keys.sort_unstable();
        keys.dedup();
        (leads, keys)
    }
}

#[cfg(test)]
mod tests {
    use carry_model::{PaymentMethod, RunId};

    use super::*;
    use crate::load::figures::{self, Figures};

    fn written(entity: Entity, id: &str, target: Option<&str>) -> Link {
        let body = Body::PaymentMethod(PaymentMethod { name: id.to_owned() });
        let record = Record::new(Entity::PaymentMethod, id, None, body).unwrap();
        let mut link = figures::link(&record, &RunId::from("run".to_owned()), Figures::default());
        link.key.entity = entity;
        link.target = target.map(TargetId::from);
        link
    }

    #[test]
    fn what_was_written_of_a_list_is_at_hand_until_it_is_forgotten() {
        let at_hand = AtHand::default();
        let lead = |id: &str| at_hand.leads().get(Entity::Contact, &SourceId::from(id)).cloned();
        at_hand.note(&[
            written(Entity::Contact, "Ann", Some("7")),
            written(Entity::Contact, "Bob", None),
            written(Entity::Invoice, "1", Some("9")),
        ]);
        assert!(matches!(lead("Ann"), Some(Lead::There(target)) if target.as_str() == "7"));
        assert!(matches!(lead("Bob"), Some(Lead::NotCarried(_))), "asked for once, as it was refused");
        assert!(at_hand.leads().get(Entity::Invoice, &SourceId::from("1")).is_none(), "no list");
        at_hand.note(&[written(Entity::Contact, "Ann", Some("8"))]);
        assert!(matches!(lead("Ann"), Some(Lead::There(target)) if target.as_str() == "8"), "replaced");
        at_hand.forget();
        assert!(lead("Ann").is_none());
    }
}
