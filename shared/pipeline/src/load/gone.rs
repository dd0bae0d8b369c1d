//! Payments that the source says are gone are taken back in the target before anything is loaded: what they settled is
//! open again, and what takes their place finds room. Documents and names that are gone stay, and are listed.

use std::collections::BTreeMap;

use carry_connector::exact;
use carry_model::{Code, Decimal, Entity, Fault, RecordKey, SourceId, checked_sum};
use carry_ports::{Applied, Intent, Link};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::Loader;
use super::write::batch_name;
use crate::store::RunStore;
use crate::transform::TransformedPart;

const TAKEN_BACK: &str = "load/taken-back.json";
const DONE: &str = "load/taken-back-done.json";

/// Links looked up, and removed, in one go.
const PAGE: usize = 500;

/// What is to be taken back; staged before anything is removed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct TakenBack {
    /// Payments.
    pub(crate) payments: Vec<Link>,
    /// What is open then on the documents they settled, where the source had stated it.
    open: Vec<(RecordKey, Decimal)>,
}

impl TakenBack {
    /// What a run took back; nothing where it did not come to it.
    pub(crate) async fn of(store: &RunStore) -> Result<Self, Fault> {
        Ok(store.get_json(TAKEN_BACK).await?.unwrap_or_default())
    }
}

impl Loader {
    /// Takes back what the source says is gone. Once done, it does nothing more in this run.
    pub(crate) async fn take_back(&self, parts: &[TransformedPart]) -> Result<(), Fault> {
        if self.plan.survey.changes.is_none() || self.store.get_json::<bool>(DONE).await?.is_some() {
            return Ok(());
        }
        if self.store.get_json::<TakenBack>(TAKEN_BACK).await?.is_none() {
            self.store.create_json(TAKEN_BACK, &self.gone(parts).await?).await?;
        }
        let gone: TakenBack = self.store.need_json(TAKEN_BACK).await?;
        for entity in [Entity::Payment, Entity::BillPayment] {
            let links: Vec<_> = gone.payments.iter().filter(|link| link.key.entity == entity).collect();
            for links in links.chunks(PAGE) {
                self.engine.cancel.check()?;
                self.remove_gone(entity, links).await?;
            }
        }
        self.engine.jobs.set_outstanding(&self.run.migration, &gone.open).await?;
        self.store.create_json(DONE, &true).await
    }

    async fn gone(&self, parts: &[TransformedPart]) -> Result<TakenBack, Fault> {
        let mut keys: Vec<RecordKey> = self.plan.survey.changes.iter().flat_map(|c| c.gone.clone()).collect();
        keys.extend(self.no_longer_told(parts).await?);
        keys.sort_unstable();
        keys.dedup();
        let mut gone = TakenBack::default();
        let payments: Vec<_> =
            keys.iter().filter(|key| matches!(key.entity, Entity::Payment | Entity::BillPayment)).collect();
        for page in payments.chunks(PAGE) {
            let page: Vec<_> = page.iter().copied().cloned().collect();
            let links = self.engine.jobs.resolve(&self.run.migration, &page).await?;
            let carried = |link: &Link| link.is_done() && !exact::is_derived(&link.key.id);
            gone.payments.extend(links.into_iter().flatten().filter(carried));
        }
        gone.open = self.open_again(&gone.payments, &keys).await?;
        Ok(gone)
    }

    /// Payments that credits told of when they were read before, and do not tell of any more.
    async fn no_longer_told(&self, parts: &[TransformedPart]) -> Result<Vec<RecordKey>, Fault> {
        let mut gone = Vec::new();
        for part in parts {
            for credit in [Entity::CreditNote, Entity::BillCredit] {
                let Some(by) = credit.settled_by().filter(|_| part.records.contains_key(&credit)) else {
                    continue;
                };
                let told: FxHashSet<SourceId> = match part.records.contains_key(&by) {
                    true => {
                        let told = self.store.get_records(by, &part.part).await?;
                        told.into_iter().map(|record| record.id).collect()
                    }
                    false => FxHashSet::default(),
                };
                for record in self.store.get_records(credit, &part.part).await? {
                    let known = self.told_by(by, &record.id).await?;
                    gone.extend(known.into_iter().filter(|key| !told.contains(&key.id)));
                }
            }
        }
        Ok(gone)
    }

    /// Payments in the journal of which that record tells.
    async fn told_by(&self, by: Entity, teller: &SourceId) -> Result<Vec<RecordKey>, Fault> {
        let prefix = format!("{teller}:");
        let mut after = SourceId::from(prefix.as_str());
        let mut all = Vec::new();
        loop {
            let page = self.engine.jobs.links(&self.run.migration, by, Some(&after), PAGE).await?;
            let links = page.len();
            let own = page.into_iter().map(|link| link.key);
            all.extend(own.take_while(|key| key.id.as_str().starts_with(&prefix)));
            match all.last() {
                Some(last) if links == PAGE && last.id != after => after = last.id.clone(),
                _ => return Ok(all),
            }
        }
    }

    /// What is open on the documents that these payments settled once they are gone; a document that is read anew
    /// states it itself, and one that is gone too keeps what it stated.
    async fn open_again(
        &self,
        payments: &[Link],
        gone: &[RecordKey],
    ) -> Result<Vec<(RecordKey, Decimal)>, Fault> {
        let mut settled: BTreeMap<RecordKey, Decimal> = BTreeMap::new();
        for allocation in payments.iter().flat_map(|link| &link.more.allocations) {
            let sum = settled.entry(allocation.document.clone()).or_default();
            *sum = checked_sum([*sum, allocation.amount])?;
        }
        settled.retain(|document, _| gone.binary_search(document).is_err());
        let keys: Vec<_> = settled.keys().cloned().collect();
        let mut open = Vec::new();
        for keys in keys.chunks(PAGE) {
            let links = self.engine.jobs.resolve(&self.run.migration, keys).await?;
            for link in links.into_iter().flatten() {
                let (Some(stated), Some(amount)) = (link.outstanding, settled.get(&link.key)) else {
                    continue;
                };
                open.push((link.key, checked_sum([stated, *amount])?));
            }
        }
        Ok(open)
    }

    /// Removes payments from target and journal, unless that is done. What cannot be removed stays, and is listed.
    async fn remove_gone(&self, entity: Entity, gone: &[&Link]) -> Result<(), Fault> {
        let keys: Vec<_> = gone.iter().map(|link| link.key.clone()).collect();
        let found = self.engine.jobs.resolve(&self.run.migration, &keys).await?;
        let links: Vec<Link> = found.into_iter().flatten().filter(Link::is_done).collect();
        let ids: Vec<_> = links.iter().filter_map(|link| link.target.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let outcomes = self.engine.connection.writer.remove(entity, &ids).await?;
        let (mut removed, mut applied, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (link, outcome) in links.into_iter().filter(|link| link.target.is_some()).zip(outcomes) {
            if outcome.is_err_and(|fault| fault.code != Code::RecordGone) {
                kept.push(link);
                continue;
            }
            removed.push(link.key.clone());
            applied.extend(Applied::changes(&link.key, &link.more.allocations, &[])?);
        }
        self.engine.jobs.remove_links(&self.run.migration, &removed, &applied).await?;
        if kept.is_empty() { Ok(()) } else { self.note_rest(entity, kept).await }
    }

    /// Of payments that could not be removed as a whole: where nothing is applied any more, the rest is noted as what
    /// is left of them.
    async fn note_rest(&self, entity: Entity, kept: Vec<Link>) -> Result<(), Fault> {
        let ids: Vec<_> = kept.iter().filter_map(|link| link.target.clone()).collect();
        let shown = self.engine.connection.writer.read_back(entity, &ids).await?;
        let (mut rest, mut applied) = (Vec::new(), Vec::new());
        for (mut link, shown) in kept.into_iter().zip(shown) {
            let Some(shown) = shown.filter(|shown| shown.total == shown.outstanding) else { continue };
            applied.extend(Applied::changes(&link.key, &link.more.allocations, &[])?);
            link.more.allocations.clear();
            (link.total, link.outstanding) = (Some(shown.total), Some(shown.outstanding));
            rest.push(link);
        }
        let intent = |link: &Link| Intent { key: link.key.clone(), fingerprint: link.fingerprint };
        let batch = batch_name(entity, "taken-back");
        self.engine.jobs.open_batch(&self.run, &batch, &rest.iter().map(intent).collect::<Vec<_>>()).await?;
        self.close(&batch, &rest, &applied).await
    }
}
