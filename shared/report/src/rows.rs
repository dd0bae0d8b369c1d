//! The lists that grow with the books, read as streams.

use carry_model::{Code, Currency, Date, Entity, Fault, Ledger, Money, Place, Reject, SourceId, TargetId};
use serde::{Deserialize, Serialize};

use crate::format::{CELL_CHARS_MAX, clip};
use crate::run::words;
use crate::{Compared, Table};

/// A stream of rows; a fault ends the report with that fault.
pub type Rows<'a, T> = Box<dyn Iterator<Item = Result<T, Fault>> + 'a>;

/// Where the long lists of a report come from.
///
/// Each list is asked for more than once in one report (to count and choose what the page shows, for JSON, for CSV)
/// and has to give the same rows in the same order each time; several lists are read at once, on threads of their
/// own. An implementation reads page by page, so that its memory is bounded by a page; over an
/// asynchronous store it is driven from blocking threads.
pub trait ReportRows: Sync {
    /// Every document that was compared, in the order in which a person would look for it.
    fn documents(&self) -> Result<Rows<'_, DocumentBalance>, Fault>;
    /// The balance of every contact per ledger and currency.
    fn contacts(&self) -> Result<Rows<'_, ContactBalance>, Fault>;
    /// Every adjustment.
    fn adjustments(&self) -> Result<Rows<'_, Adjustment>, Fault>;
    /// Every skipped or failed record.
    fn rejects(&self) -> Result<Rows<'_, RejectRow>, Fault>;
    /// Source id to target id of everything that was carried.
    fn crosswalk(&self) -> Result<Rows<'_, CrosswalkRow>, Fault>;
    /// What was carried earlier and is gone from the source (delta).
    fn vanished(&self) -> Result<Rows<'_, VanishedRow>, Fault>;

    /// A list as JSON Lines, in pieces of whole lines; nothing for tables that are no list. A store that keeps its
    /// rows so hands them out as they are.
    fn json_lines(&self, list: Table) -> Result<Rows<'_, Vec<u8>>, Fault> {
        match list {
            Table::Documents => serialised(self.documents()),
            Table::Contacts => serialised(self.contacts()),
            Table::Adjustments => serialised(self.adjustments()),
            Table::Rejects => serialised(self.rejects()),
            Table::Crosswalk => serialised(self.crosswalk()),
            Table::Vanished => serialised(self.vanished()),
            _ => Ok(Box::new(std::iter::empty())),
        }
    }
}

fn serialised<'a, T: Serialize + 'a>(rows: Result<Rows<'a, T>, Fault>) -> Result<Rows<'a, Vec<u8>>, Fault> {
    Ok(Box::new(rows?.map(|row| {
        serde_json::to_vec(&row?)
            .map_err(|e| Fault::new(Code::Bug).detail("a row of the report did not serialise").caused_by(e))
    })))
}

/// A row whose texts can be shortened for display.
pub(crate) trait Clip {
    fn each_text(&mut self, visit: impl FnMut(&mut String));

    /// Bounds what the page holds in memory, whatever the source wrote into a field.
    fn clip(mut self) -> Self
    where
        Self: Sized,
    {
        self.each_text(|text| clip(text, CELL_CHARS_MAX));
        self
    }
}

/// A document's two sacred figures on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentBalance {
    /// What sort of document.
    pub entity: Entity,
    /// Its id at the source.
    pub source_id: SourceId,
    /// Its number at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its id in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<TargetId>,
    /// Customer or supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Its date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// Of the amounts.
    pub currency: Currency,
    /// Inclusive of tax.
    pub total: Compared,
    /// Still to be paid.
    pub outstanding: Compared,
    /// True where the target no longer has it; `after` is zero then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

impl DocumentBalance {
    /// True where it is there and both figures are the same.
    pub const fn agrees(&self) -> bool {
        !self.missing && self.total.agrees() && self.outstanding.agrees()
    }
}

/// What a contact owes, or is owed, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactBalance {
    /// Accounts receivable or payable.
    pub ledger: Ledger,
    /// Their name.
    pub contact: String,
    /// Their id at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<SourceId>,
    /// Their id in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<TargetId>,
    /// Of the balance.
    pub currency: Currency,
    /// Positive: a customer owes us, or we owe a supplier.
    pub balance: Compared,
}

words! {
    /// What stands in the target in place of a detail it cannot express.
    AdjustmentKind {
        /// A line that makes the total exact where the target computes tax or rounds another way.
        AdjustmentLine = "adjustment line",
        /// The document's lines replaced by its total.
        SummaryLine = "summary line",
        /// A payment against the clearing account that makes the outstanding balance exact.
        SettlementPayment = "settlement payment",
        /// An allocation cut down so that no more is paid than the source says.
        AllocationReduced = "allocation reduced",
        /// Tax written by hand because the target worked it out otherwise.
        TaxForced = "tax written by hand",
        /// A part that stands on another account than in the source.
        OtherAccount = "other account",
        /// Cents by which the target rounds amounts to the home currency otherwise.
        Rounding = "rounding to the home currency",
        /// An entry that clears the clearing account.
        ClearingEntry = "clearing entry",
    }
}

/// A visible equivalent of something the target cannot express.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Of the document.
    pub entity: Entity,
    /// Of the document, at the source.
    pub source_id: SourceId,
    /// Of the document, at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Of the adjusted record in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<TargetId>,
    /// Customer or supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What was done.
    pub kind: AdjustmentKind,
    /// By how much.
    pub amount: Money,
    /// Why it was needed, in a sentence.
    pub why: String,
    /// What it does to the balances of accounts, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

/// An amount that stands on one account in the target and stood on another in the source: the trial balances of the
/// two differ by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Where it stood, by the account's name at the source; None for an account that the source does not name, as that
    /// of its taxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where it stands, by the account's name at the source; None for an account of the target's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// By how much the account it stands on is higher, and the other one lower: debit positive.
    pub debit: Money,
    /// The same in the home currency.
    pub home: Money,
}

impl Moved {
    /// In words: what is a debit, and what a credit.
    pub(crate) fn words(&self) -> String {
        let from = self.from.as_deref().unwrap_or("an account that the source does not name");
        let to = self.to.as_deref().unwrap_or("an account of the target's own");
        let (debit, credit) = if self.debit.amount.is_sign_negative() { (from, to) } else { (to, from) };
        format!(
            "{} more as a debit on {debit}, and as a credit on {credit}",
            Money::new(self.debit.amount.abs(), self.debit.currency)
        )
    }
}

words! {
    /// Why a record is not in the target.
    Outcome {
        /// Left out on purpose or because of its content.
        Skipped = "skipped",
        /// Tried without success.
        Failed = "failed",
    }
}

/// A record that was not carried, with what a person needs to mend it. Empty text: not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectRow {
    /// Skipped or failed.
    pub outcome: Outcome,
    /// What it would have been.
    pub entity: Entity,
    /// Its id at the source, where it could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<SourceId>,
    /// Its number or name, where it could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Customer or supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Its total, where it could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Where it stands in the source.
    pub place: Place,
    /// Column or field.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub column: String,
    /// What stood there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The stable code.
    pub code: Code,
    /// Why, in a sentence a bookkeeper understands.
    pub sentence: String,
    /// What to do about it.
    pub remedy: String,
    /// What the system that refused it said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub raw_message: String,
}

impl RejectRow {
    /// The row of a reject.
    pub fn new(outcome: Outcome, reject: &Reject) -> Self {
        let Reject { entity, id, number, place, fault, .. } = reject;
        let sentence = match &*fault.detail {
            "" => fault.code.sentence().to_owned(),
            detail => format!("{} {detail}", fault.code.sentence()),
        };
        Self {
            outcome,
            entity: *entity,
            source_id: id.clone(),
            number: number.clone(),
            contact: None,
            amount: None,
            place: place.clone(),
            column: fault.field.to_string(),
            text: fault.text.to_string(),
            code: fault.code,
            sentence,
            remedy: fault.remedy().to_owned(),
            raw_message: fault.raw.to_string(),
        }
    }

    /// What is particular to this record: the sentence without the one that its code always has.
    pub(crate) fn particulars(&self) -> &str {
        self.sentence.strip_prefix(self.code.sentence()).unwrap_or(&self.sentence).trim_start()
    }
}

/// Where a record went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrosswalkRow {
    /// What it is.
    pub entity: Entity,
    /// Its id at the source.
    pub source_id: SourceId,
    /// Its number or name at the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_number: Option<String>,
    /// Its id in the target.
    pub target_id: TargetId,
    /// Its number or name in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_number: Option<String>,
    /// Where number or name had to change: how and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A record carried earlier that is gone from the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VanishedRow {
    /// What it was.
    pub entity: Entity,
    /// Its id at the source.
    pub source_id: SourceId,
    /// Its number or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its id in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<TargetId>,
    /// Its total, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// What was done about it in the target: "left as it is", "voided".
    pub action: String,
}

macro_rules! clip_texts {
    ($row:ident: $($required:ident)*; $($optional:ident)*; $($nested:ident.$field:ident)*) => {
        impl Clip for $row {
            fn each_text(&mut self, mut visit: impl FnMut(&mut String)) {
                $(visit(&mut self.$required);)*
                $(visit(&mut self.$nested.$field);)*
                $(self.$optional.as_mut().map(&mut visit);)*
            }
        }
    };
}

clip_texts!(DocumentBalance: ; number contact;);
clip_texts!(ContactBalance: contact; ;);
clip_texts!(Adjustment: why; number contact;);
clip_texts!(RejectRow: column text sentence remedy raw_message; number contact; place.file);
clip_texts!(CrosswalkRow: ; source_number target_number note;);
clip_texts!(VanishedRow: action; number;);

/// Rows held in memory: for samples, tests, and reading a report's JSON back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemoryRows {
    /// See [`ReportRows::documents`].
    pub documents: Vec<DocumentBalance>,
    /// See [`ReportRows::contacts`].
    pub contacts: Vec<ContactBalance>,
    /// See [`ReportRows::adjustments`].
    pub adjustments: Vec<Adjustment>,
    /// See [`ReportRows::rejects`].
    pub rejects: Vec<RejectRow>,
    /// See [`ReportRows::crosswalk`].
    pub crosswalk: Vec<CrosswalkRow>,
    /// See [`ReportRows::vanished`].
    pub vanished: Vec<VanishedRow>,
}

fn stream<T: Clone>(rows: &[T]) -> Result<Rows<'_, T>, Fault> {
    Ok(Box::new(rows.iter().cloned().map(Ok)))
}

impl ReportRows for MemoryRows {
    fn documents(&self) -> Result<Rows<'_, DocumentBalance>, Fault> {
        stream(&self.documents)
    }

    fn contacts(&self) -> Result<Rows<'_, ContactBalance>, Fault> {
        stream(&self.contacts)
    }

    fn adjustments(&self) -> Result<Rows<'_, Adjustment>, Fault> {
        stream(&self.adjustments)
    }

    fn rejects(&self) -> Result<Rows<'_, RejectRow>, Fault> {
        stream(&self.rejects)
    }

    fn crosswalk(&self) -> Result<Rows<'_, CrosswalkRow>, Fault> {
        stream(&self.crosswalk)
    }

    fn vanished(&self) -> Result<Rows<'_, VanishedRow>, Fault> {
        stream(&self.vanished)
    }
}
