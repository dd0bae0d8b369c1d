//! Rollback: removes what was carried, in settlement order, as far as the target lets us.

use std::collections::BTreeMap;

use carry_connector::{Manifest, Removal as How, exact};
use carry_model::{Entity, Fault, MigrationId, RecordKey, SourceId};
use carry_ports::{Applied, Change, Jobs, Link, Stage};
use serde::{Deserialize, Serialize};

use crate::Engine;

/// Records removed in one go.
const PAGE: usize = 200;

/// How many records of an entity a rollback could remove, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Removable {
    /// The entity.
    pub entity: Entity,
    /// Records in the target that this migration wrote.
    pub records: u64,
    /// `delete`, `void`, `archive`, or why not.
    pub how: String,
    /// False where the target lets nobody remove them.
    pub possible: bool,
}

/// What a rollback came to for one entity.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RollbackResult {
    /// Removed.
    pub removed: u64,
    /// Still there, each reason with how many.
    pub kept: BTreeMap<String, u64>,
}

/// Lists what a rollback could remove, in the order in which it would.
pub async fn removable(engine: &Engine, migration: &MigrationId) -> Result<Vec<Removable>, Fault> {
    removable_from(engine.connection.writer.manifest(), &*engine.jobs, migration).await
}

/// The same, for a target of which only the manifest is at hand.
pub async fn removable_from(
    manifest: &Manifest,
    jobs: &dyn Jobs,
    migration: &MigrationId,
) -> Result<Vec<Removable>, Fault> {
    let counts = jobs.count_links(migration).await?;
    let there = Entity::ALL.iter().rev().filter_map(|entity| {
        let records = *counts.get(&(*entity, "done"))?;
        let (how, possible) = match manifest.entity(*entity).remove {
            How::Delete => ("delete", true),
            How::Void => ("void", true),
            How::Archive => ("archive", true),
            How::No(why) => (why, false),
        };
        Some(Removable { entity: *entity, records, how: how.to_owned(), possible })
    });
    Ok(there.collect())
}

/// Removes the records of these entities; what cannot be removed stays, with its reason.
pub async fn rollback(
    engine: &Engine,
    migration: &MigrationId,
    entities: &[Entity],
) -> Result<BTreeMap<Entity, RollbackResult>, Fault> {
    let counts = engine.jobs.count_links(migration).await?;
    let total = entities.iter().filter_map(|entity| counts.get(&(*entity, "done"))).sum();
    engine.progress.begin(Stage::Load, Some(total));
    let mut removal = Removal::of(entities.to_vec());
    remove_rest(engine, migration, &mut removal).await?;
    engine.progress.end(Stage::Load);
    Ok(removal.results)
}

/// How far a removal is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Removal {
    /// What is still to be removed, what goes next at the end.
    left: Vec<Entity>,
    /// Records of the next entity up to this one are dealt with.
    after: Option<SourceId>,
    /// What it came to so far.
    pub(crate) results: BTreeMap<Entity, RollbackResult>,
    /// True once nothing is left.
    pub(crate) done: bool,
}

impl Removal {
    /// Of these entities, in settlement order.
    pub(crate) fn of(mut entities: Vec<Entity>) -> Self {
        entities.sort_unstable();
        entities.dedup();
        Self { left: entities, after: None, results: BTreeMap::new(), done: false }
    }
}

/// Removes what is left; stops between two pages where it is asked to.
pub(crate) async fn remove_rest(
    engine: &Engine,
    migration: &MigrationId,
    removal: &mut Removal,
) -> Result<(), Fault> {
    while let Some(entity) = removal.left.last().copied() {
        engine.cancel.check()?;
        let result = removal.results.entry(entity).or_default();
        let page = engine.jobs.links(migration, entity, removal.after.as_ref(), PAGE).await?;
        let Some(last) = page.last().map(|link| link.key.id.clone()) else {
            removal.left.pop();
            removal.after = None;
            continue;
        };
        let (done, rest): (Vec<_>, Vec<_>) = page.into_iter().partition(Link::is_done);
        // What never reached the target, or was there before, is only forgotten.
        let (mapped, done): (Vec<_>, Vec<_>) = done.into_iter().partition(|l| l.change == Change::Mapped);
        let forgotten: Vec<_> = rest.into_iter().chain(mapped).map(|link| link.key).collect();
        engine.jobs.remove_links(migration, &forgotten, &[]).await?;
        remove_page(engine, migration, entity, &done, result).await?;
        engine.progress.advance(Stage::Load, entity.plural(), u64::try_from(done.len()).unwrap_or(u64::MAX));
        removal.after = Some(last);
    }
    removal.done = true;
    Ok(())
}

async fn remove_page(
    engine: &Engine,
    migration: &MigrationId,
    entity: Entity,
    links: &[Link],
    result: &mut RollbackResult,
) -> Result<(), Fault> {
    // Sub-accounts go before their parents, which were carried first.
    let links: Vec<_> = links.iter().rev().filter(|link| link.target.is_some()).collect();
    let ids: Vec<_> = links.iter().filter_map(|link| link.target.clone()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let support = engine.connection.writer.manifest().entity(entity);
    let outcomes = engine.connection.writer.remove(entity, &ids).await?;
    let (mut removed, mut applied) = (Vec::<RecordKey>::new(), Vec::new());
    for (link, outcome) in links.into_iter().zip(outcomes) {
        match outcome {
            Ok(_) => {
                result.removed += 1;
                removed.push(link.key.clone());
                applied.extend(Applied::changes(&link.key, &link.more.allocations, &[])?);
            }
            Err(fault) => {
                let reason = match support.remove {
                    How::No(why) => why,
                    _ if exact::is_derived(&link.key.id) => "in use",
                    _ => fault.code.sentence(),
                };
                *result.kept.entry(format!("{}: {reason}", fault.code.id())).or_default() += 1;
            }
        }
    }
    engine.jobs.remove_links(migration, &removed, &applied).await
}
