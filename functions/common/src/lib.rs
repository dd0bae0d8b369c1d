//! What every Lambda function of the service shares, so that a function's main is a few lines.
//!
//! * [`serve`]: sets a function up, then answers its events: log, metrics, and errors that the flow knows by name.
//! * [`Config`]: the variables, refused at start where they are not complete.
//! * [`Adapters`]: the ports on AWS as the variables name them.
//! * [`Office`]: the life cycle of migrations, for what starts, watches and ends runs; [`http`] for its callers.
//! * [`Stages`]: opens a run with the side of it that a step needs.

mod adapters;
mod answers;
mod config;
mod ending;
mod failure;
pub mod http;
mod log;
mod metrics;
mod office;
mod outside;
mod serve;
mod stages;
mod uploads;

pub use adapters::Adapters;
pub use answers::{Caught, Done, Planned, Stopped};
pub use config::Config;
pub use failure::Failure;
pub use lambda_runtime::Error;
pub use metrics::{Meter, Metric};
pub use office::Office;
pub use serve::{Call, Setup, serve};
pub use stages::{Bench, Sides, Stages, Step};
