//! From staged rows back to records, the mirror of `encode`.

mod documents;
mod fields;
mod lists;
mod settlement;

use carry_connector::{RawBatch, Transformed, Transformer};
use carry_model::{Body, Code, Entity, Fault, Place, Record, Reject, SourceId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::shape::Table;
use fields::Fields;

/// A record's rows as they are staged.
#[derive(Deserialize)]
pub(super) struct Object {
    row: serde_json::Value,
    #[serde(default)]
    parts: serde_json::Map<String, serde_json::Value>,
}

impl Object {
    /// The rows of a table of parts, in order.
    fn parts(&self, table: Table) -> impl Iterator<Item = Result<Fields<'_>, Fault>> {
        let rows = self.parts.get(table.name()).and_then(serde_json::Value::as_array);
        rows.into_iter().flatten().map(Fields::of)
    }
}

/// Turns staged rows of the universal database into records.
pub(super) struct UniversalTransformer;

impl Transformer for UniversalTransformer {
    fn transform(&self, batch: &RawBatch, out: &mut Transformed) -> Result<(), Fault> {
        let entity = batch.header.entity;
        for row in batch.rows() {
            let row = row?;
            let place = Place { file: batch.header.file.clone(), line: row.line, last_line: 0 };
            let object: Object = serde_json::from_str(row.data.get())
                .map_err(|e| Fault::new(Code::StagingCorrupt).detail("a staged row").caused_by(e))?;
            match record(entity, &object, row.data, &place) {
                Ok(record) => out.records.push(record),
                Err(fault) => {
                    let known = |name: &str| object.row.get(name).and_then(serde_json::Value::as_str);
                    out.rejects.push(Reject {
                        entity,
                        id: known("source_id").map(SourceId::from),
                        number: known("source_number").map(str::to_owned),
                        place,
                        fault,
                        raw: row.data.get().to_owned(),
                    });
                }
            }
        }
        Ok(())
    }
}

/// A row written by this program keeps the place and the slice it had; one written by hand is its own source.
fn record(entity: Entity, object: &Object, data: &RawValue, place: &Place) -> Result<Record, Fault> {
    let fields = Fields::of(&object.row)?;
    let id = fields.need_reference("source_id")?;
    let mut record = Record::new(entity, id, fields.string("source_number")?, body(entity, fields, object)?)?;
    record.created = fields.time("source_created")?;
    record.modified = fields.time("source_modified")?;
    record.implied = fields.flag("implied")?.unwrap_or_default();
    record.place = match fields.string("place_file")? {
        Some(file) => Place {
            file,
            line: fields.count("place_line")?.unwrap_or_default(),
            last_line: fields.count("place_last_line")?.unwrap_or_default(),
        },
        None => place.clone(),
    };
    record.raw = fields.string("raw")?.unwrap_or_else(|| data.get().to_owned());
    Ok(record)
}

fn body(entity: Entity, fields: Fields<'_>, object: &Object) -> Result<Body, Fault> {
    Ok(match Table::of(entity) {
        Some(Table::Companies) => Body::Company(lists::company(fields)?),
        Some(Table::Accounts) => Body::Account(lists::account(fields)?.into()),
        Some(Table::TaxRates) => Body::TaxRate(lists::tax_rate(fields, object)?.into()),
        Some(Table::Terms) => Body::Terms(lists::terms(fields)?),
        Some(Table::PaymentMethods) => Body::PaymentMethod(lists::payment_method(fields)?),
        Some(Table::TrackingCategories) => Body::TrackingCategory(lists::tracking_category(fields, object)?),
        Some(Table::Contacts) => Body::Contact(lists::contact(fields, object)?.into()),
        Some(Table::Items) => Body::Item(lists::item(fields)?.into()),
        Some(Table::Projects) => Body::Project(lists::project(fields)?),
        Some(Table::Documents) => Body::Document(documents::document(fields, object)?.into()),
        Some(Table::Payments) => Body::Payment(settlement::payment(fields, object)?.into()),
        Some(Table::Transfers) => Body::Transfer(settlement::transfer(fields)?.into()),
        Some(Table::BankTransactions) => {
            Body::BankTransaction(settlement::bank_transaction(fields, object)?.into())
        }
        Some(Table::Journals) => Body::Journal(settlement::journal(fields, object)?),
        Some(Table::Activities) => Body::Activity(lists::activity(fields)?.into()),
        Some(Table::Attachments) => Body::Attachment(lists::attachment(fields)?.into()),
        _ => return Err(super::unsupported(entity)),
    })
}
