//! Faults as people see them: what happened, the particulars, what to do, and where to read more.

use std::fmt;

use carry_model::{Code, Fault, Kind};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use serde_json::json;

use crate::exit::Exit;
use crate::output;

/// The particulars, shown below the sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Detail(String);

#[derive(Debug)]
struct Shown {
    code: Code,
    help: String,
    detail: Option<Detail>,
}

impl Shown {
    fn of(fault: &Fault) -> Self {
        let help = format!("{}\n`carry explain {}` says more.", fault.remedy(), fault.code.id());
        Self { code: fault.code, help, detail: particulars(fault).map(Detail) }
    }
}

/// Field, detail and, where it can hold no record's text, the raw message.
fn particulars(fault: &Fault) -> Option<String> {
    let mut parts = Vec::new();
    if !fault.field.is_empty() {
        parts.push(format!("{}:", fault.field));
    }
    parts.push(fault.detail.to_string());
    if !fault.raw.is_empty() && fault.kind() != Kind::Rejected {
        parts.push(format!("({})", fault.raw));
    }
    parts.retain(|part| !part.is_empty());
    (!parts.is_empty()).then(|| parts.join(" "))
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.sentence())
    }
}

impl std::error::Error for Shown {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.detail.as_ref().map(|detail| detail as &dyn std::error::Error)
    }
}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code.id()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }
}

/// Shows a fault on stderr, and as JSON on stdout where JSON was asked for; hands back the exit code.
pub(crate) fn show(fault: &Fault, json: bool) -> Exit {
    let exit = Exit::of_fault(fault);
    let colour = output::stderr_is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_width(output::width());
    if handler.render_report(&mut text, &Shown::of(fault)).is_err() {
        text = fault.to_string();
    }
    output::end_bars();
    output::note(text.trim_end());
    if json {
        let value = json!({ "error": {
            "code": fault.code.id(),
            "kind": fault.kind().name(),
            "sentence": fault.code.sentence(),
            "detail": particulars(fault),
            "hint": fault.remedy(),
            "exit": exit.code(),
        }});
        // Nothing is left to do where stdout is gone too.
        let _ = output::json(&value);
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_says_is_not_shown() {
        let fault = Fault::new(Code::AmountUnreadable).field("Amount").text("SECRET").raw("SECRET");
        let shown = Shown::of(&fault);
        assert!(!format!("{shown:?}").contains("SECRET"));
        assert!(shown.help.contains("carry explain CF2001"));
    }

    #[test]
    fn causes_of_settings_are_shown() {
        let fault = Fault::new(Code::FileUnreadable).detail("books").caused_by("no such file");
        assert_eq!(particulars(&fault).unwrap(), "books (no such file)");
    }
}
