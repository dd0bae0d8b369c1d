//! Odoo 16 to 19 as a target: its JSON-2 interface where there is one (19 and later), JSON-RPC before.
//!
//! Nothing here does I/O: calls are built and answers decoded, and the injected wire sends them.
//!
//! How a record is written, whatever it is:
//! 1. It is created by Odoo's own importer (`load`), which stores the record and its external id
//!    (`carryforward.<entity>_<hash of the source id>`) in one transaction. A crash can therefore never leave a
//!    record that is not found again.
//! 2. A document stays a draft until its total has been read back and made exact; then it is posted.
//! 3. A payment is an `account.payment` whose journal entry has one line for each allocation, so that each line
//!    is reconciled with its document in full and partial amounts come out as the source states them.
//! 4. Only then is the external id marked as finished. [`carry_connector::Writer::find`] reports finished
//!    records only; an unfinished one is removed before it is written again.
//!
//! Target ids are Odoo's own references, `account.move,42`.

mod accounts;
mod analytic;
mod attempts;
mod booking;
mod books;
mod call;
mod contacts;
mod document_rows;
mod document_write;
mod entries;
mod exact_tax;
mod external;
mod fault;
mod items;
mod journals;
mod lists;
mod load;
mod manifest;
mod names;
mod numbers;
mod orders;
mod payments;
mod rates;
mod read_back;
mod reconcile;
mod remove;
#[cfg(test)]
mod scripted;
mod session;
mod sheet;
mod taxes;
mod value;
mod writer;

pub use call::Settings;
pub use manifest::MANIFEST;
pub use session::Odoo;
