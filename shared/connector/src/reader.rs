use std::collections::BTreeMap;

use async_trait::async_trait;
use carry_model::{
    AccountClass, Company, Date, Decimal, Entity, Fault, Record, RecordKey, Reject, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{Manifest, RawBatch, RawSink};

/// A piece of the source that is extracted on its own: a file, a range of rows, a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// Unique within the survey; made of letters, digits, `-`, `_` and `.` (it becomes part of object keys) and
    /// free of customer data. Partitions of an entity are loaded in the order of their ids: where one must come after
    /// another, numbers in ids have zeros in front.
    pub id: String,
    /// What its rows mainly are.
    pub entity: Entity,
    /// The reader's own description of where it lies.
    pub spec: serde_json::Value,
    /// Source rows expected, for progress; 0 where unknown.
    pub rows: u64,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know: an assumption made, evidence found.
    Info,
    /// Something will be lost or changed.
    Warning,
    /// The run must not start like this.
    Blocking,
}

/// Something the survey or the preflight found that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Where: file and column, setting, entity.
    pub place: String,
    /// What, in a sentence.
    pub text: String,
    /// What to do about it; may be empty for an info.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// How many records it concerns, where counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// A short description of an account, tax rate, payment method, ... of source or target, for the mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// What it is.
    pub entity: Entity,
    /// Its id there.
    pub id: String,
    /// Number or code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Name.
    pub name: String,
    /// For accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<AccountClass>,
    /// For tax rates, per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Decimal>,
}

/// What it means that a document is missing from the source's list of open balances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnlistedBalance {
    /// The source has no such list: total less allocations is expected.
    #[default]
    Computed,
    /// The source lists everything that is open: an unlisted document is settled.
    Settled,
}

/// What a survey of changes says of what is not in its partitions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Changes {
    /// Since when.
    pub since: Timestamp,
    /// Records that were deleted since then; every other one that is not in the partitions is there as it was. Of a
    /// credit that is in them, payments are gone that it told of before and does not tell of now: their ids are the
    /// credit's, a colon and what is their own.
    pub gone: Vec<RecordKey>,
    /// Entities that are read whole all the same: what is not in their partitions is gone.
    #[serde(default)]
    pub whole: Vec<Entity>,
}

/// What a source holds, before anything is extracted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Survey {
    /// The business.
    pub company: Company,
    /// Records per entity, as far as the source tells without reading everything.
    pub counts: BTreeMap<Entity, u64>,
    /// The pieces to extract, in any order.
    pub partitions: Vec<Partition>,
    /// Assumptions, unknown columns, files passed over.
    pub findings: Vec<Finding>,
    /// Accounts, tax rates and payment methods in use (and items and contacts, where few), for the mapping.
    pub catalog: Vec<CatalogEntry>,
    /// What an unlisted open balance means, receivable side.
    #[serde(default)]
    pub unlisted_receivable: UnlistedBalance,
    /// The same, payable side.
    #[serde(default)]
    pub unlisted_payable: UnlistedBalance,
    /// Books are closed up to and including this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_date: Option<Date>,
    /// Where set, the partitions hold only what changed since a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// The reader's own knowledge that its transformer needs (date orders, number formats, ...).
    pub profile: serde_json::Value,
}

/// What a raw batch became.
#[derive(Debug, Default)]
pub struct Transformed {
    /// Canonical records.
    pub records: Vec<Record>,
    /// Rows that could not be carried.
    pub rejects: Vec<Reject>,
    /// Whoever takes the records has their raw slices: [`Record::raw`] may stay empty. Rejects keep theirs.
    pub without_raw: bool,
}

/// Turns raw batches into canonical records: pure, no I/O, the same input gives the same output.
pub trait Transformer: Send + Sync {
    /// Every source object of the batch ends as one or more records, or as a reject; none vanishes.
    fn transform(&self, batch: &RawBatch, out: &mut Transformed) -> Result<(), Fault>;
}

/// The source side of a system.
#[async_trait]
pub trait Reader: Send + Sync {
    /// What the system can do.
    fn manifest(&self) -> &'static Manifest;

    /// Looks at what there is: counts, partitions, findings. Reads only.
    async fn survey(&self) -> Result<Survey, Fault>;

    /// The same for what changed since a time, deletions among it. None where the system cannot tell all of it: then
    /// everything is read and compared by fingerprint.
    async fn changes(&self, since: Timestamp) -> Result<Option<Survey>, Fault> {
        let _ = since;
        Ok(None)
    }

    /// Reads a partition in bounded batches into the sink, from the start or after a cursor that an earlier
    /// extraction handed to [`RawSink::accept`]. A source object never straddles two batches.
    async fn extract(
        &self,
        survey: &Survey,
        partition: &Partition,
        after: Option<String>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault>;

    /// Everything is read: what was remembered of the source so as to read it may be forgotten. Reading goes on as before
    /// where there is more to read after all.
    fn forget(&self) {}

    /// The transformer for what this survey found.
    fn transformer(&self, survey: &Survey) -> Result<Box<dyn Transformer>, Fault>;
}
