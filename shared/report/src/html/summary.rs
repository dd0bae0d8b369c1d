//! The top of the page, and what became of the records.

use maud::{Markup, html};

use super::Section;
use super::parts::{Column, number, rest, table};
use crate::format::{capital, count, duration};
use crate::{EntitySummary, Report, RunHeader, Table, VerdictStatus};

/// Who, when, and the verdict.
pub(super) fn masthead(report: &Report<'_>) -> Markup {
    let run = &report.run.run;
    html! {
        a.skip href="#main" { "Skip to the figures" }
        header {
            p.kind { "Migration report · " (run.kind.label()) }
            h1 { (run.source.name) }
            p.route {
                (run.source.system) span.arrow aria-hidden="true" { " → " } span.sr { " to " } (run.target.system)
                @if run.target.name != run.source.name && !run.target.name.is_empty() { ", " (run.target.name) }
            }
            p.when { (when(run)) }
            (verdict(report))
            (key_figures(report))
        }
    }
}

fn when(run: &RunHeader) -> Markup {
    html! {
        (run.started.spoken())
        @match run.finished {
            Some(end) => {
                @let ms = end.timestamp().as_millisecond().saturating_sub(run.started.timestamp().as_millisecond());
                ", took " (duration(u64::try_from(ms).unwrap_or_default()))
            }
            None => ", not finished"
        }
        " · " (run.state.label())
        @if let Some(reason) = &run.state_reason { ": " (reason) }
    }
}

fn verdict(report: &Report<'_>) -> Markup {
    let verdict = report.verdict();
    let (class, sign) = match verdict.status {
        VerdictStatus::Agrees => ("good", "✓"),
        VerdictStatus::AgreesInPart => ("partly", "✓"),
        VerdictStatus::Differs => ("bad", "≠"),
        VerdictStatus::NotReconciled => ("open", "?"),
    };
    html! {
        div.verdict.(class) role="region" aria-label="Verdict" {
            p.status { span.sign aria-hidden="true" { (sign) } (verdict.status.label()) }
            p.sentence { (verdict.sentence) }
            @if !verdict.remarks.is_empty() {
                ul { @for remark in &verdict.remarks { li { (remark) } } }
            }
        }
    }
}

fn key_figures(report: &Report<'_>) -> Markup {
    let tally = report.tally();
    let of = |equal: u64, all: u64| {
        if all == 0 { "none".to_owned() } else { format!("{} of {}", count(equal), count(all)) }
    };
    let contacts_equal = tally.contact_balances_compared.saturating_sub(tally.contact_balances_different);
    let stayed = report.run.not_carried.iter().map(|row| row.count).fold(0, u64::saturating_add);
    let figures = [
        ("Documents equal", of(tally.documents_equal, tally.documents_compared)),
        ("Contact balances equal", of(contacts_equal, tally.contact_balances_compared)),
        ("Adjustments", count(tally.adjustments)),
        ("Skipped or failed", count(tally.skipped.saturating_add(tally.failed))),
        ("Not carried", count(stayed)),
    ];
    html! {
        dl.figures {
            @for (name, value) in figures { div { dt { (name) } dd { (value) } } }
        }
    }
}

/// An outcome: its column, its colour in the bar, whether the column stays where it is zero throughout.
struct Part {
    name: &'static str,
    class: &'static str,
    of: fn(&EntitySummary) -> u64,
    always: bool,
}

const PARTS: [Part; 7] = [
    Part { name: "Migrated", class: "migrated", of: |row| row.migrated, always: true },
    Part { name: "Updated", class: "updated", of: |row| row.updated, always: false },
    Part { name: "Unchanged", class: "unchanged", of: |row| row.unchanged, always: false },
    Part { name: "Skipped", class: "skipped", of: |row| row.skipped, always: true },
    Part { name: "Failed", class: "failed", of: |row| row.failed, always: true },
    Part { name: "Not selected", class: "unselected", of: |row| row.not_selected, always: false },
    Part { name: "Removed", class: "removed", of: |row| row.removed, always: false },
];

/// What became of the records, entity by entity.
pub(super) fn section(report: &Report<'_>) -> Option<Section> {
    let rows = &report.run.summary;
    if rows.is_empty() {
        return None;
    }
    let used = |part: &&Part| rows.iter().any(|row| (part.of)(row) > 0);
    let parts: Vec<&Part> = PARTS.iter().filter(|part| part.always || used(part)).collect();
    let mut columns = vec![Column::words("Entity"), Column::words("Share"), Column::figures("Available")];
    columns.extend(parts.iter().map(|part| Column::figures(part.name)));
    let body = html! {
        @for row in rows {
            tr .attention[row.failed > 0] {
                th scope="row" { (capital(row.entity.plural())) }
                td.share data-v=(row.migrated) { (bar(row)) }
                (number(row.available))
                @for part in &parts { (number((part.of)(row))) }
            }
        }
    };
    let body = html! {
        ul.legend aria-hidden="true" {
            @for part in PARTS.iter().filter(used) { li { span.swatch.(part.class) {} (part.name) } }
        }
        (table("What became of the records", &columns, &body, None))
        (rest("entities", rows.len(), u64::try_from(rows.len()).unwrap_or_default(), Table::Summary))
    };
    Some(Section { id: "summary", title: "What became of the records", count: None, body })
}

/// The shares are laid out by the browser (flex-grow), so that no share is ever rounded away.
fn bar(row: &EntitySummary) -> Markup {
    html! {
        div.bar aria-hidden="true" {
            @for part in &PARTS {
                @let n = (part.of)(row);
                @if n > 0 { span.(part.class) style={ "flex-grow:" (n) } {} }
            }
        }
    }
}
