//! The target side: which record is written how.

mod bank;
mod contacts;
mod documents;
mod entries;
mod exact;
mod files;
mod lines;
mod lists;
mod numbers;
mod payments;
mod read_back;
mod remove;
mod target;
mod taxes;

use std::sync::Arc;

use async_trait::async_trait;
use carry_connector::{
    AccountBalance, Adjustment, Balance, CatalogEntry, Found, Manifest, Operation as Op, Preflight, Removal,
    Support, WriteBatch, WriteItem, Writer, Written,
};
use carry_model::{Body, Code, Date, Decimal, Entity, Fault, Reach, Record, SourceId, TargetId};
use futures::StreamExt;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::company::{Operation, decode, escape};
use crate::fault;
use crate::kinds::Kind;
use crate::lists::Lists;
use crate::objects::Head;
use crate::session::QuickBooks;
use target::Parts;

pub(crate) use numbers::Numbers;
pub(crate) use target::marker_in;

/// One outcome a record, in order.
type Results = Vec<Result<Written, Fault>>;

/// Times a change is sent anew because somebody changed the object in between.
const STALE_MAX: usize = 2;

/// Calls for one record each that are under way at once.
const ALONE_AT_ONCE: usize = 5;

/// The object a record becomes.
#[derive(Clone)]
struct Draft {
    kind: Kind,
    body: Value,
    notes: Vec<String>,
    adjustments: Vec<Adjustment>,
}

impl Draft {
    fn new(kind: Kind, body: Value) -> Self {
        Self { kind, body, notes: Vec::new(), adjustments: Vec::new() }
    }
}

/// What became of a draft in a batch.
enum Sent {
    Done(Result<(Done, Draft), Fault>),
    /// Its number is given twice: it goes in a call of its own.
    Alone(Draft),
}

/// An object that is in the target now.
struct Done {
    head: Head,
    object: Box<RawValue>,
}

/// The day a record is booked on; None for lists.
fn date_of(body: &Body) -> Option<Date> {
    match body {
        Body::Document(document) => Some(document.date),
        Body::Payment(payment) => Some(payment.date),
        Body::Transfer(transfer) => Some(transfer.date),
        Body::BankTransaction(bank) => Some(bank.date),
        Body::Journal(journal) => Some(journal.date),
        Body::Activity(activity) => Some(activity.date),
        _ => None,
    }
}

impl QuickBooks {
    /// Reads the target's lists where they are not at hand.
    async fn ensure_lists(&self) -> Result<(), Fault> {
        let mut lists = self.lists.lock().await;
        if lists.is_none() {
            let several = self.preferences.currency_prefs.multi_currency_enabled;
            *lists = Some(Lists::read(&self.company, several).await?);
        }
        Ok(())
    }

    /// Works on the lists for a moment; never across a call.
    async fn with_lists<T>(&self, work: impl FnOnce(&mut Lists) -> T) -> Result<T, Fault> {
        self.ensure_lists().await?;
        let mut lists = self.lists.lock().await;
        match lists.as_mut() {
            Some(lists) => Ok(work(lists)),
            None => Err(Fault::new(Code::Bug).detail("the target's lists are not there")),
        }
    }

    /// Creates the drafts that there are; one outcome each.
    async fn create(
        &self,
        drafts: Vec<Result<Draft, Fault>>,
    ) -> Result<Vec<Result<(Done, Draft), Fault>>, Fault> {
        self.send("create", drafts).await
    }

    async fn send(
        &self,
        verb: &'static str,
        drafts: Vec<Result<Draft, Fault>>,
    ) -> Result<Vec<Result<(Done, Draft), Fault>>, Fault> {
        let alone = match verb {
            "create" => self.numbers.lock().await.given_before(&drafts),
            _ => vec![false; drafts.len()],
        };
        let together = drafts.iter().zip(&alone).filter(|(_, alone)| !**alone);
        let operations: Vec<_> = together
            .filter_map(|(draft, _)| draft.as_ref().ok())
            .map(|draft| Operation { verb, kind: draft.kind, body: draft.body.clone() })
            .collect();
        let outcomes =
            if operations.is_empty() { Vec::new() } else { self.company.batch(&operations).await? };
        let mut outcomes = outcomes.into_iter();
        let mut sent = Vec::with_capacity(drafts.len());
        for (draft, alone) in drafts.into_iter().zip(alone) {
            sent.push(match draft {
                Err(fault) => Sent::Done(Err(fault)),
                Ok(draft) if alone => Sent::Alone(draft),
                Ok(draft) => match outcomes.next() {
                    Some(Ok(object)) => Sent::Done(done(object).map(|done| (done, draft))),
                    Some(Err(fault)) if fault::number(&fault) == Some(fault::NUMBER_TAKEN) => {
                        self.numbers.lock().await.refused(draft.kind);
                        Sent::Alone(draft)
                    }
                    Some(Err(fault)) => Sent::Done(Err(fault)),
                    None => Sent::Done(Err(Fault::new(Code::Bug).detail("a record without an outcome"))),
                },
            });
        }
        let outcome = async |sent| match sent {
            Sent::Done(outcome) => outcome,
            Sent::Alone(draft) => self.number_anyway(draft).await,
        };
        Ok(futures::stream::iter(sent).map(outcome).buffered(ALONE_AT_ONCE).collect().await)
    }

    /// Suppliers number their bills as they like: the same number is kept a second time.
    async fn number_anyway(&self, draft: Draft) -> Result<(Done, Draft), Fault> {
        let path = format!("{}?include=allowduplicatedocnum", draft.kind.path());
        let mut answer = self.company.post(&path, &draft.body, draft.kind.label()).await?;
        match answer.remove(draft.kind.name()) {
            Some(object) => done(object).map(|done| (done, draft)),
            None => Err(fault::unreadable(carry_connector::Effect::Write, "an object")),
        }
    }

    /// Transactions of that kind that carry the references of these records, by the days they are booked on.
    async fn located(&self, kind: Kind, records: &[&Record]) -> Result<Vec<Option<Head>>, Fault> {
        let dates: Vec<Date> = records.iter().filter_map(|record| date_of(&record.body)).collect();
        let (Some(first), Some(last)) = (dates.iter().min(), dates.iter().max()) else {
            return Ok(records.iter().map(|_| None).collect());
        };
        let condition = format!("TxnDate >= '{}' AND TxnDate <= '{}'", escape(&first.to_string()), last);
        let mut found: rustc_hash::FxHashMap<String, Head> = rustc_hash::FxHashMap::default();
        for head in self.company.all::<Head>(kind, &condition).await? {
            // Time that was worked has no note of its own.
            let text = head.private_note.as_deref().or(head.description.as_deref());
            if let Some(marker) = text.and_then(marker_in) {
                found.insert(marker.to_owned(), head);
            }
        }
        Ok(records.iter().map(|record| found.remove(&target::marker(record.entity, &record.id))).collect())
    }

    /// The current state of objects, whole, by id.
    async fn current(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<rustc_hash::FxHashMap<String, Value>, Fault> {
        let objects: Vec<Value> = self.company.by_ids(kind, ids).await?;
        let id = |object: &Value| object.get("Id").and_then(Value::as_str).map(str::to_owned);
        Ok(objects.into_iter().filter_map(|object| Some((id(&object)?, object))).collect())
    }

    /// Changes objects: each draft takes the place of the object with that id.
    async fn replace(
        &self,
        drafts: Vec<(String, Result<Draft, Fault>)>,
    ) -> Result<Vec<Result<(Done, Draft), Fault>>, Fault> {
        let mut results: Vec<Option<Result<(Done, Draft), Fault>>> = drafts.iter().map(|_| None).collect();
        let mut open: Vec<(usize, String, Result<Draft, Fault>)> =
            drafts.into_iter().enumerate().map(|(index, (id, draft))| (index, id, draft)).collect();
        for attempt in 0..=STALE_MAX {
            let mut ready = Vec::with_capacity(open.len());
            for kind in Kind::ALL {
                let of_kind = |draft: &Result<Draft, Fault>| draft.as_ref().is_ok_and(|d| d.kind == *kind);
                let ids: Vec<_> =
                    open.iter().filter(|(_, _, d)| of_kind(d)).map(|(_, id, _)| id.clone()).collect();
                if ids.is_empty() {
                    continue;
                }
                let current = self.current(*kind, &ids).await?;
                for (_, id, draft) in open.iter_mut().filter(|(_, _, d)| of_kind(d)) {
                    let token = current.get(id.as_str()).and_then(|object| object.get("SyncToken")).cloned();
                    let Ok(known) = draft else { continue };
                    match token {
                        Some(token) => {
                            set(&mut known.body, "Id", Value::from(id.as_str()));
                            set(&mut known.body, "SyncToken", token);
                        }
                        None => *draft = Err(Fault::new(Code::RecordGone).reach(Reach::Refused)),
                    }
                }
            }
            let mut places = Vec::with_capacity(open.len());
            for (index, id, draft) in open.drain(..) {
                places.push((index, id));
                ready.push(draft);
            }
            let copies: Vec<Option<Draft>> = ready.iter().map(|draft| draft.as_ref().ok().cloned()).collect();
            let sent = self.send("update", ready).await?;
            for (((index, id), copy), result) in places.into_iter().zip(copies).zip(sent) {
                let stale = matches!(&result, Err(fault) if fault::number(fault) == Some(fault::STALE));
                match (stale && attempt < STALE_MAX, copy) {
                    (true, Some(draft)) => open.push((index, id, Ok(draft))),
                    _ => {
                        if let Some(slot) = results.get_mut(index) {
                            *slot = Some(result);
                        }
                    }
                }
            }
            if open.is_empty() {
                break;
            }
        }
        let bug = || Err(Fault::new(Code::Bug).detail("a record without an outcome"));
        Ok(results.into_iter().map(|result| result.unwrap_or_else(bug)).collect())
    }

    async fn write_by_entity(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        self.ensure_lists().await?;
        match batch.entity {
            Entity::Account | Entity::Terms | Entity::PaymentMethod | Entity::Item => {
                self.write_list(batch).await
            }
            Entity::TaxRate => self.write_taxes(batch).await,
            Entity::TrackingCategory => self.write_tracking(batch).await,
            Entity::Contact => self.write_contacts(batch).await,
            Entity::Project => self.write_projects(batch).await,
            Entity::Payment | Entity::BillPayment => self.write_payments(batch).await,
            Entity::Transfer | Entity::BankTransaction | Entity::Journal | Entity::TimeActivity => {
                self.write_entries(batch).await
            }
            Entity::Attachment => self.write_files(batch).await,
            entity if entity.is_document() && entity != Entity::SalesOrder => {
                self.write_documents(batch).await
            }
            entity => {
                let why = match self.manifest().entity(entity).write {
                    Support::No(why) => why,
                    Support::Yes => "not part of this system",
                };
                Ok(batch.items.iter().map(|_| Err(Fault::new(Code::EntityUnsupported).detail(why))).collect())
            }
        }
    }

    /// Where earlier attempts may have written, what is there already: by its reference.
    async fn already(&self, kind: Kind, batch: &WriteBatch) -> Result<Vec<Option<Head>>, Fault> {
        if !batch.verify_first {
            return Ok(batch.items.iter().map(|_| None).collect());
        }
        let records: Vec<&Record> = batch.items.iter().map(|item| &item.record).collect();
        self.located(kind, &records).await
    }
}

fn done(object: Box<RawValue>) -> Result<Done, Fault> {
    let head = decode(&object, carry_connector::Effect::Write)?;
    Ok(Done { head, object })
}

/// Sets a field of an object.
fn set(body: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = body {
        fields.insert(name.to_owned(), value);
    }
}

/// Sets a field where there is something to set.
fn set_some(body: &mut Value, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        set(body, name, value);
    }
}

/// A reference.
fn to(id: &str) -> Value {
    serde_json::json!({ "value": id })
}

/// A decimal as a JSON number. QuickBooks takes fifteen digits, which a number in JSON holds exactly.
fn number(amount: Decimal) -> Result<Value, Fault> {
    let amount = amount.normalize();
    let digits = amount.mantissa().unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
    if digits > 15 {
        return Err(Fault::new(Code::AmountOutOfRange)
            .text(amount)
            .detail("QuickBooks takes amounts of fifteen digits."));
    }
    serde_json::from_str(&amount.to_string())
        .map_err(|e| Fault::new(Code::Bug).detail("a number").caused_by(e))
}

/// The id of an object of a kind that a link leads to.
fn linked(batch: &WriteBatch, entity: Entity, id: &SourceId, kind: Kind) -> Option<String> {
    Parts::of(batch.links.get(entity, id)?, kind).id(kind)
}

fn linked_opt(batch: &WriteBatch, entity: Entity, id: &Option<SourceId>, kind: Kind) -> Option<String> {
    linked(batch, entity, id.as_ref()?, kind)
}

fn is_update(item: &WriteItem) -> Option<&TargetId> {
    match &item.operation {
        Op::Update(id) => Some(id),
        Op::Create => None,
    }
}

#[async_trait]
impl Writer for QuickBooks {
    fn manifest(&self) -> &'static Manifest {
        &crate::manifest::MANIFEST
    }

    async fn preflight(&self) -> Result<Preflight, Fault> {
        self.look_before().await
    }

    async fn catalog(&self, entity: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        self.catalog_of(entity).await
    }

    async fn look_anew(&self) {
        *self.lists.lock().await = None;
    }

    async fn find(&self, records: &[Record]) -> Result<Vec<Option<Found>>, Fault> {
        let mut all = Vec::with_capacity(records.len());
        for record in records {
            all.push(self.find_one(record).await?);
        }
        Ok(all)
    }

    async fn write(&self, batch: Arc<WriteBatch>) -> Result<Results, Fault> {
        let written = self.write_by_entity(&batch).await;
        let may_pass = |fault: &Fault| fault.action().is_another_try();
        let all_known = match &written {
            Ok(results) => !results.iter().filter_map(|result| result.as_ref().err()).any(may_pass),
            Err(_) => false,
        };
        if !all_known {
            // What was learnt of the lists may be out of date.
            self.look_anew().await;
        }
        written
    }

    async fn read_back(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Option<Balance>>, Fault> {
        self.balances(entity, ids).await
    }

    async fn account_balance(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        self.balance_of_account(account).await
    }

    async fn remove(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        self.remove_all(entity, ids).await
    }
}
