//! plan: what a run would do, without doing it.

use carry_connector::Severity;
use carry_model::Fault;
use carry_pipeline::Plan;
use carry_ports::RunKind;
use serde_json::json;

use crate::args::{Common, Plan as Args};
use crate::commands::sources;
use crate::exit::Exit;
use crate::output;
use crate::session::{Outside, open_to_look, settings};

/// Draws the plan of a full run and shows it; writes nothing, neither to the target nor to the state folder.
pub(crate) async fn run(common: &Common, args: &Args) -> Result<Exit, Fault> {
    let args = &args.run;
    let settings = settings(&args.how)?;
    let outside = Outside::new(&common.state);
    let sides = open_to_look(&args.from.spec, &args.from.more, &args.to, &outside).await?;
    let plan = Plan::draw(&sides.connection, RunKind::Full, &settings).await?;
    let stops = plan.findings.iter().filter(|f| f.severity == Severity::Blocking).count();
    if common.json {
        output::json(&json!({
            "source": sides.source,
            "target": sides.target,
            "company": plan.survey.company,
            "counts": plan.survey.counts,
            "target_company": plan.preflight.company,
            "lock_date": plan.preflight.lock_date,
            "mapping": plan.mapping,
            "findings": plan.findings,
            "ready": stops == 0,
        }))?;
    } else {
        output::line(&format!("{} -> {}", sides.source, sides.target))?;
        let found = carry_connector::Survey { findings: plan.findings.clone(), ..plan.survey.clone() };
        sources::show(&found)?;
        let mapped = [
            ("accounts", &plan.mapping.account),
            ("tax rates", &plan.mapping.tax_rate),
            ("payment methods", &plan.mapping.payment_method),
            ("contacts", &plan.mapping.contact),
            ("items", &plan.mapping.item),
        ];
        for (what, entries) in mapped.iter().filter(|(_, entries)| !entries.is_empty()) {
            let made = entries.iter().filter(|entry| entry.target == "create").count();
            output::line(&format!(
                "{what}: {} taken from the target, {made} made anew",
                entries.len() - made
            ))?;
        }
        output::line(if stops == 0 { "\nReady to run." } else { "\nNot ready: see the lines marked STOP." })?;
    }
    Ok(if stops == 0 { Exit::Finished } else { Exit::Usage })
}
