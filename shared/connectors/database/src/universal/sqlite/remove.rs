use carry_connector::Removal;
use carry_model::{Entity, Fault};
use rusqlite::{Transaction, TransactionBehavior};
use rustc_hash::FxHashSet;

use super::super::shape::Table;
use super::super::sql::referrers;
use super::{Open, failed};

/// Removes records with their parts. One that others still refer to stays, with a fault that names where.
pub(in super::super) fn remove(
    open: &mut Open,
    entity: Entity,
    ids: &[i64],
) -> Result<Vec<Result<Removal, Fault>>, Fault> {
    open.there.forget();
    let connection = &mut open.connection;
    let table = Table::of(entity).ok_or_else(|| super::super::unsupported(entity))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    transaction
        .execute_batch("CREATE TEMP TABLE IF NOT EXISTS going (id INTEGER PRIMARY KEY); DELETE FROM going;")
        .map_err(failed)?;
    {
        let mut insert =
            transaction.prepare_cached("INSERT OR IGNORE INTO going (id) VALUES (?1)").map_err(failed)?;
        for id in ids {
            insert.execute([id]).map_err(failed)?;
        }
    }
    if table.has_kind() {
        let sql =
            format!("DELETE FROM going WHERE id NOT IN (SELECT id FROM {} WHERE kind = ?1)", table.name());
        transaction.execute(&sql, [entity.name()]).map_err(failed)?;
    }
    let mut kept: Vec<(FxHashSet<i64>, &'static str)> = Vec::new();
    for (other, column) in
        referrers(table).filter(|(other, _)| *other != Table::Activities || table != Table::Documents)
    {
        if other != table {
            kept.push((keep(&transaction, other.name(), column, "")?, other.name()));
        }
    }
    // A parent stays as long as a child of it stays.
    for (other, column) in referrers(table).filter(|(other, _)| *other == table) {
        loop {
            let more = keep(&transaction, other.name(), column, " AND r.id NOT IN (SELECT id FROM going)")?;
            if more.is_empty() {
                break;
            }
            kept.push((more, other.name()));
        }
    }
    delete(&transaction, table).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    let referrer = |id: &i64| kept.iter().find(|(ids, _)| ids.contains(id)).map(|(_, name)| *name);
    Ok(ids
        .iter()
        .map(|id| referrer(id).map_or(Ok(Removal::Delete), |name| Err(super::super::in_use(name))))
        .collect())
}

/// Takes those out of `going` that a column still refers to, and names them.
fn keep(
    transaction: &Transaction<'_>,
    referrer: &str,
    column: &str,
    condition: &str,
) -> Result<FxHashSet<i64>, Fault> {
    let sql = format!(
        "DELETE FROM going WHERE id IN (SELECT r.{column} FROM {referrer} r WHERE r.{column} IS NOT NULL{condition})
         RETURNING id"
    );
    let mut statement = transaction.prepare_cached(&sql).map_err(failed)?;
    let ids = statement.query_map([], |row| row.get(0)).map_err(failed)?;
    ids.collect::<Result<_, _>>().map_err(failed)
}

fn delete(transaction: &Transaction<'_>, table: Table) -> rusqlite::Result<()> {
    for (part, column) in table.parts() {
        let sql = format!("DELETE FROM {} WHERE {column} IN (SELECT id FROM going)", part.name());
        transaction.prepare_cached(&sql)?.execute([])?;
    }
    if table == Table::Documents {
        let sql = "UPDATE activities SET invoice_id = NULL WHERE invoice_id IN (SELECT id FROM going)";
        transaction.prepare_cached(sql)?.execute([])?;
    }
    let sql = format!("DELETE FROM {} WHERE id IN (SELECT id FROM going)", table.name());
    transaction.prepare_cached(&sql)?.execute([])?;
    Ok(())
}
