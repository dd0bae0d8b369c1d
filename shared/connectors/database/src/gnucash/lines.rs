//! The lines of a document.

use carry_model::{Fault, Line, SourceId, TaxMode};

use super::compute::{Computed, Entry};
use super::dates::day;
use super::documents::Stored;
use super::exact::Exact;
use crate::fields::Fields;

/// Decimals of a price that was worked out rather than stated.
const PRICE_DIGITS: i64 = 1_000_000;

/// Inclusive where every taxed entry states its price with tax; a mixture is exclusive, with the tax taken out of
/// the prices that hold it.
pub(super) fn tax_mode<'e>(entries: impl Iterator<Item = &'e Entry<'e>>) -> TaxMode {
    let (mut taxed, mut included) = (0, 0);
    for entry in entries.filter(|entry| entry.tax.is_some()) {
        taxed += 1;
        included += usize::from(entry.tax_included);
    }
    match (taxed, included) {
        (0, _) => TaxMode::None,
        (taxed, included) if taxed == included => TaxMode::Inclusive,
        _ => TaxMode::Exclusive,
    }
}

/// One line.
pub(super) fn line(
    document: &Stored<'_>,
    row: Fields<'_>,
    entry: &Entry<'_>,
    computed: &Computed<'_>,
    mode: TaxMode,
) -> Result<Line, Fault> {
    let account = row.need("account")?;
    document.profile.account(&account, "account")?;
    let discount = document.money(document.sense(computed.discount)?)?;
    let description: Vec<_> = [row.string("description")?.or(row.string("action")?), row.string("notes")?]
        .into_iter()
        .flatten()
        .collect();
    let tax_rate = row.text("tax_table")?.filter(|_| entry.tax.is_some());
    Ok(Line {
        description: (!description.is_empty()).then(|| description.join("\n")),
        quantity: Some(document.sense(entry.quantity)?.decimal(0).map_err(|fault| fault.field("quantity"))?),
        unit_price: Some(
            unit_price(entry, computed, mode)?.decimal(0).map_err(|fault| fault.field("price"))?,
        ),
        // A discount of negative amount is a surcharge; the net tells.
        discount: Some(discount).filter(|discount| discount.is_sign_positive() && !discount.is_zero()),
        net: document.money(document.sense(computed.net)?)?,
        tax_rate: tax_rate.map(|table| SourceId::from(document.profile.tax_of(&table))),
        account: Some(SourceId::from(account.into_owned())),
        project: project(row)?,
        service_date: day(row, "day")?,
        ..Line::default()
    })
}

/// The price as stated; where the document is exclusive but this price holds tax, the price without it.
fn unit_price(entry: &Entry<'_>, computed: &Computed<'_>, mode: TaxMode) -> Result<Exact, Fault> {
    let taken_out = entry.tax.is_some() && entry.tax_included && mode != TaxMode::Inclusive;
    if !taken_out || entry.quantity.is_zero() {
        return Ok(entry.price);
    }
    computed.before_discount.over(entry.quantity)?.rounded(PRICE_DIGITS)
}

/// The job that an entry of a bill is to be billed to.
fn project(row: Fields<'_>) -> Result<Option<SourceId>, Fault> {
    const JOB: i64 = 3;
    let job = row.int("billto_type")? == Some(JOB);
    Ok(if job { row.string("billto_guid")?.map(SourceId::from) } else { None })
}
