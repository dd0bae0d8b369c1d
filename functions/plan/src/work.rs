//! The first step of a run.

use carry_functions::{Bench, Call, Planned, Sides, Stages, Step};
use carry_model::Fault;
use carry_pipeline::steps::Beginning;
use carry_ports::RunKind;
use serde::Deserialize;

/// The input of the flow.
#[derive(Deserialize)]
pub(crate) struct Begin {
    kind: RunKind,
}

/// Begins the run, or goes on with it, and draws its plan unless it is a rollback.
pub(crate) async fn planned(stages: &Stages, step: &Step<Begin>, call: &Call) -> Result<Planned, Fault> {
    let Begin { kind } = &step.what;
    let sides = if *kind == RunKind::Rollback { Sides::Target } else { Sides::Both };
    let work = async |bench: Bench| {
        let run = match stages.begin_run(&bench, step, *kind).await? {
            Beginning::Over(run) => return Ok(Planned::over(&run)),
            Beginning::Open(run) => run,
        };
        if *kind == RunKind::Rollback {
            return Ok(Planned::of(&run, None));
        }
        run.draw_plan(&stages.settings(step).await?).await?;
        stages.note_source(&run, &bench.engine).await?;
        let partitions = run.manifest("plan/partitions.json", &run.partitions().await?).await?;
        Ok(Planned::of(&run, Some(partitions)))
    };
    stages.bench(step, sides, call, work).await
}
