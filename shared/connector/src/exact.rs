//! The rules that keep the two sacred figures exact in any target: total and outstanding balance.
//!
//! A document is written in detail where its parts add up to its stated total; else with one visible adjustment
//! line; else, where the target refuses the detail, as a single line of its total. What is still to be paid is
//! brought about by real payments where they are carried, and by one settlement against the clearing account for
//! the rest. The clearing account is closed out by one visible journal entry per currency.

use std::collections::BTreeMap;

use carry_model::{
    Account, AccountClass, Body, Decimal, Document, DocumentTax, Entity, Fault, Line, Record, RecordKey,
    SourceId, TaxMode, checked_sum,
};

use crate::{Adjustment, AdjustmentKind, Moved};

/// Source id of the account that adjustment lines are booked to.
pub const ADJUSTMENTS: &str = "carryforward:adjustments";
/// What that account is called.
pub const ADJUSTMENTS_NAME: &str = "Carryforward adjustments";
/// Source id of the clearing account that settlements pass through.
pub const CLEARING: &str = "carryforward:clearing";
/// What that account is called.
pub const CLEARING_NAME: &str = "Carryforward clearing";
/// Source id of the account that the clearing account is closed out to.
pub const SETTLEMENTS: &str = "carryforward:settlements";

/// The three accounts that adjustments need, as records to carry like any other account. The clearing account
/// is a bank-type account because targets accept payments only against such.
pub fn accounts() -> Result<Vec<Record>, Fault> {
    let account = |id: &str, code: &str, name: &str, class, description: &str| {
        let body = Account {
            code: Some(code.to_owned()),
            name: name.to_owned(),
            class,
            parent: None,
            currency: None,
            description: Some(description.to_owned()),
            active: true,
        };
        Record::new(Entity::Account, id, Some(name.to_owned()), Body::Account(body.into()))
    };
    Ok(vec![
        account(
            ADJUSTMENTS,
            "CFADJ",
            ADJUSTMENTS_NAME,
            AccountClass::OtherExpense,
            "Visible lines that make a migrated document's total exact.",
        )?,
        account(
            CLEARING,
            "CFCLR",
            CLEARING_NAME,
            AccountClass::Bank,
            "Settlements of migrated documents pass through it; it ends at zero.",
        )?,
        account(
            SETTLEMENTS,
            "CFSET",
            "Carryforward settlements",
            AccountClass::Equity,
            "What was settled in the old system without a payment that could be carried.",
        )?,
    ])
}

/// What the source ids of settlements begin with.
pub const SETTLEMENT: &str = "carryforward:settlement:";
/// What the source ids of the entries begin with that close out the clearing account.
pub const CLOSING: &str = "carryforward:clearing:";

/// Source id of the settlement of a document.
pub fn settlement_id(document: &RecordKey) -> SourceId {
    SourceId::new(format!("{SETTLEMENT}{}:{}", document.entity.name(), document.id))
}

/// True where a record is one that the engine derived rather than read.
pub fn is_derived(id: &SourceId) -> bool {
    id.as_str().starts_with("carryforward:")
}

/// Adds a line of `difference` to the adjustments account, named as such.
pub fn with_adjustment_line(
    entity: Entity,
    mut document: Document,
    difference: Decimal,
) -> (Document, Adjustment) {
    let why =
        format!("The parts as stated differ from the stated total by {difference} {}.", document.currency);
    let adjustment = Adjustment::new(AdjustmentKind::AdjustmentLine, difference, document.currency, why);
    let adjustment = moving(entity, adjustment, None, Some(SourceId::from(ADJUSTMENTS)));
    document.lines.push(Line {
        description: Some(
            "Carryforward adjustment: difference to the total as stated in the source".to_owned(),
        ),
        quantity: Some(Decimal::ONE),
        unit_price: Some(difference),
        net: difference,
        account: Some(SourceId::from(ADJUSTMENTS)),
        ..Line::default()
    });
    (document, adjustment)
}

/// The document in detail where its parts add up, else with an adjustment line.
pub fn detailed(entity: Entity, document: Document) -> Result<(Document, Option<Adjustment>), Fault> {
    let gap = checked_sum([document.total, -document.sum_of_parts()?])?;
    if gap.is_zero() {
        return Ok((document, None));
    }
    let (document, adjustment) = with_adjustment_line(entity, document, gap);
    Ok((document, Some(adjustment)))
}

/// The document as one line of its total, without tax, on the account its largest line was booked to; and what that
/// moves from the accounts of its other lines, of its tax and of its discount.
pub fn high_level(
    entity: Entity,
    document: Document,
    why: &str,
) -> Result<(Document, Vec<Adjustment>), Fault> {
    let largest = document.lines.iter().max_by_key(|line| line.net.abs());
    let account = largest.and_then(|line| line.account.clone()).or_else(|| Some(SourceId::from(ADJUSTMENTS)));
    let line = Line {
        description: Some(
            "Carried forward at its total, inclusive of every tax, fee and discount".to_owned(),
        ),
        quantity: Some(Decimal::ONE),
        unit_price: Some(document.total),
        net: document.total,
        account: account.clone(),
        project: largest.and_then(|line| line.project.clone()),
        ..Line::default()
    };
    let mut adjustments =
        vec![Adjustment::new(AdjustmentKind::HighLevel, document.total, document.currency, why)];
    for (from, amount) in by_account(&document)? {
        if from != account && !amount.is_zero() {
            let part = Adjustment::new(AdjustmentKind::OtherAccount, amount, document.currency, IN_ONE_LINE);
            adjustments.push(moving(entity, part, from, account.clone()));
        }
    }
    let taxes: Vec<DocumentTax> = Vec::new();
    let plain = Document { lines: vec![line], taxes, discount: None, tax_mode: TaxMode::None, ..document };
    Ok((plain, adjustments))
}

const IN_ONE_LINE: &str = "The document went as one line, and this part of it is in that line.";

/// What a document books on each account that it names; the rest of its total is on accounts that it does not name.
fn by_account(document: &Document) -> Result<BTreeMap<Option<SourceId>, Decimal>, Fault> {
    let lines = document.lines.iter().map(|line| (line.account.clone(), line.net));
    let discount = document.discount.iter().map(|discount| (discount.account.clone(), -discount.amount));
    let mut parts: BTreeMap<Option<SourceId>, Decimal> = BTreeMap::new();
    for (account, amount) in lines.chain(discount).filter(|(account, _)| account.is_some()) {
        let sum = parts.entry(account).or_default();
        *sum = checked_sum([*sum, amount])?;
    }
    let rest = checked_sum(parts.values().map(|amount| -amount).chain([document.total]))?;
    parts.insert(None, rest);
    Ok(parts)
}

/// An adjustment with what it moves; what moves no ledger moves no account.
fn moving(
    entity: Entity,
    adjustment: Adjustment,
    from: Option<SourceId>,
    to: Option<SourceId>,
) -> Adjustment {
    let debit = adjustment.amount * Decimal::from(entity.line_sign());
    if debit.is_zero() { adjustment } else { adjustment.moving(Moved { from, to, debit }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::{Currency, Date, parse_plain};

    fn invoice(total: &str, nets: &[&str]) -> Document {
        let mut document =
            Document::new(Date::constant(2026, 1, 31), Currency::EUR, parse_plain(total).unwrap());
        document.lines =
            nets.iter().map(|net| Line { net: parse_plain(net).unwrap(), ..Line::default() }).collect();
        document
    }

    #[test]
    fn parts_that_add_up_stay_as_they_are() {
        let (document, adjustment) = detailed(Entity::Invoice, invoice("30.00", &["10", "20"])).unwrap();
        assert_eq!(document.lines.len(), 2);
        assert_eq!(adjustment, None);
    }

    #[test]
    fn a_gap_becomes_one_visible_line() {
        let (document, adjustment) = detailed(Entity::Invoice, invoice("30.01", &["10", "20"])).unwrap();
        assert_eq!(document.sum_of_parts().unwrap(), document.total);
        assert_eq!(adjustment.unwrap().amount, parse_plain("0.01").unwrap());
        assert_eq!(document.lines[2].account, Some(SourceId::from(ADJUSTMENTS)));
    }

    #[test]
    fn high_level_keeps_total_and_account() {
        let mut source = invoice("30.01", &["10", "20"]);
        source.lines[1].account = Some("sales".into());
        source.lines[0].account = Some("hours".into());
        let (document, adjustments) = high_level(Entity::Invoice, source, "refused").unwrap();
        assert_eq!(document.sum_of_parts().unwrap(), document.total);
        assert_eq!(document.lines[0].account, Some("sales".into()));
        let moved: Vec<_> = adjustments.into_iter().filter_map(|adjustment| adjustment.moved).collect();
        let moved =
            moved.iter().map(|moved| (moved.from.as_ref().map(SourceId::as_str), moved.debit.to_string()));
        let expected = [(None, "-0.01".to_owned()), (Some("hours"), "-10".to_owned())];
        assert_eq!(moved.collect::<Vec<_>>(), expected);
    }
}
