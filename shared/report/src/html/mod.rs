//! The page a bookkeeper reads. One file, no request to anywhere, works without scripts and on paper.

mod crosswalk;
mod issues;
mod parts;
mod reconciliation;
mod summary;

use std::io::Write;

use carry_model::Fault;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::sheet::unwritable;
use crate::{Report, RunReport};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");
/// Nothing may be fetched, whatever a name in the books tries to smuggle in.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A part of the page; empty where the run has nothing of the sort.
struct Section {
    id: &'static str,
    title: &'static str,
    /// Shown beside the title in the contents: how many there are.
    count: Option<u64>,
    body: Markup,
}

/// Writes the page part by part.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn Write) -> Result<(), Fault> {
    let sections: Vec<Section> = [
        summary::section(report),
        reconciliation::section(report),
        issues::adjustments(report),
        issues::rejects(report),
        issues::not_carried(report)?,
        issues::vanished(report),
        issues::findings(report),
        crosswalk::section(report),
        crosswalk::run_details(report),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut put = |markup: &Markup| out.write_all(markup.0.as_bytes()).map_err(unwritable);
    put(&html! { (DOCTYPE) })?;
    put(&PreEscaped("<html lang=\"en\">\n".to_owned()))?;
    put(&head(report.run))?;
    put(&PreEscaped("<body>\n".to_owned()))?;
    put(&summary::masthead(report))?;
    put(&contents(&sections))?;
    put(&PreEscaped("<main id=\"main\">\n".to_owned()))?;
    for section in &sections {
        put(&html! {
            section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                h2 id={ (section.id) "-title" } { (section.title) }
                (section.body)
            }
        })?;
    }
    put(&PreEscaped("</main>\n".to_owned()))?;
    put(&html! {
        footer { p { "Written by Carryforward. Amounts are exact and never rounded for display; every table is complete in its CSV file." } }
        script { (PreEscaped(SCRIPT)) }
    })?;
    put(&PreEscaped("</body></html>\n".to_owned()))?;
    out.flush().map_err(unwritable)
}

fn head(run: &RunReport) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            meta name="robots" content="noindex";
            title { "Migration report: " (run.run.source.name) ", " (run.run.source.system) " to " (run.run.target.system) }
            style { (PreEscaped(STYLE)) }
        }
    }
}

fn contents(sections: &[Section]) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                @for section in sections {
                    li {
                        a href={ "#" (section.id) } { (section.title) }
                        @if let Some(count) = section.count { " " span.tag { (crate::format::count(count)) } }
                    }
                }
            }
        }
    }
}
