//! map: a mapping to edit, or the check of an edited one.

use std::path::Path;

use carry_model::{Code, Fault};
use carry_pipeline::mapping::Mapping;
use serde_json::json;

use crate::args::{Common, Map};
use crate::commands::sources;
use crate::exit::Exit;
use crate::output;
use crate::session::{Outside, Sides, open_to_look, read_mapping};

/// Suggests a mapping, or checks one.
pub(crate) async fn run(common: &Common, args: &Map) -> Result<Exit, Fault> {
    let outside = Outside::new(&common.state);
    let sides = open_to_look(&args.from.spec, &args.from.more, &args.to, &outside).await?;
    match &args.check {
        Some(file) => check(common, &sides, file).await,
        None => suggest(common, &sides, args).await,
    }
}

async fn check(common: &Common, sides: &Sides, file: &Path) -> Result<Exit, Fault> {
    let mapping = read_mapping(file)?;
    let survey = sides.connection.reader.survey().await?;
    let findings = mapping.check(&survey, sides.connection.writer.as_ref()).await?;
    if common.json {
        output::json(&json!({ "file": file, "complete": findings.is_empty(), "findings": findings }))?;
    } else {
        sources::findings(&findings)?;
        output::line(if findings.is_empty() {
            "The mapping is complete."
        } else {
            "The mapping is not complete."
        })?;
    }
    Ok(if findings.is_empty() { Exit::Finished } else { Exit::Usage })
}

async fn suggest(common: &Common, sides: &Sides, args: &Map) -> Result<Exit, Fault> {
    let survey = sides.connection.reader.survey().await?;
    let mapping = Mapping::suggest(&survey, sides.connection.writer.as_ref()).await?;
    let open = mapping.check(&survey, sides.connection.writer.as_ref()).await?;
    let text = mapping.to_toml()?;
    if args.output.as_os_str() == "-" {
        output::line(&text)?;
    } else {
        write_new(&args.output, &text, args.force)?;
        let entries =
            [&mapping.account, &mapping.tax_rate, &mapping.payment_method, &mapping.contact, &mapping.item];
        let entries: usize = entries.iter().map(|entries| entries.len()).sum();
        if common.json {
            output::json(&json!({ "file": args.output, "entries": entries, "undecided": open.len() }))?;
        } else {
            output::line(&format!(
                "{}: {entries} entries, {} to decide.",
                args.output.display(),
                open.len()
            ))?;
            output::note(
                "Edit it, check it with `carry map --check FILE`, and give it to a run with --mapping FILE.",
            );
        }
    }
    Ok(if open.is_empty() { Exit::Finished } else { Exit::Usage })
}

/// An edited mapping is work: it is not replaced unasked.
fn write_new(file: &Path, text: &str, force: bool) -> Result<(), Fault> {
    let unwritable = |e: std::io::Error| Fault::new(Code::FileUnreadable).detail(file.display()).caused_by(e);
    if file.exists() && !force {
        return Err(Fault::new(Code::ConfigInvalid)
            .detail(format!("{} is there already.", file.display()))
            .hint("Name another file with --output, or replace it with --force."));
    }
    std::fs::write(file, text).map_err(unwritable)
}
