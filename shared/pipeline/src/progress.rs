use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

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

/// Lets a person stop a run between two batches, or a limit of time. Clones share the wish.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    due: Option<Instant>,
}

impl Cancel {
    /// Nobody has asked yet, but work stops at that moment.
    pub fn at(due: Instant) -> Self {
        Self { due: Some(due), ..Self::default() }
    }

    /// Asks the run to stop after the batch at hand.
    pub fn cancel(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// True once the time is up: work goes on in another call.
    pub fn is_due(&self) -> bool {
        self.due.is_some_and(|due| Instant::now() >= due)
    }

    /// A fault ([`Code::Interrupted`]) once somebody asked to stop or the time is up.
    pub fn check(&self) -> Result<(), Fault> {
        if self.asked.load(Ordering::SeqCst) || self.is_due() {
            return Err(Fault::new(Code::Interrupted));
        }
        Ok(())
    }
}
