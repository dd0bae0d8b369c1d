//! One DynamoDB table, seen as items under keys. `docs/table.md` lists every item and access pattern.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, DeleteRequest, KeysAndAttributes, PutRequest, ReturnConsumedCapacity,
    WriteRequest,
};
use backon::{BackoffBuilder, ExponentialBuilder};
use carry_model::{Code, Fault, Timestamp};
use carry_ports::Clock;
use futures::{StreamExt, TryStreamExt};

use crate::fault::fault;
use crate::item::{EXPIRES, Item, Key, is_live};

/// Items written by one BatchWriteItem, as DynamoDB allows.
const WRITES_MAX: usize = 25;
/// Items read by one BatchGetItem, as DynamoDB allows.
const READS_MAX: usize = 100;
/// Calls under way at once.
pub(crate) const AT_ONCE: usize = 16;
/// Times what DynamoDB left over is sent again before the run pauses.
const ROUNDS_MAX: usize = 10;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(5);

/// The backstop: what nobody purged goes by itself after this long. Longer than any migration may take, so that it
/// never takes what is still needed; readers go by the migration's own time.
const BACKSTOP_DAYS: i64 = 60;

/// Capacity consumed since the start, in tenths of a unit.
#[derive(Debug, Default)]
pub struct Units {
    read: AtomicU64,
    written: AtomicU64,
}

impl Units {
    /// Read units, rounded down.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed) / 10
    }

    /// Write units, rounded down.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed) / 10
    }

    fn note(counter: &AtomicU64, consumed: Option<&ConsumedCapacity>) {
        if let Some(units) = consumed.and_then(ConsumedCapacity::capacity_units) {
            // Units come as a binary float; halves are the finest they get.
            let tenths = format!("{:.0}", units * 10.0).parse().unwrap_or_default();
            counter.fetch_add(tenths, Ordering::Relaxed);
        }
    }
}

/// The table.
#[derive(Clone)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    clock: Arc<dyn Clock>,
    units: Arc<Units>,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Waits between tries, exponential with jitter.
pub(crate) fn waits() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(FIRST_WAIT)
        .with_max_delay(WAIT_MAX)
        .with_max_times(ROUNDS_MAX)
        .build()
}

fn left_over(what: &str) -> Fault {
    Fault::new(Code::ServerFailed).detail(format!("DynamoDB {what}: items were left over again and again."))
}

fn unbuilt(error: impl std::fmt::Display) -> Fault {
    Fault::new(Code::Bug).caused_by(error)
}

impl Table {
    /// The table of that name.
    pub fn new(client: Client, name: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self { client, name: name.into(), clock, units: Arc::default() }
    }

    /// What its calls have consumed.
    pub fn units(&self) -> &Units {
        &self.units
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// When an item written now goes by itself, as DynamoDB's TTL reads it: seconds since 1970.
    pub(crate) fn backstop(&self) -> AttributeValue {
        AttributeValue::N((self.now().as_second() + BACKSTOP_DAYS * 86_400).to_string())
    }

    /// When an item that has a backstop was written last.
    pub(crate) fn written_at(&self, item: &Item) -> Option<Timestamp> {
        let expires = crate::item::whole(item, EXPIRES)?;
        Timestamp::from_second(expires - BACKSTOP_DAYS * 86_400).ok()
    }

    pub(crate) fn wrote(&self, consumed: Option<&ConsumedCapacity>) {
        Units::note(&self.units.written, consumed);
    }

    /// An item, unless it has expired.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>, Fault> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key.item()));
        let get = get.consistent_read(true).return_consumed_capacity(ReturnConsumedCapacity::Total);
        let got = get.send().await.map_err(|e| fault("DynamoDB GetItem", &e))?;
        Units::note(&self.units.read, got.consumed_capacity());
        Ok(got.item.filter(|item| is_live(item, self.now())))
    }

    /// The items of these keys that are there and have not expired, in any order. No key may come twice.
    pub(crate) async fn get_many(&self, keys: &[Key]) -> Result<Vec<Item>, Fault> {
        let chunks: Vec<Vec<Item>> =
            keys.chunks(READS_MAX).map(|keys| keys.iter().map(Key::item).collect()).collect();
        let reads = futures::stream::iter(chunks).map(|keys| self.get_chunk(keys));
        let found: Vec<Vec<Item>> = reads.buffer_unordered(AT_ONCE).try_collect().await?;
        let now = self.now();
        Ok(found.into_iter().flatten().filter(|item| is_live(item, now)).collect())
    }

    async fn get_chunk(&self, keys: Vec<Item>) -> Result<Vec<Item>, Fault> {
        let mut found = Vec::new();
        let mut waits = waits();
        let mut left = keys;
        loop {
            let keys = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true).build();
            let get = self.client.batch_get_item().request_items(&self.name, keys.map_err(unbuilt)?);
            let got = get.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
            let got = got.map_err(|e| fault("DynamoDB BatchGetItem", &e))?;
            got.consumed_capacity().iter().for_each(|c| Units::note(&self.units.read, Some(c)));
            found.extend(got.responses.unwrap_or_default().into_values().flatten());
            left = got.unprocessed_keys.unwrap_or_default().into_values().flat_map(|k| k.keys).collect();
            if left.is_empty() {
                return Ok(found);
            }
            tokio::time::sleep(waits.next().ok_or_else(|| left_over("BatchGetItem"))?).await;
        }
    }

    /// A query of this table whose answer is consistent.
    pub(crate) fn query(&self) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// The first items a query finds that have not expired, at most `limit`, in order.
    pub(crate) async fn first(&self, query: QueryFluentBuilder, limit: usize) -> Result<Vec<Item>, Fault> {
        let mut found = Vec::new();
        let mut pages = query.into_paginator().send();
        while found.len() < limit {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|e| fault("DynamoDB Query", &e))?;
            Units::note(&self.units.read, page.consumed_capacity());
            let now = self.now();
            found.extend(page.items.unwrap_or_default().into_iter().filter(|item| is_live(item, now)));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Every item a query finds that has not expired, in order.
    pub(crate) async fn all(&self, query: QueryFluentBuilder) -> Result<Vec<Item>, Fault> {
        self.first(query, usize::MAX).await
    }

    /// Writes items whole, whatever stood there. No key may come twice.
    pub(crate) async fn put_many(&self, items: Vec<Item>) -> Result<(), Fault> {
        let put = |item| PutRequest::builder().set_item(Some(item)).build().map_err(unbuilt);
        let writes =
            items.into_iter().map(|item| Ok(WriteRequest::builder().put_request(put(item)?).build()));
        self.write_many(writes.collect::<Result<_, Fault>>()?).await
    }

    /// Deletes items that are there or not. No key may come twice.
    pub(crate) async fn delete_many(&self, keys: &[Key]) -> Result<(), Fault> {
        let delete = |key: &Key| DeleteRequest::builder().set_key(Some(key.item())).build().map_err(unbuilt);
        let writes = keys.iter().map(|key| Ok(WriteRequest::builder().delete_request(delete(key)?).build()));
        self.write_many(writes.collect::<Result<_, Fault>>()?).await
    }

    async fn write_many(&self, writes: Vec<WriteRequest>) -> Result<(), Fault> {
        let chunks: Vec<_> = writes.chunks(WRITES_MAX).map(<[WriteRequest]>::to_vec).collect();
        let writes = futures::stream::iter(chunks).map(|chunk| self.write_chunk(chunk));
        writes.buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn write_chunk(&self, writes: Vec<WriteRequest>) -> Result<(), Fault> {
        let mut waits = waits();
        let mut left = writes;
        loop {
            let write = self.client.batch_write_item().request_items(&self.name, left);
            let wrote = write.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
            let wrote = wrote.map_err(|e| fault("DynamoDB BatchWriteItem", &e))?;
            wrote.consumed_capacity().iter().for_each(|c| self.wrote(Some(c)));
            left = wrote.unprocessed_items.unwrap_or_default().into_values().flatten().collect();
            if left.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(waits.next().ok_or_else(|| left_over("BatchWriteItem"))?).await;
        }
    }

    /// Changes attributes of an item. False where its condition does not hold.
    pub(crate) async fn update(&self, key: &Key, change: Change) -> Result<bool, Fault> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.item()))
            .update_expression(change.expression())
            .set_condition_expression(change.condition)
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values((!change.values.is_empty()).then_some(change.values))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match update.send().await {
            Ok(updated) => {
                self.wrote(updated.consumed_capacity());
                Ok(true)
            }
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(false),
            Err(e) => Err(fault("DynamoDB UpdateItem", &e)),
        }
    }

    /// Makes an item. False, and nothing done, where there is one of that key that has not expired.
    pub(crate) async fn create(&self, item: Item) -> Result<bool, Fault> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR #expires <= :now")
            .expression_attribute_names("#expires", EXPIRES)
            .expression_attribute_values(":now", AttributeValue::N(self.now().as_second().to_string()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match put.send().await {
            Ok(put) => {
                self.wrote(put.consumed_capacity());
                Ok(true)
            }
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(false),
            Err(e) => Err(fault("DynamoDB PutItem", &e)),
        }
    }
}

/// A change of an item's attributes: some are set, some removed, under a condition.
#[derive(Debug, Default)]
pub(crate) struct Change {
    set: Vec<String>,
    removed: Vec<String>,
    condition: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Change {
    /// Sets an attribute.
    pub(crate) fn set(mut self, name: &str, value: AttributeValue) -> Self {
        let at = self.names.len();
        self.set.push(format!("#{at} = :{at}"));
        self.names.insert(format!("#{at}"), name.to_owned());
        self.values.insert(format!(":{at}"), value);
        self
    }

    /// Sets an attribute that is not there yet.
    pub(crate) fn set_once(mut self, name: &str, value: AttributeValue) -> Self {
        let at = self.names.len();
        self.set.push(format!("#{at} = if_not_exists(#{at}, :{at})"));
        self.names.insert(format!("#{at}"), name.to_owned());
        self.values.insert(format!(":{at}"), value);
        self
    }

    /// Removes an attribute.
    pub(crate) fn remove(mut self, name: &str) -> Self {
        let at = self.names.len();
        self.removed.push(format!("#{at}"));
        self.names.insert(format!("#{at}"), name.to_owned());
        self
    }

    /// Only where the item is there.
    pub(crate) fn if_there(mut self) -> Self {
        self.condition = Some("attribute_exists(pk)".to_owned());
        self
    }

    /// Only where the item is there and lacks an attribute.
    pub(crate) fn if_there_without(mut self, name: &str) -> Self {
        self.condition = Some("attribute_exists(pk) AND attribute_not_exists(#without)".to_owned());
        self.names.insert("#without".to_owned(), name.to_owned());
        self
    }

    /// Only where an attribute has another value or none.
    pub(crate) fn unless(mut self, name: &str, value: AttributeValue) -> Self {
        self.condition = Some("attribute_not_exists(#unless) OR #unless <> :unless".to_owned());
        self.names.insert("#unless".to_owned(), name.to_owned());
        self.values.insert(":unless".to_owned(), value);
        self
    }

    /// Only where an attribute is not there.
    pub(crate) fn if_missing(mut self, name: &str) -> Self {
        self.condition = Some("attribute_not_exists(#only)".to_owned());
        self.names.insert("#only".to_owned(), name.to_owned());
        self
    }

    /// Only where an attribute has this value.
    pub(crate) fn only_if(mut self, name: &str, value: AttributeValue) -> Self {
        self.condition = Some("#only = :only".to_owned());
        self.names.insert("#only".to_owned(), name.to_owned());
        self.values.insert(":only".to_owned(), value);
        self
    }

    /// Only where an attribute has this value, where the time in another one has come, or where there is no item.
    pub(crate) fn only_if_or_over(
        mut self,
        name: &str,
        value: AttributeValue,
        time: &str,
        now: AttributeValue,
    ) -> Self {
        self.condition = Some("attribute_not_exists(pk) OR #only = :only OR #time <= :now".to_owned());
        self.names
            .extend([("#only", name), ("#time", time)].map(|(at, name)| (at.to_owned(), name.to_owned())));
        self.values.extend([(":only", value), (":now", now)].map(|(at, value)| (at.to_owned(), value)));
        self
    }

    fn expression(&self) -> String {
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        clause("SET", &self.set) + &clause("REMOVE", &self.removed)
    }
}
