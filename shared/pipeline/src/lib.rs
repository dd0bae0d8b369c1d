//! The stages of a run: plan, extract, transform, load, reconcile, report; and the driver that walks them in one
//! process. [`steps`] are what a run is made of: the driver walks them here, functions call them one by one.
//!
//! Every stage can be run again, whole or from the middle, and changes nothing twice: staged objects are created
//! once, a stage's manifest is written last, and the link journal notes what is about to be written before it is
//! and what became of it after. The stages know ports and connectors, never an adapter.

mod authorized;
mod calls;
mod driver;
mod extract;
mod held;
mod lists;
mod load;
pub mod mapping;
mod pacing;
mod plan;
mod progress;
mod reconcile;
mod report;
mod rollback;
mod sample;
mod settle;
mod sharing;
mod staged;
pub mod steps;
mod store;
mod tally;
mod transform;
mod wire;

use std::future::Future;
use std::sync::Arc;

use carry_connector::{Reader, Writer};
use carry_model::{Code, Fault};
use carry_ports::{Clock, Jobs, Staging};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::task::{JoinError, JoinHandle};

pub use authorized::{AuthorizedWire, SignedIn};
pub use driver::{run, stage_only};
pub use plan::Plan;
pub use progress::{Cancel, NoProgress, Progress};
pub use reconcile::ReconcileSummary;
pub use report::{ReportFiles, report_files};
pub use rollback::{Removable, RollbackResult, removable, removable_from, rollback};
pub use sharing::Shared;
pub use staged::parse_records;
pub use steps::Ended;
pub use store::{RunStore, decompress, parse_lines};
pub use tally::{EntityTally, NotCarriedTally, Tally};
pub use wire::EngineWire;

/// A source and a target.
#[derive(Clone)]
pub struct Connection {
    /// Where the books come from.
    pub reader: Arc<dyn Reader>,
    /// Where they go.
    pub writer: Arc<dyn Writer>,
}

/// Everything the stages work with.
#[derive(Clone)]
pub struct Engine {
    /// Source and target.
    pub connection: Connection,
    /// Migrations, runs, link journal.
    pub jobs: Arc<dyn Jobs>,
    /// Staged batches.
    pub staging: Arc<dyn Staging>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who watches.
    pub progress: Arc<dyn Progress>,
    /// Who may stop it.
    pub cancel: Cancel,
    /// Partitions and batches worked on at once.
    pub workers: usize,
}

impl Engine {
    /// True for the fault with which work stops because its time is up, not because a person asked for it.
    fn is_out_of_time(&self, fault: &Fault) -> bool {
        fault.code == Code::Interrupted && self.cancel.is_due()
    }
}

/// How much of the source's detail is carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// In detail, falling back per document where the figures would not come out exact.
    #[default]
    Detailed,
    /// Every document as one line of its total, every outstanding balance by one settlement.
    HighLevel,
}

/// How a run is to be done. Read from JSON, whatever is left out is as in the default.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How much detail.
    pub mode: Mode,
    /// Keep the source's numbers where the target allows it.
    pub keep_numbers: bool,
    /// Records of each document type in a demo.
    pub sample_size: usize,
    /// The mapping a person edited; None suggests one.
    pub mapping: Option<mapping::Mapping>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { mode: Mode::Detailed, keep_numbers: true, sample_size: 20, mapping: None }
    }
}

/// Runs futures on the runtime's threads, at most `workers` at once; the first fault ends it.
async fn concurrently<T, F>(workers: usize, work: impl Iterator<Item = F>) -> Result<Vec<T>, Fault>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Fault>> + Send + 'static,
{
    let mut running = futures::stream::iter(work.map(tokio::spawn)).buffer_unordered(workers.max(1));
    let mut results = Vec::new();
    while let Some(result) = running.next().await {
        results.push(result.map_err(died)??);
    }
    Ok(results)
}

/// Waits for a task.
async fn joined<T>(task: JoinHandle<Result<T, Fault>>) -> Result<T, Fault> {
    task.await.map_err(died)?
}

fn died(error: JoinError) -> Fault {
    Fault::new(Code::Bug).detail("a task died").caused_by(error)
}
