//! One pass over every list: what it adds up to and the rows that the page shows. Memory is bounded by [`Limits`].

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};

use carry_model::{Code, Currency, Decimal, Entity, Fault, Ledger, checked_sum};
use serde::Serialize;

use crate::rows::Clip;
use crate::{
    Adjustment, AdjustmentKind, Compared, ContactBalance, CrosswalkRow, DocumentBalance, Outcome, RejectRow,
    ReportRows, Rows, VanishedRow, both,
};

/// How many rows of each list the HTML shows. JSON and CSV always have all of them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Documents that differ.
    pub documents: usize,
    /// Contacts, those that differ first, then by amount.
    pub contacts: usize,
    /// Adjustments.
    pub adjustments: usize,
    /// Rejects over all codes.
    pub rejects: usize,
    /// Rejects of each code that are shown even past `rejects`.
    pub rejects_per_code_min: usize,
    /// Crosswalk rows.
    pub crosswalk: usize,
    /// Crosswalk rows whose number or name had to change.
    pub renamed: usize,
    /// Vanished records.
    pub vanished: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            documents: 500,
            contacts: 1_000,
            adjustments: 500,
            rejects: 500,
            rejects_per_code_min: 10,
            crosswalk: 2_000,
            renamed: 200,
            vanished: 500,
        }
    }
}

/// The first rows of a list and how many there are.
#[derive(Debug)]
pub(crate) struct Shown<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) total: u64,
}

impl<T: Clip> Shown<T> {
    const fn new() -> Self {
        Self { rows: Vec::new(), total: 0 }
    }

    fn push(&mut self, row: T, max: usize) {
        self.total += 1;
        if self.rows.len() < max {
            self.rows.push(row.clip());
        }
    }
}

/// What the lists add up to. Part of the JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Documents compared.
    pub documents_compared: u64,
    /// Of these, with the same total and outstanding balance.
    pub documents_equal: u64,
    /// Of these, different or missing.
    pub documents_different: u64,
    /// Of the different ones, no longer in the target.
    pub documents_missing: u64,
    /// Contact balances compared (per ledger and currency).
    pub contact_balances_compared: u64,
    /// Of these, different.
    pub contact_balances_different: u64,
    /// Adjustments made.
    pub adjustments: u64,
    /// Records skipped, as listed.
    pub skipped: u64,
    /// Records failed, as listed.
    pub failed: u64,
    /// Records in the crosswalk.
    pub crosswalk: u64,
    /// Of these, with a number or name that had to change.
    pub renamed: u64,
    /// Records gone from the source.
    pub vanished: u64,
    /// Accounts receivable and payable per currency: the sum over the contacts.
    pub ledgers: Vec<LedgerTotal>,
}

/// What a ledger adds up to in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerTotal {
    /// Accounts receivable or payable.
    pub ledger: Ledger,
    /// Of the balance.
    pub currency: Currency,
    /// How many contacts.
    pub contacts: u64,
    /// Sum of their balances.
    pub balance: Compared,
}

/// The rejects of one code.
#[derive(Debug)]
pub(crate) struct RejectGroup {
    pub(crate) code: Code,
    pub(crate) skipped: u64,
    pub(crate) failed: u64,
    pub(crate) rows: Vec<RejectRow>,
}

/// The adjustments of one kind in one currency.
#[derive(Debug, Default)]
pub(crate) struct AdjustmentTotal {
    pub(crate) count: u64,
    pub(crate) amount: Decimal,
}

#[derive(Debug)]
pub(crate) struct Digest {
    pub(crate) tally: Tally,
    pub(crate) different: Shown<DocumentBalance>,
    pub(crate) contacts: Vec<ContactBalance>,
    pub(crate) adjustments: Shown<Adjustment>,
    pub(crate) adjustment_totals: BTreeMap<(AdjustmentKind, Currency), AdjustmentTotal>,
    pub(crate) rejects: Vec<RejectGroup>,
    pub(crate) rejects_by_entity: BTreeMap<Entity, u64>,
    pub(crate) crosswalk: Shown<CrosswalkRow>,
    pub(crate) renamed: Shown<CrosswalkRow>,
    pub(crate) vanished: Shown<VanishedRow>,
}

impl Digest {
    /// Reads every list once, the longest beside the others.
    pub(crate) fn take(rows: &dyn ReportRows, limits: &Limits) -> Result<Self, Fault> {
        let others = || Self::of_the_others(rows, limits);
        let (digest, (different, counted)) = both(others, || documents(rows.documents()?, limits))?;
        let tally = Tally {
            documents_compared: counted.documents_compared,
            documents_equal: counted.documents_equal,
            documents_different: counted.documents_different,
            documents_missing: counted.documents_missing,
            ..digest.tally
        };
        Ok(Self { tally, different, ..digest })
    }

    fn of_the_others(rows: &dyn ReportRows, limits: &Limits) -> Result<Self, Fault> {
        let mut tally = Tally::default();
        let (crosswalk, renamed) = crosswalk(rows.crosswalk()?, limits)?;
        (tally.crosswalk, tally.renamed) = (crosswalk.total, renamed.total);
        let contacts = contacts(rows.contacts()?, limits, &mut tally)?;
        let (adjustments, adjustment_totals) = adjustments(rows.adjustments()?, limits)?;
        tally.adjustments = adjustments.total;
        let (rejects, rejects_by_entity) = rejects(rows.rejects()?, limits, &mut tally)?;
        let mut vanished = Shown::new();
        for row in rows.vanished()? {
            vanished.push(row?, limits.vanished);
        }
        tally.vanished = vanished.total;
        Ok(Self {
            tally,
            different: Shown::new(),
            contacts,
            adjustments,
            adjustment_totals,
            rejects,
            rejects_by_entity,
            crosswalk,
            renamed,
            vanished,
        })
    }
}

/// The documents that differ, and the counts of documents.
fn documents(
    rows: Rows<'_, DocumentBalance>,
    limits: &Limits,
) -> Result<(Shown<DocumentBalance>, Tally), Fault> {
    let (mut different, mut tally) = (Shown::new(), Tally::default());
    for row in rows {
        let row = row?;
        tally.documents_compared += 1;
        if row.agrees() {
            tally.documents_equal += 1;
            continue;
        }
        tally.documents_missing += u64::from(row.missing);
        different.push(row, limits.documents);
    }
    tally.documents_different = different.total;
    Ok((different, tally))
}

/// Orders contact balances by how much a person wants to see them: different ones first, then large ones.
struct Ranked(ContactBalance);

impl Ranked {
    fn key(&self) -> (bool, Decimal, Reverse<(&str, Ledger, Currency)>) {
        let row = &self.0;
        let name = Reverse((row.contact.as_str(), row.ledger, row.currency));
        (!row.balance.agrees(), row.balance.magnitude(), name)
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Ranked {}

fn contacts(
    rows: Rows<'_, ContactBalance>,
    limits: &Limits,
    tally: &mut Tally,
) -> Result<Vec<ContactBalance>, Fault> {
    let mut top = BinaryHeap::new();
    let mut ledgers: BTreeMap<(Ledger, Currency), (u64, Compared)> = BTreeMap::new();
    for row in rows {
        let row = row?;
        tally.contact_balances_compared += 1;
        tally.contact_balances_different += u64::from(!row.balance.agrees());
        let (count, sum) = ledgers.entry((row.ledger, row.currency)).or_default();
        *count += 1;
        *sum = sum.checked_add(row.balance)?;
        top.push(Reverse(Ranked(row.clip())));
        if top.len() > limits.contacts {
            top.pop();
        }
    }
    tally.ledgers = ledgers
        .into_iter()
        .map(|((ledger, currency), (contacts, balance))| LedgerTotal { ledger, currency, contacts, balance })
        .collect();
    Ok(top.into_sorted_vec().into_iter().map(|Reverse(Ranked(row))| row).collect())
}

type AdjustmentTotals = BTreeMap<(AdjustmentKind, Currency), AdjustmentTotal>;

fn adjustments(
    rows: Rows<'_, Adjustment>,
    limits: &Limits,
) -> Result<(Shown<Adjustment>, AdjustmentTotals), Fault> {
    let (mut shown, mut totals) = (Shown::new(), AdjustmentTotals::new());
    for row in rows {
        let row = row?;
        let total = totals.entry((row.kind, row.amount.currency)).or_default();
        total.count += 1;
        total.amount = checked_sum([total.amount, row.amount.amount])?;
        shown.push(row, limits.adjustments);
    }
    Ok((shown, totals))
}

fn rejects(
    rows: Rows<'_, RejectRow>,
    limits: &Limits,
    tally: &mut Tally,
) -> Result<(Vec<RejectGroup>, BTreeMap<Entity, u64>), Fault> {
    let mut groups: BTreeMap<Code, RejectGroup> = BTreeMap::new();
    let mut by_entity: BTreeMap<Entity, u64> = BTreeMap::new();
    let mut shown = 0;
    for row in rows {
        let row = row?;
        *by_entity.entry(row.entity).or_default() += 1;
        let group = groups.entry(row.code).or_insert_with(|| RejectGroup {
            code: row.code,
            skipped: 0,
            failed: 0,
            rows: Vec::new(),
        });
        match row.outcome {
            Outcome::Skipped => group.skipped += 1,
            Outcome::Failed => group.failed += 1,
        }
        if shown < limits.rejects || group.rows.len() < limits.rejects_per_code_min {
            shown += 1;
            group.rows.push(row.clip());
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| (Reverse(group.failed), Reverse(group.skipped), group.code));
    tally.skipped = groups.iter().map(|group| group.skipped).sum();
    tally.failed = groups.iter().map(|group| group.failed).sum();
    Ok((groups, by_entity))
}

fn crosswalk(
    rows: Rows<'_, CrosswalkRow>,
    limits: &Limits,
) -> Result<(Shown<CrosswalkRow>, Shown<CrosswalkRow>), Fault> {
    let (mut all, mut renamed) = (Shown::new(), Shown::new());
    for row in rows {
        let row = row?;
        if row.note.is_some() {
            renamed.push(row.clone(), limits.renamed);
        }
        all.push(row, limits.crosswalk);
    }
    Ok((all, renamed))
}
