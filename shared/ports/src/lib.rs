//! Narrow traits to the outside world, with implementations in memory and a contract suite for each.
//!
//! * [`Staging`]: bounded objects, created once, never changed.
//! * [`Jobs`]: migrations, runs and the link journal (what went where), in operations of the domain.
//! * [`Transport`]: one HTTP call.
//! * [`Tokens`]: what platforms granted, kept in a protected place.
//! * [`Clock`]: the time.
//!
//! [`contract`] holds the suites that every adapter must pass.

mod clock;
pub mod contract;
mod jobs;
mod link;
mod memory_jobs;
mod retention;
mod staging;
mod tokens;
mod transport;

pub use clock::{Clock, SystemClock};
pub use jobs::{Applied, Begun, Intent, Jobs, Migration, Run, RunKind, RunState, Stage};
pub use link::{Change, Link, LinkState, More};
pub use memory_jobs::MemoryJobs;
pub use retention::Retention;
pub use staging::{MemoryStaging, Staging};
pub use tokens::{Lease, MemoryTokens, Tokens};
pub use transport::Transport;
