//! The ports on AWS. The only crate that names the AWS SDK.
//!
//! * [`S3Staging`]: objects in a bucket, created with `If-None-Match: *`.
//! * [`DynamoJobs`]: migrations, runs and the link journal in one table; `docs/table.md` says how it is laid out.
//!
//! * [`DynamoHeaders`]: bare headers, audit trail, claims.
//! * [`DynamoQuota`]: calls that many workers share.
//! * [`AwsSecrets`], [`AwsTokens`]: credentials, and tokens renewed by one worker at a time.
//! * [`StepFunctions`], [`EventScheduler`], [`SesMailer`].
//! * [`Stack`]: all of them, found by a deployed stack's name.
//!
//! [`Aws`] reads region, credentials and endpoints from the environment (`AWS_ENDPOINT_URL` and its kin are all that
//! differs between an account and an emulator) and hands out the adapters.

mod connect;
mod fault;
mod flow;
mod headers;
mod item;
mod jobs;
mod listing;
mod mailer;
mod quota;
mod scheduler;
mod secrets;
mod stack;
mod staging;
mod table;
mod tokens;

pub use connect::Aws;
pub use flow::StepFunctions;
pub use headers::DynamoHeaders;
pub use jobs::DynamoJobs;
pub use mailer::SesMailer;
pub use quota::DynamoQuota;
pub use scheduler::EventScheduler;
pub use secrets::AwsSecrets;
pub use stack::Stack;
pub use staging::S3Staging;
pub use table::{Table, Units};
pub use tokens::AwsTokens;
