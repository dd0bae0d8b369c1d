//! Transform: turns a raw batch into records and rejects.

use carry_functions::{Done, Error, Sides, Stages, Step, serve};
use carry_pipeline::steps::{OpenRun, RawPart};
use serde::Deserialize;

#[derive(Deserialize)]
struct Work {
    raw: RawPart,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve(Stages::begin, async |stages: &Stages, step: Step<Work>, call| {
        let work = async |run: OpenRun| {
            stages.count_rejects(run.transform(&step.what.raw).await?);
            Ok(Done::after(None))
        };
        stages.run(&step, Sides::Rows, &call, work).await
    })
    .await
}
