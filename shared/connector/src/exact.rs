//! The rules that keep the two sacred figures exact in any target: total and outstanding balance.
//!
//! A document is written in detail where its parts add up to its stated total; else with one visible adjustment
//! line; else, where the target refuses the detail, as a single line of its total. What is still to be paid is
//! brought about by real payments where they are carried, and by one settlement against the clearing account for
//! the rest. The clearing account is closed out by one visible journal entry per currency.

use carry_model::{
    Account, AccountClass, Body, Decimal, Document, DocumentTax, Entity, Fault, Line, Record, RecordKey,
    SourceId, TaxMode,
};

use crate::{Adjustment, AdjustmentKind};

/// Source id of the account that adjustment lines are booked to.
pub const ADJUSTMENTS: &str = "carryforward:adjustments";
/// Source id of the clearing account that settlements pass through.
pub const CLEARING: &str = "carryforward:clearing";
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
        Record::new(Entity::Account, id, Some(name.to_owned()), Body::Account(body))
    };
    Ok(vec![
        account(
            ADJUSTMENTS,
            "CFADJ",
            "Carryforward adjustments",
            AccountClass::OtherExpense,
            "Visible lines that make a migrated document's total exact.",
        )?,
        account(
            CLEARING,
            "CFCLR",
            "Carryforward clearing",
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
pub fn with_adjustment_line(mut document: Document, difference: Decimal) -> (Document, Adjustment) {
    let why =
        format!("The parts as stated differ from the stated total by {difference} {}.", document.currency);
    let adjustment = Adjustment::new(AdjustmentKind::AdjustmentLine, difference, document.currency, why);
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
pub fn detailed(document: Document) -> Result<(Document, Option<Adjustment>), Fault> {
    let gap = carry_model::checked_sum([document.total, -document.sum_of_parts()?])?;
    if gap.is_zero() {
        return Ok((document, None));
    }
    let (document, adjustment) = with_adjustment_line(document, gap);
    Ok((document, Some(adjustment)))
}

/// The document as one line of its total, without tax, on the account its largest line was booked to.
pub fn high_level(document: Document, why: &str) -> (Document, Adjustment) {
    let largest = document.lines.iter().max_by_key(|line| line.net.abs());
    let line = Line {
        description: Some(
            "Carried forward at its total, inclusive of every tax, fee and discount".to_owned(),
        ),
        quantity: Some(Decimal::ONE),
        unit_price: Some(document.total),
        net: document.total,
        account: largest.and_then(|line| line.account.clone()).or_else(|| Some(SourceId::from(ADJUSTMENTS))),
        project: largest.and_then(|line| line.project.clone()),
        ..Line::default()
    };
    let adjustment = Adjustment::new(AdjustmentKind::HighLevel, document.total, document.currency, why);
    let taxes: Vec<DocumentTax> = Vec::new();
    let plain = Document { lines: vec![line], taxes, discount: None, tax_mode: TaxMode::None, ..document };
    (plain, adjustment)
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
        let (document, adjustment) = detailed(invoice("30.00", &["10", "20"])).unwrap();
        assert_eq!(document.lines.len(), 2);
        assert_eq!(adjustment, None);
    }

    #[test]
    fn a_gap_becomes_one_visible_line() {
        let (document, adjustment) = detailed(invoice("30.01", &["10", "20"])).unwrap();
        assert_eq!(document.sum_of_parts().unwrap(), document.total);
        assert_eq!(adjustment.unwrap().amount, parse_plain("0.01").unwrap());
        assert_eq!(document.lines[2].account, Some(SourceId::from(ADJUSTMENTS)));
    }

    #[test]
    fn high_level_keeps_total_and_account() {
        let mut source = invoice("30.01", &["10", "20"]);
        source.lines[1].account = Some("sales".into());
        let (document, _) = high_level(source, "refused");
        assert_eq!(document.sum_of_parts().unwrap(), document.total);
        assert_eq!(document.lines[0].account, Some("sales".into()));
    }
}
