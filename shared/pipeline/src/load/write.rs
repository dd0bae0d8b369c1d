//! Intent, write, outcome: the one place where anything is sent to a target.

use std::sync::Arc;
use std::time::Duration;

use carry_connector::{Adjustment, Operation, WriteBatch, WriteItem, Written, exact};
use carry_model::{Action, Body, Code, Decimal, Entity, Fault, Kind, RecordKey};
use carry_ports::{Applied, Change, Intent, Link};

use super::Loader;
use super::figures::{self, Figures};
use super::known::Known;
use crate::Mode;
use crate::store::content_name;
use crate::tally::Tally;

/// Times a batch is sent before the run pauses.
const SENDS_MAX: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// A record on its way, with what it must come out as.
pub(crate) struct Going {
    pub(crate) item: WriteItem,
    pub(crate) figures: Figures,
    pub(crate) adjustments: Vec<Adjustment>,
}

impl Going {
    /// True for a document that the target refused in detail and that now goes as one line.
    fn is_simpler(&self) -> bool {
        self.adjustments.iter().any(|adjustment| adjustment.why.starts_with(REFUSED))
    }
}

/// What became of a chunk.
#[derive(Default)]
pub(crate) struct Outcomes {
    links: Vec<Link>,
    applied: Vec<Applied>,
    /// Refused in detail; to be tried again as one line.
    simpler: Vec<Going>,
    /// Ends the run once everything that succeeded is noted.
    stop: Option<Fault>,
}

impl Loader<'_> {
    /// Writes records in batches of the target's size.
    pub(crate) async fn write_all(
        &self,
        entity: Entity,
        part: &str,
        going: Vec<Going>,
        mut known: Known,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let size = self.engine.connection.writer.manifest().entity(entity).batch_size.max(1);
        let mut queue = going.into_iter();
        while queue.len() > 0 {
            let chunk: Vec<_> = queue.by_ref().take(size).collect();
            self.engine.cancel.check()?;
            let (links, simpler) = self.write_chunk(entity, part, chunk, &mut known, tally).await?;
            if !simpler.is_empty() {
                self.write_chunk(entity, part, simpler, &mut known, tally).await?;
            }
            if queue.len() > 0 {
                links.into_iter().for_each(|link| known.add(link));
            }
        }
        Ok(())
    }

    /// Writes one batch; hands back its links, and the documents to be tried in a simpler form.
    async fn write_chunk(
        &self,
        entity: Entity,
        part: &str,
        chunk: Vec<Going>,
        known: &mut Known,
        tally: &mut Tally,
    ) -> Result<(Vec<Link>, Vec<Going>), Fault> {
        let intents: Vec<_> = chunk
            .iter()
            .map(|going| Intent {
                key: going.item.record.key(),
                fingerprint: going.item.record.fingerprint(),
            })
            .collect();
        let simple = chunk.iter().any(Going::is_simpler);
        let json = serde_json::to_vec(&(&intents, simple)).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        let batch = format!("{}/{part}/{}", entity.name(), content_name(&json));
        self.engine.jobs.open_batch(self.run, &batch, &intents).await?;
        self.make_way(&chunk, known).await?;

        // What was refused in detail may stand there from an attempt whose outcome was unknown.
        let verify_first = self.verify_first || simple;
        let sent = self.send(entity, chunk, known, verify_first).await?;
        let mut outcomes = Outcomes::default();
        for (going, result) in sent {
            match result {
                Ok(written) => self.note_written(going, written, known, &mut outcomes, tally)?,
                Err(fault) => self.note_refused(going, fault, known, &mut outcomes, tally)?,
            }
        }
        self.engine.jobs.close_batch(self.run, &batch, &outcomes.links, &outcomes.applied).await?;
        match outcomes.stop {
            Some(fault) => Err(fault),
            None => Ok((outcomes.links, outcomes.simpler)),
        }
    }

    /// Sends a batch and hands it back with its outcomes; where they are unknown, sends it again looking each
    /// record up first.
    async fn send(
        &self,
        entity: Entity,
        chunk: Vec<Going>,
        known: &Known,
        verify_first: bool,
    ) -> Result<Vec<(Going, Result<Written, Fault>)>, Fault> {
        let count = chunk.len();
        let links = known.targets(chunk.iter().map(|going| &going.item));
        let mut aside = Vec::with_capacity(count);
        let mut items = Vec::with_capacity(count);
        for Going { item, figures, adjustments } in chunk {
            items.push(item);
            aside.push((figures, adjustments));
        }
        let mut batch = Arc::new(WriteBatch {
            entity,
            items,
            links,
            home_currency: self.plan.survey.company.home_currency,
            verify_first,
            keep_numbers: self.plan.settings.keep_numbers,
        });
        let results = self.outcomes(&mut batch).await?;
        if results.len() != count {
            let detail = format!("{} outcomes for {count} records", results.len());
            return Err(Fault::new(Code::Bug).detail(detail));
        }
        let items = Arc::unwrap_or_clone(batch).items.into_iter().zip(aside);
        let going = items.map(|(item, (figures, adjustments))| Going { item, figures, adjustments });
        Ok(going.zip(results).collect())
    }

    async fn outcomes(&self, batch: &mut Arc<WriteBatch>) -> Result<Vec<Result<Written, Fault>>, Fault> {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let fault = match self.engine.connection.writer.write(batch.clone()).await {
                Ok(results) => return Ok(results),
                Err(fault) => fault,
            };
            let again = matches!(fault.action(), Action::Retry | Action::VerifyFirst) && attempt < SENDS_MAX;
            if !again {
                return Err(fault);
            }
            let entity = batch.entity.name();
            tracing::warn!(code = fault.code.id(), entity, attempt, "a batch is sent again");
            if fault.action() == Action::VerifyFirst && !batch.verify_first {
                Arc::make_mut(batch).verify_first = true;
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(Fault::new(Code::Bug))
    }

    /// Settlements of an earlier run give way to the real payments that now come.
    async fn make_way(&self, chunk: &[Going], known: &mut Known) -> Result<(), Fault> {
        for going in chunk {
            let Body::Payment(payment) = &going.item.record.body else { continue };
            if exact::is_derived(&going.item.record.id) {
                continue;
            }
            for document in payment.allocations.iter().map(|a| &a.document) {
                if let Some(settlement) = known.settlement(document) {
                    self.remove_settlement(document, &settlement).await?;
                    known.forget(&settlement.key);
                }
            }
        }
        Ok(())
    }

    /// Removes a settlement from the target and the journal.
    pub(crate) async fn remove_settlement(
        &self,
        document: &RecordKey,
        settlement: &Link,
    ) -> Result<(), Fault> {
        let (Some(target), Some(amount)) = (&settlement.target, settlement.total) else { return Ok(()) };
        let entity = settlement.key.entity;
        let removed = self.engine.connection.writer.remove(entity, std::slice::from_ref(target)).await?;
        removed.into_iter().next().unwrap_or_else(|| Err(Fault::new(Code::Bug)))?;
        let back = Applied {
            document: document.clone(),
            by: settlement.key.clone(),
            before: amount.abs(),
            after: Decimal::ZERO,
        };
        self.engine
            .jobs
            .remove_links(&self.run.migration, std::slice::from_ref(&settlement.key), &[back])
            .await
    }

    fn note_written(
        &self,
        going: Going,
        written: Written,
        known: &Known,
        outcomes: &mut Outcomes,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let Going { item: WriteItem { record, operation }, figures, adjustments } = going;
        let mut link = figures::link(&record, &self.run.id, figures);
        let earlier = known.get(&link.key).filter(|link| link.is_done());
        let counts = tally.of(record.entity);
        match operation {
            Operation::Create => counts.migrated += 1,
            Operation::Update(_) => {
                link.change = Change::Updated;
                counts.updated += 1;
            }
        }
        if let Some(earlier) = earlier {
            link.applied = earlier.applied;
        }
        if let Body::Payment(payment) = record.body {
            link.total = Some(payment.amount);
            link.outstanding = Some(payment.unapplied()?);
            let before = earlier.map(|link| link.more.allocations.as_slice()).unwrap_or_default();
            outcomes.applied.extend(Applied::changes(&link.key, before, &payment.allocations)?);
            link.more.allocations = payment.allocations;
        }
        link.target = Some(written.id);
        link.target_number = written.number;
        link.more.adjustments = adjustments;
        link.more.adjustments.extend(written.adjustments);
        link.more.notes = written.notes;
        tally.adjusted(&link.more.adjustments);
        outcomes.links.push(link);
        Ok(())
    }

    fn note_refused(
        &self,
        mut going: Going,
        fault: Fault,
        known: &Known,
        outcomes: &mut Outcomes,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        if matches!(fault.action(), Action::Pause | Action::Stop) {
            outcomes.stop.get_or_insert(fault);
            return Ok(());
        }
        let refused_detail = fault.kind() == Kind::Rejected
            && self.plan.settings.mode == Mode::Detailed
            && !going.is_simpler();
        match &going.item.record.body {
            Body::Document(document) if refused_detail => {
                let why = format!("{REFUSED}: {}", fault.raw);
                let (document, adjustment) = exact::high_level(document.clone(), &why);
                going.item.record.body = Body::Document(document);
                going.adjustments = vec![adjustment];
                outcomes.simpler.push(going);
            }
            _ => {
                let mut link = self.set_aside(&going.item.record, going.figures, fault, tally)?;
                // A version that could not be replaced stays in the target, with the reason beside it.
                if let Some(earlier) = known.get(&link.key).filter(|earlier| earlier.is_done()) {
                    let fault = link.more.fault.take();
                    link = earlier.clone();
                    link.more.fault = fault;
                }
                outcomes.links.push(link);
            }
        }
        Ok(())
    }
}

/// Begins the reason of documents that the target refused in detail.
const REFUSED: &str = "The target refused the document in detail";
