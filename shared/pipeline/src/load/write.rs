//! Intent, write, outcome: the one place where anything is sent to a target.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use carry_connector::{
    Adjustment, AdjustmentKind, Manifest, Operation, WriteBatch, WriteItem, Written, exact, home,
};
use carry_model::{Action, Body, Code, Decimal, Document, Entity, Fault, Kind, Reach, Record, RecordKey};
use carry_ports::{Applied, Change, Intent, Link};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use uuid::Uuid;

use super::Loader;
use super::beside::Touched;
use super::figures::{self, Figures};
use super::known::Known;
use crate::held::taken_over;
use crate::tally::Tally;
use crate::{Connection, Mode};

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

/// What became of a batch.
#[derive(Default)]
pub(crate) struct Outcomes {
    links: Vec<Link>,
    applied: Vec<Applied>,
    /// Refused in detail; to be tried again as one line.
    simpler: Vec<Going>,
    /// May be in the target or not.
    unknown: Vec<Intent>,
    /// Ends the run once everything that succeeded is noted.
    stop: Option<Fault>,
}

/// Batches under way at once where the target says nothing: while one is written, the next is on its way.
const BATCHES_AT_ONCE: usize = 2;

/// How many batches may be under way at a target at once.
pub(crate) fn batches_at_once(target: &Manifest) -> usize {
    let limit = target.limits.in_flight.map(|limit| usize::try_from(limit).unwrap_or(1));
    limit.unwrap_or(BATCHES_AT_ONCE).max(1)
}

/// Records that are written together, and what they touch.
struct Batch {
    going: Vec<Going>,
    touched: Touched,
}

impl Loader {
    /// Writes records in batches of the target's size, as many at once as it allows. A batch waits for those before
    /// it that touch the same record; those of what goes one by one follow one another.
    pub(crate) async fn write_all(
        &self,
        entity: Entity,
        part: &str,
        going: Vec<Going>,
        known: Known,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let manifest = self.engine.connection.writer.manifest();
        let at_once = if self.one_by_one(entity) { 1 } else { batches_at_once(manifest) };
        let mut queue = batches(going, manifest.entity(entity).batch_size).into_iter().enumerate().peekable();
        let known = Mutex::new(known);
        let mut touched = BTreeMap::new();
        let mut under_way = FuturesUnordered::new();
        let mut stopped = None;
        loop {
            while under_way.len() < at_once
                && stopped.is_none()
                && let Some((at, batch)) =
                    queue.next_if(|(_, next)| !touched.values().any(|earlier| next.touched.meets(earlier)))
            {
                touched.insert(at, batch.touched);
                let written = self.write_batch(entity, part, batch.going, &known);
                under_way.push(async move { (at, written.await) });
            }
            let Some((at, written)) = under_way.next().await else { break };
            touched.remove(&at);
            match written {
                Ok((done, links)) => {
                    tally.merge(&done)?;
                    // Batches that come after may refer to these records.
                    if queue.peek().is_some() {
                        let mut known = lock(&known);
                        links.into_iter().for_each(|link| known.add(link));
                    }
                }
                // What is under way beside it comes to its end, so that its outcome is known.
                Err(fault) => {
                    stopped.get_or_insert(fault);
                }
            }
        }
        stopped.map_or(Ok(()), Err)
    }

    /// Writes a batch, and what the target refuses of it in detail again in a simpler form; with its links.
    async fn write_batch(
        &self,
        entity: Entity,
        part: &str,
        going: Vec<Going>,
        known: &Mutex<Known>,
    ) -> Result<(Tally, Vec<Link>), Fault> {
        let _room = self.room.acquire().await.map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        self.engine.cancel.check()?;
        let mut tally = Tally::default();
        let (mut links, simpler) = self.write_once(entity, part, going, known, &mut tally).await?;
        if !simpler.is_empty() {
            links.extend(self.write_once(entity, part, simpler, known, &mut tally).await?.0);
        }
        Ok((tally, links))
    }

    /// Writes a batch; hands back its links, and the documents to be tried in a simpler form.
    async fn write_once(
        &self,
        entity: Entity,
        part: &str,
        going: Vec<Going>,
        known: &Mutex<Known>,
        tally: &mut Tally,
    ) -> Result<(Vec<Link>, Vec<Going>), Fault> {
        let intents: Vec<_> = going.iter().map(intent).collect();
        let simple = going.iter().any(Going::is_simpler);
        let batch = batch_name(entity, part);
        self.engine.jobs.open_batch(&self.run, &batch, &intents).await?;
        self.make_way(&going, known).await?;

        // What was refused may stand there from an attempt whose outcome was unknown.
        let in_doubt = |key: &RecordKey| self.doubt.is_about(key) || lock(known).is_refused(key);
        let verify_first = simple || intents.iter().any(|intent| in_doubt(&intent.key));
        let sent = self.send(entity, going, known, verify_first).await?;
        let outcomes = self.outcomes_of(sent, &lock(known), tally)?;
        if !outcomes.unknown.is_empty() {
            // Open until it was looked up: the run ends before that.
            self.engine.jobs.open_batch(&self.run, &batch_name(entity, part), &outcomes.unknown).await?;
        }
        self.close(&batch, &outcomes.links, &outcomes.applied).await?;
        self.at_hand.note(&outcomes.links);
        match outcomes.stop {
            Some(fault) => Err(fault),
            None => Ok((outcomes.links, outcomes.simpler)),
        }
    }

    /// Notes what became of a batch, unless another worker has taken it over.
    pub(super) async fn close(&self, batch: &str, links: &[Link], applied: &[Applied]) -> Result<(), Fault> {
        match self.engine.jobs.close_batch(&self.run, batch, links, applied).await? {
            true => Ok(()),
            false => Err(taken_over()),
        }
    }

    fn outcomes_of(
        &self,
        sent: impl ExactSizeIterator<Item = (Going, Result<Written, Fault>)>,
        known: &Known,
        tally: &mut Tally,
    ) -> Result<Outcomes, Fault> {
        let mut outcomes = Outcomes { links: Vec::with_capacity(sent.len()), ..Outcomes::default() };
        for (going, result) in sent {
            match result {
                Ok(written) => self.note_written(going, written, known, &mut outcomes, tally)?,
                Err(fault) => self.note_refused(going, fault, known, &mut outcomes, tally)?,
            }
        }
        Ok(outcomes)
    }

    /// Sends a batch and hands it back with its outcomes; where they are unknown, sends it again looking each
    /// record up first.
    async fn send(
        &self,
        entity: Entity,
        going: Vec<Going>,
        known: &Mutex<Known>,
        verify_first: bool,
    ) -> Result<impl ExactSizeIterator<Item = (Going, Result<Written, Fault>)> + use<>, Fault> {
        let count = going.len();
        let links = lock(known).targets(going.iter().map(|going| &going.item));
        let mut aside = Vec::with_capacity(count);
        let mut items = Vec::with_capacity(count);
        for Going { item, figures, adjustments } in going {
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
            files: Arc::new(self.store.files()),
        });
        let results = self.outcomes(&mut batch).await?;
        if results.len() != count {
            let detail = format!("{} outcomes for {count} records", results.len());
            return Err(Fault::new(Code::Bug).detail(detail));
        }
        let items = Arc::unwrap_or_clone(batch).items.into_iter().zip(aside);
        let going = items.map(|(item, (figures, adjustments))| Going { item, figures, adjustments });
        Ok(going.zip(results))
    }

    /// The one rule for what is in doubt: a batch of which anything befell a passing fault is sent again as a whole,
    /// with each record looked up first.
    async fn outcomes(&self, batch: &mut Arc<WriteBatch>) -> Result<Vec<Result<Written, Fault>>, Fault> {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let passing = |fault: &Fault| fault.action().is_another_try();
            let fault = match self.engine.connection.writer.write(batch.clone()).await {
                Err(fault) => fault,
                // What befell one record may pass; the others are found where they are.
                Ok(results) => match results.iter().filter_map(|r| r.as_ref().err()).find(|f| passing(f)) {
                    None => return Ok(results),
                    Some(fault) => fault.clone(),
                },
            };
            if !passing(&fault) || attempt >= SENDS_MAX {
                return Err(fault);
            }
            let entity = batch.entity.name();
            tracing::warn!(code = fault.code.id(), entity, attempt, "a batch is sent again");
            // A batch may take several calls: whatever broke one of them, earlier ones may have been carried out.
            if !batch.verify_first {
                Arc::make_mut(batch).verify_first = true;
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(Fault::new(Code::Bug))
    }

    /// Settlements of an earlier run give way to the real payments that now come.
    async fn make_way(&self, going: &[Going], known: &Mutex<Known>) -> Result<(), Fault> {
        for going in going {
            let Body::Payment(payment) = &going.item.record.body else { continue };
            if exact::is_derived(&going.item.record.id) {
                continue;
            }
            for document in payment.allocations.iter().map(|a| &a.document) {
                let settlement = lock(known).take_settlement(document);
                if let Some(settlement) = settlement {
                    self.remove_settlement(document, &settlement).await?;
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
        let rounding = self.rounding(&record, &adjustments)?;
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
        link.more.adjustments.extend(written.adjustments.into_iter().chain(rounding));
        link.more.notes = written.notes;
        tally.adjusted(&link.more.adjustments);
        outcomes.links.push(link);
        Ok(())
    }

    /// The cents by which the target's accounts differ because it rounds to the home currency at other places. Of a
    /// document that goes as one line nothing can be told.
    fn rounding(&self, record: &Record, adjustments: &[Adjustment]) -> Result<Vec<Adjustment>, Fault> {
        let home = self.plan.survey.company.home_currency;
        let target = self.plan.preflight.company.as_ref();
        let is_whole = adjustments.iter().all(|adjustment| adjustment.kind != AdjustmentKind::HighLevel);
        if !is_whole || target.is_some_and(|company| company.home_currency != home) {
            return Ok(Vec::new());
        }
        let Connection { reader, writer } = &self.engine.connection;
        home::rounding(record, home, reader.manifest().home, writer.manifest().home)
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
            if fault.reach == Reach::Unknown {
                outcomes.unknown.push(intent(&going));
            }
            outcomes.stop.get_or_insert(fault);
            return Ok(());
        }
        let refused_detail = fault.kind() == Kind::Rejected
            && self.plan.settings.mode == Mode::Detailed
            && !going.is_simpler();
        match &going.item.record.body {
            Body::Document(document) if refused_detail => {
                let why = format!("{REFUSED}: {}", fault.raw);
                let entity = going.item.record.entity;
                let (document, adjustments) = exact::high_level(entity, Document::clone(document), &why)?;
                going.item.record.body = Body::Document(document.into());
                going.adjustments = adjustments;
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

fn intent(going: &Going) -> Intent {
    let record = &going.item.record;
    Intent { key: record.key(), fingerprint: record.fingerprint() }
}

/// A name of its own for each sending: a batch that is closed stays closed, and what it would be sent again for must be
/// noted.
pub(super) fn batch_name(entity: Entity, part: &str) -> String {
    format!("{}/{part}/{}", entity.name(), Uuid::now_v7().simple())
}

/// Begins the reason of documents that the target refused in detail.
const REFUSED: &str = "The target refused the document in detail";

/// Splits records into batches, at most `size` in each.
fn batches(going: Vec<Going>, size: usize) -> Vec<Batch> {
    let size = size.max(1);
    if going.is_empty() {
        return Vec::new();
    }
    if going.len() <= size {
        // It is alone, with nothing beside it.
        return vec![Batch { touched: Touched::default(), going }];
    }
    let mut queue = going.into_iter();
    let mut batches = Vec::new();
    while queue.len() > 0 {
        let going: Vec<_> = queue.by_ref().take(size).collect();
        batches.push(Batch { touched: Touched::by(going.iter().map(|going| &going.item.record)), going });
    }
    batches
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
