use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use carry_model::{Code, Fault};
use carry_ports::Stage;

/// Is told how a run goes on, so that a person can watch it.
pub trait Progress: Send + Sync {
    /// A stage begins; `total` is in the stage's own records, where known.
    fn begin(&self, stage: Stage, total: Option<u64>);

    /// So many more records are done; `doing` says of what sort, for people ("invoices").
    fn advance(&self, stage: Stage, doing: &str, records: u64);

    /// A stage is done.
    fn end(&self, stage: Stage);
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _: Stage, _: Option<u64>) {}
    fn advance(&self, _: Stage, _: &str, _: u64) {}
    fn end(&self, _: Stage) {}
}

/// Lets a person stop a run between two batches. Clones share the wish.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the run to stop after the batch at hand.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// A fault once somebody asked to stop.
    pub fn check(&self) -> Result<(), Fault> {
        if self.0.load(Ordering::SeqCst) { Err(Fault::new(Code::Interrupted)) } else { Ok(()) }
    }
}
