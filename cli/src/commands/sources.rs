//! sources: what a folder or database holds, before anything is done with it.

use carry_connector::{Finding, Severity, Survey};
use carry_connectors::open_source;
use carry_model::Fault;
use serde_json::json;

use crate::args::{Common, Sources};
use crate::exit::Exit;
use crate::output;
use crate::session::{Outside, source_settings};

/// Recognises, counts, and lists what a person should know.
pub(crate) async fn run(common: &Common, args: &Sources) -> Result<Exit, Fault> {
    let source = open_source(&args.path, &source_settings(&args.more), &Outside::new(&common.state)).await?;
    let manifest = source.reader.manifest();
    let survey = source.reader.survey().await?;
    if common.json {
        output::json(&json!({
            "connection": source.stored,
            "system": manifest.system,
            "title": manifest.title,
            "company": survey.company,
            "counts": survey.counts,
            "partitions": survey.partitions.iter().map(|p| json!({
                "id": p.id, "entity": p.entity, "rows": p.rows,
            })).collect::<Vec<_>>(),
            "findings": survey.findings,
            "lock_date": survey.lock_date,
        }))?;
    } else {
        output::line(&format!("{} ({})", source.stored, manifest.title))?;
        show(&survey)?;
    }
    Ok(if survey.findings.iter().any(|f| f.severity == Severity::Blocking) {
        Exit::Usage
    } else {
        Exit::Finished
    })
}

/// Company, counts and findings.
pub(crate) fn show(survey: &Survey) -> Result<(), Fault> {
    let name = if survey.company.name.is_empty() { "no name stated" } else { &survey.company.name };
    output::line(&format!("{}, books in {}\n", output::cell(name), survey.company.home_currency))?;
    let counts = survey.counts.iter().filter(|(_, count)| **count > 0);
    let rows = counts.map(|(entity, count)| vec![entity.plural().to_owned(), output::count(*count)]);
    output::line(&output::table(&["", "records"], rows.collect(), &[1]))?;
    findings(&survey.findings)
}

/// What a person should know, the gravest first.
pub(crate) fn findings(findings: &[Finding]) -> Result<(), Fault> {
    if findings.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let rows = sorted.iter().map(|finding| {
        let word = match finding.severity {
            Severity::Info => "note",
            Severity::Warning => "warning",
            Severity::Blocking => "STOP",
        };
        let text = match &*finding.hint {
            "" => finding.text.clone(),
            hint => format!("{} {hint}", finding.text),
        };
        vec![word.to_owned(), finding.place.clone(), text]
    });
    output::line("")?;
    output::line(&output::table(&["", "where", "what"], rows.collect(), &[]))
}
