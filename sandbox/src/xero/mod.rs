//! Xero: organisations behind the Accounting API.
//!
//! Written from Xero's public documentation. What that leaves open is decided here and can be switched
//! (`Books::switches`); the sandbox's README lists it.
//!
//! A call goes from [`Xero`] to its organisation (`company`), is read or carried out on a cheap copy of the books
//! (`route`, `read`, `write`), and what it does to the ledger is posted when it succeeds. Every change is kept as the
//! call that made it: a company file is the list of those calls, and is taken up by making them again.

mod account;
mod attachment;
mod bank;
mod batch_payment;
mod books;
mod company;
mod contact;
mod document;
mod entering;
mod header;
mod idempotency;
mod input;
mod invoice;
mod item;
mod journal;
mod line;
mod list;
mod order;
mod organisation;
mod payment;
mod platform;
mod posting;
mod query;
mod read;
mod refusal;
mod render;
mod report;
mod route;
mod scope;
mod setup;
mod store;
mod tax;
mod tracking;
mod when;
mod write;

#[cfg(test)]
mod tests;

pub use crate::region::Region;
pub use platform::Xero;
