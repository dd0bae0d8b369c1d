//! Invoices, bills, credit notes, quotes and purchase orders; receipts, expenses and refunds as bank transactions.

use carry_connector::{Method, Operation, WriteBatch, WriteItem, Written};
use carry_model::{Body, Code, Document, Entity, Fault, Record, Status, TargetId};

use super::index::{Natural, uuid};
use super::lines::Builder;
use super::outgoing::{Names, Outgoing, Standing};
use super::target::{Side, Target};
use super::{Attempt, Results};
use crate::client::Xero;
use crate::shapes::{AccountRef, ContactRef, Doc};
use crate::{fault, mark};

/// Longest number and reference, in characters.
const NUMBER_MAX: usize = 255;

/// Below this address the marks of documents stand, in the field for a link to the source document.
const LINK: &str = "https://carryforward.invalid/record/";

/// The query of every write: an outcome for each element, and unit prices to four decimals.
pub(super) fn one_by_one() -> [(&'static str, String); 2] {
    [("summarizeErrors", "false".to_owned()), ("unitdp", "4".to_owned())]
}

/// A document ready to go, and what is to be said of it.
struct Ready {
    outgoing: Outgoing,
    notes: Vec<String>,
}

impl Xero {
    pub(super) async fn write_documents(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let target = self.target().await?;
        let mut attempt = Attempt::new(batch.items.len());
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for (place, item) in batch.items.iter().enumerate() {
            let Body::Document(document) = &item.record.body else {
                attempt.set(place, Err(Fault::new(Code::Bug).detail("no document")));
                continue;
            };
            match ready(&target, batch, item, document) {
                Err(fault) => attempt.set(place, Err(fault)),
                Ok(ready) if ready.outgoing.id.is_some() => changed.push((place, ready)),
                Ok(ready) => match self.standing(batch, &item.record, document, &ready.outgoing).await? {
                    Some(written) => attempt.set(place, Ok(written)),
                    None => new.push((place, ready)),
                },
            }
        }
        let taken = self.send_documents(Method::Put, batch, new, &mut attempt).await?;
        if !taken.is_empty() {
            // The number is another document's: ours gets its mark behind it.
            let renumbered = taken.into_iter().map(|(place, mut ready)| {
                if let Some(item) = batch.items.get(place) {
                    renumber(&mut ready, &mark::of(&item.record.key()));
                }
                (place, ready)
            });
            let left = self.send_documents(Method::Put, batch, renumbered.collect(), &mut attempt).await?;
            for (place, _) in left {
                attempt.set(place, Err(Fault::new(Code::NumberTaken)));
            }
        }
        let paid = self.send_documents(Method::Post, batch, changed, &mut attempt).await?;
        for (place, ready) in paid {
            let outcome = self.change_settled(&ready.outgoing).await.map_err(|fault| attempt.in_doubt(fault));
            let outcome = match outcome {
                Ok(doc) => self.judged(batch, place, doc, ready.notes).await?,
                Err(fault) if fault.action() == carry_model::Action::Quarantine => Err(fault),
                Err(fault) => return Err(fault),
            };
            attempt.set(place, outcome);
        }
        attempt.finish()
    }

    /// What an earlier attempt wrote already.
    async fn standing(
        &self,
        batch: &WriteBatch,
        record: &Record,
        document: &Document,
        outgoing: &Outgoing,
    ) -> Result<Option<Written>, Fault> {
        if !batch.verify_first {
            return Ok(None);
        }
        let mark = mark::of(&record.key());
        let natural = Natural {
            kind: outgoing.kind.unwrap_or_default(),
            number: outgoing.number.as_deref().unwrap_or_default(),
            contact: &outgoing.contact.id,
            date: document.date,
            total: document.total,
        };
        let found = self
            .with_index(outgoing.names.endpoint, false, |index| {
                let id = index.marked(&mark).or_else(|| index.natural(&natural))?;
                Some((id, index.entry(id)?))
            })
            .await?;
        // A document with another total is one that came out wrong and was not taken back in time.
        Ok(found.filter(|(_, entry)| entry.total == document.total).map(|(id, entry)| Written {
            number: outgoing.number.clone(),
            total: Some(entry.total),
            ..Written::new(TargetId::new(id.to_string()))
        }))
    }

    /// Sends documents and notes what became of each; hands back those whose number is taken (new ones) or that are
    /// settled and can therefore not be changed at once.
    async fn send_documents(
        &self,
        method: Method,
        batch: &WriteBatch,
        ready: Vec<(usize, Ready)>,
        attempt: &mut Attempt,
    ) -> Result<Vec<(usize, Ready)>, Fault> {
        let Some((_, first)) = ready.first() else { return Ok(Vec::new()) };
        let endpoint = first.outgoing.names.endpoint;
        let elements: Vec<_> = ready.iter().map(|(_, ready)| &ready.outgoing).collect();
        let docs = self.send_elements(method, endpoint, &elements).await.map_err(|f| attempt.in_doubt(f))?;
        attempt.reached();
        let written: Vec<_> = docs.iter().filter(|doc| !is_refused(doc)).cloned().collect();
        self.note_written(endpoint, &written).await?;
        let retried = if method == Method::Put { Code::NumberTaken } else { Code::CannotUpdate };
        let mut again = Vec::new();
        for ((place, ready), doc) in ready.into_iter().zip(docs) {
            if is_refused(&doc) {
                let fault = fault::of_messages(doc.validation_errors, "Xero refused it without a word.");
                if fault.code == retried {
                    again.push((place, ready));
                } else {
                    attempt.set(place, Err(fault));
                }
                continue;
            }
            let outcome =
                self.judged(batch, place, doc, ready.notes).await.map_err(|f| attempt.in_doubt(f))?;
            attempt.set(place, outcome);
        }
        Ok(again)
    }

    /// Sends elements and reads as many back.
    pub(super) async fn send_elements(
        &self,
        method: Method,
        endpoint: &'static str,
        elements: &[&Outgoing],
    ) -> Result<Vec<Doc>, Fault> {
        let page = self.put(method, endpoint, endpoint, &elements, &one_by_one()).await?;
        let docs: Vec<Doc> = page.read()?;
        super::same_number(docs.len(), elements.len())?;
        Ok(docs)
    }

    /// What was written, where it came out at its total; else it is taken back and refused, so that it can go in a
    /// simpler form.
    async fn judged(
        &self,
        batch: &WriteBatch,
        place: usize,
        doc: Doc,
        notes: Vec<String>,
    ) -> Result<Result<Written, Fault>, Fault> {
        let Some(item) = batch.items.get(place) else { return Err(Fault::new(Code::Bug)) };
        let wanted = item.record.document().map(|document| document.total);
        let id = if doc.id.is_empty() { doc.bank_transaction_id.clone() } else { doc.id.clone() };
        if uuid(&id).is_none() {
            return Err(
                Fault::new(Code::AnswerUnreadable).detail("A written document came back without an id.")
            );
        }
        if doc.total != wanted {
            if matches!(item.operation, Operation::Create) {
                self.take_back(batch.entity, &id, &doc.status).await?;
            }
            let shown = doc.total.unwrap_or_default();
            let detail = format!("Xero made the total {shown} of it, so it was taken back.");
            return Ok(Err(Fault::new(Code::TargetRefused)
                .detail(detail)
                .raw("The total came out otherwise.")));
        }
        let warnings = doc.warnings.into_iter().map(|warning| warning.message);
        Ok(Ok(Written {
            id: TargetId::new(id),
            number: doc.number,
            total: doc.total,
            adjustments: Vec::new(),
            notes: notes.into_iter().chain(warnings).collect(),
        }))
    }

    /// Strikes out a document that was just made, its number freed.
    async fn take_back(&self, entity: Entity, id: &str, status: &str) -> Result<(), Fault> {
        let names = Names::of(entity);
        let endpoint = names.endpoint;
        if !matches!(endpoint, "BankTransactions") {
            let freed = Standing::renumbered(&names, id, format!("CF-taken-back-{id}"));
            self.put(Method::Post, endpoint, endpoint, &[freed], &one_by_one()).await?;
        }
        let gone = Standing::new(&names, id, super::remove::end_of(entity, status));
        self.put(Method::Post, endpoint, endpoint, &[gone], &one_by_one()).await?;
        self.note_removed(endpoint, id).await;
        Ok(())
    }
}

pub(super) fn is_refused(doc: &Doc) -> bool {
    doc.has_errors || doc.outcome.as_deref() == Some("ERROR") || !doc.validation_errors.is_empty()
}

fn renumber(ready: &mut Ready, mark: &str) {
    if let Some(number) = &ready.outgoing.number {
        let other = mark::append(number, mark, NUMBER_MAX);
        ready.notes.push(format!("The number {number} is another document's in Xero; it became {other}."));
        ready.outgoing.number = Some(other);
    }
}

/// A document as it goes, or why it cannot.
fn ready(target: &Target, batch: &WriteBatch, item: &WriteItem, document: &Document) -> Result<Ready, Fault> {
    let record = &item.record;
    let names = Names::of(record.entity);
    let side = Side::of(record.entity);
    let mark = mark::of(&record.key());
    let contact = batch.links.get_opt(Entity::Contact, &document.contact).ok_or_else(|| {
        Fault::new(Code::FieldMissing).field("contact").detail("Xero takes no document without a contact.")
    })?;
    let lines = Builder { target, links: &batch.links, side }.lines(document)?;
    let mut notes = lines.notes;
    let is_bank = names.endpoint == "BankTransactions";
    let number = match &record.number {
        Some(number) if batch.keep_numbers => {
            if number.chars().count() > NUMBER_MAX {
                notes.push(format!("The number was cut to {NUMBER_MAX} characters."));
            }
            Some(number.chars().take(NUMBER_MAX).collect())
        }
        // Xero numbers sales itself; what it does not number, and what bears no mark elsewhere, is called by its mark.
        _ if matches!(record.entity, Entity::Invoice) => None,
        _ => Some(mark.clone()),
    };
    let said = document.reference.clone();
    let said = if is_bank { record.number.clone().or(said) } else { said }.unwrap_or_default();
    let status = status(record.entity, document.status, &mut notes);
    let bank_account = if is_bank { Some(bank_account(target, batch, document)?) } else { None };
    let outgoing = Outgoing {
        kind: names.kind.or_else(|| is_bank.then(|| bank_kind(record.entity))),
        id: match &item.operation {
            Operation::Create => None,
            Operation::Update(id) => Some(id.to_string()),
        },
        number: if is_bank { None } else { number },
        contact: ContactRef { id: contact.to_string() },
        date: document.date.to_string(),
        due: if is_bank { None } else { Some(document.due.unwrap_or(document.date).to_string()) },
        reference: Some(match names.has_url {
            true => said.chars().take(NUMBER_MAX).collect(),
            false => mark::append(&said, &mark, NUMBER_MAX),
        })
        .filter(|reference: &String| !reference.is_empty()),
        url: names.has_url.then(|| format!("{LINK}{mark}")),
        currency: document.currency.to_string(),
        rate: document.rate.filter(|_| document.currency != target.home),
        has_tax: lines.items.iter().any(|line| line.tax_type.as_deref() != Some(super::target::NO_TAX)),
        lines: lines.items,
        // Changing a document leaves its status as it is.
        status: if matches!(item.operation, Operation::Create) { status } else { None },
        bank_account,
        names,
    };
    Ok(Ready { outgoing, notes })
}

const fn bank_kind(entity: Entity) -> &'static str {
    match entity {
        Entity::SalesReceipt => "RECEIVE",
        _ => "SPEND",
    }
}

fn bank_account(target: &Target, batch: &WriteBatch, document: &Document) -> Result<AccountRef, Fault> {
    let account = target.linked(&batch.links, &document.paid_account).ok_or_else(|| {
        Fault::new(Code::FieldMissing).field("paid_account").detail(
            "Xero keeps it as a bank transaction, which needs the bank account that the money moved on.",
        )
    })?;
    Ok(AccountRef { id: account.id.clone(), code: String::new() })
}

/// The status to create a document in.
fn status(entity: Entity, status: Status, notes: &mut Vec<String>) -> Option<&'static str> {
    match (entity, status) {
        (Entity::SalesReceipt | Entity::Expense | Entity::Refund, _) => None,
        (_, Status::Draft) => Some("DRAFT"),
        (Entity::Estimate, Status::Open) => Some("SENT"),
        (Entity::Estimate, other) => {
            notes.push(format!("It stands as sent in Xero; in the source it is {}.", word(other)));
            Some("SENT")
        }
        (Entity::PurchaseOrder, Status::Accepted | Status::Declined | Status::Closed) => {
            notes.push(format!("It stands as approved in Xero; in the source it is {}.", word(status)));
            Some("AUTHORISED")
        }
        _ => Some("AUTHORISED"),
    }
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Draft => "a draft",
        Status::Open => "open",
        Status::Accepted => "accepted",
        Status::Declined => "declined",
        Status::Closed => "closed",
        Status::Voided => "void",
    }
}
