//! Processes that work on a migration one after the other, because each dies or gives up.

use std::sync::Arc;

use carry_model::{Code, Fault};
use carry_pipeline::steps::{Beginning, OpenRun, begin};
use carry_pipeline::{Ended, Engine, Settings, run};
use carry_ports::RunKind;

use crate::company::{Company, Move, Side};
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
    let settings = Settings { sample_size: 2, ..Settings::default() };
    let source = from.try_open(Some(trouble.clone())).await?;
    if !twice {
        let target = to.try_open(Some(trouble.clone())).await?;
        let engine = migration.engine(source.reader, target.writer, target.clock);
        return run(&engine, &migration.migration, kind, &settings).await;
    }
    let workers = Workers { source, to, migration, trouble };
    let begun = begin(&workers.engine().await?, &migration.migration, kind, None).await?;
    let Beginning::Open(open) = begun else { panic!("a new run is over") };
    match workers.walk(&open, &settings).await {
        Ok(ended) => Ok(ended),
        Err(fault) => {
            open.fail(&fault).await?;
            Err(fault)
        }
    }
}

/// Two functions of the service at work on one run, neither of which knows anything of the other.
struct Workers<'a> {
    source: Side,
    to: &'a Company,
    migration: &'a Move,
    trouble: &'a Arc<Trouble>,
}

impl Workers<'_> {
    async fn engine(&self) -> Result<Engine, Fault> {
        // It does not know of the calls that others made in this second.
        self.to.pause(2);
        let target = self.to.try_open_beside(self.trouble, 2).await?;
        Ok(self.migration.engine(self.source.reader.clone(), target.writer, target.clock))
    }

    /// Both as they are while they serve steps of one level: what they knew of the levels before is forgotten.
    async fn pair(&self) -> Result<[Engine; 2], Fault> {
        Ok([self.engine().await?, self.engine().await?])
    }

    /// How often a step is delivered.
    fn times(&self) -> u64 {
        1 + self.trouble.throw(3) / 2
    }

    /// Delivers a step once, to both at the same moment, or to one after the other.
    async fn deliver(
        &self,
        [one, other]: &[Engine; 2],
        open: &OpenRun,
        step: impl AsyncFn(OpenRun) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let run = async |engine| OpenRun::open(engine, &open.migration().id, &open.run().id).await;
        let (one, other) = if self.trouble.throw(2) == 0 { (one, other) } else { (other, one) };
        let (one, other) = (run(one).await?, run(other).await?);
        match self.trouble.throw(3) {
            0 => {
                let (one, other) = tokio::join!(step(one), step(other));
                one.and(other)
            }
            1 => {
                step(one).await?;
                step(other).await
            }
            _ => step(one).await,
        }
    }

    /// Walks the steps of a run as the functions of the service do, where any of them may be delivered more than once.
    async fn walk(&self, open: &Arc<OpenRun>, settings: &Settings) -> Result<Ended, Fault> {
        for _ in 0..self.times() {
            open.draw_plan(settings).await?;
        }
        let partitions: Vec<String> = open.partitions().await?.iter().map(|id| (*id).to_owned()).collect();
        for partition in &partitions {
            for _ in 0..self.times() {
                open.extract(partition, 0).await?;
            }
        }
        for raw in open.raw_parts().await? {
            for _ in 0..self.times() {
                open.transform(&raw).await?;
            }
        }
        self.deliver(&self.pair().await?, open, async |open| open.plan_load(1).await.map(drop)).await?;
        for level in 0..open.plan_load(1).await? {
            let pair = self.pair().await?;
            for chunk in open.level(level).await? {
                self.deliver(&pair, open, async |open| open.load(&chunk).await.map(drop)).await?;
            }
        }
        let pair = self.pair().await?;
        self.deliver(&pair, open, async |open| open.settle(0).await.map(drop)).await?;
        for _ in 0..self.times() {
            open.reconcile(0).await?;
        }
        for _ in 1..self.times() {
            open.finish().await?;
        }
        open.finish().await
    }
}
