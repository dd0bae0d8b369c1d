//! The contract between a system and the engine.
//!
//! A connector is a [`Manifest`] (what the system can do, with the reason for each omission), a [`Reader`]
//! (survey, extract, transform) or a [`Writer`] (preflight, write, read back, remove), or both. It does no I/O
//! of its own where the system is reached over HTTP: it builds [`Request`]s, decodes [`Response`]s and sends
//! through the [`Wire`] it is given, so the engine alone owns sending, pacing, retry and redaction. Files and
//! databases implement [`Reader`] and [`Writer`] directly.
//!
//! [`exact`] holds the rules that keep a document's total and outstanding balance exact in any target.
//! [`json`] reads and writes amounts as JSON numbers without a binary float.

mod batch;
pub mod exact;
mod files;
pub mod home;
pub mod json;
mod manifest;
pub mod oauth;
mod pages;
mod reader;
mod wire;
mod writer;

pub use batch::{BATCH_BYTES_MAX, BATCH_ROWS_MAX, BatchBuilder, BatchHeader, RawBatch, RawRow, RawSink};
pub use files::{
    FILE_BYTES_MAX, FileContent, Files, NoFiles, check_size, file_id, file_not_taken, outgoing_file,
    owner_and_file, sha256,
};
pub use manifest::{EntitySupport, Incremental, Limits, Manifest, Removal, Support};
pub use pages::Pages;
pub use reader::{
    CatalogEntry, Changes, Finding, Partition, Reader, Severity, Survey, Transformed, Transformer,
    UnlistedBalance,
};
pub use wire::{Effect, Method, Request, Response, Wire};
pub use writer::{
    AccountBalance, Adjustment, AdjustmentKind, Balance, ByEntity, Found, Links, Moved, Operation, Preflight,
    WriteBatch, WriteItem, Writer, Written, own,
};
