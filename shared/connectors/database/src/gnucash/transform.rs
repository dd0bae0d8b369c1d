//! Turns staged objects of a book into canonical records. Pure.

use carry_connector::{RawBatch, RawRow, Transformed, Transformer};
use carry_model::{Code, Currency, Entity, Fault, Record, Reject, SourceId};

use super::extract::PARTS_MAX;
use super::partitions::{Kind, kind_of};
use super::profile::Profile;
use super::{contacts, documents, transactions};
use crate::fields::Fields;

/// The transformer of a book.
pub(super) struct Books {
    pub(super) profile: Profile,
}

impl Transformer for Books {
    fn transform(&self, batch: &RawBatch, out: &mut Transformed) -> Result<(), Fault> {
        let kind = kind_of(&batch.header.partition)
            .ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("a partition that no GnuCash book has"))?;
        for row in batch.rows() {
            self.one(kind, &row?, out)?;
        }
        Ok(())
    }
}

impl Books {
    fn one(&self, kind: &Kind, raw: &RawRow<'_>, out: &mut Transformed) -> Result<(), Fault> {
        let corrupt = || Fault::new(Code::StagingCorrupt).detail("a staged object of a GnuCash book");
        let value: serde_json::Value =
            serde_json::from_str(raw.data.get()).map_err(|e| corrupt().caused_by(e))?;
        let row = Fields::of(&value).ok_or_else(corrupt)?;
        let place = raw.place(kind.table);
        match self.records(kind, row) {
            Ok(records) => out.records.extend(records.into_iter().map(|mut record| {
                record.place = place.clone();
                record.raw = raw.data.get().to_owned();
                record
            })),
            Err(fault) => out.rejects.push(Reject {
                entity: entity_of(kind, row),
                id: row.string("guid").ok().flatten().map(SourceId::from),
                number: ["id", "num", "name"].iter().find_map(|name| row.string(name).ok().flatten()),
                place,
                fault,
                raw: raw.data.get().to_owned(),
            }),
        }
        Ok(())
    }

    fn records(&self, kind: &Kind, row: Fields<'_>) -> Result<Vec<Record>, Fault> {
        if let Some(part) = row.text("oversized")? {
            return Err(Fault::new(Code::InputTooLarge)
                .field(part)
                .detail(format!("More than {PARTS_MAX} rows.")));
        }
        let one = |record: Record| vec![record];
        match kind.id {
            "accounts" => contacts::account(&self.profile, row).map(one),
            "tax_rates" => contacts::tax_rate(&self.profile, row).map(one),
            "terms" => contacts::terms(row).map(one),
            "customers" => contacts::contact(row, true).map(one),
            "vendors" => contacts::contact(row, false).map(one),
            "jobs" => contacts::job(row).map(one),
            "documents" => documents::document(&self.profile, row).map(one),
            _ => transactions::transaction(&self.profile, row),
        }
    }
}

/// What a rejected object would have been.
fn entity_of(kind: &Kind, row: Fields<'_>) -> Entity {
    match kind.entity {
        Entity::Invoice => documents::entity(row).ok().flatten().unwrap_or(Entity::Bill),
        Entity::Journal => transactions::entity(row),
        other => other,
    }
}

/// The currency that a row's joined commodity is.
pub(super) fn currency(row: Fields<'_>) -> Result<Currency, Fault> {
    let mnemonic = row
        .need("mnemonic")
        .map_err(|fault| fault.field("currency").detail("The book has no such commodity."))?;
    if row.text("space")?.is_some_and(|space| space != "CURRENCY") {
        return Err(Fault::new(Code::CurrencyUnknown)
            .field("currency")
            .text(mnemonic)
            .detail("It is no currency."));
    }
    mnemonic.parse().map_err(|_| Fault::new(Code::CurrencyUnknown).field("currency").text(mnemonic))
}
