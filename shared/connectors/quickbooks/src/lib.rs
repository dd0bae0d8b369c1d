//! QuickBooks Online as a source and as a target, over its Accounting API (version 3, minor version 75).
//!
//! Nothing here does I/O: calls are built and answers decoded, and the injected wire signs in, sends, paces and
//! retries.
//!
//! Reading: a query per kind, paged to the last row, inactive records asked for, and the rows read compared with
//! QuickBooks' own count. A row is one object, verbatim. Sub-customers become projects of the customer at their top.
//!
//! Writing: batches of thirty with an outcome each. A transaction carries its external reference in its private note
//! (`[cf:...]`, a digest of entity and source id), a customer in its notes, an account in its description; lists
//! without such a field are known by name. Lines go by amount alone unless quantity and price come to it, and tax goes
//! as stated. Where QuickBooks still shows another total, one visible line closes the gap; where it does not even
//! then, the document is taken back and refused.
//!
//! Target ids name the kind: `invoice:145`, or both sides of a contact: `customer:12+vendor:13`.

mod accounts;
mod changes;
mod company;
mod fault;
mod files;
mod hosts;
mod kinds;
mod lists;
mod manifest;
mod objects;
mod preflight;
mod reader;
mod session;
mod survey;
mod taxes;
mod transform;
mod write;

pub use hosts::{API, API_TEST, provider};
pub use manifest::MANIFEST;
pub use reader::transformer;
pub use session::QuickBooks;
