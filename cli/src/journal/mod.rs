//! The books that were carried, as a plain-text double-entry journal.
//!
//! [`derive`] turns canonical records into transactions, [`names`] gives every account its name in the dialect of the
//! tool, [`text`] writes both. What is posted is what the target has: a document in the shape in which it was
//! written, a payment with the allocations that were carried, every settlement and closing entry.
//!
//! Receivables and payables have a sub-account per contact (`assets:receivable:<contact>`), so their balances are
//! those of the report. Amounts in foreign currency carry the document's own rate as their cost.

mod chart;
mod derive;
mod names;
#[cfg(test)]
mod tests;
mod text;

use carry_model::{Currency, Date, Decimal, Money, SourceId};
use serde::Serialize;

pub(crate) use chart::Chart;
pub(crate) use derive::{Carried, closing, settlement, transaction};
pub(crate) use names::{Dialect, Names};
pub(crate) use text::{commodity, directive, head, write};

/// An account of the journal, before it has a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// One of the source's chart of accounts.
    Chart(SourceId),
    /// What a customer owes; None where no customer is named.
    Receivable(Option<SourceId>),
    /// What is owed to a supplier; None where no supplier is named.
    Payable(Option<SourceId>),
    /// Tax by rate; None where no rate is named.
    Tax(Option<SourceId>),
    /// Sales whose line names no account.
    Sales,
    /// Purchases whose line names no account.
    Purchases,
    /// Discounts on whole sales documents.
    SalesDiscount,
    /// Discounts on whole purchase documents.
    PurchaseDiscount,
    /// Payments that name no bank or cash account.
    Money,
}

/// What one unit of a posting's currency cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Price {
    /// So much a unit.
    Each(Money),
    /// So much for all of it.
    Total(Money),
}

/// A posting: debit positive, credit negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posting {
    pub(crate) key: Key,
    pub(crate) amount: Money,
    pub(crate) price: Option<Price>,
}

/// A transaction whose postings add up to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub(crate) date: Date,
    /// Number of the document.
    pub(crate) code: Option<String>,
    pub(crate) payee: Option<String>,
    pub(crate) note: String,
    pub(crate) postings: Vec<Posting>,
}

/// A transaction with its accounts named, for JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Named<'a> {
    date: Date,
    code: Option<&'a str>,
    payee: Option<&'a str>,
    note: &'a str,
    postings: Vec<NamedPosting>,
}

#[derive(Debug, Serialize)]
struct NamedPosting {
    account: String,
    amount: Decimal,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_price: Option<Money>,
}

impl Transaction {
    /// With the names of its accounts.
    pub(crate) fn named<'a>(&'a self, names: &mut Names<'_>) -> Named<'a> {
        let posting = |posting: &Posting| {
            let (price, total_price) = match posting.price {
                Some(Price::Each(money)) => (Some(money), None),
                Some(Price::Total(money)) => (None, Some(money)),
                None => (None, None),
            };
            let Money { amount, currency } = posting.amount;
            NamedPosting { account: names.of(&posting.key), amount, currency, price, total_price }
        };
        Named {
            date: self.date,
            code: self.code.as_deref(),
            payee: self.payee.as_deref(),
            note: &self.note,
            postings: self.postings.iter().map(posting).collect(),
        }
    }
}
