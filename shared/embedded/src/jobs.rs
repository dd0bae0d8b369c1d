use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use carry_model::{Code, Decimal, Entity, Fault, MigrationId, RecordKey, SourceId, Timestamp};
use carry_ports::{Applied, Begun, Claim, Intent, Jobs, Leases, Link, LinkState, Migration, Run};
use carry_sqlite::Folding;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use tokio::sync::{Mutex, MutexGuard};

use crate::absent::Absent;
use crate::body;
use crate::names::Names;
use crate::numbered::AsNumber;
use crate::open::Open;
use crate::rows::{
    DONE, EXACT_SUM, LINK_COLUMNS, applied, broken, intents_json, intents_of, json_broken, link,
};

/// Transactions after which the log is folded back.
const TRANSACTIONS_MAX: u32 = 160;

/// Migrations, runs and the link journal in one SQLite file.
///
/// Calls take milliseconds and run where they are awaited; who waits for one holds up no thread. Commits survive a
/// crash of the process; after a loss of power the last ones may be missing, which a resumed run makes good by looking
/// records up in the target.
///
/// One process works on the file at a time, so that leases end with it: the next one need not wait for them.
#[derive(Debug)]
pub struct SqliteJobs {
    /// Ends before the connections are closed.
    folding: std::sync::Mutex<Folding>,
    writing: Mutex<Open>,
    /// Links are read beside the writing of others.
    reading: Mutex<Open>,
    absent: Absent,
    leases: Leases,
}

impl SqliteJobs {
    /// Opens the file, and makes it where there is none.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let writing = Open::to_write(path)?;
        let absent = Absent::new(&writing.connection).map_err(broken)?;
        Ok(Self {
            folding: std::sync::Mutex::new(Folding::new(path, TRANSACTIONS_MAX)),
            writing: Mutex::new(writing),
            reading: Mutex::new(Open::to_read(path)?),
            absent,
            leases: Leases::default(),
        })
    }

    async fn transaction<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>, &mut Names) -> Result<T, Fault> + Send,
    ) -> Result<T, Fault> {
        let mut writing = self.writing.lock().await;
        let Open { connection, names } = &mut *writing;
        let done = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(broken)
            .and_then(|transaction| {
                self.absent.check(&transaction).map_err(broken)?;
                let result = work(&transaction, names)?;
                transaction.commit().map_err(broken)?;
                Ok(result)
            });
        match &done {
            Ok(_) => self.folding().wrote(),
            Err(_) => names.forget(),
        }
        done
    }

    /// Whichever connection is free first, to read.
    async fn either(&self) -> MutexGuard<'_, Open> {
        tokio::select! {
            biased;
            reading = self.reading.lock() => reading,
            writing = self.writing.lock() => writing,
        }
    }

    fn folding(&self) -> std::sync::MutexGuard<'_, Folding> {
        self.folding.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn begin(&self, run: Run) -> Result<Begun, Fault> {
        self.transaction(|tx, _| {
            match runs_of(tx, &run.migration)?.into_iter().find(|known| known.state.is_active()) {
                Some(active) if active.kind == run.kind => {
                    let active = active.resumed();
                    store_run(tx, &active)?;
                    Ok(Begun::Resumed(active))
                }
                Some(active) => {
                    Err(Fault::new(Code::RunActive).detail(format!("A {} run.", active.kind.name())))
                }
                None => {
                    // A run may be begun before its migration is set up, so its row is made when needed.
                    let json = serde_json::to_string(&run).map_err(json_broken)?;
                    let migration = Migration {
                        id: run.migration.clone(),
                        source: String::new(),
                        target: String::new(),
                        created: run.started,
                    };
                    let empty = serde_json::to_string(&migration).map_err(json_broken)?;
                    tx.execute(
                        "insert into migrations (id, json) values (?1, ?2) on conflict (id) do nothing",
                        [run.migration.as_str(), &empty],
                    )
                    .map_err(broken)?;
                    let seq = migration_seq(tx, &run.migration)?;
                    tx.execute(
                        "insert into runs (id, migration, json) values (?1, ?2, ?3)",
                        params![run.id.as_str(), seq, json],
                    )
                    .map_err(broken)?;
                    Ok(Begun::Started(run))
                }
            }
        })
        .await
    }

    /// Whether commits from now on survive a loss of power.
    async fn outlive_power(&self, do_they: bool) -> Result<(), Fault> {
        let synchronous = if do_they { "full" } else { "normal" };
        self.writing.lock().await.connection.pragma_update(None, "synchronous", synchronous).map_err(broken)
    }

    /// The links of an entity in order of source id, after one, that a condition leaves.
    async fn links_where(
        &self,
        condition: &str,
        migration: &MigrationId,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault> {
        self.folding().reads();
        let mut open = self.either().await;
        let seq = migration_seq(&open.connection, migration)?;
        let (past, after) = past(after);
        let sql = format!(
            "select {LINK_COLUMNS} from links where migration = ?1 and entity = ?2 and source_id {past} ?3 \
             {condition} order by source_id limit ?4"
        );
        open.page(&sql, params![seq, AsNumber(entity), after, sql_limit(limit)], limit)
    }
}

/// The row number of a migration; -1, which no row has, where it is unknown.
fn migration_seq(connection: &Connection, id: &MigrationId) -> Result<i64, Fault> {
    let mut statement =
        connection.prepare_cached("select seq from migrations where id = ?1").map_err(broken)?;
    Ok(statement.query_row([id.as_str()], |row| row.get(0)).optional().map_err(broken)?.unwrap_or(-1))
}

fn run_seq(connection: &Connection, run: &Run) -> Result<i64, Fault> {
    let mut statement = connection.prepare_cached("select seq from runs where id = ?1").map_err(broken)?;
    let seq = statement.query_row([run.id.as_str()], |row| row.get(0)).optional().map_err(broken)?;
    Ok(seq.unwrap_or(-1))
}

fn runs_of(connection: &Connection, migration: &MigrationId) -> Result<Vec<Run>, Fault> {
    let sql =
        "select r.json from runs r join migrations m on m.seq = r.migration where m.id = ?1 order by r.seq";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map([migration.as_str()], |row| row.get::<_, String>(0)).map_err(broken)?;
    rows.map(|json| serde_json::from_str(&json.map_err(broken)?).map_err(json_broken)).collect()
}

fn store_run(connection: &Connection, run: &Run) -> Result<usize, Fault> {
    let json = serde_json::to_string(run).map_err(json_broken)?;
    connection.execute("update runs set json = ?2 where id = ?1", [run.id.as_str(), &json]).map_err(broken)
}

fn put_links(
    tx: &Transaction<'_>,
    (names, absent): (&mut Names, &Absent),
    migration: i64,
    links: &[Link],
    keep_done: bool,
) -> Result<(), Fault> {
    let guard = if keep_done { format!(" where links.state <> {DONE}") } else { String::new() };
    let sql = format!(
        "insert into links (migration, {LINK_COLUMNS}) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         on conflict (migration, entity, source_id) do update set state = excluded.state, run = excluded.run, \
         place_file = excluded.place_file, outstanding = excluded.outstanding, applied = excluded.applied, \
         body = excluded.body{guard}"
    );
    let mut statement = tx.prepare_cached(&sql).map_err(broken)?;
    let mut bytes = Vec::new();
    for link in links {
        absent.note(migration, &link.key);
        let run = names.number(tx, link.run.as_str()).map_err(broken)?;
        let file = names.number(tx, &link.more.place.file).map_err(broken)?;
        bytes = body::write(link, bytes)
            .map_err(|body::Unreadable| Fault::new(Code::Bug).detail("A link that cannot be kept."))?;
        let row = params![
            migration,
            AsNumber(link.key.entity),
            link.key.id.as_str(),
            AsNumber(link.state),
            run,
            file,
            link.outstanding.map(|open| open.serialize()),
            applied(link),
            bytes
        ];
        statement.execute(row).map_err(broken)?;
    }
    Ok(())
}

fn apply(tx: &Transaction<'_>, migration: i64, applied: &[Applied]) -> Result<(), Fault> {
    let sql = format!(
        "update links set applied = {EXACT_SUM}(applied, ?4) where migration = ?1 and entity = ?2 and source_id = ?3"
    );
    let mut update = tx.prepare_cached(&sql).map_err(broken)?;
    for change in applied {
        let document = &change.document;
        let row =
            params![migration, AsNumber(document.entity), document.id.as_str(), change.delta()?.serialize()];
        update.execute(row).map_err(broken)?;
    }
    Ok(())
}

/// A condition on the source id that an index can answer, with its value: everything, or what comes after one.
fn past(after: Option<&SourceId>) -> (&'static str, &str) {
    after.map_or((">=", ""), |id| (">", id.as_str()))
}

fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[async_trait]
impl Jobs for SqliteJobs {
    async fn create_migration(&self, migration: &Migration) -> Result<(), Fault> {
        let json = serde_json::to_string(migration).map_err(json_broken)?;
        let sql = "insert into migrations (id, json) values (?1, ?2) on conflict (id) do nothing";
        self.writing.lock().await.connection.execute(sql, [migration.id.as_str(), &json]).map_err(broken)?;
        Ok(())
    }

    async fn migrations(&self) -> Result<Vec<Migration>, Fault> {
        let open = self.either().await;
        let connection = &open.connection;
        let mut statement =
            connection.prepare_cached("select json from migrations order by seq").map_err(broken)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(broken)?;
        rows.map(|json| serde_json::from_str(&json.map_err(broken)?).map_err(json_broken)).collect()
    }

    async fn begin_run(&self, run: Run) -> Result<Begun, Fault> {
        // Whoever resumes it must see that it was under way, after a loss of power too.
        self.outlive_power(true).await?;
        let begun = self.begin(run).await;
        self.outlive_power(false).await?;
        begun
    }

    async fn save_run(&self, run: &Run) -> Result<(), Fault> {
        match store_run(&self.writing.lock().await.connection, run)? {
            0 => Err(Fault::new(Code::StateUnusable).detail("a run that was never begun")),
            _ => Ok(()),
        }
    }

    async fn runs(&self, migration: &MigrationId) -> Result<Vec<Run>, Fault> {
        runs_of(&self.either().await.connection, migration)
    }

    async fn lease(&self, run: &Run, claim: &Claim, now: Timestamp, until: Timestamp) -> Result<bool, Fault> {
        Ok(self.leases.lease(&run.id, claim, now, until))
    }

    async fn give_back(&self, run: &Run, claim: &Claim) -> Result<(), Fault> {
        self.leases.give_back(&run.id, claim);
        Ok(())
    }

    async fn open_batch(&self, run: &Run, batch: &str, intents: &[Intent]) -> Result<(), Fault> {
        let json = intents_json(intents)?;
        self.transaction(|tx, _| {
            let seq = run_seq(tx, run)?;
            let known: Option<String> = tx
                .prepare_cached("select intents from batches where run = ?1 and name = ?2")
                .and_then(|mut s| s.query_row(params![seq, batch], |row| row.get(0)).optional())
                .map_err(broken)?;
            match known {
                Some(known) if known == json => Ok(()),
                Some(_) => Err(Fault::new(Code::FingerprintConflict).detail(format!("batch {batch}"))),
                None => {
                    let sql = "insert into batches (run, name, intents) values (?1, ?2, ?3)";
                    tx.prepare_cached(sql)
                        .and_then(|mut s| s.execute(params![seq, batch, json]))
                        .map_err(broken)?;
                    Ok(())
                }
            }
        })
        .await
    }

    async fn close_batch(
        &self,
        run: &Run,
        batch: &str,
        links: &[Link],
        applied: &[Applied],
    ) -> Result<bool, Fault> {
        self.transaction(|tx, names| {
            let sql = "delete from batches where run = ?1 and name = ?2";
            let seq = run_seq(tx, run)?;
            let closed =
                tx.prepare_cached(sql).and_then(|mut s| s.execute(params![seq, batch])).map_err(broken)?;
            if closed == 0 {
                return Ok(false);
            }
            let migration = migration_seq(tx, &run.migration)?;
            put_links(tx, (names, &self.absent), migration, links, false)?;
            apply(tx, migration, applied)?;
            Ok(true)
        })
        .await
    }

    async fn open_batches(&self, run: &Run, prefix: &str) -> Result<Vec<(String, Vec<Intent>)>, Fault> {
        let open = self.either().await;
        let connection = &open.connection;
        let seq = run_seq(connection, run)?;
        let sql = "select name, intents from batches where run = ?1 \
                   and substr(name, 1, length(?2)) = ?2 order by name";
        let mut statement = connection.prepare_cached(sql).map_err(broken)?;
        let rows = statement
            .query_map(params![seq, prefix], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .map_err(broken)?;
        rows.map(|row| {
            let (name, json) = row.map_err(broken)?;
            Ok((name, intents_of(&json)?))
        })
        .collect()
    }

    async fn note_links(&self, run: &Run, links: &[Link]) -> Result<(), Fault> {
        self.transaction(|tx, names| {
            put_links(tx, (names, &self.absent), migration_seq(tx, &run.migration)?, links, true)
        })
        .await
    }

    async fn resolve(&self, migration: &MigrationId, keys: &[RecordKey]) -> Result<Vec<Option<Link>>, Fault> {
        let mut open = self.either().await;
        let Open { connection, names } = &mut *open;
        // One transaction, so that the file is locked once and not for every key.
        let _all = connection.unchecked_transaction().map_err(broken)?;
        let seq = migration_seq(connection, migration)?;
        let sql = format!(
            "select {LINK_COLUMNS} from links where migration = ?1 and entity = ?2 and source_id = ?3"
        );
        let mut statement = connection.prepare_cached(&sql).map_err(broken)?;
        let mut find = |key: &RecordKey| {
            if self.absent.is_sure(seq, key) {
                return Ok(None);
            }
            let row = params![seq, AsNumber(key.entity), key.id.as_str()];
            statement.query_row(row, |row| link(connection, names, row)).optional().map_err(broken)
        };
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(find(key)?);
        }
        Ok(found)
    }

    async fn links(
        &self,
        migration: &MigrationId,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault> {
        self.links_where("", migration, entity, after, limit).await
    }

    async fn stated(
        &self,
        migration: &MigrationId,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault> {
        let condition = format!("and outstanding is not null and state = {DONE}");
        self.links_where(&condition, migration, entity, after, limit).await
    }

    async fn count_links(
        &self,
        migration: &MigrationId,
    ) -> Result<BTreeMap<(Entity, &'static str), u64>, Fault> {
        let open = self.either().await;
        let connection = &open.connection;
        let seq = migration_seq(connection, migration)?;
        let sql = "select entity, state, count(*) from links where migration = ?1 group by entity, state";
        let mut statement = connection.prepare_cached(sql).map_err(broken)?;
        let rows = statement
            .query_map([seq], |row| {
                let (AsNumber::<Entity>(entity), AsNumber::<LinkState>(state)) = (row.get(0)?, row.get(1)?);
                Ok(((entity, state.name()), row.get::<_, i64>(2)?))
            })
            .map_err(broken)?;
        let mut counts = BTreeMap::new();
        for row in rows {
            let (of, count) = row.map_err(broken)?;
            counts.insert(of, u64::try_from(count).unwrap_or_default());
        }
        Ok(counts)
    }

    async fn set_outstanding(
        &self,
        migration: &MigrationId,
        balances: &[(RecordKey, Decimal)],
    ) -> Result<Vec<RecordKey>, Fault> {
        self.transaction(|tx, _| {
            let seq = migration_seq(tx, migration)?;
            let sql =
                "update links set outstanding = ?4 where migration = ?1 and entity = ?2 and source_id = ?3";
            let mut statement = tx.prepare_cached(sql).map_err(broken)?;
            let mut unknown = Vec::new();
            for (key, outstanding) in balances {
                let row = params![seq, AsNumber(key.entity), key.id.as_str(), outstanding.serialize()];
                if statement.execute(row).map_err(broken)? == 0 {
                    unknown.push(key.clone());
                }
            }
            Ok(unknown)
        })
        .await
    }

    async fn mark_seen(&self, run: &Run, keys: &[RecordKey]) -> Result<(), Fault> {
        self.transaction(|tx, _| {
            let (migration, run) = (migration_seq(tx, &run.migration)?, run_seq(tx, run)?);
            let sql = "update links set seen = ?4 where migration = ?1 and entity = ?2 and source_id = ?3";
            let mut statement = tx.prepare_cached(sql).map_err(broken)?;
            for key in keys {
                statement
                    .execute(params![migration, AsNumber(key.entity), key.id.as_str(), run])
                    .map_err(broken)?;
            }
            Ok(())
        })
        .await
    }

    async fn unseen(
        &self,
        run: &Run,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault> {
        self.folding().reads();
        let mut open = self.either().await;
        let Open { connection, names } = &mut *open;
        let by = names.find(connection, run.id.as_str()).map_err(broken)?;
        let (migration, seq) = (migration_seq(connection, &run.migration)?, run_seq(connection, run)?);
        let (past, after) = past(after);
        let sql = format!(
            "select {LINK_COLUMNS} from links where migration = ?1 and entity = ?2 and source_id {past} ?3 \
             and state = {DONE} and run is not ?4 and seen is not ?5 order by source_id limit ?6"
        );
        open.page(&sql, params![migration, AsNumber(entity), after, by, seq, sql_limit(limit)], limit)
    }

    async fn remove_links(
        &self,
        migration: &MigrationId,
        keys: &[RecordKey],
        applied: &[Applied],
    ) -> Result<(), Fault> {
        self.transaction(|tx, _| {
            let seq = migration_seq(tx, migration)?;
            let sql = "delete from links where migration = ?1 and entity = ?2 and source_id = ?3";
            let mut statement = tx.prepare_cached(sql).map_err(broken)?;
            let mut removed = 0;
            for key in keys {
                removed +=
                    statement.execute(params![seq, AsNumber(key.entity), key.id.as_str()]).map_err(broken)?;
            }
            if removed > 0 { apply(tx, seq, applied) } else { Ok(()) }
        })
        .await
    }

    async fn purge(&self, migration: &MigrationId) -> Result<u64, Fault> {
        let purged = self
            .transaction(|tx, names| {
                let seq = migration_seq(tx, migration)?;
                let links = tx.execute("delete from links where migration = ?1", [seq]).map_err(broken)?;
                tx.execute(
                    "delete from batches where run in (select seq from runs where migration = ?1)",
                    [seq],
                )
                .map_err(broken)?;
                tx.execute("delete from runs where migration = ?1", [seq]).map_err(broken)?;
                tx.execute("delete from migrations where seq = ?1", [seq]).map_err(broken)?;
                // File names are the customer's too; those that other migrations use stay.
                let unused = "delete from names where number not in \
                          (select run from links union select place_file from links)";
                tx.execute(unused, []).map_err(broken)?;
                names.forget();
                Ok(u64::try_from(links).unwrap_or(u64::MAX))
            })
            .await;
        self.reading.lock().await.names.forget();
        purged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        carry_ports::contract::jobs(&SqliteJobs::open(&folder.path().join("state.db")).unwrap()).await;
    }

    #[test]
    fn a_file_of_another_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch("create table links (migration integer, more text)").unwrap();
        assert_eq!(SqliteJobs::open(&path).unwrap_err().code, Code::StateUnusable);
    }

    #[test]
    fn a_file_that_is_no_database_is_a_clear_fault() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        std::fs::write(&path, "not a database at all, but long enough to be read as one").unwrap();
        assert_eq!(SqliteJobs::open(&path).unwrap_err().code, Code::StateUnusable);
    }
}
