//! Expenses of several rows. Whether the total on a row is its own or the whole expense's, and whether the
//! amounts bear the tax, is not written; it is believed where the numbers leave one reading only.

use carry_model::{Code, Currency, Decimal, checked_sum};

use super::cells::{Layout, Outcome, Problem};
use crate::formats::{Field, LineAmount};
use crate::unit::{Unit, UnitRow};

/// What the numbers of a row state.
struct Stated {
    amount: Decimal,
    tax: Decimal,
    total: Option<Decimal>,
}

impl Stated {
    fn of(layout: &Layout, row: &UnitRow<'_>, currency: Currency) -> Outcome<Self> {
        let number = |field| layout.amount(row, field, currency);
        let Some(amount) = number(Field::LineAmount)? else {
            return Err(unclear(layout, row, "A row of an expense of several rows states no amount."));
        };
        let tax = number(Field::TaxAmount)?.unwrap_or_default();
        Ok(Self { amount, tax, total: number(Field::Total)? })
    }

    /// Whether its amount is its own total, with or without the tax.
    fn fits_its_total(&self) -> bool {
        let without = |total: Decimal| total.checked_sub(self.tax);
        self.total.is_some_and(|total| self.amount == total || without(total) == Some(self.amount))
    }
}

/// What the amounts of an expense of several rows are.
///
/// Totals that differ are each row's own. Totals that agree are the whole expense's, to which the amounts must
/// add up, all with their tax or all without; where they might be each row's own as well, nobody can say.
pub(super) fn reading(
    layout: &Layout,
    unit: &Unit<'_>,
    head: &UnitRow<'_>,
    currency: Currency,
) -> Outcome<LineAmount> {
    agree(layout, unit, head)?;
    let rows: Vec<Stated> =
        unit.rows.iter().map(|row| Stated::of(layout, row, currency)).collect::<Outcome<_>>()?;
    let own = rows.iter().all(Stated::fits_its_total);
    let mut totals = rows.iter().filter_map(|row| row.total);
    let proven = match totals.next() {
        Some(first) if totals.any(|total| total != first) => own.then_some(LineAmount::WithOrWithoutTax),
        Some(whole) if !own => of_whole(&rows, whole)?,
        _ => None,
    };
    let detail = "The amounts and totals of its rows do not prove what the whole expense comes to.";
    proven.ok_or_else(|| unclear(layout, head, detail))
}

/// Whether the amounts add up to the total with or without their tax; nothing for neither, and for both.
fn of_whole(rows: &[Stated], whole: Decimal) -> Outcome<Option<LineAmount>> {
    let sum =
        |of: fn(&Stated) -> Decimal| checked_sum(rows.iter().map(of)).map_err(|fault| Box::new(fault.into()));
    let amounts = sum(|row| row.amount)?;
    let with_tax = amounts == whole;
    let without_tax = checked_sum([amounts, sum(|row| row.tax)?]).is_ok_and(|sum| sum == whole);
    let untaxed = rows.iter().all(|row| row.tax.is_zero());
    Ok(match (with_tax, without_tax) {
        (true, false) => Some(LineAmount::WithTax),
        (false, true) => Some(LineAmount::Net),
        (true, true) if untaxed => Some(LineAmount::Net),
        _ => None,
    })
}

/// The rows of one expense were paid from one account in one currency.
fn agree(layout: &Layout, unit: &Unit<'_>, head: &UnitRow<'_>) -> Outcome<()> {
    for field in [Field::PaidAccount, Field::Currency, Field::ExchangeRate] {
        let stated = layout.text(head, field);
        if let Some(other) = unit.rows.iter().find(|row| !["", stated].contains(&layout.text(row, field))) {
            let detail = "The rows of one expense differ in it.";
            return Err(layout.problem(other, field, Code::ValueUnknown, detail));
        }
    }
    Ok(())
}

fn unclear(layout: &Layout, row: &UnitRow<'_>, detail: &str) -> Box<Problem> {
    layout.problem(row, Field::LineAmount, Code::AmountUnreadable, detail)
}
