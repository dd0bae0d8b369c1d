//! Extract: reads a partition of the source into raw batches; then lists the batches of all of them.

use carry_functions::{Done, Error, Sides, Stages, Step, serve};
use carry_pipeline::steps::OpenRun;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum Work {
    /// A slice of one partition.
    Partition { partition: String, slice: u32 },
    /// The list of what the next map takes.
    Gather,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve(Stages::begin, async |stages: &Stages, step: Step<Work>, call| match &step.what {
        Work::Partition { partition, slice } => {
            let work = async |run: OpenRun| Ok(Done::after(run.extract(partition, *slice).await?));
            stages.run(&step, Sides::Source, &call, work).await
        }
        Work::Gather => {
            let work = async |run: OpenRun| {
                let parts = run.raw_parts().await?;
                Ok(Done::listed(run.manifest("extract/parts.json", &parts).await?))
            };
            stages.run(&step, Sides::None, &call, work).await
        }
    })
    .await
}
