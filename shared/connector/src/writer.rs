use std::sync::Arc;

use async_trait::async_trait;
use carry_model::{
    Action, Company, Currency, Date, Decimal, Entity, Fault, Record, RecordKey, SourceId, TargetId,
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{CatalogEntry, Files, Finding, Manifest, Removal};

/// What a target says of itself before anything is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Preflight {
    /// The business that the target's books are of; None where it is still empty.
    pub company: Option<Company>,
    /// Currencies it can take; None where it takes any.
    pub currencies: Option<Vec<Currency>>,
    /// Records dated up to and including this day are refused.
    pub lock_date: Option<Date>,
    /// Losses to expect, settings to change.
    pub findings: Vec<Finding>,
}

/// Values by entity and source id; looking one up makes no key.
#[derive(Clone, Debug)]
pub struct ByEntity<T>(Vec<FxHashMap<SourceId, T>>);

impl<T> Default for ByEntity<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByEntity<T> {
    /// Sets a value.
    pub fn insert(&mut self, entity: Entity, id: SourceId, value: T) {
        let at = entity as usize;
        if self.0.len() <= at {
            self.0.resize_with(at + 1, FxHashMap::default);
        }
        if let Some(values) = self.0.get_mut(at) {
            values.insert(id, value);
        }
    }

    /// A value.
    pub fn get(&self, entity: Entity, id: &SourceId) -> Option<&T> {
        self.0.get(entity as usize)?.get(id)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.iter().map(FxHashMap::len).sum()
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Where the records that a batch refers to are in the target.
#[derive(Clone, Debug, Default)]
pub struct Links(ByEntity<TargetId>);

impl Links {
    /// Notes where a record is.
    pub fn insert(&mut self, key: RecordKey, id: TargetId) {
        self.0.insert(key.entity, key.id, id);
    }

    /// Where a record is.
    pub fn get(&self, entity: Entity, id: &SourceId) -> Option<&TargetId> {
        self.0.get(entity, id)
    }

    /// Where an optional reference is.
    pub fn get_opt(&self, entity: Entity, id: &Option<SourceId>) -> Option<&TargetId> {
        id.as_ref().and_then(|id| self.get(entity, id))
    }
}

/// What to do with a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// It is new to the target.
    Create,
    /// It replaces the earlier version with this id, in place or by removing and creating; what is settled
    /// against a document stays settled.
    Update(TargetId),
}

/// A record to write.
#[derive(Clone, Debug)]
pub struct WriteItem {
    /// The record; its references are in [`WriteBatch::links`]. An optional reference without a link is left out.
    pub record: Record,
    /// New or changed.
    pub operation: Operation,
}

/// Records of one entity, at most [`crate::EntitySupport::batch_size`] of them.
#[derive(Clone, Debug)]
pub struct WriteBatch {
    /// The entity of all of them.
    pub entity: Entity,
    /// The records.
    pub items: Vec<WriteItem>,
    /// Targets of every reference that is known.
    pub links: Links,
    /// Currency of the ledger being carried.
    pub home_currency: Currency,
    /// True where an earlier attempt may have reached the target: look each record up by its external
    /// reference before creating it, and take what is found for the outcome.
    pub verify_first: bool,
    /// Keep the source's numbers where the target allows it.
    pub keep_numbers: bool,
    /// Content of the attachments among them ([`carry_model::Attachment::sha256`]), to be read one by one.
    pub files: Arc<dyn Files>,
}

/// Why and how a record was changed so that its two sacred figures come out exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentKind {
    /// A line that closes the gap between the parts and the stated total.
    AdjustmentLine,
    /// The whole document as one line of its total.
    HighLevel,
    /// A payment against the clearing account that brings the outstanding balance to what the source states.
    Settlement,
    /// An allocation cut down so that no more is paid than the source says.
    AllocationReduced,
    /// The journal entry that closes out the clearing account.
    ClearingClosed,
    /// Tax written by hand because the target worked it out otherwise.
    TaxForced,
    /// A part of the record stands on another account than in the source.
    OtherAccount,
    /// Cents by which the target rounds amounts to the home currency otherwise than the source.
    Rounding,
}

/// One visible deviation from the source's detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Which sort.
    pub kind: AdjustmentKind,
    /// By how much, in the record's currency.
    pub amount: Decimal,
    /// The currency.
    pub currency: Currency,
    /// Why, in a sentence a bookkeeper understands.
    pub why: String,
    /// What it does to the balances of accounts, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

impl Adjustment {
    /// One of which nothing is known of accounts.
    pub fn new(kind: AdjustmentKind, amount: Decimal, currency: Currency, why: impl Into<String>) -> Self {
        Self { kind, amount, currency, why: why.into(), moved: None }
    }

    /// With what it does to accounts.
    #[must_use]
    pub fn moving(self, moved: Moved) -> Self {
        Self { moved: Some(moved), ..self }
    }
}

/// An amount that stands on one account in the target and stood on another in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The account at the source, by its source id; None for one of the source's own that it does not name, as that
    /// of its taxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<SourceId>,
    /// The account in the target, by the source id of what became of it; None for one of the target's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<SourceId>,
    /// By how much `to` is higher in the target and `from` lower: debit positive, in the adjustment's currency.
    pub debit: Decimal,
}

/// A record that is now in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its id there; that of an attachment as [`crate::file_id`] makes it, so that one whose record got another id is
    /// told from one that is where it belongs.
    pub id: TargetId,
    /// Its number or name there.
    pub number: Option<String>,
    /// The total the target shows for a document or payment after the write; None for other records.
    pub total: Option<Decimal>,
    /// What the writer had to change for exact figures.
    pub adjustments: Vec<Adjustment>,
    /// Other things a person should know: "name made unique", "number shortened".
    pub notes: Vec<String>,
}

impl Written {
    /// Written under that id, nothing else to say.
    pub fn new(id: impl Into<TargetId>) -> Self {
        Self { id: id.into(), number: None, total: None, adjustments: Vec::new(), notes: Vec::new() }
    }
}

/// A refusal is the record's own; any other fault is its batch's and ends it.
pub fn own<T>(outcome: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
    match outcome {
        Err(fault) if fault.action() != Action::Quarantine => Err(fault),
        own => Ok(own),
    }
}

/// A record found in the target by its external reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id there.
    pub id: TargetId,
    /// Its number or name there.
    pub number: Option<String>,
}

/// What the target shows for a document or payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Its id there.
    pub id: TargetId,
    /// Total of a document (positive in its own sense), amount of a payment.
    pub total: Decimal,
    /// Open balance of a document, unapplied rest of a payment.
    pub outstanding: Decimal,
    /// The currency of both.
    pub currency: Currency,
    /// Whose it is, in the target.
    pub contact: Option<TargetId>,
}

/// Balance of an account in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBalance {
    /// In the currency the entries were made in; debit positive.
    pub amount: carry_model::Money,
    /// The same entries in the home currency, each at its own rate.
    pub home: Decimal,
}

/// The target side of a system.
#[async_trait]
pub trait Writer: Send + Sync {
    /// What the system can do.
    fn manifest(&self) -> &'static Manifest;

    /// Looks at the target beforehand. Writes nothing.
    async fn preflight(&self) -> Result<Preflight, Fault>;

    /// What the target has of an entity that records can be mapped to (accounts, tax rates, payment methods).
    async fn catalog(&self, entity: Entity) -> Result<Vec<CatalogEntry>, Fault>;

    /// Another worker has written: what was read of the target before does not tell any more what is there.
    async fn look_anew(&self) {}

    /// Looks records up by the external reference that writing leaves on each, or by natural key where the system has
    /// no place for a reference; one answer a record, in order. What cannot be told for certain is not found.
    async fn find(&self, records: &[Record]) -> Result<Vec<Option<Found>>, Fault>;

    /// Writes records and answers for each in order. One bad record does not take the others with it. A fault
    /// of the whole call means that the outcome of every record is the fault's reach. The batch is shared, so that
    /// it can be sent again, or handed to another thread, without a copy.
    async fn write(&self, batch: Arc<WriteBatch>) -> Result<Vec<Result<Written, Fault>>, Fault>;

    /// What the target shows now for documents or payments, in order; None where one is gone.
    async fn read_back(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Option<Balance>>, Fault>;

    /// Balance of an account per currency of its entries, as the target's ledger has it; zero balances left out.
    async fn account_balance(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault>;

    /// Removes records in the way the manifest names, one answer each, in order. Removing what is gone already
    /// is no fault.
    async fn remove(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Result<Removal, Fault>>, Fault>;
}
