//! Documents: one row per line, what concerns the whole on the first row or on all.

use carry_model::{
    Body, Code, Currency, Decimal, Discount, Document, DocumentTax, Entity, Line, SourceId, Status, TaxMode,
    Tracking, checked_sum, round_half_up,
};

use super::Draft;
use super::cells::{Layout, Outcome};
use super::expenses;
use super::implied::percent_in;
use crate::formats::{DiscountKind, Documents, Field, LineAmount};
use crate::ids;
use crate::kinds::document_kind;
use crate::unit::{Unit, UnitRow};

pub(super) fn document(layout: &Layout, rules: Documents, unit: &Unit<'_>) -> Outcome<Draft> {
    let head = layout.lead(unit)?;
    let entity = entity(layout, head)?;
    let number = layout.required(head, Field::Number)?;
    // Money can be spent without saying with whom.
    let contact = match entity {
        Entity::Expense => layout.text(head, Field::Contact),
        _ => layout.required(head, Field::Contact)?,
    };
    let date = layout.required_date(head, Field::Date)?;
    let currency = layout.currency(head)?;
    let sense = Sense { currency, sign: sign_of(layout, rules, entity, unit)? };
    let is_split = rules.line_amount == LineAmount::WithOrWithoutTax && unit.rows.len() > 1;
    let line_amount = match is_split {
        true => expenses::reading(layout, unit, head, currency)?,
        false => rules.line_amount,
    };
    let rules = Documents { line_amount, ..rules };

    let mut document = Document::new(date, currency, Decimal::ZERO);
    document.contact = (!contact.is_empty()).then(|| SourceId::from(contact));
    document.due = layout.date(head, Field::Due)?;
    document.rate = layout.rate(head, currency)?;
    document.terms = layout.some(head, Field::Terms).map(SourceId::from);
    document.reference = layout.owned(head, Field::Reference);
    document.memo = layout.owned(head, Field::Memo);
    document.project = layout.some(head, Field::Project).map(SourceId::from);
    document.paid_account = layout.account(head, Field::PaidAccount).map(SourceId::from);
    document.payment_method = layout.some(head, Field::PaymentMethod).map(SourceId::from);
    document.lines.reserve_exact(unit.rows.len());
    for row in &unit.rows {
        if let Some(line) = line(layout, rules, row, sense)? {
            document.lines.push(line);
        }
    }
    extras(layout, head, sense, &mut document)?;
    document.tax_mode = match document.lines.iter().any(|l| l.tax_rate.is_some() || l.tax.is_some()) {
        true => TaxMode::Exclusive,
        false if document.taxes.is_empty() => TaxMode::None,
        false => TaxMode::Exclusive,
    };
    document.total = match signed(layout, head, Field::Total, sense)? {
        Some(total) if !is_split => total,
        _ => document.sum_of_parts().map_err(|fault| Box::new(fault.into()))?,
    };
    document.status = status(layout, head)?;
    document.outstanding = outstanding(layout, head, entity, sense, &document)?;

    let supplier_numbers = rules.supplier_numbers || matches!(entity, Entity::Bill | Entity::BillCredit);
    let written = layout.text(head, Field::Date);
    let id = match layout.some(head, Field::Id) {
        Some(id) => id.to_owned(),
        None => ids::document(&layout.profile, entity, supplier_numbers, number, contact, written),
    };
    Ok(Draft {
        entity,
        id: id.into(),
        number: Some(number.to_owned()),
        body: Body::Document(document.into()),
    })
}

fn entity(layout: &Layout, head: &UnitRow<'_>) -> Outcome<Entity> {
    match layout.some(head, Field::Kind) {
        None => Ok(layout.format.entity),
        Some(kind) => document_kind(kind).ok_or_else(|| {
            let detail = "Known are invoice, credit note, bill and bill credit note.";
            layout.problem(head, Field::Kind, Code::ValueUnknown, detail)
        }),
    }
}

/// Systems that put several kinds into one file write credits with a minus; a document of ours is positive in
/// its own sense. The import template of such a system has no kinds: there a negative total would be a credit,
/// and stays negative, to be seen.
fn sign_of(layout: &Layout, rules: Documents, entity: Entity, unit: &Unit<'_>) -> Outcome<Decimal> {
    let credit = matches!(entity, Entity::CreditNote | Entity::BillCredit);
    if !credit || !rules.credits_negative {
        return Ok(Decimal::ONE);
    }
    let stated = unit.rows.first().map(|head| layout.number(head, Field::Total)).transpose()?.flatten();
    let lines = match stated {
        Some(total) => vec![total],
        None => unit
            .rows
            .iter()
            .map(|row| Ok(layout.number(row, Field::LineAmount)?.unwrap_or_default()))
            .collect::<Outcome<Vec<_>>>()?,
    };
    let sum = checked_sum(lines).map_err(|fault| Box::new(fault.into()))?;
    Ok(if sum.is_sign_negative() && !sum.is_zero() { Decimal::NEGATIVE_ONE } else { Decimal::ONE })
}

/// The currency of a document, and the sign that its amounts are written with.
#[derive(Debug, Clone, Copy)]
struct Sense {
    currency: Currency,
    sign: Decimal,
}

/// The cell with the document's sign taken out.
fn signed(layout: &Layout, row: &UnitRow<'_>, field: Field, sense: Sense) -> Outcome<Option<Decimal>> {
    Ok(layout.amount(row, field, sense.currency)?.map(|amount| flip(amount, sense.sign)))
}

fn flip(amount: Decimal, sign: Decimal) -> Decimal {
    match sign.is_sign_negative() && !amount.is_zero() {
        true => -amount,
        false => amount,
    }
}

/// The line of a row; nothing for a row that has the document's own fields only.
fn line(layout: &Layout, rules: Documents, row: &UnitRow<'_>, sense: Sense) -> Outcome<Option<Line>> {
    let quantity = layout.number(row, Field::Quantity)?;
    let unit_price = signed(layout, row, Field::Price, sense)?;
    let amount = signed(layout, row, Field::LineAmount, sense)?;
    let item = layout.some(row, Field::Item);
    let description = layout.owned(row, Field::Description);
    if amount.is_none() && unit_price.is_none() && item.is_none() && description.is_none() {
        return Ok(None);
    }
    let gross = product(layout, row, quantity, unit_price)?;
    let discount = discount(layout, rules, row, gross, amount, sense)?;
    let (first, second) = (layout.text(row, Field::Tax), layout.text(row, Field::Tax2));
    let taxes =
        [signed(layout, row, Field::TaxAmount, sense)?, signed(layout, row, Field::Tax2Amount, sense)?];
    let stated_tax = checked_sum(taxes.into_iter().flatten())
        .map_err(|_| layout.problem(row, Field::TaxAmount, Code::AmountOutOfRange, ""))?;
    let net = match (amount, rules.line_amount) {
        (Some(net), LineAmount::Net) => net,
        (Some(before), LineAmount::NetBeforeDiscount) => subtract(layout, row, before, discount)?,
        (Some(with_tax), LineAmount::WithTax) => subtract(layout, row, with_tax, Some(stated_tax))?,
        (Some(stated), LineAmount::WithOrWithoutTax) => without_tax(layout, row, stated, stated_tax, sense)?,
        (None, _) => {
            let net = subtract(layout, row, gross.unwrap_or_default(), discount)?;
            round_half_up(net, sense.currency.minor_digits())
        }
    };
    let tax = match taxes {
        [None, None] if rules.tax_worked_out => worked_out_tax(layout, row, net, first, sense.currency)?,
        [None, None] => None,
        _ => Some(stated_tax),
    };
    Ok(Some(Line {
        item: item.map(SourceId::from),
        description,
        quantity,
        unit_price,
        discount,
        net,
        tax_rate: (!first.is_empty() || !second.is_empty())
            .then(|| ids::tax(first, second).into_owned().into()),
        tax,
        account: layout.account(row, Field::Account).map(SourceId::from),
        project: None,
        tracking: tracking(layout, row),
        service_date: layout.date(row, Field::ServiceDate)?,
    }))
}

/// What the total leaves without the tax. The amount that is stated must be that, or the total itself.
fn without_tax(
    layout: &Layout,
    row: &UnitRow<'_>,
    stated: Decimal,
    tax: Decimal,
    sense: Sense,
) -> Outcome<Decimal> {
    let unclear = |detail| Err(layout.problem(row, Field::LineAmount, Code::AmountUnreadable, detail));
    match signed(layout, row, Field::Total, sense)? {
        Some(total) => {
            let net = subtract(layout, row, total, Some(tax))?;
            match stated == net || stated == total {
                true => Ok(net),
                false => unclear("It is neither the total nor the total without the tax."),
            }
        }
        None if tax.is_zero() => Ok(stated),
        None => unclear("Without a total, the file does not say whether the tax is in it."),
    }
}

/// The tax that Xero adds to a line of its import template without one: the rate that the tax bears in its
/// name, on the line, rounded half up to the currency's minor unit.
fn worked_out_tax(
    layout: &Layout,
    row: &UnitRow<'_>,
    net: Decimal,
    tax: &str,
    currency: Currency,
) -> Outcome<Option<Decimal>> {
    let Some(percent) = percent_in(tax) else { return Ok(None) };
    let too_large = || layout.problem(row, Field::Tax, Code::AmountOutOfRange, "");
    let exact = net.checked_mul(percent).and_then(|tax| tax.checked_div(Decimal::ONE_HUNDRED));
    Ok(Some(round_half_up(exact.ok_or_else(too_large)?, currency.minor_digits())))
}

pub(super) fn tracking(layout: &Layout, row: &UnitRow<'_>) -> Vec<Tracking> {
    ids::tracking(|field| layout.text(row, field))
        .map(|(category, option)| Tracking { category: category.into(), option: option.to_owned() })
        .collect()
}

fn product(
    layout: &Layout,
    row: &UnitRow<'_>,
    quantity: Option<Decimal>,
    price: Option<Decimal>,
) -> Outcome<Option<Decimal>> {
    let Some(price) = price else { return Ok(None) };
    let product = quantity.unwrap_or(Decimal::ONE).checked_mul(price);
    let too_large = || layout.problem(row, Field::Price, Code::AmountOutOfRange, "");
    product.map(Some).ok_or_else(too_large)
}

fn subtract(layout: &Layout, row: &UnitRow<'_>, from: Decimal, what: Option<Decimal>) -> Outcome<Decimal> {
    from.checked_sub(what.unwrap_or_default())
        .ok_or_else(|| layout.problem(row, Field::LineAmount, Code::AmountOutOfRange, ""))
}

/// The discount of a line as an amount: as stated, else what lies between quantity times price and the amount,
/// else the percentage of it.
fn discount(
    layout: &Layout,
    rules: Documents,
    row: &UnitRow<'_>,
    gross: Option<Decimal>,
    net: Option<Decimal>,
    sense: Sense,
) -> Outcome<Option<Decimal>> {
    let stated = layout.number(row, Field::LineDiscount)?.filter(|d| !d.is_zero());
    let amount = signed(layout, row, Field::LineDiscountAmount, sense)?.filter(|d| !d.is_zero());
    if amount.is_some() || stated.is_none() {
        return Ok(amount);
    }
    let too_large = || layout.problem(row, Field::LineDiscount, Code::AmountOutOfRange, "");
    match (rules.discount, stated, gross, net) {
        (DiscountKind::Amount, Some(stated), ..) => Ok(Some(flip(stated, sense.sign))),
        (DiscountKind::Percent, Some(_), Some(gross), Some(net)) => {
            let between = gross.checked_sub(net).ok_or_else(too_large)?;
            Ok(Some(between.normalize()).filter(|d| !d.is_zero()))
        }
        (DiscountKind::Percent, Some(percent), Some(gross), None) => {
            let amount = gross.checked_mul(percent).and_then(|a| a.checked_div(Decimal::ONE_HUNDRED));
            amount.map(Some).ok_or_else(too_large)
        }
        _ => Ok(None),
    }
}

/// What the document states for the whole: shipping, adjustment and rounding become lines of their own name.
fn extras(layout: &Layout, head: &UnitRow<'_>, sense: Sense, document: &mut Document) -> Outcome<()> {
    for (field, name) in [
        (Field::Shipping, "Shipping charge"),
        (Field::Adjustment, "Adjustment"),
        (Field::Rounding, "Rounding"),
    ] {
        if let Some(net) = signed(layout, head, field, sense)?.filter(|net| !net.is_zero()) {
            document.lines.push(Line { description: Some(name.to_owned()), net, ..Line::default() });
        }
    }
    if let Some(amount) = signed(layout, head, Field::Discount, sense)?.filter(|d| !d.is_zero()) {
        document.discount = Some(Discount { amount, percent: None, account: None });
    }
    let on_lines = document.lines.iter().any(|line| line.tax.is_some());
    if let Some(amount) = signed(layout, head, Field::TaxTotal, sense)?.filter(|t| !t.is_zero() && !on_lines)
    {
        document.taxes.push(DocumentTax { tax_rate: None, amount });
    }
    Ok(())
}

fn status(layout: &Layout, head: &UnitRow<'_>) -> Outcome<Status> {
    let Some(text) = layout.some(head, Field::Status) else { return Ok(Status::Open) };
    let text = text.to_lowercase().replace(['_', '-'], " ");
    Ok(match text.as_str() {
        "open" | "sent" | "viewed" | "paid" | "partial" | "partially paid" | "partiallypaid" | "unpaid"
        | "overdue" | "outstanding" | "pending" | "awaiting payment" | "authorised" | "authorized"
        | "approved" | "disputed" | "autopaid" | "unsent" | "issued" | "confirmed" | "partially billed"
        | "partially invoiced" => Status::Open,
        "draft" | "submitted" | "awaiting approval" | "pending approval" | "saved" => Status::Draft,
        "accepted" => Status::Accepted,
        "declined" | "rejected" => Status::Declined,
        "closed" | "invoiced" | "billed" | "converted" | "expired" => Status::Closed,
        "void" | "voided" | "deleted" | "cancelled" | "canceled" => Status::Voided,
        _ => {
            return Err(layout.problem(head, Field::Status, Code::ValueUnknown, ""));
        }
    })
}

/// What is still to be paid, as the document states it.
///
/// In FreshBooks the status tells, and a document that is paid in part without saying how much is refused: its
/// report of payments need not hold all of them, so that any figure would be a guess.
fn outstanding(
    layout: &Layout,
    head: &UnitRow<'_>,
    entity: Entity,
    sense: Sense,
    document: &Document,
) -> Outcome<Option<Decimal>> {
    if entity.ledger().is_none() {
        return Ok(None);
    }
    if let Some(stated) = signed(layout, head, Field::Outstanding, sense)? {
        return Ok(Some(stated));
    }
    if layout.format.system.id != "freshbooks" {
        return Ok(None);
    }
    match layout.text(head, Field::Status).to_lowercase().as_str() {
        "paid" | "autopaid" | "void" | "voided" | "deleted" => Ok(Some(Decimal::ZERO)),
        "partial" | "partially paid" | "partially-paid" => {
            let detail = "It is paid in part, and the file does not say how much is open.";
            Err(layout.problem(head, Field::Status, Code::FieldMissing, detail))
        }
        _ => Ok(Some(document.total)),
    }
}
