use carry_connector::Adjustment;
use carry_model::{
    Allocation, Currency, Date, Decimal, Fault, Fingerprint, Place, RecordKey, RunId, SourceId, TargetId,
};
use serde::{Deserialize, Serialize};

/// How a record came to be where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Created in the target.
    Created,
    /// An earlier version was replaced.
    Updated,
    /// Nothing was written: the mapping names a record the target already had.
    Mapped,
}

/// Whether a record is in the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It is.
    Done,
    /// It was refused or rejected; [`Link::fault`] says why.
    Failed,
    /// It was left out on purpose; [`Link::fault`] says why.
    Skipped,
}

/// One line of the link journal: what became of a record, and what its figures must be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Link {
    /// The record at the source.
    pub key: RecordKey,
    /// Is it in the target?
    pub state: LinkState,
    /// How it came there.
    pub change: Change,
    /// Its id in the target, once done.
    pub target: Option<TargetId>,
    /// Its number at the source.
    pub number: Option<String>,
    /// Its number in the target.
    pub target_number: Option<String>,
    /// Of the version that was carried.
    pub fingerprint: Fingerprint,
    /// The run that last wrote it.
    pub run: RunId,
    /// Its contact at the source, for documents and payments.
    pub contact: Option<SourceId>,
    /// Its date.
    pub date: Option<Date>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// Home units for one unit of the currency.
    pub rate: Option<Decimal>,
    /// Total of a document or amount of a payment, as the source states it.
    pub total: Option<Decimal>,
    /// Outstanding balance as the source states it; for a payment, its unapplied rest. None where the source
    /// does not say: then total less `applied` is expected.
    pub outstanding: Option<Decimal>,
    /// What payments and settlements in the target have taken off a document so far.
    pub applied: Decimal,
    /// Everything that is seldom asked for.
    pub more: More,
}

/// The seldom needed part of a link.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct More {
    /// A draft moves no ledger.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draft: bool,
    /// What a payment settles in the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<Allocation>,
    /// Visible deviations from the source's detail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjustments: Vec<Adjustment>,
    /// Other things to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Where it stands in the source.
    #[serde(default)]
    pub place: Place,
}

impl Link {
    /// True where the record is in the target.
    pub fn is_done(&self) -> bool {
        self.state == LinkState::Done
    }

    /// What must still be open in the target: as stated, else total less what was applied. None for records
    /// without a balance, drafts among them.
    pub fn expected_outstanding(&self) -> Option<Decimal> {
        if self.more.draft {
            return None;
        }
        self.key.entity.ledger()?;
        match (self.outstanding, self.total) {
            (Some(outstanding), _) => Some(outstanding),
            (None, Some(total)) => total.checked_sub(self.applied),
            (None, None) => None,
        }
    }
}
