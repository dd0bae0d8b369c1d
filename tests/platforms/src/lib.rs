//! Sandboxes behind the engine's own wire: tokens, pacing and retries are the real ones, only the socket is left out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod alike;
mod company;
mod link;
mod meanwhile;
mod process;
mod report;
mod trouble;
mod witness;

pub use alike::Explained;
pub use company::{Company, Move, Platform, Side, begun};
pub use link::{Between, SandboxClock, Sent};
pub use meanwhile::Deleted;
pub use process::{in_a_process, until_done};
pub use report::{clean, explained, tables};
pub use trouble::Trouble;
pub use witness::{Books, Document, File, Party, database_books, plain};
