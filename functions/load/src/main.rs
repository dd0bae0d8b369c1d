//! Load: lays out the levels, writes their chunks, settles; and takes out again what a rollback removes.

mod work;

use carry_functions::{Error, Stages, Step, serve};

#[tokio::main]
async fn main() -> Result<(), Error> {
    serve(Stages::begin, async |stages: &Stages, step: Step<work::Work>, call| {
        work::done(stages, &step, &call).await
    })
    .await
}
