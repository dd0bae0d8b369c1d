//! The words that enumerations are kept as; the schema's checks list the same ones.

use carry_model::{AccountClass, Code, Direction, Fault, Status, TaxMode};

pub(super) const STATUSES: &[(Status, &str)] = &[
    (Status::Draft, "draft"),
    (Status::Open, "open"),
    (Status::Accepted, "accepted"),
    (Status::Declined, "declined"),
    (Status::Closed, "closed"),
    (Status::Voided, "voided"),
];

pub(super) const TAX_MODES: &[(TaxMode, &str)] =
    &[(TaxMode::Exclusive, "exclusive"), (TaxMode::Inclusive, "inclusive"), (TaxMode::None, "none")];

pub(super) const DIRECTIONS: &[(Direction, &str)] = &[(Direction::In, "in"), (Direction::Out, "out")];

pub(super) const CLASSES: &[(AccountClass, &str)] = &[
    (AccountClass::Bank, "bank"),
    (AccountClass::Receivable, "receivable"),
    (AccountClass::CurrentAsset, "current_asset"),
    (AccountClass::FixedAsset, "fixed_asset"),
    (AccountClass::CreditCard, "credit_card"),
    (AccountClass::Payable, "payable"),
    (AccountClass::CurrentLiability, "current_liability"),
    (AccountClass::LongTermLiability, "long_term_liability"),
    (AccountClass::Equity, "equity"),
    (AccountClass::Income, "income"),
    (AccountClass::OtherIncome, "other_income"),
    (AccountClass::CostOfSales, "cost_of_sales"),
    (AccountClass::Expense, "expense"),
    (AccountClass::OtherExpense, "other_expense"),
];

/// The word of a value.
pub(super) fn word<T: Copy + PartialEq>(words: &[(T, &'static str)], value: T) -> &'static str {
    words.iter().find(|(known, _)| *known == value).map_or("", |(_, word)| *word)
}

/// The value of a word.
pub(super) fn value<T: Copy>(words: &[(T, &'static str)], word: &str, field: &str) -> Result<T, Fault> {
    let known = words.iter().find(|(_, known)| *known == word).map(|(value, _)| *value);
    known.ok_or_else(|| Fault::new(Code::ValueUnknown).field(field).text(word))
}
