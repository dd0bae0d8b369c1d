//! Report: what a run did and what it proved, put together from the plan, the tallies and the comparison.

use std::io::Write;

use carry_connector::{Severity, exact};
use carry_model::{Entity, Fault, Money, RunId};
use carry_ports::{Migration, Run, RunKind, RunState, Stage};
use carry_report::{
    ClearingBalance, Compared, ControlTotal, Counts, EntitySummary, Files, Finding, FindingKind,
    Mode as ReportMode, Moment, NotCarried, Reconciliation, RunHeader, RunKind as ReportKind, RunReport,
    RunState as ReportState, Setting, Side, StageTiming, VerdictStatus,
};
use jiff::tz::TimeZone;
use rust_decimal::prelude::ToPrimitive;
use tokio::runtime::Handle;

use crate::lists::{ListParts, StagedRows};
use crate::plan::Plan;
use crate::reconcile::{Control, ReconcileSummary, Sides};
use crate::store::RunStore;
use crate::tally::Tally;
use crate::{Engine, Mode, joined};

/// The files of a report and the sentence at its top.
#[derive(Clone, Debug)]
pub struct ReportFiles {
    /// Names of the files, the page first.
    pub names: Vec<String>,
    /// The verdict in a sentence.
    pub sentence: String,
    /// Whether the books agree.
    pub verdict: VerdictStatus,
}

/// Everything a report needs apart from its long lists; staged, so it can be written again at any time.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct ReportData {
    pub(crate) migration: Migration,
    pub(crate) plan: Plan,
    pub(crate) tally: Tally,
    pub(crate) reconciled: Option<ReconcileSummary>,
    pub(crate) lists: ListParts,
}

const DATA: &str = "report/data.json";

fn partial_key(attempt: u32) -> String {
    format!("report/partial-{attempt:05}.json")
}

/// Keeps what the report is made of.
pub(crate) async fn keep(store: &RunStore, data: &ReportData) -> Result<(), Fault> {
    store.create_json(DATA, data).await
}

/// What the report of a run is made of that came to its end.
pub(crate) async fn kept(store: &RunStore) -> Result<Option<ReportData>, Fault> {
    store.get_json(DATA).await
}

/// Keeps what the report of an attempt is made of that ended before its time.
pub(crate) async fn keep_partial(store: &RunStore, attempt: u32, data: &ReportData) -> Result<(), Fault> {
    store.create_json(&partial_key(attempt), data).await
}

/// What a run's report is made of: of the whole run, or else of its last attempt that got as far as a plan.
pub(crate) async fn report_data(store: &RunStore, run: &Run) -> Result<ReportData, Fault> {
    if let Some(data) = kept(store).await? {
        return Ok(data);
    }
    for attempt in (1..=run.attempts).rev() {
        if let Some(data) = store.get_json(&partial_key(attempt)).await? {
            return Ok(data);
        }
    }
    Err(no_report(&run.id))
}

/// Writes a run's report: `create` is called with each file's name and gives its writer.
pub async fn report_files(
    engine: &Engine,
    run: &Run,
    mut create: impl FnMut(&str) -> std::io::Result<Box<dyn Write + Send>> + Send + 'static,
) -> Result<ReportFiles, Fault> {
    let store = RunStore::new(engine.staging.clone(), run);
    let data = report_data(&store, run).await?;
    let report = assemble(run, &data)?;
    let rows = StagedRows::new(store, data.lists, Handle::current());
    let written = tokio::task::spawn_blocking(move || {
        let Files { names, verdict } = Files::write(&report, &rows, &mut create)?;
        Ok::<_, Fault>(ReportFiles { names, sentence: verdict.sentence, verdict: verdict.status })
    });
    joined(written).await
}

fn no_report(run: &RunId) -> Fault {
    Fault::new(carry_model::Code::ConfigInvalid)
        .detail(format!("Run {run} has no report yet."))
        .hint("Let the run end first; giving the same command again goes on with it.")
}

fn assemble(run: &Run, data: &ReportData) -> Result<RunReport, Fault> {
    let reconciliation = match &data.reconciled {
        Some(summary) => reconciliation(summary)?,
        None => Reconciliation {
            not_performed: Some("the run ended before the target was read back.".to_owned()),
            ..Reconciliation::default()
        },
    };
    Ok(RunReport {
        run: header(run, data),
        summary: summary(&data.tally),
        reconciliation,
        not_carried: not_carried(&data.tally),
        findings: data.plan.findings.iter().map(finding).collect(),
        stages: stages(run, data),
    })
}

fn moment(timestamp: carry_model::Timestamp) -> Moment {
    Moment::new(timestamp, TimeZone::system().to_offset(timestamp))
}

fn header(run: &Run, data: &ReportData) -> RunHeader {
    let kind = match run.kind {
        RunKind::Demo => ReportKind::Demo,
        RunKind::Full => ReportKind::Full,
        RunKind::Delta => ReportKind::Delta,
        RunKind::Retry => ReportKind::Retry,
        RunKind::Remigration => ReportKind::Remigration,
        RunKind::Rollback => ReportKind::Rollback,
    };
    let (state, reason) = match &run.state {
        RunState::Running => (ReportState::Running, None),
        RunState::Paused { fault, .. } => (ReportState::Paused, Some(fault.sentence())),
        RunState::Finished => (ReportState::Finished, None),
        RunState::FinishedWithIssues => (ReportState::FinishedWithIssues, None),
        RunState::Failed { fault } => (ReportState::Failed, Some(fault.sentence())),
        RunState::Cancelled => (ReportState::Cancelled, None),
    };
    let settings = &data.plan.settings;
    let numbers =
        if settings.keep_numbers { "kept where the target allows it" } else { "given by the target" };
    let target = data
        .plan
        .preflight
        .company
        .as_ref()
        .map_or_else(|| data.plan.survey.company.name.clone(), |company| company.name.clone());
    RunHeader {
        migration: run.migration.clone(),
        id: run.id.clone(),
        kind,
        state,
        state_reason: reason,
        source: Side { system: data.migration.source.clone(), name: data.plan.survey.company.name.clone() },
        target: Side { system: data.migration.target.clone(), name: target },
        started: moment(run.started),
        finished: run.ended.map(moment),
        mode: match settings.mode {
            Mode::Detailed => ReportMode::Detailed,
            Mode::HighLevel => ReportMode::HighLevel,
        },
        settings: vec![
            Setting { name: "Document numbers".to_owned(), value: numbers.to_owned() },
            Setting {
                name: "Home currency".to_owned(),
                value: data.plan.survey.company.home_currency.to_string(),
            },
        ],
    }
}

fn summary(tally: &Tally) -> Vec<EntitySummary> {
    let rows = tally.entities.iter().filter(|(_, counts)| counts.sum() > 0);
    rows.map(|(entity, counts)| EntitySummary {
        available: counts.sum(),
        migrated: counts.migrated,
        updated: counts.updated,
        unchanged: counts.unchanged,
        skipped: counts.skipped,
        failed: counts.failed,
        not_selected: counts.not_selected,
        ..EntitySummary::new(*entity)
    })
    .collect()
}

fn not_carried(tally: &Tally) -> Vec<NotCarried> {
    let money = |sums: &std::collections::BTreeMap<carry_model::Currency, carry_model::Decimal>| {
        sums.iter().map(|(currency, amount)| Money::new(*amount, *currency)).collect()
    };
    tally
        .not_carried
        .iter()
        .map(|lost| NotCarried {
            entity: lost.entity,
            what: if lost.count == 1 { lost.entity.singular() } else { lost.entity.plural() }.to_owned(),
            count: lost.count,
            totals: money(&lost.totals),
            outstanding: money(&lost.outstanding),
            why: lost.code.sentence().to_owned(),
        })
        .collect()
}

fn finding(finding: &carry_connector::Finding) -> Finding {
    let kind = match finding.severity {
        Severity::Info => FindingKind::Assumption,
        Severity::Warning if finding.text.contains("column") => FindingKind::NotUnderstood,
        Severity::Warning | Severity::Blocking => FindingKind::Notice,
    };
    let text = match finding.count {
        Some(count) => format!("{} ({count} records)", finding.text),
        None => finding.text.clone(),
    };
    Finding { kind, file: finding.place.clone(), column: None, text }
}

fn stages(run: &Run, data: &ReportData) -> Vec<StageTiming> {
    let records: u64 = data.tally.entities.values().map(crate::tally::EntityTally::sum).sum();
    let thousand = carry_model::Decimal::ONE_THOUSAND;
    run.seconds
        .iter()
        .map(|(stage, seconds)| StageTiming {
            stage: stage.name().to_owned(),
            records: if *stage == Stage::Plan { 0 } else { records },
            duration_ms: seconds.checked_mul(thousand).and_then(|ms| ms.to_u64()).unwrap_or_default(),
        })
        .collect()
}

fn compared(sides: &Sides) -> Result<Compared, Fault> {
    Compared::explained(sides.before, sides.not_carried, sides.after)
}

fn control(
    entity: Entity,
    currency: Option<carry_model::Currency>,
    control: &Control,
) -> Result<ControlTotal, Fault> {
    let has_total = currency.is_some();
    let has_balance = has_total && entity.ledger().is_some();
    Ok(ControlTotal {
        entity,
        currency,
        records: Counts {
            before: control.records_before,
            not_carried: control.records_not_carried,
            after: control.records_after,
        },
        total: if has_total { Some(compared(&control.total)?) } else { None },
        outstanding: if has_balance { Some(compared(&control.outstanding)?) } else { None },
    })
}

fn reconciliation(summary: &ReconcileSummary) -> Result<Reconciliation, Fault> {
    let totals = summary.controls.iter().map(|(entity, currency, c)| control(*entity, *currency, c));
    let clearing = summary
        .clearing
        .iter()
        .map(|balance| ClearingBalance { account: exact::CLEARING.to_owned(), balance: *balance });
    Ok(Reconciliation {
        not_performed: None,
        control_totals: totals.collect::<Result<_, Fault>>()?,
        clearing: clearing.collect(),
    })
}
