//! Sandboxes behind the engine's own wire: tokens, pacing and retries are the real ones, only the socket is left out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod company;
mod link;
mod report;

pub use company::{Company, Move, Side, begun};
pub use link::{SandboxClock, link};
pub use report::{clean, tables};
