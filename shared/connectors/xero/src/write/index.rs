//! What stands in Xero already, by id, by mark and by natural key: read once and kept up while writing, and read
//! anew for figures after something changed.

use std::hash::{Hash, Hasher};

use carry_connector::{Balance, Found};
use carry_model::{Code, Currency, Date, Decimal, Entity, Fault, Record, RecordKey, TargetId};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use uuid::Uuid;

use super::outgoing::Names;
use crate::client::Xero;
use crate::shapes::{Contact, Doc};
use crate::{dates, mark};

/// A document's figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) total: Decimal,
    outstanding: Decimal,
    currency: Currency,
    contact: Option<Uuid>,
}

/// The documents of one endpoint. About 130 bytes each: 100,000 documents take 13 MB.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: FxHashMap<Uuid, Entry>,
    marks: FxHashMap<String, Uuid>,
    naturals: FxHashMap<u64, Uuid>,
    /// Removed since it was read.
    gone: FxHashSet<Uuid>,
    /// False once something was written that may have changed a figure.
    fresh: bool,
}

/// What tells documents apart that bear no mark.
#[derive(Hash)]
pub(crate) struct Natural<'a> {
    pub(crate) kind: &'a str,
    pub(crate) number: &'a str,
    pub(crate) contact: &'a str,
    pub(crate) date: Date,
    pub(crate) total: Decimal,
}

impl Natural<'_> {
    fn digest(&self) -> u64 {
        let mut hasher = FxHasher::default();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// In place of a contact that is not known.
const ANYONE: &str = "";

/// The endpoint under which an entity's documents stand.
pub(crate) const fn endpoint_of(entity: Entity) -> &'static str {
    match entity {
        Entity::Invoice | Entity::Bill => "Invoices",
        Entity::CreditNote | Entity::BillCredit => "CreditNotes",
        Entity::Estimate => "Quotes",
        Entity::PurchaseOrder => "PurchaseOrders",
        Entity::Contact => "Contacts",
        Entity::Journal => "ManualJournals",
        Entity::Transfer => "BankTransfers",
        _ => "BankTransactions",
    }
}

pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok()
}

/// True for what was thrown away or struck out.
pub(crate) fn is_gone(status: &str) -> bool {
    matches!(status, "DELETED" | "VOIDED" | "ARCHIVED")
}

impl Index {
    fn add(&mut self, doc: &Doc, home: Currency) -> Result<(), Fault> {
        let id = [&doc.id, &doc.bank_transaction_id].into_iter().find_map(|id| uuid(id));
        let id = id.ok_or_else(|| Fault::new(Code::AnswerUnreadable).detail("A document without an id."))?;
        if is_gone(&doc.status) {
            self.forget(id);
            return Ok(());
        }
        let total = doc.total.unwrap_or_default();
        let entry = Entry {
            total,
            outstanding: doc.due_amount.or(doc.remaining).unwrap_or_default(),
            currency: doc.currency.as_deref().and_then(|code| code.parse().ok()).unwrap_or(home),
            contact: uuid(&doc.contact.id),
        };
        self.gone.remove(&id);
        self.entries.insert(id, entry);
        if let Some(mark) = doc.mark() {
            self.marks.insert(mark.to_owned(), id);
        }
        if let (Some(number), Some(date)) = (&doc.number, dates::date(&doc.date)) {
            let kind = &doc.kind;
            let natural = Natural { kind, number, contact: &doc.contact.id, date, total };
            self.naturals.insert(natural.digest(), id);
            // Whose it is may not be known; two that differ in nothing else are then told for neither.
            let anyones = Natural { contact: ANYONE, ..natural }.digest();
            let known = self.naturals.entry(anyones).or_insert(id);
            if *known != id {
                *known = Uuid::nil();
            }
        }
        Ok(())
    }

    /// Adds a record that has a mark and no figures.
    pub(crate) fn add_marked(&mut self, mark: &str, id: &str) {
        if let Some(id) = uuid(id) {
            self.marks.insert(mark.to_owned(), id);
        }
    }

    fn forget(&mut self, id: Uuid) {
        self.entries.remove(&id);
        self.gone.insert(id);
    }

    /// Figures may have changed since they were read.
    pub(crate) fn spoil(&mut self) {
        self.fresh = false;
    }

    pub(crate) fn marked(&self, mark: &str) -> Option<Uuid> {
        self.marks.get(mark).copied().filter(|id| !self.gone.contains(id))
    }

    pub(crate) fn natural(&self, natural: &Natural<'_>) -> Option<Uuid> {
        let known = self.naturals.get(&natural.digest()).copied();
        known.filter(|id| !id.is_nil() && !self.gone.contains(id))
    }

    pub(crate) fn entry(&self, id: Uuid) -> Option<Entry> {
        self.entries.get(&id).copied()
    }
}

impl Doc {
    /// The mark that writing left: in the address of the source document, the reference or the number.
    pub(crate) fn mark(&self) -> Option<&str> {
        let url = self.url.as_deref().and_then(|url| url.rsplit('/').next()).and_then(mark::at_end);
        let texts = [self.reference.as_deref(), self.number.as_deref()];
        url.or_else(|| texts.into_iter().flatten().find_map(mark::at_end))
    }
}

/// Marked records that are no documents.
#[derive(serde::Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[derive(Default)]
struct Marked {
    #[serde(rename = "ManualJournalID")]
    journal: String,
    #[serde(rename = "BankTransferID")]
    transfer: String,
    narration: Option<String>,
    reference: Option<String>,
    status: String,
}

impl Xero {
    /// Runs `look` over the index of an endpoint, read first where it is not there, or not fresh and `fresh` is asked.
    pub(crate) async fn with_index<T>(
        &self,
        endpoint: &'static str,
        fresh: bool,
        look: impl FnOnce(&Index) -> T + Send,
    ) -> Result<T, Fault> {
        let mut indexes = self.indexes.lock().await;
        let usable = indexes.get(endpoint).is_some_and(|index| index.fresh || !fresh);
        if !usable {
            let index = self.read_index(endpoint).await?;
            indexes.insert(endpoint, index);
        }
        Ok(look(indexes.entry(endpoint).or_default()))
    }

    async fn read_index(&self, endpoint: &'static str) -> Result<Index, Fault> {
        let home = self.target().await?.home;
        let mut index = Index { fresh: true, ..Index::default() };
        match endpoint {
            "ManualJournals" => {
                self.each_page(endpoint, &[], |page| {
                    page.read::<Marked>()?.iter().for_each(|found| add_found(&mut index, found));
                    Ok(())
                })
                .await?;
            }
            "Contacts" => {
                self.each_page(endpoint, &[], |page| {
                    page.read::<Contact>()?.iter().for_each(|found| add_contact(&mut index, found));
                    Ok(())
                })
                .await?;
            }
            "BankTransfers" => {
                let found: Vec<Marked> = self.get(endpoint, &[]).await?.read()?;
                found.iter().for_each(|found| add_found(&mut index, found));
            }
            _ => {
                self.each_page(endpoint, &[], |page| {
                    page.read::<Doc>()?.iter().try_for_each(|doc| index.add(doc, home))
                })
                .await?;
            }
        }
        Ok(index)
    }

    /// Keeps the indexes up after a write: figures are stale, and `docs` are there.
    pub(crate) async fn note_written(
        &self,
        endpoint: &'static str,
        docs: impl IntoIterator<Item = &Doc> + Send,
    ) -> Result<(), Fault> {
        let home = self.target().await?.home;
        let mut indexes = self.indexes.lock().await;
        indexes.values_mut().for_each(Index::spoil);
        match indexes.get_mut(endpoint) {
            Some(index) => docs.into_iter().try_for_each(|doc| index.add(doc, home)),
            None => Ok(()),
        }
    }

    /// The same for a record that is no document.
    pub(crate) async fn note_marked(&self, endpoint: &'static str, mark: &str, id: &str) {
        let mut indexes = self.indexes.lock().await;
        indexes.values_mut().for_each(Index::spoil);
        if let Some(index) = indexes.get_mut(endpoint) {
            index.add_marked(mark, id);
        }
    }

    /// Forgets what was removed.
    pub(crate) async fn note_removed(&self, endpoint: &'static str, id: &str) {
        let mut indexes = self.indexes.lock().await;
        indexes.values_mut().for_each(Index::spoil);
        if let (Some(index), Some(id)) = (indexes.get_mut(endpoint), uuid(id)) {
            index.forget(id);
        }
    }

    /// Records by the marks that writing left.
    pub(crate) async fn find_marked(
        &self,
        endpoint: &'static str,
        key: &RecordKey,
    ) -> Result<Option<Found>, Fault> {
        let id = self.with_index(endpoint, false, |index| index.marked(&mark::of(key))).await?;
        Ok(id.map(|id| Found { id: TargetId::new(id.to_string()), number: None }))
    }

    /// A document by its mark, or else by its number, date and total where only one has them.
    pub(crate) async fn find_document(&self, record: &Record) -> Result<Option<Found>, Fault> {
        let names = Names::of(record.entity);
        let found = self.find_marked(names.endpoint, &record.key()).await?;
        let (None, Some(document), Some(number)) = (&found, record.document(), &record.number) else {
            return Ok(found);
        };
        let kind = names.kind.unwrap_or_default();
        let natural = Natural { kind, number, contact: ANYONE, date: document.date, total: document.total };
        let id = self.with_index(names.endpoint, false, |index| index.natural(&natural)).await?;
        Ok(id.map(|id| Found { id: TargetId::new(id.to_string()), number: Some(number.clone()) }))
    }

    /// What Xero shows for documents, in order.
    pub(crate) async fn read_back_documents(
        &self,
        endpoint: &'static str,
        ids: &[TargetId],
    ) -> Result<Vec<Option<Balance>>, Fault> {
        self.with_index(endpoint, true, |index| {
            let one = |id: &TargetId| {
                let entry = index.entry(uuid(id.as_str())?)?;
                Some(Balance {
                    id: id.clone(),
                    total: entry.total,
                    outstanding: entry.outstanding,
                    currency: entry.currency,
                    contact: entry.contact.map(|contact| TargetId::new(contact.to_string())),
                })
            };
            ids.iter().map(one).collect()
        })
        .await
    }
}

fn add_contact(index: &mut Index, found: &Contact) {
    let mark = found.contact_number.as_deref().and_then(mark::at_end);
    if let (false, Some(mark)) = (is_gone(&found.contact_status), mark) {
        index.add_marked(mark, &found.id);
    }
}

fn add_found(index: &mut Index, found: &Marked) {
    let id = if found.journal.is_empty() { &found.transfer } else { &found.journal };
    let texts = [found.narration.as_deref(), found.reference.as_deref()];
    let mark = texts.into_iter().flatten().find_map(mark::at_end);
    if let (false, Some(mark)) = (is_gone(&found.status), mark) {
        index.add_marked(mark, id);
    }
}
