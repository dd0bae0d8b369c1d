//! Plan: begins a run, or goes on with it, and draws its plan.

mod work;

use carry_functions::{Error, Stages, Step, serve};

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve(Stages::begin, async |stages: &Stages, step: Step<work::Begin>, call| {
        work::planned(stages, &step, &call).await
    })
    .await
}
