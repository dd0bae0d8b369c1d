//! Raw rows into canonical records: pure, and nothing vanishes.

use carry_connector::{RawBatch, RawRow, Transformed, Transformer};
use carry_model::{Body, Code, Entity, Fault, Record, Reject, SourceId, Timestamp};
use serde::Deserialize;

use super::kinds::Kind;
use super::profile::Profile;
use crate::dates;

pub(super) struct XeroTransformer {
    profile: Profile,
}

/// A record without its place: what it is and says, and when it last changed.
pub(super) struct Read {
    pub(super) entity: Entity,
    pub(super) id: String,
    pub(super) number: Option<String>,
    pub(super) body: Body,
    pub(super) modified: Option<Timestamp>,
}

/// What a row became, or why it became nothing; with id and number as far as they are known.
pub(super) struct Refused {
    pub(super) id: String,
    pub(super) number: Option<String>,
    pub(super) fault: Fault,
}

impl Refused {
    pub(super) fn new(id: &str, number: Option<&str>, fault: Fault) -> Box<Self> {
        Box::new(Self { id: id.to_owned(), number: number.map(str::to_owned), fault })
    }
}

pub(super) type Outcome = Result<Vec<Read>, Box<Refused>>;

impl XeroTransformer {
    pub(super) fn new(profile: Profile) -> Self {
        Self { profile }
    }

    fn read(&self, kind: &Kind, row: &RawRow<'_>) -> Outcome {
        let text = row.data.get();
        match kind.id {
            "accounts" => super::lists::account(shape(text)?),
            "tax-rates" => super::lists::tax_rate(shape(text)?),
            "tracking" => super::lists::tracking(shape(text)?),
            "contacts" => super::lists::contact(shape(text)?),
            "items" => super::lists::item(&self.profile, shape(text)?),
            "quotes" | "purchase-orders" | "invoices" | "bills" | "credit-notes" | "bill-credits" => {
                super::documents::document(&self.profile, kind.entity, shape(text)?)
            }
            "payments" => super::money::payment(&self.profile, shape(text)?),
            "overpayments" | "prepayments" => super::credits::credit(&self.profile, shape(text)?),
            "transfers" => super::money::transfer(&self.profile, shape(text)?),
            "bank-transactions" => super::money::bank_transaction(&self.profile, shape(text)?),
            _ => super::money::journal(&self.profile, shape(text)?),
        }
    }
}

/// Reads a row as what it should be.
fn shape<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Box<Refused>> {
    #[derive(Default, Deserialize)]
    struct Nothing {}
    serde_json::from_str(text).map_err(|e| {
        let what = if serde_json::from_str::<Nothing>(text).is_ok() { "a field" } else { "the row" };
        let fault =
            Fault::new(Code::RowMalformed).detail(format!("Xero wrote {what} in a form that is not known."));
        Refused::new("", None, fault.caused_by(e))
    })
}

impl Transformer for XeroTransformer {
    fn transform(&self, batch: &RawBatch, out: &mut Transformed) -> Result<(), Fault> {
        if batch.header.partition == super::files::PARTITION {
            return super::files::transform(batch, out);
        }
        let kind = Kind::by_id(&batch.header.partition)
            .ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("a batch of a partition nobody knows"))?;
        for row in batch.rows() {
            let row = row?;
            let place = row.place(&batch.header.file);
            let raw = row.data.get().to_owned();
            match self.read(kind, &row) {
                Ok(records) => {
                    for read in records {
                        let mut record = Record::new(read.entity, read.id, read.number, read.body)?;
                        record.modified = read.modified;
                        record.place = place.clone();
                        record.raw = raw.clone();
                        out.records.push(record);
                    }
                }
                Err(refused) => out.rejects.push(Reject {
                    entity: kind.entity,
                    id: Some(refused.id).filter(|id| !id.is_empty()).map(SourceId::from),
                    number: refused.number,
                    place,
                    fault: refused.fault,
                    raw,
                }),
            }
        }
        Ok(())
    }
}

/// A day, or the field that lacks one.
pub(super) fn day(field: &'static str, text: &str) -> Result<carry_model::Date, Fault> {
    match text {
        "" => Err(Fault::new(Code::FieldMissing).field(field)),
        text => dates::date(text).ok_or_else(|| Fault::new(Code::DateUnreadable).field(field).text(text)),
    }
}

/// An amount that has to be there.
pub(super) fn needed(
    field: &'static str,
    amount: Option<carry_model::Decimal>,
) -> Result<carry_model::Decimal, Fault> {
    amount.ok_or_else(|| Fault::new(Code::FieldMissing).field(field))
}

/// A text; None where it is empty.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

pub(super) fn changed(text: Option<&String>) -> Option<Timestamp> {
    text.and_then(|text| dates::timestamp(text))
}
