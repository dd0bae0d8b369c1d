//! One staged batch: what is new, changed, unchanged or cannot go, and in which shape it goes.

use carry_connector::{Adjustment, AdjustmentKind, Operation, Removal, WriteItem, exact};
use carry_model::{
    Body, Code, Decimal, Document, Entity, Fault, Payment, Record, RecordKey, Status, checked_sum,
};
use carry_ports::{Change, Link, LinkState, RunKind};
use rustc_hash::FxHashSet;

use super::figures::{self, Figures};
use super::known::{Known, Lead};
use super::write::Going;
use super::{Loader, Scope};
use crate::Mode;
use crate::tally::Tally;

impl Loader {
    /// Carries the records of one staged batch and counts what became of each.
    ///
    /// Records that name others of their own entity (a sub-account its parent) go after those. One that names a
    /// record of a later batch is left for another pass, unless this is the last one.
    pub(crate) async fn load_records(
        &self,
        entity: Entity,
        part: &str,
        records: Vec<Record>,
    ) -> Result<Tally, Fault> {
        self.load_pass(entity, part, records, Pass::Last).await
    }

    pub(crate) async fn load_pass(
        &self,
        entity: Entity,
        part: &str,
        records: Vec<Record>,
        pass: Pass,
    ) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let records = self.selected(entity, records, &mut tally);
        if entity == Entity::OpenBalance {
            self.note_open_balances(&records, &mut tally).await?;
            return Ok(tally);
        }
        let mut waiting = records;
        while !waiting.is_empty() {
            let (ready, rest) = wave(waiting);
            self.load_wave(entity, part, ready, pass, &mut tally).await?;
            waiting = rest;
        }
        Ok(tally)
    }

    async fn load_wave(
        &self,
        entity: Entity,
        part: &str,
        records: Vec<Record>,
        pass: Pass,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let mut known = self.look_up(&records).await?;
        let mut going = Vec::with_capacity(records.len());
        let mut aside = Vec::new();
        let mut seen = Vec::new();
        let mut restated = Vec::new();
        let mut ids = FxHashSet::default();
        for mut record in records {
            // Of what the source says: the record may be given another shape before it is written.
            record.fingerprint();
            let figures = Figures::of(&record, &self.plan)?;
            match self.decide(&record, &mut known, &mut ids) {
                Ok(Decision::Unchanged) => {
                    self.count_unchanged(&record, &known, tally);
                    if record.document().is_some()
                        && let (Some(stated), Some(link)) = (figures.outstanding, known.done(&record.key()))
                        && link.outstanding != Some(stated)
                    {
                        restated.push((record.key(), stated));
                    }
                    seen.push(record.key());
                }
                Ok(Decision::Mapped(link)) => {
                    tally.of(entity).migrated += 1;
                    aside.push(*link);
                }
                Ok(Decision::Write(operation)) => match self.shape(&mut record, &mut known) {
                    Ok(adjustments) => {
                        going.push(Going { item: WriteItem { record, operation }, figures, adjustments });
                    }
                    Err(fault) => aside.push(self.set_aside(&record, figures, fault, tally)?),
                },
                Err(fault) => {
                    let later = pass == Pass::More && fault.code == Code::ReferenceMissing;
                    if later && &*fault.field == entity.singular() {
                        tally.deferred.push(record.id);
                        continue;
                    }
                    if fault.code == Code::VoidNotCarried {
                        self.remove_voided(&record, &known).await?;
                    }
                    aside.push(self.set_aside(&record, figures, fault, tally)?);
                }
            }
        }
        if !aside.is_empty() {
            self.engine.jobs.note_links(&self.run, &aside).await?;
        }
        if !seen.is_empty() {
            self.engine.jobs.mark_seen(&self.run, &seen).await?;
            self.engine.jobs.set_outstanding(&self.run.migration, &restated).await?;
        }
        self.write_all(entity, part, going, known, tally).await
    }

    fn selected(&self, entity: Entity, records: Vec<Record>, tally: &mut Tally) -> Vec<Record> {
        let Scope::Sample(sample) = &self.scope else { return records };
        let keep = |r: &Record| {
            sample.contains(&r.key())
                || exact::is_derived(&r.id)
                || matches!(entity, Entity::OpenBalance | Entity::Company)
        };
        let (chosen, rest): (Vec<_>, Vec<_>) = records.into_iter().partition(keep);
        tally.of(entity).not_selected += u64::try_from(rest.len()).unwrap_or(u64::MAX);
        chosen
    }

    fn decide(
        &self,
        record: &Record,
        known: &mut Known,
        ids: &mut FxHashSet<carry_model::SourceId>,
    ) -> Result<Decision, Fault> {
        let key = record.key();
        let support = self.engine.connection.writer.manifest().entity(record.entity);
        if let Some(target) = self.existing.get(&key) {
            if known.done(&key).is_some_and(|done| done.target.as_ref() == Some(target)) {
                return Ok(Decision::Unchanged);
            }
            let mut link = figures::link(record, &self.run.id, Figures::default());
            link.change = Change::Mapped;
            link.target = Some(target.clone());
            known.add(link.clone());
            return Ok(Decision::Mapped(Box::new(link)));
        }
        if let carry_connector::Support::No(why) = support.write {
            return Err(Fault::new(Code::EntityUnsupported).detail(why));
        }
        if let Some(document) = record.document()
            && document.status == Status::Voided
        {
            return Err(Fault::new(Code::VoidNotCarried));
        }
        if !ids.insert(record.id.clone()) {
            return Err(Fault::new(Code::IdTwice).detail("Both are in this batch."));
        }
        if let Some(done) = known.done(&key) {
            let same = done.fingerprint == record.fingerprint() && !is_left_behind(record, done, known);
            if same || matches!(self.scope, Scope::Missing) {
                return Ok(Decision::Unchanged);
            }
            if done.run == self.run.id && !self.goes_again() {
                return Err(Fault::new(Code::IdTwice));
            }
        }
        self.check_references(record, known)?;
        let Some(done) = known.done(&key) else { return Ok(Decision::Write(Operation::Create)) };
        let target = done.target.clone().ok_or_else(|| Fault::new(Code::StateUnusable))?;
        let replaceable =
            support.update.is_yes() || matches!(support.remove, Removal::Delete | Removal::Void);
        if done.change == Change::Mapped {
            Ok(Decision::Unchanged)
        } else if replaceable {
            Ok(Decision::Write(Operation::Update(target)))
        } else {
            Err(Fault::new(Code::CannotUpdate))
        }
    }

    /// True where an earlier attempt may have done some of this.
    fn goes_again(&self) -> bool {
        !self.doubt.is_empty() || self.run.attempts > 1 || self.run.kind == RunKind::Retry
    }

    fn check_references(&self, record: &Record, known: &Known) -> Result<(), Fault> {
        let manifest = self.engine.connection.writer.manifest();
        let mut fault = None;
        record.body.each_reference(|entity, id| {
            if fault.is_some() || !figures::is_required(record.entity, entity, &record.body) {
                return;
            }
            match known.lead(entity, id) {
                Some(Lead::There(_)) => {}
                // Where a document is passed over on purpose, nobody misses its files.
                Some(Lead::NotCarried(why)) if record.entity == Entity::Attachment && is_passed_over(why) => {
                    fault = why.parse().ok().map(|code| Fault::new(code).field(format!("{entity} '{id}'")));
                }
                Some(Lead::NotCarried(why)) => {
                    let detail = format!("The {entity} '{id}' was not carried ({why}).");
                    fault = Some(Fault::new(Code::DependencyFailed).field(entity).detail(detail));
                }
                None if !manifest.entity(entity).write.is_yes() => {}
                None if entity == record.entity && *id == record.id => {}
                None => {
                    let detail = format!("No {entity} '{id}' is in the source.");
                    fault = Some(Fault::new(Code::ReferenceMissing).field(entity).text(id).detail(detail));
                }
            }
        });
        fault.map_or(Ok(()), Err)
    }

    /// Gives a record the form in which it goes: exact totals, allocations cut to what the source says was paid. Hands
    /// back what was changed; a fault where it cannot go.
    fn shape(&self, record: &mut Record, known: &mut Known) -> Result<Vec<Adjustment>, Fault> {
        let high_level = self.plan.settings.mode == Mode::HighLevel;
        let (body, adjustments) = match &record.body {
            Body::Document(document) if high_level => {
                let why = "High-level mode was chosen.";
                let (document, adjustments) =
                    exact::high_level(record.entity, Document::clone(document), why)?;
                (Body::Document(document.into()), adjustments)
            }
            Body::Document(document) if !adds_up(document) => {
                let (document, adjustment) = exact::detailed(record.entity, Document::clone(document))?;
                (Body::Document(document.into()), adjustment.into_iter().collect())
            }
            Body::Payment(_) if exact::is_derived(&record.id) => return Ok(Vec::new()),
            Body::Payment(payment) if high_level => {
                let (payment, cut) = unapplied_only(payment)?;
                (Body::Payment(payment.into()), cut)
            }
            Body::Payment(payment) => match within_balances(&record.key(), payment, known)? {
                Some((payment, cut)) => (Body::Payment(payment.into()), cut),
                None => return Ok(Vec::new()),
            },
            Body::Journal(journal) => match journal.imbalance()? {
                gap if gap.is_zero() => return Ok(Vec::new()),
                gap => {
                    return Err(Fault::new(Code::JournalUnbalanced).detail(format!("They differ by {gap}.")));
                }
            },
            _ => return Ok(Vec::new()),
        };
        record.body = body;
        Ok(adjustments)
    }

    pub(crate) fn set_aside(
        &self,
        record: &Record,
        figures: Figures,
        fault: Fault,
        tally: &mut Tally,
    ) -> Result<Link, Fault> {
        let counts = tally.of(record.entity);
        let state = if skips(fault.code) {
            counts.skipped += 1;
            LinkState::Skipped
        } else {
            counts.failed += 1;
            LinkState::Failed
        };
        tally.not_carried(record.entity, fault.code, figures.currency, figures.total, figures.outstanding)?;
        Ok(figures::not_done(record, &self.run.id, figures, state, fault))
    }

    fn count_unchanged(&self, record: &Record, known: &Known, tally: &mut Tally) {
        let counts = tally.of(record.entity);
        // A part that is loaded again after an interruption counts what this very run did before.
        match known.get(&record.key()) {
            Some(link) if link.run == self.run.id && link.change == Change::Updated => counts.updated += 1,
            Some(link) if link.run == self.run.id => counts.migrated += 1,
            _ => counts.unchanged += 1,
        }
        if let Some(link) = known.get(&record.key()).filter(|link| link.run == self.run.id) {
            tally.adjusted(&link.more.adjustments);
        }
    }

    async fn remove_voided(&self, record: &Record, known: &Known) -> Result<(), Fault> {
        let Some(Link { target: Some(target), key, .. }) = known.done(&record.key()) else { return Ok(()) };
        let removed =
            self.engine.connection.writer.remove(record.entity, std::slice::from_ref(target)).await?;
        match removed.into_iter().next() {
            Some(Ok(_)) => {
                self.engine.jobs.remove_links(&self.run.migration, std::slice::from_ref(key), &[]).await
            }
            // It stays, and is listed: the report shows the void with this reason.
            Some(Err(_)) | None => Ok(()),
        }
    }

    async fn note_open_balances(&self, records: &[Record], tally: &mut Tally) -> Result<(), Fault> {
        let balances: Vec<_> = records
            .iter()
            .filter_map(|record| match &record.body {
                Body::OpenBalance(open) => Some((open.document.clone(), open.outstanding)),
                _ => None,
            })
            .collect();
        let unknown = self.engine.jobs.set_outstanding(&self.run.migration, &balances).await?;
        // A balance of a document that an earlier run carried is nothing new.
        let keys: Vec<_> = balances.into_iter().map(|(document, _)| document).collect();
        let links = self.engine.jobs.resolve(&self.run.migration, &keys).await?;
        let counts = tally.of(Entity::OpenBalance);
        for link in links.iter().flatten() {
            if link.run == self.run.id { counts.migrated += 1 } else { counts.unchanged += 1 }
        }
        let missed = u64::try_from(unknown.len()).unwrap_or(u64::MAX);
        if matches!(self.scope, Scope::Sample(_)) {
            counts.not_selected += missed;
            return Ok(());
        }
        let unknown: rustc_hash::FxHashSet<_> = unknown.into_iter().collect();
        let mut aside = Vec::new();
        for record in records {
            let Body::OpenBalance(open) = &record.body else { continue };
            if unknown.contains(&open.document) {
                let detail = format!("No {} is in the source.", open.document);
                let fault = Fault::new(Code::ReferenceMissing).detail(detail);
                let figures = Figures {
                    currency: open.currency,
                    outstanding: Some(open.outstanding),
                    ..Figures::default()
                };
                aside.push(self.set_aside(record, figures, fault, tally)?);
            }
        }
        self.engine.jobs.note_links(&self.run, &aside).await
    }
}

/// Whether another walk over an entity's batches follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Yes: what names a record of a later batch is left for it.
    More,
    /// No: what names a record that is not there is refused.
    Last,
}

/// Splits off the records that name no other record still waiting; all of them where they go in circles.
fn wave(waiting: Vec<Record>) -> (Vec<Record>, Vec<Record>) {
    if !waiting.first().is_some_and(|record| super::refers_to_its_own(record.entity)) {
        return (waiting, Vec::new());
    }
    let ids: FxHashSet<_> = waiting.iter().map(|record| record.id.clone()).collect();
    let names_another = |record: &Record| {
        let mut found = false;
        record.body.each_reference(|entity, id| {
            found |= entity == record.entity && *id != record.id && ids.contains(id);
        });
        found
    };
    let (rest, ready): (Vec<_>, Vec<_>) = waiting.into_iter().partition(names_another);
    if ready.is_empty() { (rest, ready) } else { (ready, rest) }
}

/// True for the id of a code with which a record is skipped, not failed.
fn is_passed_over(code: &str) -> bool {
    code.parse().is_ok_and(skips)
}

/// True for codes that say that a record is left out on purpose.
const fn skips(code: Code) -> bool {
    matches!(
        code,
        Code::EntityUnsupported | Code::VoidNotCarried | Code::DraftNotCarried | Code::ReplacedBySettlement
    )
}

/// True for a file whose record has another id in the target than when the file was attached to it.
fn is_left_behind(file: &Record, done: &Link, known: &Known) -> bool {
    let (Body::Attachment(attachment), Some(id)) = (&file.body, &done.target) else { return false };
    let Some((owner, _)) = carry_connector::owner_and_file(id) else { return false };
    match known.lead(attachment.of.entity, &attachment.of.id) {
        Some(Lead::There(now)) => now.as_str() != owner,
        _ => false,
    }
}

enum Decision {
    Unchanged,
    Mapped(Box<Link>),
    Write(Operation),
}

/// The key of the settlement of a document, where it can have one.
pub(crate) fn settlement_key(document: &RecordKey) -> Option<RecordKey> {
    Some(RecordKey { entity: document.entity.settled_by()?, id: exact::settlement_id(document) })
}

/// True where a document's parts come to its total as stated: it goes as it is.
fn adds_up(document: &Document) -> bool {
    document.sum_of_parts().is_ok_and(|sum| sum == document.total)
}

/// Cuts allocations down so that no document ends below the open balance its source states; None where all can
/// stay as they are.
fn within_balances(
    key: &RecordKey,
    payment: &Payment,
    known: &mut Known,
) -> Result<Option<(Payment, Vec<Adjustment>)>, Fault> {
    // What its earlier version takes off gives way to it.
    let earlier = known.done(key).map(|link| link.more.allocations.clone()).unwrap_or_default();
    for allocation in earlier {
        known.apply(&allocation.document, -allocation.amount)?;
    }
    let mut cuts = Vec::new();
    for (at, allocation) in payment.allocations.iter().enumerate() {
        let Some(room) = room(&allocation.document, known)? else { continue };
        let amount = allocation.amount.min(room);
        if amount < allocation.amount {
            cuts.push((at, amount));
        }
        // Payments further on in this batch see what this one takes.
        known.apply(&allocation.document, amount)?;
    }
    if cuts.is_empty() && payment.allocations.iter().all(|allocation| !allocation.amount.is_zero()) {
        return Ok(None);
    }
    let mut payment = payment.clone();
    let mut adjustments = Vec::new();
    for (at, amount) in cuts {
        let Some(allocation) = payment.allocations.get_mut(at) else { continue };
        adjustments.push(Adjustment::new(
            AdjustmentKind::AllocationReduced,
            checked_sum([allocation.amount, -amount])?,
            payment.currency,
            format!(
                "The payments of {} exceed what the source says was paid; the rest stays unapplied.",
                allocation.document
            ),
        ));
        allocation.amount = amount;
    }
    payment.allocations.retain(|allocation| !allocation.amount.is_zero());
    Ok(Some((payment, adjustments)))
}

/// What payments may still take off a document in the target; None where its source states no open balance.
fn room(document: &RecordKey, known: &Known) -> Result<Option<Decimal>, Fault> {
    let Some(link) = known.done(document) else { return Ok(None) };
    let (Some(total), Some(outstanding)) = (link.total, link.outstanding) else { return Ok(None) };
    // A settlement of an earlier run gives way to the real payment.
    let settled = settlement_key(document)
        .filter(|_| known.may_be_settled())
        .and_then(|key| known.done(&key))
        .and_then(|settlement| settlement.total)
        .unwrap_or_default();
    let room = checked_sum([total, -outstanding, -link.applied, settled.abs()])?;
    Ok(Some(room.max(Decimal::ZERO)))
}

/// High-level mode: settlements stand in for what a payment settled; only its unapplied rest is carried.
fn unapplied_only(payment: &Payment) -> Result<(Payment, Vec<Adjustment>), Fault> {
    let rest = payment.unapplied()?;
    if rest.is_zero() {
        return Err(Fault::new(Code::ReplacedBySettlement));
    }
    let adjustments = match payment.allocations.is_empty() {
        true => Vec::new(),
        false => vec![Adjustment::new(
            AdjustmentKind::HighLevel,
            rest,
            payment.currency,
            "High-level mode: only what the payment left unapplied is carried.",
        )],
    };
    Ok((Payment { amount: rest, allocations: Vec::new(), ..payment.clone() }, adjustments))
}
