use carry_model::{Currency, Discount, Document, DocumentTax, Fault, Line, RecordKey, Tracking};
use rustc_hash::FxHashMap;

use super::super::amounts::Written;
use super::super::shape::Table;
use super::super::words::{STATUSES, TAX_MODES};
use super::{Fields, Object};

/// Tracking options by the position of their line.
pub(super) type TrackingByLine = FxHashMap<i64, Vec<Tracking>>;

pub(super) fn document(row: Fields<'_>, object: &Object) -> Result<Document, Fault> {
    let currency = row.currency("currency")?;
    let written = Written::new(currency, row.opt("exact")?)?;
    let discount = written.opt(row.int("discount_minor")?, "discount")?;
    let percent = row.decimal("discount_percent")?;
    let discounts = row.reference("discount_account_id")?;
    let mut tracking = tracking(object, Table::DocumentLineTracking)?;
    let related = |part: Result<Fields<'_>, Fault>| {
        let part = part?;
        Ok(RecordKey::new(part.entity("related_entity")?, part.need_reference("related_source_id")?))
    };
    Ok(Document {
        contact: row.reference("contact_id")?,
        date: row.need_date("date")?,
        due: row.date("due")?,
        currency,
        rate: row.decimal("rate")?,
        tax_mode: row.word(TAX_MODES, "tax_mode")?,
        total: written.amount("total", row.need_int("total_minor")?)?,
        outstanding: written.opt(row.int("outstanding_minor")?, "outstanding")?,
        status: row.word(STATUSES, "status")?,
        lines: object
            .parts(Table::DocumentLines)
            .map(|part| line(part?, currency, &mut tracking))
            .collect::<Result<_, Fault>>()?,
        taxes: object
            .parts(Table::DocumentTaxes)
            .map(|part| tax(part?, currency))
            .collect::<Result<_, _>>()?,
        discount: discount.map(|amount| Discount { amount, percent, account: discounts }),
        terms: row.reference("terms_id")?,
        reference: row.string("reference")?,
        memo: row.string("memo")?,
        project: row.reference("project_id")?,
        paid_account: row.reference("paid_account_id")?,
        payment_method: row.reference("payment_method_id")?,
        related: object.parts(Table::DocumentRelated).map(related).collect::<Result<_, Fault>>()?,
    })
}

fn line(part: Fields<'_>, currency: Currency, tracking: &mut TrackingByLine) -> Result<Line, Fault> {
    let written = Written::new(currency, part.opt("exact")?)?;
    Ok(Line {
        item: part.reference("item_id")?,
        description: part.string("description")?,
        quantity: part.decimal("quantity")?,
        unit_price: part.decimal("unit_price")?,
        discount: written.opt(part.int("discount_minor")?, "discount")?,
        net: written.amount("net", part.need_int("net_minor")?)?,
        tax_rate: part.reference("tax_rate_id")?,
        tax: written.opt(part.int("tax_minor")?, "tax")?,
        account: part.reference("account_id")?,
        project: part.reference("project_id")?,
        tracking: tracking.remove(&part.need_int("position")?).unwrap_or_default(),
        service_date: part.date("service_date")?,
    })
}

fn tax(part: Fields<'_>, currency: Currency) -> Result<DocumentTax, Fault> {
    let written = Written::new(currency, part.opt("exact")?)?;
    let amount = written.amount("amount", part.need_int("amount_minor")?)?;
    Ok(DocumentTax { tax_rate: part.reference("tax_rate_id")?, amount })
}

/// The tracking options of all lines of a record.
pub(super) fn tracking(object: &Object, table: Table) -> Result<TrackingByLine, Fault> {
    let mut by_line = TrackingByLine::default();
    for part in object.parts(table) {
        let part = part?;
        let option = Tracking {
            category: part.need_reference("category_id")?,
            option: part.text("option")?.to_owned(),
        };
        by_line.entry(part.need_int("line")?).or_default().push(option);
    }
    Ok(by_line)
}
