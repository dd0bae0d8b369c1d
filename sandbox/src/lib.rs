//! Stateful servers that behave like accounting platforms, for demos, tests and measurements.
//!
//! They are written from what the platforms document, know nothing of the connectors, and share no types of the
//! wire with them: what a connector gets wrong shows here. Every company keeps a double-entry [`ledger`], from which
//! reports are computed.

pub mod clock;
mod command;
mod control;
mod engine;
pub mod faults;
pub mod http;
pub mod json;
pub mod ledger;
pub mod limits;
pub mod oauth;
pub mod platform;
pub mod quickbooks;
mod region;
pub mod sample;
mod sandbox;
mod server;
mod store;
pub mod xero;

pub use command::{Serve, ServeError, Simulated};
pub use faults::{Fault, Injection};
pub use http::{Request, Response};
pub use limits::Counters;
pub use region::Region;
pub use sandbox::{Control, Handle, Lost, Options, Sandbox, StartError};
