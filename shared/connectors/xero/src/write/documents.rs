//! Invoices, bills, credit notes, quotes and purchase orders; receipts, expenses and refunds as bank transactions.

use carry_connector::{Method, Operation, WriteBatch, Written};
use carry_model::{Body, Code, Document, Entity, Fault, Record, Status, TargetId};

use super::index::{Natural, uuid};
use super::lines::Builder;
use super::outgoing::{Names, Outgoing, Standing};
use super::send::Going;
use super::target::{Side, Target};
use super::{Attempt, Results};
use crate::client::Xero;
use crate::mark;
use crate::shapes::{AccountRef, ContactRef, Doc};

/// Longest number and reference, in characters.
const NUMBER_MAX: usize = 255;

/// Below this address the marks of documents stand, in the field for a link to the source document.
const LINK: &str = "https://carryforward.invalid/record/";

impl Xero {
    pub(super) async fn write_documents(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let target = self.target().await?;
        let mut attempt = Attempt::new(batch.items.len());
        let mut going = Vec::new();
        for (place, item) in batch.items.iter().enumerate() {
            let Body::Document(document) = &item.record.body else {
                attempt.set(place, Err(Fault::new(Code::Bug).detail("no document")));
                continue;
            };
            match ready(&target, batch, place, document) {
                Err(fault) => attempt.set(place, Err(fault)),
                Ok(ready) => match self.standing(batch, &item.record, document, &ready).await? {
                    Some(written) => attempt.set(place, Ok(written)),
                    None => going.push(ready),
                },
            }
        }
        let again = self.send_documents(batch, going, &mut attempt).await?;
        let (taken, settled): (Vec<_>, Vec<_>) = again.into_iter().partition(|going| going.is_new);
        // The number is another document's: ours gets its mark behind it.
        let renumbered = taken.into_iter().map(|going| renumbered(batch, going));
        for left in self.send_documents(batch, renumbered.collect(), &mut attempt).await? {
            attempt.set(left.place, Err(Fault::new(Code::NumberTaken)));
        }
        for going in settled {
            let place = going.place;
            let outcome = match attempt.own(self.change_settled(&going.element).await)? {
                Ok(doc) => self.judged(batch, going, doc).await?,
                Err(refusal) => Err(refusal),
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
        ready: &Going<Outgoing>,
    ) -> Result<Option<Written>, Fault> {
        if !batch.verify_first || !ready.is_new {
            return Ok(None);
        }
        let outgoing = &ready.element;
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
            notes: ready.notes.clone(),
            adjustments: ready.adjustments.clone(),
            ..Written::new(TargetId::new(id.to_string()))
        }))
    }

    /// Sends documents and notes what became of each; hands back new ones whose number is taken, and known ones that
    /// are settled and can therefore not be changed at once.
    async fn send_documents(
        &self,
        batch: &WriteBatch,
        going: Vec<Going<Outgoing>>,
        attempt: &mut Attempt,
    ) -> Result<Vec<Going<Outgoing>>, Fault> {
        let endpoint = Names::of(batch.entity).endpoint;
        let sent = self.send_each::<_, Doc>(endpoint, going, attempt).await?;
        self.note_written(endpoint, sent.iter().filter_map(|(_, outcome)| outcome.as_ref().ok())).await?;
        let mut again = Vec::new();
        for (going, outcome) in sent {
            let retried = if going.is_new { Code::NumberTaken } else { Code::CannotUpdate };
            match outcome {
                Err(fault) if fault.code == retried => again.push(going),
                Err(fault) => attempt.set(going.place, Err(fault)),
                Ok(doc) => {
                    let place = going.place;
                    let judged = self.judged(batch, going, doc).await;
                    attempt.set(place, judged.map_err(|fault| attempt.broken_off(fault))?);
                }
            }
        }
        Ok(again)
    }

    /// What was written, where it came out at its total; else it is taken back and refused, so that it can go in a
    /// simpler form.
    async fn judged(
        &self,
        batch: &WriteBatch,
        going: Going<Outgoing>,
        doc: Doc,
    ) -> Result<Result<Written, Fault>, Fault> {
        let Some(item) = batch.items.get(going.place) else { return Err(Fault::new(Code::Bug)) };
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
            adjustments: going.adjustments,
            notes: going.notes.into_iter().chain(warnings).collect(),
        }))
    }

    /// Strikes out a document that was just made, its number freed.
    async fn take_back(&self, entity: Entity, id: &str, status: &str) -> Result<(), Fault> {
        let names = Names::of(entity);
        let endpoint = names.endpoint;
        if !matches!(endpoint, "BankTransactions") {
            let freed = Standing::renumbered(&names, id, format!("CF-taken-back-{id}"));
            self.send_all::<_, Doc>(Method::Post, endpoint, &[freed]).await?;
        }
        let gone = Standing::new(&names, id, super::remove::end_of(entity, status));
        self.send_all::<_, Doc>(Method::Post, endpoint, &[gone]).await?;
        self.note_removed(endpoint, id).await;
        Ok(())
    }
}

fn renumbered(batch: &WriteBatch, mut going: Going<Outgoing>) -> Going<Outgoing> {
    let key = batch.items.get(going.place).map(|item| item.record.key());
    if let (Some(number), Some(key)) = (&going.element.number, key) {
        let other = mark::append(number, &mark::of(&key), NUMBER_MAX);
        going.notes.push(format!("The number {number} is another document's in Xero; it became {other}."));
        going.element.number = Some(other);
    }
    going
}

/// A document as it goes, or why it cannot.
fn ready(
    target: &Target,
    batch: &WriteBatch,
    place: usize,
    document: &Document,
) -> Result<Going<Outgoing>, Fault> {
    let item = batch.items.get(place).ok_or_else(|| Fault::new(Code::Bug))?;
    let record = &item.record;
    let names = Names::of(record.entity);
    let side = Side::of(record.entity);
    let mark = mark::of(&record.key());
    let is_bank = names.endpoint == "BankTransactions";
    let contact = match batch.links.get_opt(Entity::Contact, &document.contact) {
        Some(id) => ContactRef::of(id.as_str()),
        None if is_bank && document.contact.is_none() => ContactRef::stand_in(),
        None => {
            let missing = Fault::new(Code::FieldMissing).field("contact");
            return Err(missing.detail("Xero takes no document without a contact."));
        }
    };
    let lines = Builder { target, links: &batch.links, side }.lines(record.entity, document)?;
    let mut notes = lines.notes;
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
        contact,
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
    Ok(Going {
        place,
        is_new: outgoing.id.is_none(),
        element: outgoing,
        notes,
        adjustments: lines.adjustments,
    })
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
