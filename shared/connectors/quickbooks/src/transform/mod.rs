//! From the API's objects to canonical records: pure.

mod documents;
mod files;
mod lists;
mod settlement;
mod work;

pub(crate) use documents::is_purchase;
pub(crate) use lists::{CLASS, LOCATION};

use carry_connector::{RawBatch, RawRow, Survey, Transformed, Transformer};
use carry_model::{Body, Code, Currency, Decimal, Entity, Fault, Place, Record, RecordKey, Reject, SourceId};
use serde::de::DeserializeOwned;

use crate::kinds::Kind;
use crate::objects::{Head, Ref};
use crate::survey::Profile;

/// How the transformer of one survey understands rows.
pub(crate) struct QuickBooksTransformer {
    profile: Profile,
}

/// A record about to be made: what sort, its id and number, what it says.
struct Draft {
    entity: Entity,
    id: String,
    number: Option<String>,
    body: Body,
}

impl QuickBooksTransformer {
    pub(crate) fn new(survey: &Survey) -> Result<Self, Fault> {
        let profile = serde_json::from_value(survey.profile.clone())
            .map_err(|e| Fault::new(Code::StagingCorrupt).detail("the survey's profile").caused_by(e))?;
        Ok(Self { profile })
    }

    fn drafts(&self, kind: Kind, row: &RawRow<'_>) -> Result<Vec<Draft>, Fault> {
        let one = |draft: Result<Draft, Fault>| draft.map(|draft| vec![draft]);
        match kind {
            Kind::Account => one(lists::account(read(row)?)),
            Kind::TaxCode => one(self.tax_code(read(row)?)),
            Kind::Term => one(Ok(lists::terms(read(row)?))),
            Kind::PaymentMethod => one(Ok(lists::payment_method(read(row)?))),
            Kind::Class | Kind::Department => one(Ok(lists::tracking(kind, read(row)?))),
            Kind::Customer => one(Ok(self.customer(read(row)?))),
            Kind::Vendor => one(Ok(lists::vendor(read(row)?))),
            Kind::Item => one(self.item(read(row)?)),
            Kind::Estimate
            | Kind::PurchaseOrder
            | Kind::Invoice
            | Kind::Bill
            | Kind::SalesReceipt
            | Kind::Purchase
            | Kind::CreditMemo
            | Kind::VendorCredit
            | Kind::RefundReceipt => one(self.document(kind, read(row)?)),
            Kind::Payment | Kind::BillPayment => one(self.payment(kind, read(row)?)),
            Kind::Transfer => one(self.transfer(read(row)?)),
            Kind::Deposit => one(self.deposit(read(row)?)),
            Kind::JournalEntry => one(self.journal(read(row)?)),
            Kind::TimeActivity => one(self.time_activity(read(row)?)),
            // Rows of files hold more than the object.
            Kind::Attachable => Err(Fault::new(Code::Bug).detail("a file is read by itself")),
        }
    }

    /// The currency a reference names; the home currency where there is none.
    fn currency(&self, reference: Option<&Ref>) -> Result<Currency, Fault> {
        let Some(reference) = reference.filter(|reference| !reference.value.is_empty()) else {
            return Ok(self.profile.home);
        };
        let unknown = |e| Fault::new(Code::CurrencyUnknown).text(&reference.value).detail(e);
        reference.value.parse().map_err(unknown)
    }

    /// The rate of a foreign document; in the home currency there is none.
    fn rate(&self, currency: Currency, rate: Option<Decimal>) -> Option<Decimal> {
        rate.filter(|rate| currency != self.profile.home && !rate.is_zero())
    }

    /// The contact a reference to a customer means, and the project where it is a sub-customer.
    fn customer_and_project(&self, reference: Option<&Ref>) -> (Option<SourceId>, Option<SourceId>) {
        let Some(id) = id(reference) else { return (None, None) };
        match self.profile.tops.get(id.as_str()) {
            Some(top) => (Some(customer_id(top)), Some(id)),
            None => (Some(customer_id(id.as_str())), None),
        }
    }

    /// The record that an object became.
    fn key_of(&self, kind: Kind, id: &str) -> RecordKey {
        match kind {
            Kind::Customer if self.profile.tops.contains_key(id) => RecordKey::new(Entity::Project, id),
            Kind::Customer => RecordKey::new(Entity::Contact, customer_id(id)),
            Kind::Vendor => RecordKey::new(Entity::Contact, vendor_id(id)),
            Kind::Class | Kind::Department => RecordKey::new(Entity::TrackingCategory, kind.path()),
            _ => RecordKey::new(kind.entity(), id),
        }
    }
}

impl Transformer for QuickBooksTransformer {
    fn transform(&self, batch: &RawBatch, out: &mut Transformed) -> Result<(), Fault> {
        let kind = batch.header.shape.get("kind").and_then(serde_json::Value::as_str).and_then(Kind::named);
        let kind = kind.ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("a batch names no kind"))?;
        for row in batch.rows() {
            let row = row?;
            let place = row.place(&batch.header.file);
            if kind == Kind::Attachable {
                self.files(&row, &place, out)?;
                continue;
            }
            let head: Option<Head> = serde_json::from_str(row.data.get()).ok();
            match self.drafts(kind, &row).and_then(|drafts| finish(drafts, head.as_ref(), &place, &row)) {
                Ok(mut records) => out.records.append(&mut records),
                Err(fault) => out.rejects.push(Reject {
                    entity: batch.header.entity,
                    id: head.as_ref().map(|head| self.key_of(kind, &head.id).id),
                    number: head.and_then(|head| head.doc_number),
                    place,
                    fault,
                    raw: row.data.get().to_owned(),
                }),
            }
        }
        Ok(())
    }
}

fn finish(
    drafts: Vec<Draft>,
    head: Option<&Head>,
    place: &Place,
    row: &RawRow<'_>,
) -> Result<Vec<Record>, Fault> {
    let finish = |draft: Draft| {
        let mut record = Record::new(draft.entity, draft.id, draft.number, draft.body)?;
        record.created = head.and_then(|head| head.meta_data.create_time);
        record.modified = head.and_then(|head| head.meta_data.last_updated_time);
        record.place = place.clone();
        record.raw = row.data.get().to_owned();
        Ok(record)
    };
    drafts.into_iter().map(finish).collect()
}

/// The object in a row. Its place and text are told by the reject.
fn read<T: DeserializeOwned>(row: &RawRow<'_>) -> Result<T, Fault> {
    serde_json::from_str(row.data.get()).map_err(|e| {
        Fault::new(Code::RowMalformed)
            .detail("QuickBooks sent an object that is not built as documented.")
            .caused_by(e)
    })
}

/// The id a reference holds.
fn id(reference: Option<&Ref>) -> Option<SourceId> {
    let value = &reference?.value;
    (!value.is_empty()).then(|| SourceId::from(value.as_str()))
}

/// Customers and vendors are both contacts; QuickBooks' ids are its own in each list.
fn customer_id(id: &str) -> SourceId {
    SourceId::new(format!("customer:{id}"))
}

fn vendor_id(id: &str) -> SourceId {
    SourceId::new(format!("vendor:{id}"))
}

/// A text; None where empty.
fn text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
