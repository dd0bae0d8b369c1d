//! The first steps: a run begins, or goes on, and its plan is drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use carry_model::{Code, Fault, RunId};
use carry_ports::{Begun, Change, Migration, Run, RunKind, RunState, Stage};
use rustc_hash::FxHashSet;

use super::OpenRun;
use crate::mapping::MAPPED;
use crate::plan::{Plan, changed_since};
use crate::{Engine, Settings};

/// Links read in one go.
const LINKS_AT_ONCE: usize = 1_000;

/// What beginning a run came to.
pub enum Beginning {
    /// It is under way.
    Open(Arc<OpenRun>),
    /// The run of that id has ended: there is nothing to do.
    Over(Box<Run>),
}

/// Begins a run, or goes on with the one under way.
///
/// With an id, only the run of that id is gone on with. A fault ([`Code::RunActive`]) where another one is under way,
/// or ([`Code::DeltaRefused`]) where there is nothing a delta could follow.
pub async fn begin(
    engine: &Engine,
    migration: &Migration,
    kind: RunKind,
    id: Option<RunId>,
) -> Result<Beginning, Fault> {
    engine.jobs.create_migration(migration).await?;
    let runs = engine.jobs.runs(&migration.id).await?;
    if let Some(id) = &id {
        if let Some(ended) = runs.iter().find(|run| run.id == *id && !run.state.is_active()) {
            return Ok(Beginning::Over(Box::new(ended.clone())));
        }
        refuse_beside(runs.iter().find(|run| run.state.is_active()), id)?;
    }
    if kind == RunKind::Delta && !runs.iter().any(Run::has_carried_all) {
        return Err(Fault::new(Code::DeltaRefused).detail("No full run of it has finished."));
    }
    let now = engine.clock.now();
    let run = Run {
        id: id.clone().unwrap_or_else(RunId::random),
        migration: migration.id.clone(),
        kind,
        state: RunState::Running,
        started: now,
        ended: None,
        attempts: 1,
        broke_off: false,
        seconds: BTreeMap::new(),
        since: Some(now),
    };
    let mut run = match engine.jobs.begin_run(run).await? {
        Begun::Started(run) => run,
        Begun::Resumed(run) => Run { since: Some(now), ..run },
    };
    if let Some(id) = &id {
        refuse_beside(Some(&run), id)?;
    }
    run.ended = None;
    engine.jobs.save_run(&run).await?;
    Ok(Beginning::Open(Arc::new(OpenRun::of(engine, migration.clone(), run))))
}

fn refuse_beside(active: Option<&Run>, id: &RunId) -> Result<(), Fault> {
    match active {
        Some(run) if run.id != *id => {
            Err(Fault::new(Code::RunActive).detail(format!("A {} run.", run.kind.name())))
        }
        _ => Ok(()),
    }
}

impl OpenRun {
    /// Draws the plan, or takes the one that this run began with.
    pub async fn draw_plan(&self, settings: &Settings) -> Result<&Arc<Plan>, Fault> {
        if Plan::find(&self.store).await?.is_none() {
            let since = changed_since(self.engine.jobs.as_ref(), &self.run).await?;
            let mut plan = Plan::draw_since(&self.engine.connection, self.run.kind, settings, since).await?;
            plan.check()?;
            if settings.mapping.is_none() {
                self.leave_own_records(&mut plan).await?;
            }
            plan.stage(&self.store).await?;
        }
        self.lap(Stage::Plan).await?;
        self.plan().await
    }

    /// Takes back suggestions to map onto what earlier runs of this migration made.
    async fn leave_own_records(&self, plan: &mut Plan) -> Result<(), Fault> {
        for entity in MAPPED.into_iter().filter(|entity| !plan.mapping.is_empty(*entity)).collect::<Vec<_>>()
        {
            let (mut after, mut made) = (None, FxHashSet::default());
            loop {
                let jobs = &self.engine.jobs;
                let page = jobs.links(&self.migration.id, entity, after.as_ref(), LINKS_AT_ONCE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.id.clone());
                made.extend(page.into_iter().filter(|l| l.change != Change::Mapped).filter_map(|l| l.target));
            }
            plan.mapping.leave_own(entity, &made);
        }
        Ok(())
    }
}
