//! Plan: look at source and target, check the mapping, write down what will be done.

use carry_connector::{Finding, Preflight, Severity, Survey};
use carry_model::{Code, Entity, Fault, Timestamp};
use carry_ports::{Jobs, Run, RunKind};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::calls;
use crate::mapping::Mapping;
use crate::store::RunStore;
use crate::{Connection, Settings};

/// What a run will do, fixed when it began: a resumed run goes by the same plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// What kind of run.
    pub kind: RunKind,
    /// What the source holds.
    pub survey: Survey,
    /// What the target says.
    pub preflight: Preflight,
    /// How it is to be done.
    pub settings: Settings,
    /// What goes where.
    pub mapping: Mapping,
    /// What a person should know before it starts.
    pub findings: Vec<Finding>,
}

const STAGED: &str = "plan.json";

impl Plan {
    /// The plan that a run began with.
    pub(crate) async fn staged(store: &RunStore) -> Result<Self, Fault> {
        store.need_json(STAGED).await
    }

    /// The plan that a run began with, or None where it has none yet.
    pub(crate) async fn find(store: &RunStore) -> Result<Option<Self>, Fault> {
        store.get_json(STAGED).await
    }

    /// Keeps it as the one the run goes by.
    pub(crate) async fn stage(&self, store: &RunStore) -> Result<(), Fault> {
        store.create_json(STAGED, self).await
    }

    /// Looks at both sides. Reads only.
    pub async fn draw(connection: &Connection, kind: RunKind, settings: &Settings) -> Result<Self, Fault> {
        Self::draw_since(connection, kind, settings, None).await
    }

    /// The same of what changed since a time, where the source can tell.
    pub(crate) async fn draw_since(
        connection: &Connection,
        kind: RunKind,
        settings: &Settings,
        since: Option<Timestamp>,
    ) -> Result<Self, Fault> {
        let survey = survey(connection, since).await?;
        let preflight = connection.writer.preflight().await?;
        let mapping = match &settings.mapping {
            Some(mapping) => mapping.clone(),
            None => Mapping::suggest(&survey, connection.writer.as_ref()).await?,
        };
        let mut findings = survey.findings.clone();
        findings.extend(preflight.findings.iter().cloned());
        findings.extend(mapping.check(&survey, connection.writer.as_ref()).await?);
        findings.extend(losses(connection, &survey));
        findings.extend(currencies(&survey, &preflight));
        let (source, target) = (connection.reader.manifest(), connection.writer.manifest());
        findings.extend(calls::findings(source, target, &survey));
        Ok(Self { kind, survey, preflight, settings: settings.clone(), mapping, findings })
    }

    /// A fault where something must be mended before anything is written.
    pub fn check(&self) -> Result<(), Fault> {
        let blocking: Vec<_> = self.findings.iter().filter(|f| f.severity == Severity::Blocking).collect();
        let Some(first) = blocking.first() else { return Ok(()) };
        let code =
            if first.place.starts_with("mapping") { Code::MappingIncomplete } else { Code::TargetUnsuitable };
        let list: Vec<_> = blocking.iter().map(|f| format!("{}: {}", f.place, f.text)).collect();
        let fault = Fault::new(code).detail(list.join(" "));
        Err(if first.hint.is_empty() { fault } else { fault.hint(&first.hint) })
    }
}

/// Changes are read from a little earlier on than the last run began: clocks differ, and changes take a while to show.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// From when on a delta reads: the start of the last run that read everything up to then. None for other runs.
pub(crate) async fn changed_since(jobs: &dyn Jobs, run: &Run) -> Result<Option<Timestamp>, Fault> {
    if run.kind != RunKind::Delta {
        return Ok(None);
    }
    let runs = jobs.runs(&run.migration).await?;
    let reads_all = |earlier: &&Run| {
        let is_delta = earlier.kind == RunKind::Delta && earlier.state.has_finished();
        (is_delta || earlier.has_carried_all()) && earlier.id != run.id
    };
    let last = runs.iter().filter(reads_all).map(|earlier| earlier.started).max();
    Ok(last.and_then(|started| started.checked_sub(OVERLAP).ok()))
}

async fn survey(connection: &Connection, since: Option<Timestamp>) -> Result<Survey, Fault> {
    let changes = match since {
        Some(since) => connection.reader.changes(since).await?,
        None => None,
    };
    match changes {
        Some(survey) => Ok(survey),
        None => connection.reader.survey().await,
    }
}

/// Entities of the source that the target cannot take, with how many they are.
fn losses(connection: &Connection, survey: &Survey) -> Vec<Finding> {
    let manifest = connection.writer.manifest();
    let lost = survey.counts.iter().filter_map(|(entity, count)| {
        let carry_connector::Support::No(why) = manifest.entity(*entity).write else { return None };
        (*count > 0 && *entity != Entity::OpenBalance).then(|| Finding {
            severity: Severity::Warning,
            place: entity.plural().to_owned(),
            text: format!("{} has no place for {}: {why}.", manifest.title, entity.plural()),
            hint: "They will be listed in the report with what they add up to.".to_owned(),
            count: Some(*count),
        })
    });
    lost.collect()
}

fn currencies(survey: &Survey, preflight: &Preflight) -> Option<Finding> {
    let home = survey.company.home_currency;
    let target = preflight.company.as_ref().map(|company| company.home_currency)?;
    (home != target).then(|| Finding {
        severity: Severity::Blocking,
        place: "home currency".to_owned(),
        text: format!("The source keeps its books in {home}, the target in {target}."),
        hint: format!("Set the target up in {home}, or choose another target company."),
        count: None,
    })
}
