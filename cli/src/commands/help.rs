//! explain and completion.

use carry_model::{Code, Fault};
use clap::CommandFactory;
use serde_json::json;

use crate::args::{Cli, Common, Completion, Explain};
use crate::exit::Exit;
use crate::output;

/// Shows the page of a code, or lists all codes.
pub(crate) fn explain(common: &Common, args: &Explain) -> Result<Exit, Fault> {
    let described = |code: &Code| json!({ "code": code.id(), "kind": code.kind().name(), "sentence": code.sentence(), "remedy": code.remedy() });
    match (args.code, common.json) {
        (Some(code), true) => {
            output::json(&json!({ "code": described(&code), "page": code.page() }))?;
        }
        (Some(code), false) => output::line(code.page().trim_end())?,
        (None, true) => output::json(&Code::ALL.iter().map(described).collect::<Vec<_>>())?,
        (None, false) => {
            let rows = Code::ALL.iter().map(|code| vec![code.id().to_owned(), code.sentence().to_owned()]);
            output::line(&output::table(&["code", "what happened"], rows.collect(), &[]))?;
        }
    }
    Ok(Exit::Finished)
}

/// Writes a completion script.
pub(crate) fn completion(args: &Completion) -> Result<Exit, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "carry", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Finished)
}
