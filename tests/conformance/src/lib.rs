//! What every connector must do. The suites are plain functions that panic where a connector breaks the contract;
//! the manifest decides what is asked of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "suites are called from tests"
)]

mod manifest;
mod reader;
mod sample;
mod writer;

pub use manifest::manifest;
pub use reader::reader;
pub use writer::writer;
