//! Reconcile: reads the target back and compares it with the source; then ends the run.

use carry_functions::{Bench, Done, Error, Sides, Stages, Step, serve};
use carry_pipeline::steps::OpenRun;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum Work {
    /// A slice of the comparison.
    Compare { slice: u32 },
    /// The end of the run.
    Finish,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve(Stages::begin, async |stages: &Stages, step: Step<Work>, call| {
        let work = async |bench: Bench| {
            let run = OpenRun::open(&bench.engine, &step.migration, &step.run).await?;
            match step.what {
                Work::Compare { slice } => Ok(Done::after(run.reconcile(slice).await?)),
                Work::Finish => {
                    bench.keep_rejects(&run).await?;
                    run.finish().await?;
                    Ok(Done::after(None))
                }
            }
        };
        stages.bench(&step, Sides::Target, &call, work).await
    })
    .await
}
