//! What a person should know about the files: what each was taken for, what is left out and why.

use std::collections::BTreeMap;

use carry_connector::{Finding, Severity};
use carry_model::Entity;

use crate::encoding::Encoding;
use crate::formats::{Field, Shape, by_id};
use crate::limits::{IMPLIED_MAX, SHARED_NUMBERS_MAX};
use crate::scan::{Note, Scan, Section};

fn finding(severity: Severity, place: &str, text: impl Into<String>) -> Finding {
    Finding { severity, place: place.to_owned(), text: text.into(), hint: String::new(), count: None }
}

/// Adds everything there is to say.
pub(crate) fn about(scan: &Scan, findings: &mut Vec<Finding>) {
    scan.notes.iter().for_each(|note| findings.push(about_note(note)));
    for section in &scan.sections {
        about_section(scan, section, findings);
        about_columns(section, findings);
    }
    about_names(scan, findings);
    about_numbers(scan, findings);
}

fn about_note(note: &Note) -> Finding {
    match note {
        Note::Unreadable(error) => Finding {
            hint: error.remedy().to_owned(),
            ..finding(Severity::Warning, "files", format!("A file was not read. {error}"))
        },
        Note::PassedOver(name) => finding(Severity::Info, name, "No table by its name: passed over."),
        Note::Unrecognised { file, nearest } => {
            let (text, hint) = match nearest.as_ref().and_then(|(id, lacking)| Some((by_id(id)?, lacking))) {
                Some((format, lacking)) => (
                    format!(
                        "No known header row was found. It comes nearest to {} {}, but has no column {}.",
                        format.system.title,
                        format.title,
                        lacking.join(", ")
                    ),
                    "Export it again with all columns.",
                ),
                None => (
                    "No known header row was found; the file was not read.".to_owned(),
                    "If it holds records to carry, bring it into the form of the template.",
                ),
            };
            Finding { hint: hint.to_owned(), ..finding(Severity::Warning, file, text) }
        }
    }
}

fn about_section(scan: &Scan, section: &Section, findings: &mut Vec<Finding>) {
    let format = section.format();
    let Some(sheet) = scan.sheet(section) else { return };
    let written = match sheet.encoding {
        Some(encoding) => format!("{}, {}-separated", encoding.name(), sheet.dialect.delimiter_name()),
        None => "workbook".to_owned(),
    };
    let line = if sheet.is_workbook() { "row" } else { "line" };
    let header = format!(", header in {line} {}", section.header_line);
    findings.push(Finding {
        count: Some(section.units.values().sum()),
        ..finding(
            Severity::Info,
            &section.file,
            format!("Taken for {} {} ({written}{header}).", format.system.title, format.title),
        )
    });
    if let Some(Encoding::Utf8Mended { bytes_mended, .. }) = sheet.encoding {
        findings.push(Finding {
            count: Some(bytes_mended),
            hint: "Check accented letters, or save the file as UTF-8.".to_owned(),
            ..finding(
                Severity::Warning,
                &section.file,
                "Some bytes are not UTF-8 and were read as Windows-1252.",
            )
        });
    }
    if let Shape::Balances(_) = format.shape
        && !section.titles.iter().any(|title| title.eq_ignore_ascii_case("all dates"))
    {
        findings.push(Finding {
            hint: "Run the report for all dates, or make sure that nothing is open before its period.".to_owned(),
            ..finding(
                Severity::Warning,
                &section.file,
                "The report's title does not say that it covers all dates; documents it does not list count as settled.",
            )
        });
    }
    about_skipped(scan, section, findings);
}

/// Transactions of the journal that their own exports carry, or should.
fn about_skipped(scan: &Scan, section: &Section, findings: &mut Vec<Finding>) {
    for (kind, count) in &section.skipped.elsewhere {
        if matches!(section.format().shape, Shape::Balances(_)) {
            findings.push(Finding {
                count: Some(*count),
                ..finding(
                    Severity::Info,
                    &section.file,
                    format!(
                        "Rows of type {kind} are not documents; what is left of them follows from themselves."
                    ),
                )
            });
            continue;
        }
        let there = exports_of(kind).iter().any(|entity| {
            scan.sections.iter().any(|s| s.format().entity == *entity && !s.format().is_report())
        });
        let (severity, text, hint) = match there {
            true => (Severity::Info, format!("{kind} transactions are carried from their own export."), ""),
            false => (
                Severity::Warning,
                format!(
                    "{kind} transactions are in the journal, but their own export is missing: they are not carried."
                ),
                "Export them too and run again.",
            ),
        };
        findings.push(Finding {
            count: Some(*count),
            hint: hint.to_owned(),
            ..finding(severity, &section.file, text)
        });
    }
}

fn exports_of(kind: &str) -> &'static [Entity] {
    let kind = kind.to_lowercase();
    match kind.as_str() {
        "invoice" => &[Entity::Invoice],
        "credit memo" => &[Entity::CreditNote],
        "sales receipt" => &[Entity::SalesReceipt],
        "refund" | "refund receipt" => &[Entity::Refund],
        "bill" => &[Entity::Bill],
        "vendor credit" | "supplier credit" => &[Entity::BillCredit],
        "payment" => &[Entity::Payment],
        "estimate" => &[Entity::Estimate],
        _ => &[Entity::BillPayment],
    }
}

fn about_columns(section: &Section, findings: &mut Vec<Finding>) {
    let mut left_out = Vec::new();
    for (at, name) in section.names.iter().enumerate() {
        let filled = section.filled.get(at).copied().unwrap_or(false);
        match section.fields.get(at).copied().flatten() {
            None if filled => findings.push(Finding {
                hint: "If it matters, enter it by hand in the target.".to_owned(),
                ..finding(
                    Severity::Warning,
                    &section.file,
                    format!("Column {} is not known and not carried.", shown(name, at)),
                )
            }),
            None if !name.is_empty() => findings.push(finding(
                Severity::Info,
                &section.file,
                format!("Column {} is not known; it is empty.", shown(name, at)),
            )),
            Some(Field::Ignored) if filled => left_out.push(name.as_str()),
            _ => {}
        }
    }
    if !left_out.is_empty() {
        let text = format!("Known and not carried: {}.", left_out.join(", "));
        findings.push(finding(Severity::Info, &section.file, text));
    }
}

fn shown(name: &str, at: usize) -> String {
    if name.is_empty() { format!("{} (without a name)", at + 1) } else { format!("'{name}'") }
}

fn about_names(scan: &Scan, findings: &mut Vec<Finding>) {
    let mut counts: BTreeMap<Entity, u64> = BTreeMap::new();
    let mut guessed = 0;
    for implied in scan.names.implied() {
        *counts.entry(implied.entity).or_default() += 1;
        let (_, stated) = crate::transform::account_class_of(&implied.name, implied.role, &implied.hint);
        guessed += u64::from(implied.entity == Entity::Account && !stated);
    }
    for (entity, count) in counts {
        findings.push(Finding {
            count: Some(count),
            ..finding(
                Severity::Info,
                "files",
                format!("Some {} are named by documents only; they are carried by name.", entity.plural()),
            )
        });
    }
    if scan.names.merged > 0 {
        findings.push(Finding {
            count: Some(scan.names.merged),
            ..finding(
                Severity::Info,
                "files",
                "Contacts that are in the list of customers and in that of suppliers become one, with what the \
                 first list says.",
            )
        });
    }
    if guessed > 0 {
        findings.push(Finding {
            count: Some(guessed),
            hint: "Add the chart of accounts, or map these accounts.".to_owned(),
            ..finding(
                Severity::Warning,
                "files",
                "Accounts that no chart holds: their class was concluded from how documents use them.",
            )
        });
    }
    if scan.names.dropped > 0 {
        findings.push(Finding {
            count: Some(scan.names.dropped),
            hint: "Add the lists of contacts, items and accounts.".to_owned(),
            ..finding(Severity::Blocking, "files", format!("More than {IMPLIED_MAX} names are in no list."))
        });
    }
}

fn about_numbers(scan: &Scan, findings: &mut Vec<Finding>) {
    let documents = &scan.documents;
    for (entity, numbers) in &documents.shared {
        findings.push(Finding {
            count: Some(numbers.len() as u64),
            ..finding(
                Severity::Info,
                "files",
                format!(
                    "Several {} bear the same number; they are told apart by contact and date.",
                    entity.plural()
                ),
            )
        });
    }
    if documents.shared_dropped > 0 {
        findings.push(Finding {
            count: Some(documents.shared_dropped),
            hint: "Give the documents numbers of their own.".to_owned(),
            ..finding(
                Severity::Blocking,
                "files",
                format!("More than {SHARED_NUMBERS_MAX} numbers are borne by several documents."),
            )
        });
    }
    if !documents.repeated.is_empty() {
        let sample: Vec<&str> =
            documents.repeated.iter().take(5).map(|(_, number)| number.as_str()).collect();
        findings.push(Finding {
            count: Some(documents.repeated.len() as u64),
            hint: "Remove one of the files that hold the same period.".to_owned(),
            ..finding(
                Severity::Warning,
                "files",
                format!(
                    "Some documents stand in two files and are carried once, as the first has them: {}.",
                    sample.join(", ")
                ),
            )
        });
    }
}
