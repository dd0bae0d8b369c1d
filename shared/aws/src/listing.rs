//! Where the headers of migrations lie, and the list of them in the order they were set up.

use std::collections::HashMap;

use carry_model::{Fault, MigrationId, Timestamp};

use crate::Table;
use crate::fault::unusable;
use crate::item::{Item, Key, optional, required, text};
use crate::table::Change;

const HEADER: &str = "HEADER";
/// The partition of the list.
const LISTING: &str = "MIGRATIONS";
/// When the migration was set up.
pub(crate) const CREATED: &str = "created";

/// Where a migration's header lies.
pub(crate) fn header_key(migration: &MigrationId) -> Key {
    Key::new(format!("M#{migration}"), HEADER)
}

/// A time as text that sorts.
pub(crate) fn sortable(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn listing_key(created: &str, migration: &MigrationId) -> Key {
    Key::new(LISTING, format!("{created}#{migration}"))
}

/// Changes a header, which is made where it is missing, and lists it under the time it was first set up.
pub(crate) async fn set_up(
    table: &Table,
    migration: &MigrationId,
    created: Timestamp,
    change: Change,
) -> Result<(), Fault> {
    let (key, created) = (header_key(migration), sortable(created));
    table.update(&key, change.set_once(CREATED, text(&created))).await?;
    let header = table.get(&key).await?;
    let created = header.as_ref().and_then(|header| optional(header, CREATED)).unwrap_or(&created);
    table.create(listing_key(created, migration).item()).await?;
    Ok(())
}

/// Every migration that is listed, with its header; the oldest first.
pub(crate) async fn headers(table: &Table) -> Result<Vec<(MigrationId, Item)>, Fault> {
    let query = table.query().key_condition_expression("pk = :pk");
    let listed = table.all(query.expression_attribute_values(":pk", text(LISTING))).await?;
    let id = |item: &Item| {
        let (_, id) = required(item, "sk")?.split_once('#').ok_or_else(|| unusable("a listing"))?;
        Ok(MigrationId::from(id))
    };
    let ids = listed.iter().map(id).collect::<Result<Vec<_>, Fault>>()?;
    let keys: Vec<_> = ids.iter().map(header_key).collect();
    let found = table.get_many(&keys).await?.into_iter().map(|item| Ok((Key::of(&item)?, item)));
    let mut found = found.collect::<Result<HashMap<_, _>, Fault>>()?;
    Ok(ids.into_iter().filter_map(|id| found.remove(&header_key(&id)).map(|header| (id, header))).collect())
}

/// Takes a migration off the list.
pub(crate) async fn unlist(table: &Table, migration: &MigrationId, created: &str) -> Result<(), Fault> {
    table.delete_many(&[listing_key(created, migration)]).await
}
