//! The driver: walks the steps of a run in one process, and leaves a true state whatever happens.

use std::sync::Arc;

use carry_model::{Code, Fault};
use carry_ports::{Migration, Run, RunKind, Stage};
use tokio::task::JoinSet;

use crate::steps::{Beginning, Ended, OpenRun, begin};
use crate::store::free_buffers;
use crate::tally::Tally;
use crate::{Engine, Settings, concurrently, died};

/// Runs a demo, full, delta or retry run, or goes on with one that was interrupted.
///
/// On a fault the run is left paused (it can go on) or failed, and the fault is handed back.
pub async fn run(
    engine: &Engine,
    migration: &Migration,
    kind: RunKind,
    settings: &Settings,
) -> Result<Ended, Fault> {
    let run = open(engine, migration, kind).await?;
    match walk(engine, &run, settings).await {
        Ok(ended) => Ok(ended),
        Err(fault) => {
            run.fail(&fault).await?;
            Err(fault)
        }
    }
}

/// Plans, extracts and transforms only: what a run stages before it writes anything.
pub async fn stage_only(
    engine: &Engine,
    migration: &Migration,
    settings: &Settings,
) -> Result<(Run, Tally), Fault> {
    let run = open(engine, migration, RunKind::Full).await?;
    stage(engine, &run, settings).await?;
    run.stop_after_staging().await
}

async fn open(engine: &Engine, migration: &Migration, kind: RunKind) -> Result<Arc<OpenRun>, Fault> {
    match begin(engine, migration, kind, None).await? {
        Beginning::Open(run) => Ok(run),
        Beginning::Over(_) => Err(Fault::new(Code::Bug).detail("a new run has ended already")),
    }
}

/// Does work in a task of its own, which the threads that do all the rest take up at once when what it waits for is there;
/// the thread that waits for the task would have to be woken. It ends where nobody waits for it any more.
async fn of_its_own<T: Send + 'static>(
    work: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    let mut task = JoinSet::new();
    task.spawn(work);
    task.join_next().await.unwrap_or(Ok(Err(Fault::new(Code::Bug)))).map_err(died)?
}

async fn walk(engine: &Engine, run: &Arc<OpenRun>, settings: &Settings) -> Result<Ended, Fault> {
    stage(engine, run, settings).await?;
    load(engine, run).await?;
    engine.progress.begin(Stage::Reconcile, Some(run.linked().await?));
    let mut slice = Some(0);
    while let Some(next) = slice {
        let run = run.clone();
        slice = of_its_own(async move { run.reconcile(next).await }).await?;
    }
    engine.progress.end(Stage::Reconcile);
    run.finish().await
}

async fn stage(engine: &Engine, run: &Arc<OpenRun>, settings: &Settings) -> Result<(), Fault> {
    engine.progress.begin(Stage::Plan, None);
    let plan = run.draw_plan(settings).await?;
    engine.progress.end(Stage::Plan);

    let rows = plan.survey.partitions.iter().map(|partition| partition.rows).sum();
    engine.progress.begin(Stage::Extract, Some(rows));
    let partitions = run.partitions().await?.into_iter().map(|id| {
        let (run, id) = (run.clone(), id.to_owned());
        async move { run.extract_and_transform(&id).await }
    });
    concurrently(engine.workers, partitions).await?;
    let raw = run.raw_parts().await?;
    engine.progress.end(Stage::Extract);

    // What an interrupted attempt has read and not transformed.
    engine.progress.begin(Stage::Transform, Some(run.extracted_rows().await?));
    let parts = raw.into_iter().map(|raw| {
        let run = run.clone();
        async move { run.transform(&raw).await }
    });
    concurrently(engine.workers, parts).await?;
    engine.connection.reader.forget();
    free_buffers();
    engine.progress.end(Stage::Transform);
    Ok(())
}

async fn load(engine: &Engine, run: &Arc<OpenRun>) -> Result<(), Fault> {
    // One worker keeps the order of the source, and its way through the parts overlaps reading and writing.
    let levels = run.plan_load(usize::MAX).await?;
    engine.progress.begin(Stage::Load, Some(run.transformed_records().await?));
    for level in 0..levels {
        for chunk in run.level(level).await? {
            let run = run.clone();
            of_its_own(async move { run.load(&chunk).await }).await?;
        }
    }
    let mut slice = Some(0);
    while let Some(next) = slice {
        let run = run.clone();
        slice = of_its_own(async move { run.settle(next).await }).await?;
    }
    engine.progress.end(Stage::Load);
    Ok(())
}
