//! Rollback: removes what was carried, in settlement order, as far as the target lets us.

use std::collections::BTreeMap;

use carry_connector::{Removal, exact};
use carry_model::{Entity, Fault, MigrationId, RecordKey};
use carry_ports::{Applied, Change, Link, Stage};
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
    let counts = engine.jobs.count_links(migration).await?;
    let manifest = engine.connection.writer.manifest();
    let there = Entity::ALL.iter().rev().filter_map(|entity| {
        let records = *counts.get(&(*entity, "done"))?;
        let (how, possible) = match manifest.entity(*entity).remove {
            Removal::Delete => ("delete", true),
            Removal::Void => ("void", true),
            Removal::Archive => ("archive", true),
            Removal::No(why) => (why, false),
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
    let mut results = BTreeMap::new();
    for entity in Entity::ALL.iter().rev().filter(|entity| entities.contains(entity)) {
        results.insert(*entity, remove_all(engine, migration, *entity).await?);
    }
    engine.progress.end(Stage::Load);
    Ok(results)
}

async fn remove_all(
    engine: &Engine,
    migration: &MigrationId,
    entity: Entity,
) -> Result<RollbackResult, Fault> {
    let mut result = RollbackResult::default();
    let mut after = None;
    loop {
        engine.cancel.check()?;
        let page = engine.jobs.links(migration, entity, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(result) };
        after = Some(last.key.id.clone());
        let (done, rest): (Vec<_>, Vec<_>) = page.into_iter().partition(Link::is_done);
        // What never reached the target, or was there before, is only forgotten.
        let (mapped, done): (Vec<_>, Vec<_>) = done.into_iter().partition(|l| l.change == Change::Mapped);
        let forgotten: Vec<_> = rest.into_iter().chain(mapped).map(|link| link.key).collect();
        engine.jobs.remove_links(migration, &forgotten, &[]).await?;
        remove_page(engine, migration, entity, &done, &mut result).await?;
        engine.progress.advance(Stage::Load, entity.plural(), u64::try_from(done.len()).unwrap_or(u64::MAX));
    }
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
                let reason = if exact::is_derived(&link.key.id) { "in use" } else { fault.code.sentence() };
                *result.kept.entry(format!("{}: {reason}", fault.code.id())).or_default() += 1;
            }
        }
    }
    engine.jobs.remove_links(migration, &removed, &applied).await
}
