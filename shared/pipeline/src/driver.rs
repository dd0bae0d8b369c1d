//! The driver: walks the stages of a run in one process, and leaves a true state whatever happens.

use std::sync::Arc;

use carry_model::{Action, Code, Decimal, Fault, RunId};
use carry_ports::{Begun, Change, Migration, Run, RunKind, RunState, Stage};
use rustc_hash::FxHashSet;

use crate::extract::extract;
use crate::load::{Loader, Scope};
use crate::mapping::MAPPED;
use crate::plan::Plan;
use crate::reconcile::{ReconcileSummary, reconcile};
use crate::report::{ReportData, keep};
use crate::sample::choose;
use crate::store::RunStore;
use crate::tally::Tally;
use crate::transform::{TransformedPart, transform};
use crate::{Engine, Settings};

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The run, with its state and timings.
    pub run: Run,
    /// What became of the records.
    pub tally: Tally,
    /// What the comparison came to.
    pub reconciled: ReconcileSummary,
}

const PLAN: &str = "plan.json";

/// Links read in one go.
const LINKS_AT_ONCE: usize = 1_000;

/// Runs a demo, full, delta or retry run, or goes on with one that was interrupted.
///
/// On a fault the run is left paused (it can go on) or failed, and the fault is handed back.
pub async fn run(
    engine: &Engine,
    migration: &Migration,
    kind: RunKind,
    settings: &Settings,
) -> Result<Ended, Fault> {
    engine.jobs.create_migration(migration).await?;
    if kind == RunKind::Delta {
        check_delta(engine, migration).await?;
    }
    let mut run = begin(engine, migration, kind).await?;
    let result = walk(engine, migration, &mut run, settings).await;
    match result {
        Ok((tally, reconciled)) => {
            run.state = if tally.is_clean() && reconciled.agrees() {
                RunState::Finished
            } else {
                RunState::FinishedWithIssues
            };
            run.ended = Some(engine.clock.now());
            engine.jobs.save_run(&run).await?;
            Ok(Ended { run, tally, reconciled })
        }
        Err(fault) => {
            run.state = state_after(engine, &fault);
            if !run.state.is_active() {
                run.ended = Some(engine.clock.now());
            }
            engine.jobs.save_run(&run).await?;
            Err(fault)
        }
    }
}

/// Whatever may pass or be mended leaves the run paused; only what no second attempt can change fails it.
fn state_after(engine: &Engine, fault: &Fault) -> RunState {
    let until = fault
        .retry_after_s
        .and_then(|seconds| i64::try_from(seconds).ok())
        .and_then(|seconds| engine.clock.now().checked_add(jiff::SignedDuration::from_secs(seconds)).ok());
    let before_anything = matches!(
        fault.code,
        Code::SourceUnrecognised | Code::MappingIncomplete | Code::MappingInvalid | Code::TargetUnsuitable
    );
    if before_anything || (fault.action() == Action::Stop && fault.code == Code::Bug) {
        RunState::Failed { fault: fault.clone() }
    } else {
        RunState::Paused { fault: fault.clone(), until }
    }
}

async fn begin(engine: &Engine, migration: &Migration, kind: RunKind) -> Result<Run, Fault> {
    let run = Run {
        id: RunId::random(),
        migration: migration.id.clone(),
        kind,
        state: RunState::Running,
        started: engine.clock.now(),
        ended: None,
        attempts: 1,
        seconds: std::collections::BTreeMap::new(),
    };
    Ok(match engine.jobs.begin_run(run).await? {
        Begun::Started(run) | Begun::Resumed(run) => run,
    })
}

async fn check_delta(engine: &Engine, migration: &Migration) -> Result<(), Fault> {
    let runs = engine.jobs.runs(&migration.id).await?;
    let full = runs.iter().any(|run| {
        run.kind == RunKind::Full && matches!(run.state, RunState::Finished | RunState::FinishedWithIssues)
    });
    if full { Ok(()) } else { Err(Fault::new(Code::DeltaRefused).detail("No full run of it has finished.")) }
}

async fn walk(
    engine: &Engine,
    migration: &Migration,
    run: &mut Run,
    settings: &Settings,
) -> Result<(Tally, ReconcileSummary), Fault> {
    let store = RunStore::new(engine.staging.clone(), run);
    let watch = Watch::start(engine);
    let plan = Arc::new(plan(engine, &store, run, settings).await?);
    let watch = watch.lap(engine, run, Stage::Plan).await?;
    let parts = stage(engine, &store, &plan, run, watch).await?;

    let watch = Watch::start(engine);
    let loader = loader(engine, &store, &plan, run, &parts).await?;
    let mut tally = loader.load(&parts).await?;
    tally.merge(&loader.settle().await?)?;
    close_open_batches(engine, run).await?;
    let snapshot = run.clone();
    let watch = watch.lap(engine, run, Stage::Load).await?;

    let loader = Loader { run: &snapshot, ..loader_again(engine, &store, &plan, &snapshot) };
    let reconciled = reconcile(&loader).await?;
    watch.lap(engine, run, Stage::Reconcile).await?;
    let data = ReportData {
        migration: migration.clone(),
        plan: Plan::clone(&plan),
        tally: tally.clone(),
        reconciled: Some(reconciled.clone()),
    };
    keep(&store, &data).await?;
    Ok((tally, reconciled))
}

async fn loader<'a>(
    engine: &'a Engine,
    store: &'a RunStore,
    plan: &'a Plan,
    run: &'a Run,
    parts: &[TransformedPart],
) -> Result<Loader<'a>, Fault> {
    let scope = match run.kind {
        RunKind::Demo => Scope::Sample(Arc::new(choose(store, parts, plan.settings.sample_size).await?)),
        RunKind::Retry => Scope::Missing,
        _ => Scope::All,
    };
    Ok(Loader { scope, ..loader_again(engine, store, plan, run) })
}

fn loader_again<'a>(engine: &'a Engine, store: &'a RunStore, plan: &'a Plan, run: &'a Run) -> Loader<'a> {
    Loader {
        engine,
        store,
        plan,
        run,
        scope: Scope::All,
        existing: plan.mapping.existing(),
        verify_first: run.attempts > 1,
    }
}

/// Draws the plan, or takes the one that this run began with.
async fn plan(engine: &Engine, store: &RunStore, run: &Run, settings: &Settings) -> Result<Plan, Fault> {
    engine.progress.begin(Stage::Plan, None);
    if let Some(plan) = store.get_json(PLAN).await? {
        engine.progress.end(Stage::Plan);
        return Ok(plan);
    }
    let mut plan = Plan::draw(&engine.connection, run.kind, settings).await?;
    plan.check()?;
    if settings.mapping.is_none() {
        leave_own_records(engine, run, &mut plan).await?;
    }
    store.create_json(PLAN, &plan).await?;
    engine.progress.end(Stage::Plan);
    Ok(plan)
}

/// Takes back suggestions to map onto what earlier runs of this migration made.
async fn leave_own_records(engine: &Engine, run: &Run, plan: &mut Plan) -> Result<(), Fault> {
    for entity in MAPPED.into_iter().filter(|entity| !plan.mapping.is_empty(*entity)).collect::<Vec<_>>() {
        let (mut after, mut made) = (None, FxHashSet::default());
        loop {
            let page = engine.jobs.links(&run.migration, entity, after.as_ref(), LINKS_AT_ONCE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.id.clone());
            made.extend(page.into_iter().filter(|l| l.change != Change::Mapped).filter_map(|l| l.target));
        }
        plan.mapping.leave_own(entity, &made);
    }
    Ok(())
}

async fn stage(
    engine: &Engine,
    store: &RunStore,
    plan: &Arc<Plan>,
    run: &mut Run,
    watch: Watch,
) -> Result<Vec<TransformedPart>, Fault> {
    let extracted = extract(engine, store, plan).await?;
    let watch = watch.lap(engine, run, Stage::Extract).await?;
    let parts = transform(engine, store, plan, &extracted).await?;
    watch.lap(engine, run, Stage::Transform).await?;
    Ok(parts)
}

/// Plans, extracts and transforms only: what a run stages before it writes anything.
pub async fn stage_only(
    engine: &Engine,
    migration: &Migration,
    settings: &Settings,
) -> Result<(Run, Tally), Fault> {
    engine.jobs.create_migration(migration).await?;
    let mut run = begin(engine, migration, RunKind::Full).await?;
    let store = RunStore::new(engine.staging.clone(), &run);
    let watch = Watch::start(engine);
    let plan = Arc::new(plan(engine, &store, &run, settings).await?);
    let watch = watch.lap(engine, &mut run, Stage::Plan).await?;
    let parts = stage(engine, &store, &plan, &mut run, watch).await?;
    let mut tally = Tally::default();
    for part in &parts {
        part.records.iter().for_each(|(entity, count)| tally.of(*entity).not_selected += count);
        part.rejects.iter().for_each(|(entity, count)| tally.of(*entity).failed += count);
    }
    run.state = RunState::Cancelled;
    engine.jobs.save_run(&run).await?;
    Ok((run, tally))
}

/// Batches of interrupted attempts whose records were all looked up and written since.
async fn close_open_batches(engine: &Engine, run: &Run) -> Result<(), Fault> {
    for (batch, _) in engine.jobs.open_batches(run, "").await? {
        engine.jobs.close_batch(run, &batch, &[], &[]).await?;
    }
    Ok(())
}

/// Times the stages.
struct Watch(carry_model::Timestamp);

impl Watch {
    fn start(engine: &Engine) -> Self {
        Self(engine.clock.now())
    }

    /// Adds the time since the last lap to a stage, notes it, and starts anew.
    async fn lap(self, engine: &Engine, run: &mut Run, stage: Stage) -> Result<Self, Fault> {
        let now = engine.clock.now();
        let millis = i64::try_from(now.duration_since(self.0).as_millis()).unwrap_or(i64::MAX);
        let seconds = run.seconds.entry(stage).or_default();
        *seconds = carry_model::checked_sum([*seconds, Decimal::new(millis, 3)])?;
        engine.jobs.save_run(run).await?;
        Ok(Self(now))
    }
}
