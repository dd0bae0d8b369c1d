//! Where each record went, and the particulars of the run.

use maud::{Markup, html};

use super::Section;
use super::parts::{Column, number, rest, search, table, text};
use crate::format::{capital, count, counted, duration};
use crate::{CrosswalkRow, HTML_FILE, JSON_FILE, Report, Table};

/// Old ids and numbers to new ones.
pub(super) fn section(report: &Report<'_>) -> Option<Section> {
    let (all, renamed) = (&report.digest.crosswalk, &report.digest.renamed);
    if all.total == 0 {
        return None;
    }
    let columns = [
        Column::words("Entity"),
        Column::words("Number or name before"),
        Column::words("After"),
        Column::words("Id before"),
        Column::words("Id after"),
    ];
    let body = html! {
        p.lead { "Where each record went: the number or name and the id it had, and those it has now." }
        @if renamed.total > 0 {
            h3 { (counted(renamed.total, "number or name had to change", "numbers or names had to change")) }
            (table("Numbers and names that had to change", &[
                Column::words("Entity"), Column::words("Before"), Column::words("After"), Column::words("Why"),
            ], &html! { @for row in &renamed.rows { (renamed_row(row)) } }, None))
            @if renamed.total > u64::try_from(renamed.rows.len()).unwrap_or(u64::MAX) {
                (rest("changes", renamed.rows.len(), renamed.total, Table::Crosswalk))
            }
            h3 { "All records" }
        }
        (search("Search by number, name or id", "crosswalk-rows"))
        div id="crosswalk-rows" {
            (table("Crosswalk", &columns, &html! { @for row in &all.rows { (crosswalk_row(row)) } }, None))
        }
        (rest("records", all.rows.len(), all.total, Table::Crosswalk))
    };
    Some(Section { id: "crosswalk", title: "Crosswalk", count: Some(all.total), body })
}

fn numbers(row: &CrosswalkRow) -> Markup {
    let number = |number: &Option<String>| html! { td.id { (text(number.as_deref().unwrap_or_default())) } };
    html! { (number(&row.source_number)) (number(&row.target_number)) }
}

fn renamed_row(row: &CrosswalkRow) -> Markup {
    html! {
        tr {
            th scope="row" { (capital(row.entity.singular())) }
            (numbers(row))
            td.wide { (row.note.as_deref().unwrap_or_default()) }
        }
    }
}

fn crosswalk_row(row: &CrosswalkRow) -> Markup {
    html! {
        tr {
            td { (capital(row.entity.singular())) }
            (numbers(row))
            td.id.faint { (text(row.source_id.as_str())) }
            td.id.faint { (text(row.target_id.as_str())) }
        }
    }
}

/// Ids, settings, timings, files.
pub(super) fn run_details(report: &Report<'_>) -> Option<Section> {
    let header = &report.run.run;
    let mut facts = vec![
        ("Kind of run", capital(header.kind.label())),
        ("State", capital(header.state.label())),
        ("Source", format!("{}, {}", header.source.system, header.source.name)),
        ("Target", format!("{}, {}", header.target.system, header.target.name)),
        ("Started", header.started.spoken()),
        ("Finished", header.finished.map_or_else(|| "not yet".to_owned(), |end| end.spoken())),
        ("How documents are carried", header.mode.label().to_owned()),
    ];
    facts.extend(header.settings.iter().map(|setting| (setting.name.as_str(), setting.value.clone())));
    facts.push(("Migration", header.migration.to_string()));
    facts.push(("Run", header.id.to_string()));
    let body = html! {
        dl.facts { @for (name, value) in &facts { div { dt { (name) } dd { (value) } } } }
        @if !report.run.stages.is_empty() { (stages(report)) }
        h3 { "Files of this report" }
        ul.files {
            li { a href=(HTML_FILE) { (HTML_FILE) } " this page" }
            li { a href=(JSON_FILE) { (JSON_FILE) } " everything, for programs" }
            @for table in Table::ALL { li { a href=(table.file_name()) { (table.file_name()) } " " (table.title()) } }
        }
    };
    Some(Section { id: "run", title: "About this run", count: None, body })
}

fn stages(report: &Report<'_>) -> Markup {
    let rows = html! {
        @for stage in &report.run.stages {
            tr {
                th scope="row" { (capital(&stage.stage)) }
                (number(stage.records))
                td.num data-v=(stage.duration_ms) { (duration(stage.duration_ms)) }
                td.num data-v=(rate(stage.records, stage.duration_ms)) { (count(rate(stage.records, stage.duration_ms))) }
            }
        }
    };
    html! {
        h3 { "Time taken" }
        div.compact {
            (table("Time taken", &[
                Column::words("Stage"), Column::figures("Records"), Column::figures("Duration"),
                Column::figures("Records per second"),
            ], &rows, None))
        }
    }
}

fn rate(records: u64, ms: u64) -> u64 {
    u64::try_from(u128::from(records) * 1000 / u128::from(ms.max(1))).unwrap_or(u64::MAX)
}
