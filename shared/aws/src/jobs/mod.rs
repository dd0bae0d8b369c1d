use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use carry_model::{Decimal, Entity, Fault, MigrationId, RecordKey, RunId, SourceId, Timestamp};
use carry_ports::{Applied, Begun, Claim, Intent, Jobs, Link, LinkState, Migration, Retention, Run};
use futures::{StreamExt, TryStreamExt};

use crate::Table;
use crate::item::{EXPIRES, Item, Key, text};
use crate::table::{AT_ONCE, Change};

mod batches;
mod leases;
mod link;
mod runs;

use link::Taken;

pub(crate) use runs::{LATEST, OVER_AT, run_key_of};

/// Entities counted or purged at once.
const ENTITIES_AT_ONCE: usize = 8;

/// Migrations, runs and the link journal in one DynamoDB table.
///
/// Nothing but beginning a run is a transaction. A link states what is so, and what a payment takes off a document
/// stands at the document under the payment's name, so writing either twice is writing it once. Where several items
/// must change together, their outcome is noted first, and whoever comes after an interruption carries it through.
/// Every read asks for the migration's header too, and finds nothing once the migration's time is over.
#[derive(Clone, Debug)]
pub struct DynamoJobs {
    table: Table,
    retention: Retention,
}

impl DynamoJobs {
    /// In that table; a run that ends sets its migration's time by that rule.
    pub const fn new(table: Table, retention: Retention) -> Self {
        Self { table, retention }
    }

    /// The table it lies in.
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// Changes many items, several at once; says for each whether its condition held, in order.
    async fn update_all(&self, changes: Vec<(Key, Change)>) -> Result<Vec<bool>, Fault> {
        let changes = futures::stream::iter(changes);
        let updates = changes.map(|(key, change)| async move { self.table.update(&key, change).await });
        updates.buffered(AT_ONCE).try_collect().await
    }

    async fn write_links(&self, migration: &MigrationId, links: &[Link]) -> Result<(), Fault> {
        // A document keeps beside its link what payments took off it, so it is changed, never replaced.
        let (documents, others): (Vec<_>, Vec<_>) =
            links.iter().partition(|link| link.key.entity.is_document());
        let items = others.into_iter().map(|other| {
            let mut item = link::key(migration, &other.key).item();
            item.extend(link::attributes(other)?);
            item.insert(EXPIRES.to_owned(), self.table.backstop());
            Ok(item)
        });
        self.table.put_many(items.collect::<Result<_, Fault>>()?).await?;
        let changes = documents.into_iter().map(|document| {
            Ok((link::key(migration, &document.key), link::written(document, self.table.backstop())?))
        });
        self.update_all(changes.collect::<Result<_, Fault>>()?).await?;
        Ok(())
    }

    /// Notes at each document what payments now take off it; documents that are not there are passed over.
    async fn apply(&self, migration: &MigrationId, applied: &[Applied]) -> Result<(), Fault> {
        let mut changes = HashMap::<&RecordKey, Change>::new();
        for applied in applied {
            let name = link::applied_by(&applied.by);
            let change = changes.remove(&applied.document).unwrap_or_default();
            let change = match applied.after.is_zero() {
                true => change.remove(&name),
                false => change.set(&name, text(applied.after.to_string())),
            };
            changes.insert(&applied.document, change);
        }
        let changes = changes.into_iter();
        self.update_all(changes.map(|(key, c)| (link::key(migration, key), c.if_there())).collect()).await?;
        Ok(())
    }

    /// The links there are of these records, their documents' applied sums as `taken` states them.
    async fn found<'a>(
        &self,
        migration: &MigrationId,
        keys: &BTreeSet<&'a RecordKey>,
        taken: &Taken,
    ) -> Result<HashMap<&'a RecordKey, Link>, Fault> {
        let wanted: HashMap<Key, &RecordKey> =
            keys.iter().map(|key| (link::key(migration, key), *key)).collect();
        let asked: Vec<Key> = wanted.keys().cloned().collect();
        let read = |mut item: Item| {
            let Some(key) = wanted.get(&Key::of(&item)?) else { return Ok(None) };
            taken.restate(key, &mut item);
            Ok(Some((*key, link::read(key.entity, &item)?)))
        };
        let items = self.table.get_many(&asked).await?.into_iter();
        items.filter_map(|item| read(item).transpose()).collect()
    }

    /// Pages through an entity's links in order, after one.
    fn links_query(
        &self,
        migration: &MigrationId,
        entity: Entity,
        after: Option<&SourceId>,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        self.table
            .query()
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(link::partition(migration, entity)))
            .expression_attribute_values(":after", text(after.map_or("L#".to_owned(), link::sort)))
    }

    async fn keys_of(&self, partition: String) -> Result<Vec<Key>, Fault> {
        let query = self
            .table
            .query()
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(partition))
            .projection_expression("pk, sk");
        self.table.all(query).await?.iter().map(Key::of).collect()
    }

    async fn delete_partition(&self, partition: String) -> Result<u64, Fault> {
        let keys = self.keys_of(partition).await?;
        self.table.delete_many(&keys).await?;
        Ok(u64::try_from(keys.len()).unwrap_or(u64::MAX))
    }
}

#[async_trait]
impl Jobs for DynamoJobs {
    async fn create_migration(&self, migration: &Migration) -> Result<(), Fault> {
        self.create_header(migration).await
    }

    async fn migrations(&self) -> Result<Vec<Migration>, Fault> {
        self.live_migrations().await
    }

    async fn migration(&self, id: &MigrationId) -> Result<Option<Migration>, Fault> {
        self.find_migration(id).await
    }

    async fn begin_run(&self, run: Run) -> Result<Begun, Fault> {
        self.begin(run).await
    }

    async fn save_run(&self, run: &Run) -> Result<(), Fault> {
        self.save(run).await
    }

    async fn runs(&self, migration: &MigrationId) -> Result<Vec<Run>, Fault> {
        if self.is_over(migration).await? { Ok(Vec::new()) } else { self.runs_of(migration).await }
    }

    async fn run(&self, migration: &MigrationId, id: &RunId) -> Result<Option<Run>, Fault> {
        if self.is_over(migration).await? { Ok(None) } else { self.find_run(migration, id).await }
    }

    async fn lease(&self, run: &Run, claim: &Claim, now: Timestamp, until: Timestamp) -> Result<bool, Fault> {
        self.grant(run, claim, now, until).await
    }

    async fn give_back(&self, run: &Run, claim: &Claim) -> Result<(), Fault> {
        self.end_claim(run, claim).await
    }

    async fn open_batch(&self, run: &Run, batch: &str, intents: &[Intent]) -> Result<(), Fault> {
        self.open(run, batch, intents).await
    }

    async fn close_batch(
        &self,
        run: &Run,
        batch: &str,
        links: &[Link],
        applied: &[Applied],
    ) -> Result<bool, Fault> {
        self.close(run, batch, links, applied).await
    }

    async fn open_batches(&self, run: &Run, prefix: &str) -> Result<Vec<(String, Vec<Intent>)>, Fault> {
        self.still_open(run, prefix).await
    }

    async fn note_links(&self, run: &Run, links: &[Link]) -> Result<(), Fault> {
        let changes = links.iter().map(|link| {
            let change = link::written(link, self.table.backstop())?;
            let done = link::state_value(LinkState::Done);
            Ok((link::key(&run.migration, &link.key), change.unless(link::STATE, done)))
        });
        self.update_all(changes.collect::<Result<_, Fault>>()?).await?;
        Ok(())
    }

    async fn resolve(&self, migration: &MigrationId, keys: &[RecordKey]) -> Result<Vec<Option<Link>>, Fault> {
        let pays = |key: &RecordKey| key.entity.is_transaction() && !key.entity.is_document();
        let (payments, others): (BTreeSet<_>, BTreeSet<_>) = keys.iter().partition(|key| pays(key));
        // A batch that another worker closes shows at the documents before it shows in its payments' links. So the
        // links are read first, and what a payment asked for takes off is what its own link says.
        let own = Taken::default();
        let (over, found) = tokio::join!(self.is_over(migration), self.found(migration, &payments, &own));
        if over? {
            return Ok(keys.iter().map(|_| None).collect());
        }
        let mut found = found?;
        let taken = Taken::by(&payments, &found)?;
        found.extend(self.found(migration, &others, &taken).await?);
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn links(
        &self,
        migration: &MigrationId,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault> {
        let query = self.links_query(migration, entity, after);
        let query = query.limit(i32::try_from(limit.max(1)).unwrap_or(i32::MAX));
        let (over, items) = tokio::join!(self.is_over(migration), self.table.first(query, limit));
        if over? {
            return Ok(Vec::new());
        }
        items?.iter().map(|item| link::read(entity, item)).collect()
    }

    async fn count_links(
        &self,
        migration: &MigrationId,
    ) -> Result<BTreeMap<(Entity, &'static str), u64>, Fault> {
        let mut counts = BTreeMap::new();
        if self.is_over(migration).await? {
            return Ok(counts);
        }
        let entities = futures::stream::iter(Entity::ALL.iter().copied()).map(|entity| async move {
            let query = self.links_query(migration, entity, None);
            let query = query
                .projection_expression("#state, #expires")
                .expression_attribute_names("#state", link::STATE)
                .expression_attribute_names("#expires", EXPIRES);
            Ok::<_, Fault>((entity, self.table.all(query).await?))
        });
        let counted: Vec<(Entity, Vec<Item>)> =
            entities.buffer_unordered(ENTITIES_AT_ONCE).try_collect().await?;
        for (entity, items) in counted {
            for item in &items {
                *counts.entry((entity, link::state(item)?.name())).or_default() += 1;
            }
        }
        Ok(counts)
    }

    async fn set_outstanding(
        &self,
        migration: &MigrationId,
        balances: &[(RecordKey, Decimal)],
    ) -> Result<Vec<RecordKey>, Fault> {
        let changes = balances.iter().map(|(key, outstanding)| {
            let change = Change::default().set(link::OUTSTANDING, text(outstanding.to_string()));
            (link::key(migration, key), change.if_there())
        });
        let known = self.update_all(changes.collect()).await?;
        let unknown = balances.iter().zip(known).filter(|(_, known)| !known);
        Ok(unknown.map(|((key, _), _)| key.clone()).collect())
    }

    async fn mark_seen(&self, run: &Run, keys: &[RecordKey]) -> Result<(), Fault> {
        let changes = keys.iter().map(|key| {
            let seen = Change::default().set(link::SEEN, text(run.id.as_str()));
            (link::key(&run.migration, key), seen.set(EXPIRES, self.table.backstop()).if_there())
        });
        self.update_all(changes.collect()).await?;
        Ok(())
    }

    async fn unseen(
        &self,
        run: &Run,
        entity: Entity,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<Link>, Fault> {
        let query = self
            .links_query(&run.migration, entity, after)
            .filter_expression(
                "#state = :done AND #run <> :run AND (attribute_not_exists(#seen) OR #seen <> :run)",
            )
            .expression_attribute_names("#state", link::STATE)
            .expression_attribute_names("#run", link::RUN)
            .expression_attribute_names("#seen", link::SEEN)
            .expression_attribute_values(":done", link::state_value(LinkState::Done))
            .expression_attribute_values(":run", text(run.id.as_str()));
        let (over, items) = tokio::join!(self.is_over(&run.migration), self.table.first(query, limit));
        if over? {
            return Ok(Vec::new());
        }
        items?.iter().map(|item| link::read(entity, item)).collect()
    }

    async fn remove_links(
        &self,
        migration: &MigrationId,
        keys: &[RecordKey],
        applied: &[Applied],
    ) -> Result<(), Fault> {
        self.apply(migration, applied).await?;
        let keys: Vec<Key> = keys.iter().map(|key| link::key(migration, key)).collect();
        self.table.delete_many(&keys).await
    }

    async fn purge(&self, migration: &MigrationId) -> Result<u64, Fault> {
        let partitions = Entity::ALL.iter().map(|entity| link::partition(migration, *entity));
        let partitions: Vec<_> = partitions.collect();
        let deleted = futures::stream::iter(partitions).map(|partition| self.delete_partition(partition));
        let links: Vec<u64> = deleted.buffer_unordered(ENTITIES_AT_ONCE).try_collect().await?;
        self.delete_runs(migration).await?;
        self.strip_header(migration).await?;
        Ok(links.into_iter().sum())
    }
}
