//! Before and after, from the ledgers down to the single document.

use carry_model::Ledger;
use maud::{Markup, html};

use super::Section;
use super::parts::{
    Column, compared, compared_columns, money, number, record, rest, search, table, text, under,
};
use crate::LedgerTotal;
use crate::format::{capital, counted};
use crate::sheet::ledger_name;
use crate::{Compared, ControlTotal, DocumentBalance, Report, Table};

const LEDGERS: [(Ledger, &str); 2] =
    [(Ledger::Receivable, "Accounts receivable"), (Ledger::Payable, "Accounts payable")];

const fn ledger_title(ledger: Ledger) -> &'static str {
    match ledger {
        Ledger::Receivable => "Accounts receivable",
        Ledger::Payable => "Accounts payable",
    }
}

fn any_not_carried(mut figures: impl Iterator<Item = Compared>) -> bool {
    figures.any(|figures| !figures.not_carried().is_zero())
}

/// The reconciliation.
pub(super) fn section(report: &Report<'_>) -> Option<Section> {
    let body = match &report.run.reconciliation.not_performed {
        Some(why) => html! { p.lead { "The target was not read back: " (why) } },
        None => html! {
            p.lead {
                "After loading, the target was read back. "
                strong { "Before" } " is what the source says, " strong { "after" } " what the target says now."
            }
            (ledgers(report))
            (documents(report))
            (contacts(report))
            (control_totals(report))
            (clearing(report))
        },
    };
    Some(Section { id: "reconciliation", title: "Reconciliation", count: None, body })
}

fn ledgers(report: &Report<'_>) -> Markup {
    let rows = &report.tally().ledgers;
    if rows.is_empty() {
        return html! {};
    }
    let not_carried = any_not_carried(rows.iter().map(|row| row.balance));
    let mut columns = vec![Column::words("Ledger"), Column::words("Currency"), Column::figures("Contacts")];
    columns.extend(compared_columns(not_carried));
    let body = html! { @for row in rows { (ledger_row(row, not_carried)) } };
    html! {
        h3 { "Receivable and payable per currency" }
        (table("Receivable and payable per currency", &columns, &body, None))
    }
}

fn ledger_row(row: &LedgerTotal, not_carried: bool) -> Markup {
    html! {
        tr .differs[!row.balance.agrees()] {
            th scope="row" { (ledger_title(row.ledger)) }
            td { (row.currency) }
            (number(row.contacts))
            (compared(Some(row.balance), Some(row.currency), not_carried))
        }
    }
}

fn documents(report: &Report<'_>) -> Markup {
    let (tally, different) = (report.tally(), &report.digest.different);
    if tally.documents_compared == 0 {
        return html! {};
    }
    html! {
        h3 { "Documents" }
        @if different.total == 0 {
            p {
                (counted(tally.documents_compared, "document was", "documents were")) " compared one by one; none differs. "
                "Each is in " a href=(Table::Documents.file_name()) { (Table::Documents.file_name()) } "."
            }
        } @else {
            p {
                (counted(tally.documents_compared, "document was", "documents were")) " compared one by one; "
                strong { (counted(different.total, "differs", "differ")) } ":"
            }
            (table("Documents that differ", &[
                Column::words("Document"), Column::words("Date"), Column::words("Currency"), Column::words("Figure"),
                Column::figures("Before"), Column::figures("After"), Column::figures("Difference"),
            ], &html! { @for row in &different.rows { (document_rows(row)) } }, None))
            (rest("documents that differ", different.rows.len(), different.total, Table::Documents))
        }
    }
}

fn document_rows(row: &DocumentBalance) -> Markup {
    let figures = [("Total", row.total), ("Outstanding", row.outstanding)];
    html! {
        @for (name, figure) in figures.iter().filter(|(_, figure)| row.missing || !figure.agrees()) {
            tr.differs {
                th scope="row" {
                    (record(row.entity, row.number.as_deref(), Some(row.source_id.as_str())))
                    (under(row.contact.as_deref()))
                    @if row.missing { div.under { span.flag { "missing" } " no longer in the target" } }
                }
                td.date { @if let Some(date) = row.date { (date) } }
                td { (row.currency) }
                td { (name) }
                (compared(Some(*figure), Some(row.currency), false))
            }
        }
    }
}

fn contacts(report: &Report<'_>) -> Markup {
    let shown = &report.digest.contacts;
    let total = report.tally().contact_balances_compared;
    if shown.is_empty() {
        return html! {};
    }
    let not_carried = any_not_carried(shown.iter().map(|row| row.balance));
    let mut columns = vec![Column::words("Contact"), Column::words("Currency")];
    columns.extend(compared_columns(not_carried));
    html! {
        @for (ledger, title) in LEDGERS {
            @if shown.iter().any(|row| row.ledger == ledger) {
                @let id = format!("{}-contacts", ledger_name(ledger));
                h3 { (title) " per contact" }
                (search("Search contacts", &id))
                div id=(id) {
                    (table(&format!("{title} per contact"), &columns, &html! {
                        @for row in shown.iter().filter(|row| row.ledger == ledger) {
                            tr .differs[!row.balance.agrees()] {
                                th scope="row" { (text(&row.contact)) }
                                td { (row.currency) }
                                (compared(Some(row.balance), Some(row.currency), not_carried))
                            }
                        }
                    }, None))
                }
            }
        }
        (rest("contact balances, those that differ first, then the largest", shown.len(), total, Table::Contacts))
    }
}

fn control_totals(report: &Report<'_>) -> Markup {
    let rows = &report.run.reconciliation.control_totals;
    if rows.is_empty() {
        return html! {};
    }
    let sums = rows.iter().flat_map(|row| [row.total, row.outstanding]).flatten();
    let not_carried = any_not_carried(sums) || rows.iter().any(|row| row.records.not_carried > 0);
    let mut columns = vec![Column::words("Entity"), Column::words("Currency"), Column::words("Figure")];
    columns.extend(compared_columns(not_carried));
    let body = html! { @for row in rows { (control_rows(row, not_carried)) } };
    html! {
        h3 { "Control totals" }
        p { "Counted and added up on both sides independently." }
        (table("Control totals", &columns, &body, None))
        (rest("totals", rows.len(), u64::try_from(rows.len()).unwrap_or_default(), Table::ControlTotals))
    }
}

fn control_rows(row: &ControlTotal, not_carried: bool) -> Markup {
    let counts = &row.records;
    let heading = html! {
        th scope="row" { (capital(row.entity.plural())) }
        td { @if let Some(currency) = row.currency { (currency) } }
    };
    let figures = [("Total", row.total), ("Outstanding", row.outstanding)];
    html! {
        tr .differs[!counts.agrees()] {
            (heading)
            td { "Number" }
            (number(counts.before))
            @if not_carried { (number(counts.not_carried)) }
            (number(counts.after))
            @if counts.agrees() { (number(0)) } @else { td.num.bad { span.flag { "differs" } } }
        }
        @for (name, figure) in figures {
            @if let Some(figure) = figure {
                tr .differs[!figure.agrees()] {
                    (heading)
                    td { (name) }
                    (compared(Some(figure), row.currency, not_carried))
                }
            }
        }
    }
}

fn clearing(report: &Report<'_>) -> Markup {
    let rows = &report.run.reconciliation.clearing;
    if rows.is_empty() {
        return html! {};
    }
    html! {
        h3 { "Clearing account" }
        p { "Settlements that the target cannot express pass through this account. It has to end at zero." }
        ul.plain {
            @for row in rows {
                @let zero = row.balance.amount.is_zero();
                li .bad[!zero] {
                    (row.account) ": " (money(row.balance))
                    @if !zero { " " span.flag { "not zero" } }
                }
            }
        }
    }
}
