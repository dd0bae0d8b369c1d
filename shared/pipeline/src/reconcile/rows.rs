//! Links as the rows of a report.

use carry_connector::{Adjustment, AdjustmentKind, exact};
use carry_model::{Code, Currency, Decimal, Entity, Fault, Ledger, Money, Reject, SourceId, round_half_up};
use carry_ports::{Link, LinkState};
use carry_report::{
    Adjustment as AdjustmentRow, AdjustmentKind as RowKind, Compared, ContactBalance, CrosswalkRow,
    DocumentBalance, Moved as MovedRow, Outcome, RejectRow, VanishedRow,
};
use rustc_hash::FxHashMap;

use super::Sides;
use crate::settle::adjustment_of;

fn money(link: &Link) -> Option<Money> {
    Some(Money::new(link.total?, link.currency?))
}

/// The row of a record that failed or was skipped, or whose new version was refused.
pub(super) fn reject(link: &Link, contact: Option<&str>) -> Option<RejectRow> {
    let fault = link.more.fault.clone()?;
    let outcome = if link.state == LinkState::Skipped { Outcome::Skipped } else { Outcome::Failed };
    let reject = Reject {
        entity: link.key.entity,
        id: Some(link.key.id.clone()),
        number: link.number.clone(),
        place: link.more.place.clone(),
        fault,
        raw: String::new(),
    };
    let (contact, amount) = (contact.map(str::to_owned), money(link));
    Some(RejectRow { contact, amount, ..RejectRow::new(outcome, &reject) })
}

/// The rows of a record's visible deviations.
pub(super) fn adjustments(
    link: &Link,
    contact: Option<&str>,
    accounts: &Accounts,
) -> Result<Vec<AdjustmentRow>, Fault> {
    if !link.is_done() {
        return Ok(Vec::new());
    }
    let derived = adjustment_of(link);
    let all = derived.iter().chain(&link.more.adjustments);
    all.map(|adjustment| adjustment_row(link, contact, accounts, adjustment)).collect()
}

/// The accounts that a link's adjustments name.
pub(super) fn accounts_named(link: &Link) -> impl Iterator<Item = SourceId> {
    let derived = adjustment_of(link).and_then(|adjustment| adjustment.moved);
    let stated = link.more.adjustments.iter().filter_map(|adjustment| adjustment.moved.clone());
    derived.into_iter().chain(stated).flat_map(|moved| moved.from.into_iter().chain(moved.to))
}

/// What accounts are called, and the currency that they are kept in.
pub(super) struct Accounts {
    pub(super) home: Currency,
    pub(super) names: FxHashMap<SourceId, String>,
}

impl Accounts {
    /// What an adjustment moves, with the names of the accounts and in the home currency at the record's own rate.
    fn moved(&self, link: &Link, adjustment: &Adjustment) -> Result<Option<MovedRow>, Fault> {
        let Some(moved) = &adjustment.moved else { return Ok(None) };
        let name = |id: &SourceId| self.names.get(id).cloned().unwrap_or_else(|| id.to_string());
        let rate = link.rate.filter(|_| adjustment.currency != self.home).unwrap_or(Decimal::ONE);
        let home = moved.debit.checked_mul(rate).ok_or_else(|| Fault::new(Code::AmountOutOfRange))?;
        let home = round_half_up(home, self.home.minor_digits());
        Ok(Some(MovedRow {
            from: moved.from.as_ref().map(name),
            to: moved.to.as_ref().map(name),
            debit: Money::new(moved.debit, adjustment.currency),
            home: Money::new(home, self.home),
        }))
    }
}

fn adjustment_row(
    link: &Link,
    contact: Option<&str>,
    accounts: &Accounts,
    adjustment: &Adjustment,
) -> Result<AdjustmentRow, Fault> {
    let kind = match adjustment.kind {
        AdjustmentKind::AdjustmentLine => RowKind::AdjustmentLine,
        AdjustmentKind::HighLevel => RowKind::SummaryLine,
        AdjustmentKind::Settlement => RowKind::SettlementPayment,
        AdjustmentKind::AllocationReduced => RowKind::AllocationReduced,
        AdjustmentKind::ClearingClosed => RowKind::ClearingEntry,
        AdjustmentKind::TaxForced => RowKind::TaxForced,
        AdjustmentKind::OtherAccount => RowKind::OtherAccount,
        AdjustmentKind::Rounding => RowKind::Rounding,
    };
    Ok(AdjustmentRow {
        entity: link.key.entity,
        source_id: link.key.id.clone(),
        number: link.number.clone(),
        target_id: link.target.clone(),
        contact: contact.map(str::to_owned),
        kind,
        amount: Money::new(adjustment.amount, adjustment.currency),
        why: adjustment.why.clone(),
        moved: accounts.moved(link, adjustment)?,
    })
}

/// The row that says where a record is now.
pub(super) fn crosswalk(link: &Link) -> Option<CrosswalkRow> {
    if !link.is_done() || exact::is_derived(&link.key.id) {
        return None;
    }
    Some(CrosswalkRow {
        entity: link.key.entity,
        source_id: link.key.id.clone(),
        source_number: link.number.clone(),
        target_id: link.target.clone()?,
        target_number: link.target_number.clone(),
        note: (!link.more.notes.is_empty()).then(|| link.more.notes.join("; ")),
    })
}

/// The row of a compared document or payment.
pub(super) fn document(
    link: &Link,
    contact: Option<String>,
    currency: Currency,
    total: (Decimal, Decimal),
    outstanding: (Decimal, Decimal),
    missing: bool,
) -> Result<DocumentBalance, Fault> {
    Ok(DocumentBalance {
        entity: link.key.entity,
        source_id: link.key.id.clone(),
        number: link.number.clone(),
        target_id: link.target.clone(),
        contact,
        date: link.date,
        currency,
        total: Compared::new(total.0, total.1)?,
        outstanding: Compared::new(outstanding.0, outstanding.1)?,
        missing,
    })
}

/// The row of what a contact owes or is owed.
pub(super) fn contact(
    ledger: Ledger,
    id: Option<SourceId>,
    name: String,
    currency: Currency,
    sides: &Sides,
) -> Result<ContactBalance, Fault> {
    Ok(ContactBalance {
        ledger,
        contact: name,
        source_id: id,
        target_id: None,
        currency,
        balance: Compared::explained(sides.before, sides.not_carried, sides.after)?,
    })
}

/// The row of a payment that the source no longer has, nor the target.
pub(super) fn taken_back(link: &Link) -> VanishedRow {
    gone(link, "taken back in the target: what it settled is open again")
}

/// The row of a record that the source no longer has.
pub(super) fn vanished(link: &Link) -> VanishedRow {
    let action = match link.key.entity {
        Entity::Payment | Entity::BillPayment => {
            "still in the target; remove it there if it was undone on purpose"
        }
        _ => "still in the target; void or archive it there if it was deleted on purpose",
    };
    gone(link, action)
}

fn gone(link: &Link, action: &str) -> VanishedRow {
    VanishedRow {
        entity: link.key.entity,
        source_id: link.key.id.clone(),
        number: link.number.clone(),
        target_id: link.target.clone(),
        amount: money(link),
        action: action.to_owned(),
    }
}
