//! QuickBooks Online: a company behind the Accounting API v3.
//!
//! Written from Intuit's public documentation. What that leaves open is decided here and can be switched
//! (`Books::switches`); the sandbox's README lists it.
//!
//! A call goes from [`QuickBooks`] to its company (`company`), is read or carried out on a cheap copy of the books
//! (`route`, `write`), and the transactions it touched are posted anew when it succeeds (`posting`). Objects are kept
//! as the JSON that replies show, so that what nobody simulates comes back as it was sent.

mod account;
mod attachable;
mod batch;
mod books;
mod claims;
mod company;
mod currency;
mod entering;
mod entry;
mod kind;
mod line;
mod list;
mod name;
mod platform;
mod posting;
mod preferences;
mod query;
mod references;
mod refusal;
mod render;
mod report;
mod route;
mod schema;
mod select;
mod settlement;
mod setup;
mod store;
mod tax;
mod totals;
mod tree;
mod write;
mod xml;

#[cfg(test)]
mod tests;

pub use crate::region::Region;
pub use books::Plan;
pub use platform::QuickBooks;
