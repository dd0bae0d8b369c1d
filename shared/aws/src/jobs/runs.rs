//! Headers and runs: which migrations there are, until when, and which run of each is under way.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem, Update};
use carry_model::{Code, Fault, MigrationId, RunId, Timestamp};
use carry_ports::{Begun, Migration, Run};

use super::DynamoJobs;
use crate::fault::{fault, unusable};
use crate::item::{EXPIRES, Item, Key, json, number, optional, parsed, text, whole};
use crate::listing::{self, CREATED, header_key};
use crate::table::{Change, waits};

const RUN_PREFIX: &str = "RUN#";
const JSON: &str = "js";
/// Is there once a run has ended: what ended stays so, whatever a late repetition says.
const ENDED: &str = "ended";
/// The run that was begun last; active or not is what its own item says.
pub(crate) const LATEST: &str = "latest";
/// Seconds since 1970 after which nothing of the migration is to be seen any more.
pub(crate) const OVER_AT: &str = "over_at";

fn run_key(migration: &MigrationId, run: &RunId) -> Key {
    Key::new(format!("M#{migration}"), format!("{RUN_PREFIX}{run}"))
}

/// The same, beside a header.
pub(crate) fn run_key_of(header: &Key, run: &str) -> Key {
    Key::new(&header.pk, format!("{RUN_PREFIX}{run}"))
}

fn is_over_at(header: &Item, now: Timestamp) -> bool {
    whole(header, OVER_AT).is_some_and(|at| at <= now.as_second())
}

impl DynamoJobs {
    /// True once nothing of a migration is to be seen any more, whether it was purged yet or not.
    pub(super) async fn is_over(&self, migration: &MigrationId) -> Result<bool, Fault> {
        let header = self.table.get(&header_key(migration)).await?;
        Ok(header.is_some_and(|header| is_over_at(&header, self.table.now())))
    }

    pub(super) async fn create_header(&self, migration: &Migration) -> Result<(), Fault> {
        let change = Change::default().set_once(JSON, json(migration)?);
        listing::set_up(&self.table, &migration.id, migration.created, change).await
    }

    pub(super) async fn live_migrations(&self) -> Result<Vec<Migration>, Fault> {
        let now = self.table.now();
        let headers = listing::headers(&self.table).await?.into_iter().map(|(_, header)| header);
        headers
            .filter(|header| !is_over_at(header, now) && header.contains_key(JSON))
            .map(|header| parsed(&header, JSON))
            .collect()
    }

    pub(super) async fn begin(&self, run: Run) -> Result<Begun, Fault> {
        let mut waits = waits();
        loop {
            let header = self.table.get(&header_key(&run.migration)).await?.unwrap_or_default();
            if is_over_at(&header, self.table.now()) {
                return Err(Fault::new(Code::MigrationUnknown).detail("The time it was kept is over."));
            }
            let latest = match optional(&header, LATEST) {
                Some(id) => self.find_run(&run.migration, &RunId::from(id)).await?,
                None => None,
            };
            let begun = match latest {
                Some(active) if active.state.is_active() => self.resume(active, &run).await?,
                latest => self.start(&run, latest.as_ref()).await?,
            };
            if let Some(begun) = begun {
                return Ok(begun);
            }
            // Somebody else began or resumed it in between.
            let again = || Fault::new(Code::RunActive).detail("It is being begun elsewhere.");
            tokio::time::sleep(waits.next().ok_or_else(again)?).await;
        }
    }

    async fn resume(&self, active: Run, wanted: &Run) -> Result<Option<Begun>, Fault> {
        if active.kind != wanted.kind {
            return Err(Fault::new(Code::RunActive).detail(format!("A {} run.", active.kind.name())));
        }
        let before = json(&active)?;
        let active = active.resumed();
        let change = Change::default().set(JSON, json(&active)?).only_if(JSON, before);
        if !self.table.update(&run_key(&active.migration, &active.id), change).await? {
            return Ok(None);
        }
        // What an interruption left half done is carried through before anything is looked up.
        self.still_open(&active, "").await?;
        Ok(Some(Begun::Resumed(active)))
    }

    /// Begins a run where the last one is still the one that was seen: both items change, or none.
    async fn start(&self, run: &Run, latest: Option<&Run>) -> Result<Option<Begun>, Fault> {
        let built = |e| Fault::new(Code::Bug).caused_by(e);
        let item =
            run_key(&run.migration, &run.id).with([(JSON, json(run)?), (EXPIRES, self.table.backstop())]);
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk)").build().map_err(built)?;
        let header = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(header_key(&run.migration).item()))
            .update_expression(format!("SET {LATEST} = :run REMOVE {OVER_AT}"))
            .expression_attribute_values(":run", text(run.id.as_str()));
        let header = match latest {
            Some(latest) => header
                .condition_expression(format!("{LATEST} = :latest"))
                .expression_attribute_values(":latest", text(latest.id.as_str())),
            None => header.condition_expression(format!("attribute_not_exists({LATEST})")),
        };
        let header = header.build().map_err(built)?;
        let written = self
            .table
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(put).build())
            .transact_items(TransactWriteItem::builder().update(header).build())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match written {
            Ok(written) => {
                written.consumed_capacity().iter().for_each(|c| self.table.wrote(Some(c)));
                Ok(Some(Begun::Started(run.clone())))
            }
            Err(SdkError::ServiceError(e)) if e.err().is_transaction_canceled_exception() => {
                match self.find_run(&run.migration, &run.id).await? {
                    Some(known) if !known.state.is_active() => {
                        Err(Fault::new(Code::RunEnded).detail(format!("It is {}.", known.state.name())))
                    }
                    _ => Ok(None),
                }
            }
            Err(e) => Err(fault("DynamoDB TransactWriteItems", &e)),
        }
    }

    pub(super) async fn find_migration(&self, id: &MigrationId) -> Result<Option<Migration>, Fault> {
        let header = self.table.get(&header_key(id)).await?;
        let live = header.filter(|header| !is_over_at(header, self.table.now()) && header.contains_key(JSON));
        live.map(|header| parsed(&header, JSON)).transpose()
    }

    pub(super) async fn find_run(&self, migration: &MigrationId, id: &RunId) -> Result<Option<Run>, Fault> {
        let item = self.table.get(&run_key(migration, id)).await?;
        item.map(|item| parsed(&item, JSON)).transpose()
    }

    pub(super) async fn save(&self, run: &Run) -> Result<(), Fault> {
        let ends = !run.state.is_active();
        let change = Change::default().set(JSON, json(run)?).set(EXPIRES, self.table.backstop());
        let change = if ends { change.set(ENDED, number(1)) } else { change };
        if !self.table.update(&run_key(&run.migration, &run.id), change.if_there_without(ENDED)).await? {
            let known = self.find_run(&run.migration, &run.id).await?;
            let known = known.ok_or_else(|| unusable("a run that was never begun"))?;
            if !ends {
                return Err(Fault::new(Code::RunEnded).detail(format!("It is {}.", known.state.name())));
            }
        }
        if ends { self.keep_until_its_time(&run.migration).await } else { Ok(()) }
    }

    /// Sets when the migration is over, now that a run of it has ended. A time that is set stays: beginning a run takes
    /// it back, and what was ended by a person is not to be seen again because a step was late.
    async fn keep_until_its_time(&self, migration: &MigrationId) -> Result<(), Fault> {
        if let Some(until) = self.retention.until(&self.runs_of(migration).await?) {
            let change = Change::default().set(OVER_AT, number(until.as_second()));
            self.table.update(&header_key(migration), change.if_there_without(OVER_AT)).await?;
        }
        Ok(())
    }

    pub(super) async fn runs_of(&self, migration: &MigrationId) -> Result<Vec<Run>, Fault> {
        let items = self.table.all(self.runs_query(migration)).await?;
        let mut runs = items.iter().map(|item| parsed(item, JSON)).collect::<Result<Vec<Run>, _>>()?;
        runs.sort_by_key(|run| run.started);
        Ok(runs)
    }

    fn runs_query(
        &self,
        migration: &MigrationId,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        self.table
            .query()
            .key_condition_expression("pk = :pk AND begins_with(sk, :run)")
            .expression_attribute_values(":pk", text(format!("M#{migration}")))
            .expression_attribute_values(":run", text(RUN_PREFIX))
    }

    /// Deletes the runs of a migration with their batches.
    pub(super) async fn delete_runs(&self, migration: &MigrationId) -> Result<(), Fault> {
        let runs = self.table.all(self.runs_query(migration)).await?;
        for item in &runs {
            let key = Key::of(item)?;
            let run = RunId::from(key.sk.trim_start_matches(RUN_PREFIX));
            self.delete_partition(super::batches::partition(migration, &run)).await?;
            self.table.delete_many(&[key]).await?;
        }
        Ok(())
    }

    /// Leaves of a header what is kept for good: its ids and dates.
    pub(super) async fn strip_header(&self, migration: &MigrationId) -> Result<(), Fault> {
        let key = header_key(migration);
        let Some(header) = self.table.get(&key).await? else { return Ok(()) };
        let bare = Change::default().remove(JSON).remove(LATEST).remove(OVER_AT);
        self.table.update(&key, bare.if_there()).await?;
        match optional(&header, CREATED) {
            Some(created) => listing::unlist(&self.table, migration, created).await,
            None => Ok(()),
        }
    }
}
