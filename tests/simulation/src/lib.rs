//! Whole runs in memory: a source made by seed, a target that fails by seed, and the questions a bookkeeper asks
//! of the outcome.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "this crate is for tests"
)]

pub mod books;
pub mod dice;
pub mod source;
pub mod target;

use std::sync::Arc;

use carry_model::{MigrationId, Timestamp};
use carry_pipeline::{Cancel, Connection, Engine, NoProgress};
use carry_ports::{MemoryJobs, MemoryStaging, Migration, SystemClock};

use source::BookSource;
use target::MemoryTarget;

/// One migration in memory: its state outlives the engine, as a disk outlives a process.
pub struct World {
    pub jobs: Arc<MemoryJobs>,
    pub staging: Arc<MemoryStaging>,
    pub target: Arc<MemoryTarget>,
}

impl World {
    pub fn new(target: MemoryTarget) -> Self {
        Self { jobs: Arc::default(), staging: Arc::default(), target: Arc::new(target) }
    }

    /// An engine over this world, reading these books.
    pub fn engine(&self, source: BookSource) -> Engine {
        Engine {
            connection: Connection { reader: Arc::new(source), writer: self.target.clone() },
            jobs: self.jobs.clone(),
            staging: self.staging.clone(),
            clock: Arc::new(SystemClock),
            progress: Arc::new(NoProgress),
            cancel: Cancel::default(),
            workers: 2,
        }
    }

    pub fn migration(&self) -> Migration {
        Migration {
            id: MigrationId::from("m"),
            source: "books".into(),
            target: "memory".into(),
            created: Timestamp::UNIX_EPOCH,
        }
    }
}
