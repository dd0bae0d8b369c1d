use carry_connector::Removal;
use carry_model::{Entity, Fault, Reach};
use rustc_hash::FxHashMap;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::super::shape::Table;
use super::super::sql::referrers;
use super::failed;

/// Removes records with their parts. One that others still refer to stays, with a fault that names where.
pub(super) async fn remove(
    pool: &PgPool,
    entity: Entity,
    ids: &[i64],
) -> Result<Vec<Result<Removal, Fault>>, Fault> {
    let table = Table::of(entity).ok_or_else(|| super::super::unsupported(entity))?;
    let refused = |error| failed(error).reach(Reach::Refused);
    let mut transaction = pool.begin().await.map_err(refused)?;
    let kept = kept(&mut transaction, table, entity, ids).await.map_err(refused)?;
    let going: Vec<i64> = ids.iter().copied().filter(|id| !kept.contains_key(id)).collect();
    // Parts go with their records, and activities forget their invoice, by the schema's own rules.
    let sql = format!("DELETE FROM {} WHERE id = ANY($1){}", table.name(), kind(table, entity));
    sqlx::query(AssertSqlSafe(sql)).bind(going).execute(&mut *transaction).await.map_err(refused)?;
    transaction.commit().await.map_err(|error| failed(error).reach(Reach::Unknown))?;
    let outcome =
        |id: &i64| kept.get(id).map_or(Ok(Removal::Delete), |referrer| Err(super::super::in_use(referrer)));
    Ok(ids.iter().map(outcome).collect())
}

fn kind(table: Table, entity: Entity) -> String {
    if table.has_kind() { format!(" AND kind = '{}'", entity.name()) } else { String::new() }
}

/// The records that must stay, with the table that refers to them.
async fn kept(
    connection: &mut PgConnection,
    table: Table,
    entity: Entity,
    ids: &[i64],
) -> sqlx::Result<FxHashMap<i64, &'static str>> {
    let sql = format!("SELECT id FROM {} WHERE id = ANY($1){}", table.name(), kind(table, entity));
    let mut going: Vec<i64> =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(ids).fetch_all(&mut *connection).await?;
    let mut kept = FxHashMap::default();
    let forgets = |other: Table| table == Table::Documents && other == Table::Activities;
    for (other, column) in referrers(table).filter(|(other, _)| *other != table && !forgets(*other)) {
        let sql = format!("SELECT DISTINCT {column} FROM {} WHERE {column} = ANY($1)", other.name());
        let used: Vec<i64> =
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(&going).fetch_all(&mut *connection).await?;
        kept.extend(used.into_iter().map(|id| (id, other.name())));
    }
    going.retain(|id| !kept.contains_key(id));
    // A parent stays as long as a child of it stays.
    for (other, column) in referrers(table).filter(|(other, _)| *other == table) {
        loop {
            let sql = format!(
                "SELECT DISTINCT {column} FROM {} WHERE {column} = ANY($1) AND id <> ALL($1)",
                other.name()
            );
            let used: Vec<i64> =
                sqlx::query_scalar(AssertSqlSafe(sql)).bind(&going).fetch_all(&mut *connection).await?;
            if used.is_empty() {
                break;
            }
            kept.extend(used.into_iter().map(|id| (id, other.name())));
            going.retain(|id| !kept.contains_key(id));
        }
    }
    Ok(kept)
}
