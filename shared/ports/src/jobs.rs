use std::collections::BTreeMap;

use async_trait::async_trait;
use carry_model::{
    Allocation, Decimal, Entity, Fault, Fingerprint, MigrationId, RecordKey, RunId, SourceId, Timestamp,
    checked_sum,
};
use serde::{Deserialize, Serialize};

use crate::{Claim, Link, LinkState};

/// One company's move from one system to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// Its id.
    pub id: MigrationId,
    /// Where the books come from: a connection without credentials.
    pub source: String,
    /// Where they go: a connection without credentials.
    pub target: String,
    /// When it was set up.
    pub created: Timestamp,
}

/// What a run does; see the product's table of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// A sample, closed under reference.
    Demo,
    /// Everything.
    Full,
    /// What changed since the last full run.
    Delta,
    /// Only what was skipped or failed.
    Retry,
    /// Removes what was carried and carries it anew.
    Remigration,
    /// Removes what was carried.
    Rollback,
}

impl RunKind {
    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Full => "full",
            Self::Delta => "delta",
            Self::Retry => "retry",
            Self::Remigration => "remigration",
            Self::Rollback => "rollback",
        }
    }
}

/// Where a run stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Under way, or interrupted without a word.
    Running,
    /// Stopped, to go on: with the reason and, where known, the time.
    Paused {
        /// Why.
        fault: Fault,
        /// When it may go on.
        until: Option<Timestamp>,
    },
    /// Everything was carried.
    Finished,
    /// Done, with records skipped or failed or figures that differ.
    FinishedWithIssues,
    /// Ended without result.
    Failed {
        /// Why.
        fault: Fault,
    },
    /// Ended by a person.
    Cancelled,
}

impl RunState {
    /// True where the run can still go on.
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Running | Self::Paused { .. })
    }

    /// True where the run came to its end, with or without issues.
    pub const fn has_finished(&self) -> bool {
        matches!(self, Self::Finished | Self::FinishedWithIssues)
    }

    /// Stable name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused { .. } => "paused",
            Self::Finished => "finished",
            Self::FinishedWithIssues => "finished with issues",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The stages of a run, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Looks at source and target, checks the mapping.
    Plan,
    /// Source rows into raw batches.
    Extract,
    /// Raw batches into canonical records and rejects.
    Transform,
    /// Canonical records into the target.
    Load,
    /// The target read back and compared.
    Reconcile,
    /// What a person reads.
    Report,
}

impl Stage {
    /// Stable name, also used in object keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Extract => "extract",
            Self::Transform => "transform",
            Self::Load => "load",
            Self::Reconcile => "reconcile",
            Self::Report => "report",
        }
    }
}

/// One run of a migration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Of which migration.
    pub migration: MigrationId,
    /// What it does.
    pub kind: RunKind,
    /// Where it stands.
    pub state: RunState,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How often it was begun: 1 at first, more after interruptions.
    pub attempts: u32,
    /// True where an attempt ended without a word. What it noted last may be lost, as after a loss of power: the journal
    /// does not know everything that was written.
    #[serde(default)]
    pub broke_off: bool,
    /// Seconds spent in each stage over all attempts, as decimal text, for the report.
    #[serde(default)]
    pub seconds: BTreeMap<Stage, Decimal>,
    /// When the stage at hand began.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

impl Run {
    /// The run as it goes on, after a pause or an interruption.
    pub fn resumed(self) -> Self {
        let broke_off = self.broke_off || matches!(self.state, RunState::Running);
        Self { attempts: self.attempts.saturating_add(1), broke_off, state: RunState::Running, ..self }
    }

    /// True where it brought the whole books over: what a delta can follow.
    pub const fn has_carried_all(&self) -> bool {
        matches!(self.kind, RunKind::Full | RunKind::Remigration) && self.state.has_finished()
    }
}

/// What beginning a run came to.
#[derive(Clone, Debug)]
pub enum Begun {
    /// A new run.
    Started(Run),
    /// An active run of the same kind, to go on with; its `attempts` have been raised.
    Resumed(Run),
}

/// A record about to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Which.
    pub key: RecordKey,
    /// Which version of it.
    pub fingerprint: Fingerprint,
}

/// What a payment or settlement takes off a document, and took off it before: a fact, so that telling it twice
/// changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The document.
    pub document: RecordKey,
    /// The payment or settlement.
    pub by: RecordKey,
    /// What it took off until now; zero where it is new.
    pub before: Decimal,
    /// What it takes off from now on; zero where it was removed.
    pub after: Decimal,
}

impl Applied {
    /// The changes on documents where a payment's allocations become others: one for each document.
    pub fn changes(by: &RecordKey, before: &[Allocation], after: &[Allocation]) -> Result<Vec<Self>, Fault> {
        let mut sums = BTreeMap::<&RecordKey, (Decimal, Decimal)>::new();
        for allocation in before {
            let (before, _) = sums.entry(&allocation.document).or_default();
            *before = checked_sum([*before, allocation.amount])?;
        }
        for allocation in after {
            let (_, after) = sums.entry(&allocation.document).or_default();
            *after = checked_sum([*after, allocation.amount])?;
        }
        let change = |(document, (before, after)): (&RecordKey, _)| Self {
            document: document.clone(),
            by: by.clone(),
            before,
            after,
        };
        Ok(sums.into_iter().map(change).collect())
    }

    /// What it adds to the document's applied sum.
    pub fn delta(&self) -> Result<Decimal, Fault> {
        checked_sum([self.after, -self.before])
    }
}

/// Migrations, runs and the link journal. Every operation can be repeated without harm.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Notes a migration; one that exists with the same id stays as it is.
    async fn create_migration(&self, migration: &Migration) -> Result<(), Fault>;

    /// Every migration, oldest first.
    async fn migrations(&self) -> Result<Vec<Migration>, Fault>;

    /// The migration of that id, or None.
    async fn migration(&self, id: &MigrationId) -> Result<Option<Migration>, Fault> {
        Ok(self.migrations().await?.into_iter().find(|migration| migration.id == *id))
    }

    /// Begins a run unless one is active: an active one of the same kind is handed back to be resumed, one of
    /// another kind is a fault ([`carry_model::Code::RunActive`]).
    async fn begin_run(&self, run: Run) -> Result<Begun, Fault>;

    /// Notes where a run stands.
    async fn save_run(&self, run: &Run) -> Result<(), Fault>;

    /// The runs of a migration, oldest first.
    async fn runs(&self, migration: &MigrationId) -> Result<Vec<Run>, Fault>;

    /// The run of a migration with that id, or None.
    async fn run(&self, migration: &MigrationId, id: &RunId) -> Result<Option<Run>, Fault> {
        Ok(self.runs(migration).await?.into_iter().find(|run| run.id == *id))
    }

    /// Grants a worker's claim until then, or goes on granting it; false while another worker's to the same work has
    /// not ended `now`. Claims of different work have nothing to do with one another.
    async fn lease(&self, run: &Run, claim: &Claim, now: Timestamp, until: Timestamp) -> Result<bool, Fault>;

    /// Ends a claim before its time. One that another worker has taken over stays.
    async fn give_back(&self, run: &Run, claim: &Claim) -> Result<(), Fault>;

    /// Notes what is about to be written, before it is. The same batch with other intents is a fault
    /// ([`carry_model::Code::FingerprintConflict`]).
    async fn open_batch(&self, run: &Run, batch: &str, intents: &[Intent]) -> Result<(), Fault>;

    /// Notes what became of a batch: links replace earlier ones of the same key, applied sums change, and the
    /// batch is closed, all at once. A batch that is not open changes nothing: then it hands back false. An adapter
    /// without transactions that was interrupted in between carries it through when a run is resumed and in
    /// [`Jobs::open_batches`].
    async fn close_batch(
        &self,
        run: &Run,
        batch: &str,
        links: &[Link],
        applied: &[Applied],
    ) -> Result<bool, Fault>;

    /// Batches of the run whose name starts with the prefix and that were opened and never closed, with their
    /// intents, in order of name: their outcome is unknown. Whoever does a part of a run again asks this first,
    /// before anything else about its records.
    async fn open_batches(&self, run: &Run, prefix: &str) -> Result<Vec<(String, Vec<Intent>)>, Fault>;

    /// Notes links without a batch (mapped, failed and skipped records). Never replaces one that is done.
    async fn note_links(&self, run: &Run, links: &[Link]) -> Result<(), Fault>;

    /// The links of these records, in order.
    async fn resolve(&self, migration: &MigrationId, keys: &[RecordKey]) -> Result<Vec<Option<Link>>, Fault>;

    /// The links of an entity in order of source id, after one, at most `limit`.
    async fn links(
        &self,
        migration: &MigrationId,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault>;

    /// The done links of an entity whose open balance the source states, in order of source id, after one, at most
    /// `limit`.
    async fn stated(
        &self,
        migration: &MigrationId,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault> {
        let mut after = after.cloned();
        loop {
            let mut page = self.links(migration, entity, after.as_ref(), limit).await?;
            after = page.last().map(|link| link.key.id.clone());
            page.retain(|link| link.is_done() && link.outstanding.is_some());
            if !page.is_empty() || after.is_none() {
                return Ok(page);
            }
        }
    }

    /// How many links there are per entity and state.
    async fn count_links(
        &self,
        migration: &MigrationId,
    ) -> Result<BTreeMap<(Entity, &'static str), u64>, Fault>;

    /// Notes what the source states to be open on documents; unknown documents are passed over and handed back.
    async fn set_outstanding(
        &self,
        migration: &MigrationId,
        balances: &[(RecordKey, Decimal)],
    ) -> Result<Vec<RecordKey>, Fault>;

    /// Notes that the source still has these records, in this run.
    async fn mark_seen(&self, run: &Run, keys: &[RecordKey]) -> Result<(), Fault>;

    /// Done links of an entity that this run neither wrote nor saw, after one, at most `limit`: they vanished
    /// from the source.
    async fn unseen(
        &self,
        run: &Run,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault>;

    /// Forgets links of records that were removed from the target, and takes back what they had applied.
    async fn remove_links(
        &self,
        migration: &MigrationId,
        keys: &[RecordKey],
        applied: &[Applied],
    ) -> Result<(), Fault>;

    /// Forgets everything of a migration and says how many links there were.
    async fn purge(&self, migration: &MigrationId) -> Result<u64, Fault>;
}

impl LinkState {
    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}
