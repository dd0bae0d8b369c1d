//! Xero as a source and a target, over its Accounting API 2.0.
//!
//! Nothing here does I/O: calls are built and answers decoded, and the injected wire sends them (it also adds the
//! access token, which this crate never sees).
//!
//! How books are read: every list is paged to its last row, and the number of rows is compared with what Xero
//! itself counts. Credits applied to documents and over- and prepayments become payments with allocations.
//!
//! How books are written:
//! 1. Lists in batches where Xero takes batches, documents in batches of fifty with an outcome each.
//! 2. Every line goes with its net amount and its tax as stated, so Xero's own rounding cannot move a total. A
//!    document whose total comes out otherwise is taken back and reported.
//! 3. A payment with several allocations becomes one Xero payment for each, credits become allocations, and what
//!    is left over an overpayment. All carry the same mark in their reference, by which they are found again.
//! 4. What may have been written before is looked up first: contacts by their contact number, documents by number,
//!    contact, date and total, everything else by the mark.

mod client;
mod dates;
mod fault;
mod files;
mod hosts;
mod manifest;
mod mark;
mod read;
mod shapes;
mod write;

pub use client::Xero;
pub use hosts::{API, Tenant, provider, tenants};
pub use manifest::MANIFEST;
pub use read::transformer;
