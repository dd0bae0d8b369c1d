//! The ports on AWS. The only crate that names the AWS SDK.
//!
//! * [`S3Staging`]: objects in a bucket, created with `If-None-Match: *`.
//! * [`DynamoJobs`]: migrations, runs and the link journal in one table; `docs/table.md` says how it is laid out.
//!
//! [`Aws`] reads region, credentials and endpoints from the environment (`AWS_ENDPOINT_URL` and its kin are all that
//! differs between an account and an emulator) and hands out the adapters.

mod connect;
mod fault;
mod item;
mod jobs;
mod staging;
mod table;

pub use connect::Aws;
pub use jobs::DynamoJobs;
pub use staging::S3Staging;
pub use table::{Table, Units};
