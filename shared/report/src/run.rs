//! What a report holds apart from its long lists: small enough to be kept in memory whatever the size of the books.

use carry_model::{Currency, Entity, MigrationId, Money, RunId};
use serde::{Deserialize, Serialize};

use crate::{Compared, Moment};

/// Everything a run's report holds, except the lists that grow with the books ([`crate::ReportRows`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// Which run, of what, when.
    pub run: RunHeader,
    /// What became of the records, one row per entity in load order.
    pub summary: Vec<EntitySummary>,
    /// What reading the target back showed.
    pub reconciliation: Reconciliation,
    /// Every record of the source that is not in the target, skipped and failed ones included: one row per
    /// entity and reason, with what they add up to.
    #[serde(default)]
    pub not_carried: Vec<NotCarried>,
    /// What the reader of the source wants a person to know.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// How long each stage took, in order.
    #[serde(default)]
    pub stages: Vec<StageTiming>,
}

/// Which run this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHeader {
    /// The migration it belongs to.
    pub migration: MigrationId,
    /// Its own id.
    pub id: RunId,
    /// What sort of run.
    pub kind: RunKind,
    /// How it ended.
    pub state: RunState,
    /// Where a pause or failure comes from, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<String>,
    /// Where the books came from.
    pub source: Side,
    /// Where they went.
    pub target: Side,
    /// When it started.
    pub started: Moment,
    /// When it ended; None while it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Moment>,
    /// How documents were carried.
    pub mode: Mode,
    /// The other settings that shaped the run, as a person would name them.
    #[serde(default)]
    pub settings: Vec<Setting>,
}

/// One end of a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The system, as its makers write it: "QuickBooks Online".
    pub system: String,
    /// Company, folder or database, as a person knows it. Never a credential.
    pub name: String,
}

/// A setting and its value, both for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// "Document numbers".
    pub name: String,
    /// "kept".
    pub value: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $label:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// For people.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What sort of run.
    RunKind {
        /// A sample, closed under reference.
        Demo = "demo",
        /// Everything selected.
        Full = "full migration",
        /// What was created or changed since.
        Delta = "delta",
        /// Removed and migrated anew.
        Remigration = "re-migration",
        /// Removed again.
        Rollback = "rollback",
        /// The skipped and failed records of an earlier run.
        Retry = "retry",
    }
}

words! {
    /// How far a run is.
    RunState {
        /// Waits for its time.
        Scheduled = "scheduled",
        /// Under way.
        Running = "running",
        /// Waits for a limit, a lock or a token.
        Paused = "paused",
        /// Ended, nothing to look at.
        Finished = "finished",
        /// Ended, with skipped or failed records or differences.
        FinishedWithIssues = "finished with issues",
        /// Stopped by a fault.
        Failed = "failed",
        /// Stopped by a person.
        Cancelled = "cancelled",
    }
}

words! {
    /// How a document is carried.
    Mode {
        /// With its lines, taxes and payments wherever total and outstanding balance still come out exact.
        Detailed = "detailed",
        /// As its total and outstanding balance.
        HighLevel = "high-level",
    }
}

/// What became of the records of one entity.
///
/// `available` is the sum of all the others but `removed`; where it is not, the verdict says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntitySummary {
    /// Of what.
    pub entity: Entity,
    /// How many the source has.
    pub available: u64,
    /// Written to the target for the first time.
    #[serde(default)]
    pub migrated: u64,
    /// Changed in the target.
    #[serde(default)]
    pub updated: u64,
    /// There already, as they should be.
    #[serde(default)]
    pub unchanged: u64,
    /// Left out, each with its reason.
    #[serde(default)]
    pub skipped: u64,
    /// Tried without success.
    #[serde(default)]
    pub failed: u64,
    /// Not asked for: outside a demo's sample, or not selected.
    #[serde(default)]
    pub not_selected: u64,
    /// Removed from the target (rollback, re-migration, delta).
    #[serde(default)]
    pub removed: u64,
}

impl EntitySummary {
    /// A row of zeros.
    pub const fn new(entity: Entity) -> Self {
        Self {
            entity,
            available: 0,
            migrated: 0,
            updated: 0,
            unchanged: 0,
            skipped: 0,
            failed: 0,
            not_selected: 0,
            removed: 0,
        }
    }

    /// How many of the available ones have an outcome.
    pub fn accounted_for(&self) -> u64 {
        [self.migrated, self.updated, self.unchanged, self.skipped, self.failed, self.not_selected]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}

/// What reading the target back showed, apart from the single documents and contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Why the target was not read back, in a sentence; None where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_performed: Option<String>,
    /// Counts and sums per entity and currency, counted independently on both sides.
    #[serde(default)]
    pub control_totals: Vec<ControlTotal>,
    /// The clearing account per currency; each ought to be zero.
    #[serde(default)]
    pub clearing: Vec<ClearingBalance>,
}

/// Counts and sums of one entity in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlTotal {
    /// Of what.
    pub entity: Entity,
    /// Of the sums; None for entities without amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// How many.
    pub records: Counts,
    /// Sum of their totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Compared>,
    /// Sum of their outstanding balances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outstanding: Option<Compared>,
}

impl ControlTotal {
    /// True where counts and sums agree.
    pub fn agrees(&self) -> bool {
        self.records.agrees()
            && self.total.is_none_or(|total| total.agrees())
            && self.outstanding.is_none_or(|outstanding| outstanding.agrees())
    }
}

/// How many before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// At the source.
    pub before: u64,
    /// Of these, listed as not carried or not selected.
    #[serde(default)]
    pub not_carried: u64,
    /// In the target.
    pub after: u64,
}

impl Counts {
    /// True where `before` is `not_carried` and `after` together.
    pub fn agrees(&self) -> bool {
        self.not_carried.checked_add(self.after) == Some(self.before)
    }
}

/// What the clearing account ends at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearingBalance {
    /// Code and name of the account in the target.
    pub account: String,
    /// Its balance.
    pub balance: Money,
}

/// A sort of thing that stayed behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCarried {
    /// Of what entity.
    pub entity: Entity,
    /// What it is, for people: "estimates", "attachments", "invoices that are drafts".
    pub what: String,
    /// How many.
    pub count: u64,
    /// What their totals add up to, one amount per currency; empty where they have none.
    #[serde(default)]
    pub totals: Vec<Money>,
    /// What their outstanding balances add up to: by this much AR or AP falls short, one amount per currency.
    #[serde(default)]
    pub outstanding: Vec<Money>,
    /// Why, in a sentence.
    pub why: String,
}

words! {
    /// What sort of finding.
    FindingKind {
        /// A column, field or file that is not understood, and so was not carried.
        NotUnderstood = "not understood",
        /// Something the data leaves open, and what was taken for true.
        Assumption = "assumption",
        /// Anything else worth knowing.
        Notice = "notice",
    }
}

/// Something the reader of the source wants a person to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What sort.
    pub kind: FindingKind,
    /// File, table or endpoint.
    pub file: String,
    /// Column or field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What was found, and for an assumption on what evidence, in a sentence.
    pub text: String,
}

/// How long a stage took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTiming {
    /// plan, extract, transform, load, reconcile, report.
    pub stage: String,
    /// Records that went through it.
    pub records: u64,
    /// Wall clock, milliseconds.
    pub duration_ms: u64,
}
