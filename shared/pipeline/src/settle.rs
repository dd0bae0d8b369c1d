//! Settle: brings every document to the outstanding balance its source states, and the clearing account to zero.
//!
//! What payments did not account for becomes one settlement a document, against the clearing account. Settlements
//! are derived records with ids of their own, so a later run finds them, changes them or takes them back. The
//! clearing account is then closed out by one visible journal entry per currency.

use carry_connector::{AccountBalance, Adjustment, AdjustmentKind, Moved, exact};
use carry_model::{
    Allocation, Body, Code, Decimal, Entity, Fault, Journal, JournalLine, MigrationId, Payment, Record,
    RecordKey, SourceId, checked_sum, round_half_up,
};
use carry_ports::{Jobs, Link};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::joined;
use crate::load::{Loader, settlement_key};
use crate::store::RunStore;
use crate::tally::Tally;

/// Documents settled in one go.
const PAGE: usize = 1_000;

/// Documents that have an outstanding balance.
const SETTLED: [Entity; 4] = [Entity::Invoice, Entity::CreditNote, Entity::Bill, Entity::BillCredit];

/// Part names of the engine's own batches.
const SETTLEMENTS: &str = "settlements";
const CLEARING: &str = "clearing";

const ENTRIES: &str = "load/clearing.json";

/// How far settling is, at the end of a slice.
#[derive(Default, Serialize, Deserialize)]
struct Settled {
    /// Place in [`SETTLED`].
    entity: usize,
    /// Documents up to this one are settled.
    after: Option<SourceId>,
    tally: Tally,
    done: bool,
}

impl Settled {
    const fn next_slice(&self, slice: u32) -> Option<u32> {
        if self.done { None } else { Some(slice + 1) }
    }

    /// Settlements are the engine's own: they are adjustments, not records of the source.
    fn count(&mut self, tally: &Tally) -> Result<(), Fault> {
        let made: u64 = tally.entities.values().map(|counts| counts.migrated + counts.updated).sum();
        self.tally.merge(&Tally { entities: Default::default(), ..tally.clone() })?;
        self.tally.adjustments += made;
        Ok(())
    }
}

fn slice_key(slice: u32) -> String {
    format!("load/settle/{slice:05}.json")
}

/// True for the name of a batch of settlements or closing entries.
pub(crate) fn is_settling(batch: &str) -> bool {
    matches!(batch.split('/').nth(1), Some(SETTLEMENTS | CLEARING))
}

/// What settling came to, as far as it got.
pub(crate) async fn settled_so_far(store: &RunStore) -> Result<Tally, Fault> {
    let slices = store.list("load/settle/").await?;
    let Some(last) = slices.last() else { return Ok(Tally::default()) };
    Ok(store.need_json::<Settled>(last).await?.tally)
}

impl Loader {
    /// Settles every document and closes out the clearing account, in slices that go on where the one before
    /// ended because its time was up; Some is the next one. A slice that was done before stays as it is.
    pub(crate) async fn settle(&self, slice: u32) -> Result<Option<u32>, Fault> {
        let mut settled = match self.store.get_json::<Settled>(&slice_key(slice)).await? {
            Some(done) => return Ok(done.next_slice(slice)),
            None if slice == 0 => Settled::default(),
            None => self.store.need_json(&slice_key(slice - 1)).await?,
        };
        match self.settle_rest(&mut settled).await {
            Ok(()) => settled.done = true,
            Err(fault) if self.engine.is_out_of_time(&fault) => {}
            Err(fault) => return Err(fault),
        }
        self.store.create_json(&slice_key(slice), &settled).await?;
        Ok(settled.next_slice(slice))
    }

    async fn settle_rest(&self, settled: &mut Settled) -> Result<(), Fault> {
        // Asked before anything is settled: what this call settles lies on pages that are done.
        let any_before = self.any_before().await?;
        let mut next = self.page_ahead(settled.entity, settled.after.clone());
        while let (Some(entity), Some(page)) = (SETTLED.get(settled.entity).copied(), next.take()) {
            self.engine.cancel.check()?;
            let page = joined(page).await?;
            let after = page.last().map(|link| link.key.id.clone());
            let reached = settled.entity + usize::from(after.is_none());
            // The next page is read while this one is settled: neither touches the other's documents.
            next = self.page_ahead(reached, after.clone());
            settled.count(&self.settle_page(entity, page, any_before).await?)?;
            (settled.entity, settled.after) = (reached, after);
        }
        settled.count(&self.close_clearing().await?)
    }

    /// Begins to read the documents that are settled next; None after the last entity.
    fn page_ahead(
        &self,
        entity: usize,
        after: Option<SourceId>,
    ) -> Option<JoinHandle<Result<Vec<Link>, Fault>>> {
        let entity = SETTLED.get(entity).copied()?;
        let (jobs, migration) = (self.engine.jobs.clone(), self.run.migration.clone());
        Some(tokio::spawn(async move { jobs.stated(&migration, entity, after.as_ref(), PAGE).await }))
    }

    /// True where the journal had a settlement when this was first asked: of an earlier run, or an earlier slice.
    pub(crate) async fn any_before(&self) -> Result<bool, Fault> {
        self.any_before.get_or_try_init(|| self.any_settlement()).await.copied()
    }

    /// True where the journal has a settlement.
    async fn any_settlement(&self) -> Result<bool, Fault> {
        let (jobs, migration) = (&*self.engine.jobs, &self.run.migration);
        for entity in [Entity::Payment, Entity::BillPayment] {
            if any_of(jobs, migration, entity, exact::SETTLEMENT).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn settle_page(
        &self,
        entity: Entity,
        documents: Vec<Link>,
        any_before: bool,
    ) -> Result<Tally, Fault> {
        let Some(by) = entity.settled_by() else { return Ok(Tally::default()) };
        let settlements = if any_before {
            let keys: Vec<_> = documents.iter().filter_map(|link| settlement_key(&link.key)).collect();
            self.engine.jobs.resolve(&self.run.migration, &keys).await?
        } else {
            vec![None; documents.len()]
        };
        let mut tally = Tally::default();
        let mut wanted = Vec::new();
        for (document, settlement) in documents.iter().zip(settlements) {
            let settlement = settlement.filter(Link::is_done);
            let amount = gap(document, settlement.as_ref())?;
            let standing = settlement.as_ref().and_then(|link| link.total).unwrap_or_default().abs();
            if amount == standing {
                // A page that is settled again after an interruption counts what this very run did before.
                let own = settlement.as_ref().is_some_and(|link| link.run == self.run.id);
                tally.adjustments += u64::from(own && amount > Decimal::ZERO);
                continue;
            }
            if let Some(settlement) = &settlement {
                self.remove_settlement(&document.key, settlement).await?;
            }
            if amount > Decimal::ZERO {
                wanted.push(settlement_record(by, document, amount)?);
            }
        }
        if !wanted.is_empty() {
            tally.merge(&self.load_records(by, SETTLEMENTS, wanted).await?)?;
        }
        Ok(tally)
    }

    /// Brings the clearing account to zero by one entry per currency, against the settlements account. The entries
    /// are staged before they are written: once one is in the target, the balance no longer tells what it was.
    async fn close_clearing(&self) -> Result<Tally, Fault> {
        if self.store.get_json::<Vec<Record>>(ENTRIES).await?.is_none() {
            self.store.create_json(ENTRIES, &self.closing_entries().await?).await?;
        }
        let entries: Vec<Record> = self.store.need_json(ENTRIES).await?;
        if entries.is_empty() {
            return Ok(Tally::default());
        }
        self.load_records(Entity::Journal, CLEARING, entries).await
    }

    async fn closing_entries(&self) -> Result<Vec<Record>, Fault> {
        let (jobs, migration) = (&*self.engine.jobs, &self.run.migration);
        // Nothing else passes through the clearing account, so without either it is at zero.
        let closed = any_of(jobs, migration, Entity::Journal, exact::CLOSING).await?;
        if !closed && !self.any_settlement().await? {
            return Ok(Vec::new());
        }
        let clearing = RecordKey::new(Entity::Account, exact::CLEARING);
        let found = self.engine.jobs.resolve(&self.run.migration, &[clearing]).await?;
        let Some(target) = found.into_iter().flatten().find_map(|link| link.target) else {
            return Ok(Vec::new());
        };
        let balances = self.engine.connection.writer.account_balance(&target).await?;
        let open = balances.iter().filter(|b| !b.amount.amount.is_zero() || !b.home.is_zero());
        open.map(|balance| self.closing_entry(balance)).collect()
    }

    fn closing_entry(&self, balance: &AccountBalance) -> Result<Record, Fault> {
        let currency = balance.amount.currency;
        let home = self.plan.survey.company.home_currency;
        let amount = balance.amount.amount;
        let line = |account: &str, amount| JournalLine {
            account: SourceId::from(account),
            amount,
            contact: None,
            description: Some("Settlements carried forward".to_owned()),
            tracking: Vec::new(),
        };
        // The entry's rate is the average of what was settled, so that it closes the home currency's side too.
        let rate = if currency == home { None } else { balance.home.checked_div(amount) };
        let journal = Journal {
            date: self.run.started.to_zoned(jiff::tz::TimeZone::UTC).date(),
            currency,
            rate,
            memo: Some(format!("Carryforward: closes out the clearing account in {currency}")),
            lines: vec![line(exact::CLEARING, -amount), line(exact::SETTLEMENTS, amount)],
        };
        let id = format!("{}{currency}:{}", exact::CLOSING, self.run.id);
        Record::new(Entity::Journal, id, None, Body::Journal(journal))
    }
}

/// True where the journal has a record of an entity whose source id begins so.
async fn any_of(
    jobs: &dyn Jobs,
    migration: &MigrationId,
    entity: Entity,
    prefix: &str,
) -> Result<bool, Fault> {
    let next = jobs.links(migration, entity, Some(&SourceId::from(prefix)), 1).await?;
    Ok(next.iter().any(|link| link.key.id.as_str().starts_with(prefix)))
}

/// What a document's settlement must come to: what is left of its total once payments and its stated outstanding
/// balance are taken off. Never negative: allocations were cut down when they were carried.
fn gap(document: &Link, settlement: Option<&Link>) -> Result<Decimal, Fault> {
    let (Some(total), Some(outstanding)) = (document.total, document.outstanding) else {
        return Err(Fault::new(Code::Bug).detail("a document without figures was to be settled"));
    };
    let standing = settlement.and_then(|link| link.total).unwrap_or_default().abs();
    let gap = checked_sum([total, -outstanding, -document.applied, standing])?;
    let digits = document.currency.map_or(2, |currency| currency.minor_digits());
    Ok(round_half_up(gap, digits).max(Decimal::ZERO))
}

fn settlement_record(by: Entity, document: &Link, amount: Decimal) -> Result<Record, Fault> {
    let missing = || Fault::new(Code::StateUnusable).detail("a document's date or currency is unknown");
    let currency = document.currency.ok_or_else(missing)?;
    // Settling a credit pays it out, so the money goes the other way.
    let pays_out = matches!(document.key.entity.ledger(), Some((_, -1)));
    let number = document.number.clone().unwrap_or_else(|| document.key.id.to_string());
    let payment = Payment {
        contact: document.contact.clone(),
        date: document.date.ok_or_else(missing)?,
        currency,
        rate: document.rate,
        amount: if pays_out { -amount } else { amount },
        account: Some(SourceId::from(exact::CLEARING)),
        method: None,
        reference: Some(format!("Settlement {number}")),
        memo: Some(format!("Carryforward settlement of {} {number}, as in the source", document.key.entity)),
        allocations: vec![Allocation { document: document.key.clone(), amount }],
    };
    let id = exact::settlement_id(&document.key);
    Record::new(by, id, Some(format!("Settlement {number}")), Body::Payment(payment.into()))
}

/// The adjustment that a settlement or closing entry is, for the report.
pub(crate) fn adjustment_of(link: &Link) -> Option<Adjustment> {
    if !exact::is_derived(&link.key.id) {
        return None;
    }
    let (amount, currency) = (link.total?, link.currency?);
    let settlement = "The source states a lower outstanding balance than its payments account for.";
    // It goes over the clearing account, which is closed out to that of settlements.
    let settles = |debit| {
        let to = Some(SourceId::from(exact::SETTLEMENTS));
        let moved = Moved { from: None, to, debit };
        Adjustment::new(AdjustmentKind::Settlement, amount, currency, settlement).moving(moved)
    };
    match link.key.entity {
        Entity::Journal => {
            let why = "Closes out the clearing account, which ends at zero.";
            Some(Adjustment::new(AdjustmentKind::ClearingClosed, amount, currency, why))
        }
        Entity::Payment => Some(settles(amount)),
        Entity::BillPayment => Some(settles(-amount)),
        _ => None,
    }
}
