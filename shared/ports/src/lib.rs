//! Narrow traits to the outside world, with implementations in memory and a contract suite for each.
//!
//! * [`Staging`]: bounded objects, created once, never changed; [`StagedFiles`] keeps attached files there.
//! * [`Jobs`]: migrations, runs and the link journal (what went where), in operations of the domain.
//! * [`Doors`]: addresses of single objects, open for a while.
//! * [`Transport`]: one HTTP call.
//! * [`Tokens`]: what platforms granted, kept in a protected place.
//! * [`Secrets`]: credentials, kept where only the service may read.
//! * [`Headers`]: what is kept of a migration for good, and the audit trail.
//! * [`Flow`]: starts runs that go on by themselves.
//! * [`Scheduler`]: things that are to happen later.
//! * [`Mailer`]: mail from the service.
//! * [`Quota`]: calls that many workers share.
//! * [`Clock`]: the time.
//!
//! [`contract`] holds the suites that every adapter must pass; [`places`] says where things lie.

mod clock;
pub mod contract;
mod doors;
mod files;
mod flow;
mod headers;
mod jobs;
mod leases;
mod link;
mod mailer;
mod memory_jobs;
pub mod places;
mod quota;
mod retention;
mod scheduler;
mod secrets;
mod staging;
mod tokens;
mod transport;

pub use clock::{Clock, SystemClock};
pub use doors::{Doors, MemoryDoors};
pub use files::StagedFiles;
pub use flow::{Flow, FlowStart, FlowState, MemoryFlow};
pub use headers::{Deed, Header, Headers, MemoryHeaders, Receipt};
pub use jobs::{Applied, Begun, Intent, Jobs, Migration, Run, RunKind, RunState, Stage};
pub use leases::{Claim, Leases};
pub use link::{Change, Link, LinkState, More};
pub use mailer::{Mail, Mailer, MemoryMailer};
pub use memory_jobs::MemoryJobs;
pub use quota::{Bucket, Leased, MemoryQuota, Quota, Rate};
pub use retention::Retention;
pub use scheduler::{MemoryScheduler, Schedule, Scheduler, When};
pub use secrets::{MemorySecrets, Secrets};
pub use staging::{MemoryStaging, Staging};
pub use tokens::{Lease, MemoryTokens, Tokens};
pub use transport::Transport;
