//! How the columns of every table are read, and what was assumed about it.

use carry_connector::{Finding, Severity};

use crate::evidence::{Basis, Context, Verdict, date_order, decide, number_format};
use crate::options::FilesOptions;
use crate::profile::Way;
use crate::scan::{Column, Scan, Section};
use crate::written::CENTURY_PIVOT;

/// Ways of all columns of all tables, in their order.
pub(crate) fn decide_all(scan: &Scan, options: &FilesOptions, findings: &mut Vec<Finding>) -> Vec<Vec<Way>> {
    let sections = &scan.sections;
    (0..sections.len()).map(|index| decide_section(sections, index, options, findings)).collect()
}

fn decide_section(
    sections: &[Section],
    index: usize,
    options: &FilesOptions,
    findings: &mut Vec<Finding>,
) -> Vec<Way> {
    let Some(section) = sections.get(index) else { return Vec::new() };
    let columns = section.columns.iter().enumerate();
    columns
        .map(|(at, column)| decide_column(sections, index, section, at, column, options, findings))
        .collect()
}

fn decide_column(
    sections: &[Section],
    index: usize,
    section: &Section,
    at: usize,
    column: &Column,
    options: &FilesOptions,
    findings: &mut Vec<Finding>,
) -> Way {
    let name = section.names.get(at).map_or("", String::as_str);
    let place = format!("{}, column {name}", section.file);
    let dates = match column {
        Column::Text => return Way::Text,
        Column::Date(evidence) if evidence.is_serial() => {
            findings.push(info(&place, "Bare numbers are read as day numbers of a spreadsheet.".to_owned()));
            return Way::DayNumber;
        }
        Column::Date(evidence) => {
            if evidence.short_years() > 0 {
                let text = format!(
                    "Years have two digits: below {CENTURY_PIVOT} they are of this century, the others of the last."
                );
                findings.push(Finding { count: Some(evidence.short_years()), ..info(&place, text) });
            }
            true
        }
        Column::Number(_) => false,
    };
    let Some(tally) = tally(column) else { return Way::Text };
    if tally.unreadable() > 0 {
        let what = if dates { "dates" } else { "amounts" };
        findings.push(Finding {
            severity: Severity::Warning,
            place: place.clone(),
            text: format!("Some cells cannot be read as {what}; their records become rejects."),
            hint: "Each reject names its line and text.".to_owned(),
            count: Some(tally.unreadable()),
        });
    }
    let verdict = tally.verdict();
    let system = section.format().system;
    let (option, default) = match dates {
        true => (options.date_way, system.date_way),
        false => (options.number_way, system.number_way),
    };
    let neighbours = match verdict {
        Verdict::Open(_) => neighbours(sections, index, at, dates),
        _ => Vec::new(),
    };
    let decided = decide(verdict, Context { neighbours: &neighbours, option, default });
    if let Some(finding) = finding(&place, dates, decided.as_ref(), system.title) {
        findings.push(finding);
    }
    let way = decided.map_or_else(|| option.or(default).unwrap_or(0), |(way, _)| way);
    if dates { Way::Date(way) } else { Way::Number(way) }
}

fn tally(column: &Column) -> Option<crate::evidence::Tally> {
    match column {
        Column::Text => None,
        Column::Date(evidence) => Some(evidence.tally),
        Column::Number(evidence) => Some(evidence.tally),
    }
}

/// Decided columns of the same kind: of the table, of other tables of the file, of other files of the system.
fn neighbours(sections: &[Section], index: usize, at: usize, dates: bool) -> Vec<(String, Verdict)> {
    let Some(own) = sections.get(index) else { return Vec::new() };
    let mut found = Vec::new();
    for (other_index, other) in sections.iter().enumerate() {
        if other.format().system != own.format().system {
            continue;
        }
        let distance = match other_index {
            same if same == index => 0,
            _ if other.file == own.file => 1,
            _ => 2,
        };
        for (other_at, column) in other.columns.iter().enumerate() {
            let same_kind = matches!(column, Column::Date(_)) == dates;
            let itself = distance == 0 && other_at == at;
            let Some(tally) = tally(column).filter(|_| same_kind && !itself) else { continue };
            let verdict = tally.verdict();
            if matches!(verdict, Verdict::Proven { .. }) {
                let name = other.names.get(other_at).map_or("", String::as_str);
                let name = if distance == 0 { name.to_owned() } else { format!("{name} of {}", other.file) };
                found.push((distance, name, verdict));
            }
        }
    }
    found.sort_by_key(|(distance, ..)| *distance);
    found.into_iter().map(|(_, name, verdict)| (name, verdict)).collect()
}

fn info(place: &str, text: String) -> Finding {
    Finding { severity: Severity::Info, place: place.to_owned(), text, hint: String::new(), count: None }
}

/// What is to be said about a decision: nothing where the column proves it and no cell speaks against it.
fn finding(place: &str, dates: bool, decided: Option<&(usize, Basis)>, system: &str) -> Option<Finding> {
    let setting = if dates { "date_order" } else { "decimal" };
    let Some((way, basis)) = decided else {
        let what =
            if dates { "the order of day and month" } else { "which of point and comma separates decimals" };
        return Some(Finding {
            severity: Severity::Blocking,
            place: place.to_owned(),
            text: format!("No cell tells {what}, and neither does any other column."),
            hint: format!("Set `{setting}`."),
            count: None,
        });
    };
    let read_as = if dates { date_order(*way).name() } else { number_format(*way).example() };
    let what = if dates { "Dates are" } else { "Numbers are" };
    let assumption = |severity, why: String| Finding {
        severity,
        place: place.to_owned(),
        text: format!("{what} read as {read_as}: {why}."),
        hint: format!("Set `{setting}` if that is wrong."),
        count: None,
    };
    match basis {
        Basis::NotNeeded => None,
        Basis::Proven { against: 0, .. } => None,
        Basis::Proven { cells, against, line } => Some(Finding {
            severity: Severity::Warning,
            place: place.to_owned(),
            text: format!(
                "{what} read as {read_as} (line {line} proves it), but {against} of {cells} cells do not fit; \
                 their records become rejects."
            ),
            hint: format!("Correct the cells, or set `{setting}`."),
            count: Some(*against),
        }),
        Basis::Neighbour(name) => {
            Some(assumption(Severity::Info, format!("no cell decides it, but column {name} does")))
        }
        Basis::Option => Some(assumption(Severity::Info, "no cell decides it, and it was set so".to_owned())),
        Basis::SystemDefault => {
            let why = format!("no cell decides it, and {system} usually writes so");
            Some(assumption(Severity::Warning, why))
        }
    }
}
