//! What the transformer must know of a book beyond the row at hand: accounts, tax tables, terms, home currency.

use std::collections::BTreeMap;

use carry_model::{AccountClass, Code, Currency, Decimal, Fault};
use serde::{Deserialize, Serialize};

use super::exact::{self, Exact};

/// The short lists of a book, found by the survey and kept in its profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The currency the ledger is kept in.
    pub(crate) home: Currency,
    /// The account that holds all others; they are no one's part.
    pub(crate) root: String,
    /// Accounts by guid.
    pub(crate) accounts: BTreeMap<String, AccountInfo>,
    /// Tax tables by guid, copies made at posting included.
    pub(crate) taxes: BTreeMap<String, TaxTable>,
    /// Terms by guid, copies made at posting included.
    pub(crate) terms: BTreeMap<String, TermsInfo>,
}

/// What the transformer needs to know of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccountInfo {
    pub(crate) name: String,
    pub(crate) code: Option<String>,
    /// GnuCash's word: `BANK`, `RECEIVABLE`, ...
    pub(crate) kind: String,
    /// None where it holds something that is no currency.
    pub(crate) currency: Option<Currency>,
    /// What it holds, for people.
    pub(crate) holds: String,
}

impl AccountInfo {
    /// What customers owe or is owed to suppliers.
    pub(crate) fn is_control(&self) -> bool {
        matches!(self.class(), Some(AccountClass::Receivable | AccountClass::Payable))
    }

    /// A place that holds money: between two of them it is transferred.
    pub(crate) fn is_money(&self) -> bool {
        matches!(self.class(), Some(AccountClass::Bank | AccountClass::CreditCard))
    }

    pub(crate) fn class(&self) -> Option<AccountClass> {
        class_of(&self.kind)
    }
}

/// The class of an account of GnuCash's type; None for a type that is not known.
pub(crate) fn class_of(kind: &str) -> Option<AccountClass> {
    Some(match kind {
        "BANK" | "CASH" | "CHECKING" | "SAVINGS" | "MONEYMRKT" => AccountClass::Bank,
        "RECEIVABLE" => AccountClass::Receivable,
        "ASSET" | "STOCK" | "MUTUAL" => AccountClass::CurrentAsset,
        "CREDIT" | "CREDITLINE" => AccountClass::CreditCard,
        "PAYABLE" => AccountClass::Payable,
        "LIABILITY" => AccountClass::CurrentLiability,
        "EQUITY" => AccountClass::Equity,
        "INCOME" => AccountClass::Income,
        "EXPENSE" => AccountClass::Expense,
        "TRADING" => AccountClass::OtherIncome,
        _ => return None,
    })
}

/// How a tax or a discount is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AmountKind {
    /// An amount of money.
    Value,
    /// Per cent.
    Percent,
}

/// One tax of a tax table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaxEntry {
    /// The account it is booked to.
    pub(crate) account: String,
    pub(crate) num: i64,
    pub(crate) denom: i64,
    pub(crate) kind: AmountKind,
}

impl TaxEntry {
    pub(crate) fn amount(&self) -> Result<Exact, Fault> {
        Exact::new(self.num, self.denom)
    }
}

/// A tax table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaxTable {
    pub(crate) name: String,
    pub(crate) parent: Option<String>,
    pub(crate) entries: Vec<TaxEntry>,
}

impl TaxTable {
    /// Its per cent altogether; None where it holds a fixed amount or a fraction that no decimal is equal to.
    pub(crate) fn percent(&self) -> Option<Decimal> {
        if self.entries.iter().any(|entry| entry.kind == AmountKind::Value) {
            return None;
        }
        let amounts = self.entries.iter().map(TaxEntry::amount).collect::<Result<Vec<_>, _>>().ok()?;
        exact::sum(amounts).and_then(|percent| percent.decimal(0)).ok()
    }
}

/// Terms of payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TermsInfo {
    pub(crate) name: String,
    pub(crate) parent: Option<String>,
    /// Everything that can differ between a copy and its parent.
    pub(crate) content: String,
}

impl Profile {
    /// The account; a fault that names the column where the book has none of that guid.
    pub(crate) fn account(&self, guid: &str, column: &str) -> Result<&AccountInfo, Fault> {
        self.accounts.get(guid).ok_or_else(|| {
            Fault::new(Code::ReferenceMissing)
                .field(column)
                .text(guid)
                .detail("The book has no such account.")
        })
    }

    /// The tax table that stands for this one: GnuCash copies a table when it posts a document, so that a later
    /// change does not reach it. A copy that is still like its parent is its parent.
    pub(crate) fn tax_of<'a>(&'a self, guid: &'a str) -> &'a str {
        fold(guid, &self.taxes, |table| table.parent.as_deref(), |a, b| a.entries == b.entries)
    }

    /// The terms that stand for these, likewise.
    pub(crate) fn terms_of<'a>(&'a self, guid: &'a str) -> &'a str {
        fold(guid, &self.terms, |terms| terms.parent.as_deref(), |a, b| a.content == b.content)
    }
}

fn fold<'a, T>(
    guid: &'a str,
    all: &'a BTreeMap<String, T>,
    parent_of: impl Fn(&'a T) -> Option<&'a str>,
    alike: impl Fn(&T, &T) -> bool,
) -> &'a str {
    let Some(start) = all.get(guid) else { return guid };
    let mut at = guid;
    // Parents of a damaged book may run in a circle.
    for _ in 0..all.len() {
        let Some(parent) = all.get(at).and_then(&parent_of) else { break };
        match all.get(parent) {
            Some(table) if alike(start, table) => at = parent,
            _ => break,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(parent: Option<&str>, num: i64) -> TaxTable {
        let entry = TaxEntry { account: "vat".into(), num, denom: 1, kind: AmountKind::Percent };
        TaxTable { name: "VAT".into(), parent: parent.map(Into::into), entries: vec![entry] }
    }

    #[test]
    fn copies_fold_back_while_they_are_alike() {
        let taxes = BTreeMap::from([
            ("p".to_owned(), table(None, 19)),
            ("copy".to_owned(), table(Some("p"), 19)),
            ("old".to_owned(), table(Some("p"), 16)),
            ("lost".to_owned(), table(Some("gone"), 19)),
            ("a".to_owned(), table(Some("b"), 7)),
            ("b".to_owned(), table(Some("a"), 7)),
        ]);
        let (root, accounts, terms) = (String::new(), BTreeMap::new(), BTreeMap::new());
        let profile = Profile { home: Currency::EUR, root, accounts, taxes, terms };
        for (guid, is) in [("p", "p"), ("copy", "p"), ("old", "old"), ("lost", "lost"), ("none", "none")] {
            assert_eq!(profile.tax_of(guid), is);
        }
        assert!(["a", "b"].contains(&profile.tax_of("a")), "a circle ends");
    }
}
