//! Processes that work on a migration one after the other, because each dies or gives up.

use std::sync::Arc;

use carry_model::{Code, Fault};
use carry_pipeline::steps::{Beginning, OpenRun, begin};
use carry_pipeline::{Ended, Engine, Settings, run};
use carry_ports::RunKind;

use crate::company::{Company, Move};
use crate::trouble::Trouble;

/// Processes that a run may need.
const PROCESSES_MAX: usize = 300;

/// Begins a run again until it ends, each time in a process of its own: with a runtime that dies with it, and all that
/// it had under way. Hands back how it ended, and an engine over what it left.
pub fn until_done(
    from: &Company,
    to: &Company,
    migration: &Move,
    kind: RunKind,
    trouble: &Arc<Trouble>,
) -> Ended {
    for _ in 0..PROCESSES_MAX {
        // It does not know of the calls that the one before it made in this minute.
        from.pause(60);
        to.pause(60);
        let twice = trouble.throw(2) == 0;
        let ended = in_a_process(async {
            tokio::select! {
                ended = attempt(from, to, migration, kind, trouble, twice) => Some(ended),
                () = trouble.death() => None,
            }
        });
        let fault = match ended {
            None => continue,
            Some(Ok(ended)) => return ended,
            Some(Err(fault)) => fault,
        };
        match fault.code {
            Code::AuthRefused => in_a_process(async {
                from.sign_in().await;
                to.sign_in().await;
            }),
            Code::ConnectionFailed
            | Code::TimedOut
            | Code::ServerFailed
            | Code::RateLimited
            | Code::AnswerUnreadable => {}
            _ => panic!("{fault:?}"),
        }
        // Both keep the same time.
        let wait = fault.retry_after_s.unwrap_or_default();
        from.pause(wait);
        to.pause(wait);
    }
    panic!("the run never ended");
}

/// Works on a runtime that ends with the work; time passes only where everything waits.
pub fn in_a_process<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(work)
}

async fn attempt(
    from: &Company,
    to: &Company,
    migration: &Move,
    kind: RunKind,
    trouble: &Arc<Trouble>,
    twice: bool,
) -> Result<Ended, Fault> {
    let source = from.try_open(Some(trouble.clone())).await?;
    let target = to.try_open(Some(trouble.clone())).await?;
    let engine = migration.engine(source.reader, target.writer, target.clock);
    let settings = Settings { sample_size: 2, ..Settings::default() };
    if !twice {
        return run(&engine, &migration.migration, kind, &settings).await;
    }
    let begun = begin(&engine, &migration.migration, kind, None).await?;
    let Beginning::Open(open) = begun else { panic!("a new run is over") };
    match delivered_twice(&engine, &open, &settings, trouble).await {
        Ok(ended) => Ok(ended),
        Err(fault) => {
            open.fail(&fault).await?;
            Err(fault)
        }
    }
}

/// Walks the steps of a run as the functions of the service do, where any of them may be delivered more than once, to a
/// function that knows nothing of the other.
async fn delivered_twice(
    engine: &Engine,
    open: &Arc<OpenRun>,
    settings: &Settings,
    trouble: &Trouble,
) -> Result<Ended, Fault> {
    let again = || 1 + trouble.throw(3) / 2;
    let another = || OpenRun::open(engine, &open.migration().id, &open.run().id);
    for _ in 0..again() {
        open.draw_plan(settings).await?;
    }
    let partitions: Vec<String> = open.partitions().await?.iter().map(|id| (*id).to_owned()).collect();
    for partition in &partitions {
        for _ in 0..again() {
            another().await?.extract(partition, 0).await?;
        }
    }
    for raw in open.raw_parts().await? {
        for _ in 0..again() {
            another().await?.transform(&raw).await?;
        }
    }
    let levels = open.plan_load(1).await?;
    for level in 0..levels {
        for chunk in open.level(level).await? {
            for _ in 0..again() {
                another().await?.load(&chunk).await?;
            }
        }
    }
    for _ in 0..again() {
        another().await?.settle(0).await?;
    }
    for _ in 0..again() {
        another().await?.reconcile(0).await?;
    }
    for _ in 1..again() {
        open.finish().await?;
    }
    open.finish().await
}
