//! Sample companies: a book of realistic size and mess, the same for every platform and every run of a seed.
//!
//! A [`Book`] knows no platform. Each platform enters it through its own calls (`quickbooks::entering`,
//! `xero::entering`), so that totals, balances and the ledger are the platform's own. What settles what is said in
//! parts of what is open, since platforms round tax differently.

mod book;
mod dice;
mod draw;
mod files;
mod words;

pub use book::{
    Account, Book, Contact, Document, DocumentKind, Event, File, Item, Journal, Line, Part, Role, Settlement,
    Spend, Tax, Transfer,
};
pub use draw::{book, currencies};

/// A platform refused a part of a sample company.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sample company could not be entered: {0}")]
pub struct Refused(pub(crate) String);

#[cfg(test)]
mod tests;
