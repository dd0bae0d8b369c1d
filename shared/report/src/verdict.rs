//! The answer at the top: do the books agree, and if not, where.

use carry_model::{Currency, Entity, Fault, Ledger, Money, checked_sum};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::format::{capital, count, counted, grouped, listed};
use crate::run::words;
use crate::{RunKind, RunReport, RunState};

words! {
    /// Whether the books agree.
    VerdictStatus {
        /// Everything was carried and agrees.
        Agrees = "Agrees",
        /// What was carried agrees; something was not carried and is listed.
        AgreesInPart = "Agrees, not everything carried",
        /// Something differs that nothing explains.
        Differs = "Differs",
        /// The target was not read back.
        NotReconciled = "Not reconciled",
    }
}

/// The answer at the top of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// In a word.
    pub status: VerdictStatus,
    /// In a sentence.
    pub sentence: String,
    /// What else has to be known, a sentence each.
    pub remarks: Vec<String>,
}

impl Verdict {
    pub(crate) fn of(run: &RunReport, digest: &Digest) -> Result<Self, Fault> {
        let problems = problems(run, digest);
        let gap = gap(run, digest)?;
        let differs = digest.tally.documents_different > 0 || !problems.is_empty();
        let status = match (&run.reconciliation.not_performed, differs, gap.is_empty()) {
            (_, true, _) => VerdictStatus::Differs,
            (Some(_), false, _) => VerdictStatus::NotReconciled,
            (None, false, false) => VerdictStatus::AgreesInPart,
            (None, false, true) => VerdictStatus::Agrees,
        };
        let mut remarks = problems;
        remarks.extend(gap);
        remarks.extend(reassurances(run, digest));
        Ok(Self { status, sentence: sentence(run, digest, status), remarks })
    }
}

fn sentence(run: &RunReport, digest: &Digest, status: VerdictStatus) -> String {
    if let Some(why) = &run.reconciliation.not_performed {
        return format!("The target was not read back: {why}");
    }
    let tally = &digest.tally;
    let part = status == VerdictStatus::AgreesInPart;
    match (status, ledgers(digest)) {
        (VerdictStatus::Differs, _) if tally.documents_different > 0 => format!(
            "{} of {} {} not carry the same total and outstanding balance in the target.",
            count(tally.documents_different),
            counted(tally.documents_compared, "document", "documents"),
            if tally.documents_different == 1 { "does" } else { "do" },
        ),
        (VerdictStatus::Differs, _) => {
            format!("{}, but the books do not agree yet.", documents(tally.documents_compared, part))
        }
        (_, None) => format!("{}.", documents(tally.documents_compared, part)),
        (_, Some(agree)) => format!("{}; {agree}.", documents(tally.documents_compared, part)),
    }
}

fn documents(compared: u64, part: bool) -> String {
    match (compared, part) {
        (0, _) => "No documents were carried in this run".to_owned(),
        (1, _) => {
            "The one document carried has the same total and the same outstanding balance in the target"
                .to_owned()
        }
        (n, true) => format!(
            "Every one of the {} documents carried has the same total and the same outstanding balance in the target",
            count(n)
        ),
        (n, false) => format!(
            "Every one of {} documents carries the same total and the same outstanding balance in the target",
            count(n)
        ),
    }
}

/// "accounts receivable and payable agree to the cent"; with an exception where a part stayed behind.
fn ledgers(digest: &Digest) -> Option<String> {
    let ledgers = &digest.tally.ledgers;
    let has = |ledger| ledgers.iter().any(|total| total.ledger == ledger);
    let which = match (has(Ledger::Receivable), has(Ledger::Payable)) {
        (true, true) => "accounts receivable and payable agree",
        (true, false) => "accounts receivable agree",
        (false, true) => "accounts payable agree",
        (false, false) => return None,
    };
    let cents = ledgers.iter().all(|total| total.currency.minor_digits() == 2);
    let unit = if cents { "cent" } else { "smallest unit" };
    let whole = ledgers.iter().all(|total| total.balance.not_carried().is_zero());
    Some(format!("{which} to the {unit}{}", if whole { "" } else { ", apart from what was not carried" }))
}

/// What differs and nothing explains.
fn problems(run: &RunReport, digest: &Digest) -> Vec<String> {
    let mut found = Vec::new();
    let tally = &digest.tally;
    if tally.documents_missing > 0 {
        let (n, are) = (tally.documents_missing, if tally.documents_missing == 1 { "is" } else { "are" });
        found.push(format!("{} of them {are} no longer in the target.", count(n)));
    }
    if tally.contact_balances_different > 0 {
        let what =
            counted(tally.contact_balances_different, "contact balance differs", "contact balances differ");
        found.push(format!("{what} from the source."));
    }
    let totals = run.reconciliation.control_totals.iter().filter(|total| !total.agrees());
    let mut entities: Vec<String> = totals.map(|total| total.entity.plural().to_owned()).collect();
    entities.dedup();
    if !entities.is_empty() {
        found.push(format!("Control totals differ for {}.", listed(&entities)));
    }
    for clearing in run.reconciliation.clearing.iter().filter(|clearing| !clearing.balance.amount.is_zero()) {
        let Money { amount, currency } = clearing.balance;
        found.push(format!(
            "The clearing account {} ends at {} {currency} instead of zero.",
            clearing.account,
            grouped(amount, currency)
        ));
    }
    found.extend(run.summary.iter().filter_map(|row| {
        let (available, known) = (row.available, row.accounted_for());
        (row.available != known && run.run.kind != RunKind::Rollback).then(|| {
            let what = row.entity.plural();
            format!(
                "{} at the source: {}; with an outcome: {}.",
                capital(what),
                count(available),
                count(known)
            )
        })
    }));
    found.extend(
        run.summary
            .iter()
            .filter_map(|row| unlisted(digest, row.entity, row.skipped.saturating_add(row.failed))),
    );
    found
}

/// Every skipped or failed record has to be listed; fewer rows than records means that some are not.
fn unlisted(digest: &Digest, entity: Entity, expected: u64) -> Option<String> {
    let listed = digest.rejects_by_entity.get(&entity).copied().unwrap_or_default();
    (listed < expected).then(|| {
        let what = capital(entity.plural());
        format!("{what} skipped or failed: {}; listed with a reason: {}.", count(expected), count(listed))
    })
}

/// What stayed behind, in a sentence each; empty where everything was carried.
fn gap(run: &RunReport, digest: &Digest) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    if !matches!(run.run.state, RunState::Finished | RunState::FinishedWithIssues) {
        let state = run.run.state.label();
        found.push(format!("The run is {state}, not finished: the figures are those of this moment."));
    }
    let (skipped, failed) = (digest.tally.skipped, digest.tally.failed);
    if skipped + failed > 0 {
        let parts: Vec<String> = [(failed, "failed"), (skipped, "skipped")]
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{} {word}", count(n)))
            .collect();
        let subject = counted(skipped.saturating_add(failed), "record has", "records have");
        found.push(format!(
            "{subject} to be looked at ({}); each is listed with its reason and remedy.",
            listed(&parts)
        ));
    }
    let left: u64 = run.not_carried.iter().map(|row| row.count).fold(0, u64::saturating_add);
    if left > 0 {
        let open = sums(run.not_carried.iter().flat_map(|row| &row.outstanding))?;
        let open: Vec<String> = open
            .iter()
            .filter(|money| !money.amount.is_zero())
            .map(|money| format!("{} {}", grouped(money.amount, money.currency), money.currency))
            .collect();
        let tail = if open.is_empty() {
            "no open balance is among them.".to_owned()
        } else {
            format!("open balances of {} stayed behind with them.", listed(&open))
        };
        found.push(format!("{} not carried; {tail}", counted(left, "record was", "records were")));
    }
    Ok(found)
}

/// The sum per currency, in order of the code.
pub(crate) fn sums<'a>(amounts: impl Iterator<Item = &'a Money>) -> Result<Vec<Money>, Fault> {
    let mut sums = std::collections::BTreeMap::<Currency, _>::new();
    for money in amounts {
        let sum = sums.entry(money.currency).or_default();
        *sum = checked_sum([*sum, money.amount])?;
    }
    Ok(sums.into_iter().map(|(currency, amount)| Money::new(amount, currency)).collect())
}

/// What a careful reader asks next and may rest about.
fn reassurances(run: &RunReport, digest: &Digest) -> Vec<String> {
    let mut found = Vec::new();
    let clearing = &run.reconciliation.clearing;
    if !clearing.is_empty() && clearing.iter().all(|clearing| clearing.balance.amount.is_zero()) {
        let mut currencies: Vec<String> = clearing.iter().map(|c| c.balance.currency.to_string()).collect();
        currencies.sort();
        currencies.dedup();
        found.push(format!("The clearing account ends at zero in {}.", listed(&currencies)));
    }
    if digest.tally.adjustments > 0 {
        let what = counted(digest.tally.adjustments, "adjustment was", "adjustments were");
        found.push(format!("{what} needed to keep the figures exact; each is listed."));
    }
    found
}
