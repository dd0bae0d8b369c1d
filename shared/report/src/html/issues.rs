//! What was done differently, what could not be carried, and why.

use carry_model::{Fault, Money};
use maud::{Markup, html};

use super::Section;
use super::parts::{Column, amount, money, number, prose, record, rest, table, text, under};
use crate::digest::RejectGroup;
use crate::format::{capital, count, counted};
use crate::rows::Moved;
use crate::verdict::sums;
use crate::{FindingKind, NotCarried, RejectRow, Report, Table};

/// Every visible equivalent of something the target cannot express.
pub(super) fn adjustments(report: &Report<'_>) -> Option<Section> {
    let shown = &report.digest.adjustments;
    if shown.total == 0 {
        return None;
    }
    let totals = html! {
        @for ((kind, currency), total) in &report.digest.adjustment_totals {
            tr {
                th scope="row" { (capital(kind.label())) }
                td { (currency) }
                (number(total.count))
                (amount(total.amount, *currency))
            }
        }
    };
    let rows = html! {
        @for row in &shown.rows {
            tr {
                th scope="row" {
                    (record(row.entity, row.number.as_deref(), Some(row.source_id.as_str())))
                    (under(row.contact.as_deref()))
                }
                td { (capital(row.kind.label())) }
                (amount(row.amount.amount, row.amount.currency))
                td { (row.amount.currency) }
                td.wide {
                    (row.why)
                    (under(row.moved.as_ref().map(Moved::words).as_deref()))
                }
            }
        }
    };
    let body = html! {
        p.lead {
            "Where the target cannot express a detail and still reach the same total and outstanding balance, an "
            "equivalent stands in its place, named as such in the target."
        }
        div.compact {
            (table("Adjustments added up", &[
                Column::words("Kind"), Column::words("Currency"), Column::figures("Number"), Column::figures("Sum"),
            ], &totals, None))
        }
        h3 { "Each adjustment" }
        (table("Each adjustment", &[
            Column::words("Document"), Column::words("Kind"), Column::figures("Amount"), Column::words("Currency"),
            Column::words("Why"),
        ], &rows, None))
        (rest("adjustments", shown.rows.len(), shown.total, Table::Adjustments))
    };
    Some(Section { id: "adjustments", title: "Adjustments", count: Some(shown.total), body })
}

/// Skipped and failed records, grouped by what to do about them.
pub(super) fn rejects(report: &Report<'_>) -> Option<Section> {
    let groups = &report.digest.rejects;
    let total = report.tally().skipped.saturating_add(report.tally().failed);
    if total == 0 {
        return None;
    }
    let shown = groups.iter().map(|group| group.rows.len()).sum();
    let body = html! {
        p.lead { "Grouped by cause. Mend the source or the mapping as said, then run a retry: only these records are tried again." }
        @for group in groups { (reject_group(group)) }
        (rest("records", shown, total, Table::Rejects))
    };
    Some(Section { id: "rejects", title: "Skipped and failed records", count: Some(total), body })
}

/// Which columns of a group hold anything; the others would only be blank space.
struct Filled {
    text: bool,
    particulars: bool,
    amount: bool,
    /// Some are skipped and some failed, so that each row has to say.
    mixed: bool,
}

impl Filled {
    fn of(group: &RejectGroup) -> Self {
        let any = |filled: fn(&RejectRow) -> bool| group.rows.iter().any(filled);
        Self {
            text: any(|row| !row.text.is_empty()),
            particulars: any(says_more),
            amount: any(|row| row.amount.is_some()),
            mixed: group.skipped > 0 && group.failed > 0,
        }
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns = vec![Column::words("Record"), Column::words("Where")];
        columns.extend(self.text.then(|| Column::words("What stands there")));
        columns.extend(self.particulars.then(|| Column::words("Particulars")));
        columns.extend(self.amount.then(|| Column::figures("Amount")));
        columns
    }
}

/// True where the row says more than its group does.
fn says_more(row: &RejectRow) -> bool {
    !row.particulars().is_empty() || row.remedy != row.code.remedy() || !row.raw_message.is_empty()
}

fn reject_group(group: &RejectGroup) -> Markup {
    let total = group.skipped.saturating_add(group.failed);
    let hidden = total.saturating_sub(u64::try_from(group.rows.len()).unwrap_or(u64::MAX));
    let counts = match (group.failed, group.skipped) {
        (failed, 0) => format!("{} failed", count(failed)),
        (0, skipped) => format!("{} skipped", count(skipped)),
        (failed, skipped) => format!("{} failed, {} skipped", count(failed), count(skipped)),
    };
    let filled = Filled::of(group);
    let rows = html! { @for row in &group.rows { (reject_row(row, &filled)) } };
    html! {
        details.group open {
            summary {
                span.cause { (group.code.sentence()) }
                span.tag { (counts) }
                code { (group.code.id()) }
            }
            p.remedy { strong { "What to do: " } (prose(group.code.remedy())) }
            (table(group.code.sentence(), &filled.columns(), &rows, None))
            @if hidden > 0 { p.rest { "And " (counted(hidden, "more record", "more records")) " of this cause." } }
        }
    }
}

fn reject_row(row: &RejectRow, filled: &Filled) -> Markup {
    let column = (!row.column.is_empty()).then(|| format!("column {}", row.column));
    html! {
        tr {
            th scope="row" {
                (record(row.entity, row.number.as_deref(), row.source_id.as_ref().map(|id| id.as_str())))
                (under(row.contact.as_deref()))
                @if filled.mixed { (under(Some(row.outcome.label()))) }
            }
            td.where { (row.place) (under(column.as_deref())) }
            @if filled.text { td { @if !row.text.is_empty() { code.raw { (row.text) } } } }
            @if filled.particulars { td.wide { (particulars(row)) } }
            @if filled.amount {
                @match row.amount {
                    Some(amount) => { td.num data-v=(amount.amount.normalize()) { (money(amount)) } }
                    None => { td.num {} }
                }
            }
        }
    }
}

fn particulars(row: &RejectRow) -> Markup {
    let particulars = row.particulars();
    html! {
        @if !particulars.is_empty() { p { (particulars) } }
        @if row.remedy != row.code.remedy() { p { strong { "What to do: " } (prose(&row.remedy)) } }
        @if !row.raw_message.is_empty() { p.said { "The system said: " code.raw { (row.raw_message) } } }
    }
}

fn amounts(amounts: &[Money]) -> Markup {
    html! { @for amount in amounts { div { (money(*amount)) } } }
}

/// What stayed behind and what it adds up to.
pub(super) fn not_carried(report: &Report<'_>) -> Result<Option<Section>, Fault> {
    let rows = &report.run.not_carried;
    if rows.is_empty() {
        return Ok(None);
    }
    let left = rows.iter().map(|row| row.count).fold(0, u64::saturating_add);
    let totals = sums(rows.iter().flat_map(|row| &row.totals))?;
    let open = sums(rows.iter().flat_map(|row| &row.outstanding))?;
    let foot = html! {
        tr { th scope="row" { "Together" } (number(left)) td.num { (amounts(&totals)) } td.num { (amounts(&open)) } td {} }
    };
    let body = html! {
        p.lead {
            "These records are in the source and not in the target. By the amounts under " strong { "still open" }
            ", receivable and payable in the target are lower than in the source."
        }
        (table("What was not carried", &[
            Column::words("What"), Column::figures("Number"), Column::figures("Totals"), Column::figures("Still open"),
            Column::words("Why"),
        ], &html! { @for row in rows { (not_carried_row(row)) } }, Some(&foot)))
        (rest("rows", rows.len(), u64::try_from(rows.len()).unwrap_or_default(), Table::NotCarried))
    };
    Ok(Some(Section { id: "not-carried", title: "What was not carried", count: Some(left), body }))
}

fn not_carried_row(row: &NotCarried) -> Markup {
    html! {
        tr {
            th scope="row" { (capital(&text(&row.what))) }
            (number(row.count))
            td.num { (amounts(&row.totals)) }
            td.num { (amounts(&row.outstanding)) }
            td.wide { (text(&row.why)) }
        }
    }
}

/// What was carried earlier and is gone from the source.
pub(super) fn vanished(report: &Report<'_>) -> Option<Section> {
    let shown = &report.digest.vanished;
    if shown.total == 0 {
        return None;
    }
    let rows = html! {
        @for row in &shown.rows {
            tr {
                th scope="row" { (record(row.entity, row.number.as_deref(), Some(row.source_id.as_str()))) }
                td { @if let Some(id) = &row.target_id { (text(id.as_str())) } }
                td.num { @if let Some(amount) = row.amount { (money(amount)) } }
                td.wide { (row.action) }
            }
        }
    };
    let body = html! {
        p.lead { "Carried by an earlier run, and no longer in the source." }
        (table("Records gone from the source", &[
            Column::words("Record"), Column::words("Id in the target"), Column::figures("Amount"),
            Column::words("In the target"),
        ], &rows, None))
        (rest("records", shown.rows.len(), shown.total, Table::Vanished))
    };
    Some(Section { id: "vanished", title: "Records gone from the source", count: Some(shown.total), body })
}

/// Findings the page shows; the CSV has all of them.
const FINDINGS_SHOWN_MAX: usize = 500;

/// What the reader of the source wants a person to know.
pub(super) fn findings(report: &Report<'_>) -> Option<Section> {
    let findings = &report.run.findings;
    if findings.is_empty() {
        return None;
    }
    let total = u64::try_from(findings.len()).unwrap_or_default();
    let rows = html! {
        @for finding in findings.iter().take(FINDINGS_SHOWN_MAX) {
            tr .attention[finding.kind == FindingKind::NotUnderstood] {
                th scope="row" { (capital(finding.kind.label())) }
                td.where {
                    (text(&finding.file))
                    (under(finding.column.as_ref().map(|column| format!("column {column}")).as_deref()))
                }
                td.wide { (text(&finding.text)) }
            }
        }
    };
    let body = html! {
        p.lead { "What the source leaves open, and what was taken for true. Worth a look before the books are relied upon." }
        (table("Notes on the source", &[
            Column::words("Sort"), Column::words("Where"), Column::words("Finding"),
        ], &rows, None))
        (rest("notes", findings.len().min(FINDINGS_SHOWN_MAX), total, Table::Findings))
    };
    Some(Section { id: "findings", title: "Notes on the source", count: Some(total), body })
}
