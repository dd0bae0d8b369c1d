//! The demo's sample: some records of each document type, closed under reference.

use carry_model::{Entity, Fault, RecordKey};
use rustc_hash::FxHashSet;

use crate::store::RunStore;
use crate::transform::TransformedPart;

/// Chooses up to `per_type` records of every document type, everything they refer to, and the files attached to them.
///
/// References point to the same or a lower level, so one walk down the levels closes the sample; records of one
/// level may refer to each other (a sub-account to its parent), so a level is walked until nothing is added.
pub(crate) async fn choose(
    store: &RunStore,
    parts: &[TransformedPart],
    per_type: usize,
) -> Result<FxHashSet<RecordKey>, Fault> {
    let mut chosen = FxHashSet::default();
    for entity in Entity::ALL.iter().rev() {
        let mut wanted = if entity.is_transaction() || entity.level() == 8 { per_type } else { 0 };
        loop {
            let before = chosen.len();
            walk(store, parts, *entity, &mut wanted, &mut chosen).await?;
            if chosen.len() == before || !refers_to_its_own(*entity) {
                break;
            }
        }
    }
    files(store, parts, &mut chosen).await?;
    Ok(chosen)
}

/// Adds the files of what was chosen.
async fn files(
    store: &RunStore,
    parts: &[TransformedPart],
    chosen: &mut FxHashSet<RecordKey>,
) -> Result<(), Fault> {
    for part in parts.iter().filter(|part| part.records.contains_key(&Entity::Attachment)) {
        for record in store.get_records(Entity::Attachment, &part.part).await? {
            let mut of_chosen = false;
            record.body.each_reference(|entity, id| {
                of_chosen |= chosen.contains(&RecordKey::new(entity, id.clone()));
            });
            if of_chosen {
                chosen.insert(record.key());
            }
        }
    }
    Ok(())
}

fn refers_to_its_own(entity: Entity) -> bool {
    matches!(entity, Entity::Account | Entity::Contact) || entity.is_document()
}

async fn walk(
    store: &RunStore,
    parts: &[TransformedPart],
    entity: Entity,
    wanted: &mut usize,
    chosen: &mut FxHashSet<RecordKey>,
) -> Result<(), Fault> {
    for part in parts.iter().filter(|part| part.records.contains_key(&entity)) {
        for record in store.get_records(entity, &part.part).await? {
            let own = record.key();
            if chosen.contains(&own) || (*wanted > 0 && !record.implied) {
                *wanted = if chosen.insert(own) { wanted.saturating_sub(1) } else { *wanted };
                record.body.each_reference(|entity, id| {
                    chosen.insert(RecordKey::new(entity, id.clone()));
                });
            }
        }
        if *wanted == 0 && chosen.iter().all(|key| key.entity != entity) {
            return Ok(());
        }
    }
    Ok(())
}
