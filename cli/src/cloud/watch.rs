//! Watching a run that goes on in the cloud, with the same bars as one on this machine.

use std::time::Duration;

use carry_model::{Code, Fault, RunId};
use carry_pipeline::Progress;
use carry_pipeline::steps::{HowFar, OpenRun, Watch, outcome};
use carry_ports::{FlowState, Migration, Run, RunKind, RunState, Stage};
use jiff::SignedDuration;

use crate::cloud::look::fetch_report;
use crate::cloud::place::Place;
use crate::exit::Exit;
use crate::output;
use crate::progress::{Way, progress};
use crate::summary::Summary;

/// Between two looks: at first, and for a run that takes long.
const LOOK_SOON: Duration = Duration::from_millis(500);
const LOOK_LATER: Duration = Duration::from_secs(5);
/// Looks before a run takes long.
const SOON_MAX: u32 = 60;

/// Watching ends at a pause longer than this.
const PAUSE_MAX: SignedDuration = SignedDuration::from_mins(5);

const STAGES: [Stage; 5] = [Stage::Plan, Stage::Extract, Stage::Transform, Stage::Load, Stage::Reconcile];

/// How a run ended.
pub(crate) enum Ended {
    /// Something was carried, or tried to be.
    Carried(Box<Summary>, Exit),
    /// Something was removed.
    Undone(Box<Run>),
}

/// Watches a run until it ends or waits for long. Ctrl-C ends the watching, not the run.
pub(crate) async fn to_the_end(
    place: &Place<'_>,
    migration: &Migration,
    run: &RunId,
    way: Way,
) -> Result<Ended, Fault> {
    let run = tokio::select! {
        ended = ended(place, migration, run, way) => ended?,
        _ = tokio::signal::ctrl_c() => {
            let stack = place.stack.name();
            return Err(Fault::new(Code::Interrupted)
                .detail("The run goes on in the cloud.")
                .hint(format!("The same command watches it again; `carry --cloud {stack} cancel` ends it.")));
        }
    };
    match &run.state {
        RunState::Failed { fault } => Err(fault.clone()),
        RunState::Cancelled => Err(Fault::new(Code::RunEnded).detail("It was cancelled.")),
        RunState::Paused { fault, until } => Err(told_when(fault, *until)),
        _ if run.kind == RunKind::Rollback => Ok(Ended::Undone(Box::new(run))),
        _ => {
            let ended = outcome(place.service.staging.clone(), &run).await?;
            let report = fetch_report(place, &run, None).await?;
            let exit = Exit::of_state(&run.state);
            Ok(Ended::Carried(Box::new(Summary::ended(migration, &ended, report)), exit))
        }
    }
}

fn told_when(fault: &Fault, until: Option<carry_model::Timestamp>) -> Fault {
    let hint = match until {
        Some(until) => format!("The run goes on by itself at {until}; the same command watches it again."),
        None => format!("{} Then give the same command again: it goes on where it stopped.", fault.remedy()),
    };
    fault.clone().hint(hint)
}

/// The run once its flow has ended, or once it waits for long.
async fn ended(place: &Place<'_>, migration: &Migration, id: &RunId, way: Way) -> Result<Run, Fault> {
    let mut shown = Shown::new(place, way);
    for look in 0.. {
        let standing = place.service.standing(&migration.id, id).await?;
        let over = standing.flow != Some(FlowState::Running);
        // What the flow wrote last is there only now.
        let run = if over { place.service.jobs.run(&migration.id, id).await? } else { standing.run };
        if let Some(run) = &run {
            shown.show(place, run).await?;
        }
        match run {
            Some(run) if over && !matches!(run.state, RunState::Running) => {
                shown.finish();
                return Ok(run);
            }
            Some(run) if waits_long(place, &run) => return Ok(run),
            _ if over => return Err(broken_off(place, id)),
            _ => {}
        }
        tokio::time::sleep(if look < SOON_MAX { LOOK_SOON } else { LOOK_LATER }).await;
    }
    Err(broken_off(place, id))
}

fn waits_long(place: &Place<'_>, run: &Run) -> bool {
    let now = place.service.clock.now();
    matches!(run.state, RunState::Paused { until: Some(until), .. } if until.duration_since(now) > PAUSE_MAX)
}

fn broken_off(place: &Place<'_>, run: &RunId) -> Fault {
    let stack = place.stack.name();
    Fault::new(Code::Interrupted).detail(format!("The flow of run {run} broke off.")).hint(format!(
        "Its log group is /aws/vendedlogs/states/{stack}-migration. The same command goes on with it."
    ))
}

/// What was shown so far.
struct Shown {
    progress: std::sync::Arc<dyn Progress>,
    watch: Option<Watch>,
    stage: Option<(Stage, HowFar)>,
}

impl Shown {
    fn new(place: &Place<'_>, way: Way) -> Self {
        Self { progress: progress(place.common.quiet, way), watch: None, stage: None }
    }

    /// The stage at hand: the first that has not ended.
    async fn show(&mut self, place: &Place<'_>, run: &Run) -> Result<(), Fault> {
        let at_hand = STAGES.into_iter().find(|stage| !run.seconds.contains_key(stage));
        let Some(stage) = at_hand.filter(|_| run.state.is_active()) else { return Ok(()) };
        if self.watch.is_none() {
            let open = OpenRun::look(&place.engine(), &run.migration, &run.id).await?;
            self.watch = Some(Watch::new(open));
        }
        let Some(watch) = &self.watch else { return Ok(()) };
        let far = watch.how_far(stage).await?;
        match self.stage {
            Some((shown, before)) if shown == stage && (before.of.is_some() || far.of.is_none()) => {
                self.advance(stage, before.done, far.done);
            }
            shown => {
                // A stage whose size became known only now begins anew, without a line of its own.
                if let Some((shown, _)) = shown.filter(|(shown, _)| *shown != stage) {
                    self.end(shown).await?;
                }
                self.progress.begin(stage, far.of);
                self.advance(stage, 0, far.done);
            }
        }
        self.stage = Some((stage, far));
        Ok(())
    }

    fn advance(&self, stage: Stage, before: u64, now: u64) {
        if now > before {
            self.progress.advance(stage, "", now - before);
        }
    }

    /// A stage that has ended is shown whole, though nobody looked at its last moment.
    async fn end(&self, stage: Stage) -> Result<(), Fault> {
        if let (Some(watch), Some((_, before))) = (&self.watch, self.stage) {
            let far = watch.how_far(stage).await?;
            self.advance(stage, before.done, far.of.unwrap_or(far.done));
        }
        self.progress.end(stage);
        Ok(())
    }

    fn finish(&mut self) {
        if let Some((stage, far)) = self.stage.take() {
            self.advance(stage, far.done, far.of.unwrap_or(far.done));
            self.progress.end(stage);
        }
        output::end_bars();
    }
}
