//! Report: writes a run's report into staging; and leaves a run that met a fault in a true state, with a partial report.

use carry_functions::{Caught, Error, Sides, Stages, Step, Stopped, serve};
use carry_ports::RunKind;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum Work {
    /// The report.
    Write,
    /// The end that a fault makes.
    Fail { kind: RunKind, error: Caught, wait_max_s: u64 },
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve(Stages::begin, async |stages: &Stages, step: Step<Work>, call| {
        stages
            .bench(&step, Sides::None, &call, async |bench| match &step.what {
                Work::Write => stages.write_report(&bench, &step).await.map(|()| Stopped::default()),
                Work::Fail { kind, error, wait_max_s } => {
                    let Some(run) = stages.fail(&bench, &step, *kind, error).await? else {
                        return Ok(Stopped::default());
                    };
                    stages.write_report(&bench, &step).await?;
                    Ok(Stopped::of(&run, bench.engine.clock.now(), *wait_max_s))
                }
            })
            .await
    })
    .await
}
