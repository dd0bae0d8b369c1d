//! Payments: one row per application, which states its own amount, or the whole payment's beside it.

use carry_model::{
    Allocation, Body, Code, Currency, Decimal, Entity, Ledger, Payment, RecordKey, SourceId, checked_sum,
};

use super::Draft;
use super::cells::{Layout, Outcome};
use crate::formats::Field;
use crate::ids::{self, Lookup};
use crate::unit::{Unit, UnitRow};

pub(super) fn payment(layout: &Layout, ledger: Ledger, unit: &Unit<'_>) -> Outcome<Draft> {
    let head = layout.lead(unit)?;
    let number = match layout.format.lacks_numbers() {
        true => None,
        false => Some(layout.required(head, Field::Number)?),
    };
    settles_an_invoice(layout, head)?;
    let contact = layout.required(head, Field::Contact)?;
    let currency = layout.currency(head)?;
    let mut payment = Payment {
        contact: Some(SourceId::from(contact)),
        date: layout.required_date(head, Field::Date)?,
        currency,
        rate: layout.rate(head, currency)?,
        amount: Decimal::ZERO,
        account: layout.account(head, Field::PaidAccount).map(SourceId::from),
        method: layout.some(head, Field::PaymentMethod).map(SourceId::from),
        reference: layout.owned(head, Field::Reference),
        memo: layout.owned(head, Field::Memo),
        allocations: Vec::new(),
    };
    let whole = whole_amount(layout, head, currency)?;
    let applied = if whole.is_some() { Field::Applied } else { Field::Amount };
    let mut amounts = Vec::with_capacity(unit.rows.len());
    for (index, row) in unit.rows.iter().enumerate() {
        let Some(amount) = layout.amount(row, applied, currency)? else {
            if whole.is_some() && layout.some(row, Field::AppliedTo).is_none() {
                continue;
            }
            return Err(layout.problem(row, applied, Code::FieldMissing, ""));
        };
        if layout.some(row, Field::AppliedTo).is_some() && whole.is_none_or(|whole| whole.is_applied) {
            let there = !unit.note.split('!').any(|place| place.parse() == Ok(index));
            payment.allocations.push(allocation(layout, ledger, row, contact, amount, there)?);
        }
        amounts.push(amount);
    }
    payment.amount = match whole {
        Some(whole) => whole.amount,
        None => checked_sum(amounts).map_err(|fault| Box::new(fault.into()))?,
    };
    let entity = match ledger {
        Ledger::Receivable => Entity::Payment,
        Ledger::Payable => Entity::BillPayment,
    };
    let written = layout.text(head, Field::Date);
    let id = match number {
        Some(number) => ids::document(&layout.profile, entity, false, number, contact, written),
        None => ids::unnumbered(|field| layout.text(head, field), ordinal(unit)),
    };
    Ok(Draft {
        entity,
        id: id.into(),
        number: number.map(str::to_owned),
        body: Body::Payment(payment.into()),
    })
}

/// The ordinal of a payment without a number stands in front of the rows whose document is missing.
fn ordinal<'u>(unit: &'u Unit<'_>) -> &'u str {
    unit.note.split('!').next().unwrap_or_default()
}

/// Where a column tells what the payment is for, only the payment of an invoice can be carried.
fn settles_an_invoice(layout: &Layout, head: &UnitRow<'_>) -> Outcome<()> {
    if layout.format.column(Field::AppliedKind).is_none() {
        return Ok(());
    }
    let unknown = |field, detail| Err(layout.problem(head, field, Code::ValueUnknown, detail));
    let kind = layout.required(head, Field::AppliedKind)?.to_lowercase();
    if ["credit", "prepayment", "overpayment"].iter().any(|word| kind.contains(word)) {
        return unknown(Field::AppliedKind, "The file does not say how much of the credit is still unused.");
    }
    if kind != "invoice" {
        return unknown(Field::AppliedKind, "Only payments of invoices are carried.");
    }
    layout.required(head, Field::AppliedTo)?;
    match layout.text(head, Field::Amount).contains('*') {
        true => {
            unknown(Field::Amount, "It was paid from a credit that was there before, not with new money.")
        }
        false => Ok(()),
    }
}

/// A payment whose rows each state the amount of the whole.
#[derive(Debug, Clone, Copy)]
struct Whole {
    amount: Decimal,
    /// False where all of it is stated as unused: what the rows name then was taken off it again.
    is_applied: bool,
}

/// The amount of the whole payment, where the rows state what is applied beside it. One that is a draft or void
/// moved no money.
fn whole_amount(layout: &Layout, head: &UnitRow, currency: Currency) -> Outcome<Option<Whole>> {
    if layout.format.column(Field::Applied).is_none() {
        return Ok(None);
    }
    let status = layout.text(head, Field::Status).to_lowercase();
    if matches!(status.as_str(), "draft" | "void" | "voided") {
        let detail = "A payment that is a draft or void moved no money, and is not carried.";
        return Err(layout.problem(head, Field::Status, Code::ValueUnknown, detail));
    }
    let missing = || layout.problem(head, Field::Amount, Code::FieldMissing, "");
    let amount = layout.amount(head, Field::Amount, currency)?.ok_or_else(missing)?;
    let unapplied = layout.amount(head, Field::Unapplied, currency)?.unwrap_or_default();
    Ok(Some(Whole { amount, is_applied: unapplied.is_zero() || unapplied != amount }))
}

/// A positive amount settles an invoice or bill, a negative one uses up a credit.
fn allocation(
    layout: &Layout,
    ledger: Ledger,
    row: &UnitRow<'_>,
    contact: &str,
    amount: Decimal,
    there: bool,
) -> Outcome<Allocation> {
    let entity = match (ledger, amount.is_sign_negative()) {
        (Ledger::Receivable, false) => Entity::Invoice,
        (Ledger::Receivable, true) => Entity::CreditNote,
        (Ledger::Payable, false) => Entity::Bill,
        (Ledger::Payable, true) => Entity::BillCredit,
    };
    let number = layout.text(row, Field::AppliedTo);
    if !there {
        let detail = format!("No file holds a {} of that number.", entity.singular());
        return Err(layout.problem(row, Field::AppliedTo, Code::ReferenceMissing, &detail));
    }
    match ids::referred(&layout.profile, entity, ledger == Ledger::Payable, number, contact) {
        Lookup::Id(id) => Ok(Allocation { document: RecordKey::new(entity, id), amount: amount.abs() }),
        Lookup::Several => {
            let detail = format!("Several {} bear that number.", entity.plural());
            Err(layout.problem(row, Field::AppliedTo, Code::ReferenceMissing, &detail))
        }
    }
}
