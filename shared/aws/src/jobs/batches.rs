//! Batches: what is about to be written, what became of it, and carrying through what was interrupted.
//!
//! A batch is up to three items: its intents, the outcome of one that changes documents too, and the mark that it
//! is closed.

use std::collections::{BTreeMap, BTreeSet};

use carry_model::{Code, Decimal, Fault, MigrationId, RecordKey, RunId};
use carry_ports::{Applied, Intent, Link, Run};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::DynamoJobs;
use crate::fault::{json_broken, unusable};
use crate::item::{EXPIRES, Item, Key, bytes, required, text};

const INTENTS: &str = "I#";
const OUTCOME: &str = "O#";
const CLOSED: &str = "Z#";
const BODY: &str = "bo";
const ZSTD_LEVEL: i32 = 3;
/// Largest body once decompressed, in bytes.
const BODY_MAX: usize = 16 * 1024 * 1024;
/// Largest body as it is stored, in bytes; DynamoDB takes items of 400 KiB.
const STORED_MAX: usize = 390 * 1024;

/// The partition of a run's batches.
pub(super) fn partition(migration: &MigrationId, run: &RunId) -> String {
    format!("M#{migration}#R#{run}")
}

fn key(run: &Run, kind: &str, batch: &str) -> Key {
    Key::new(partition(&run.migration, &run.id), format!("{kind}{batch}"))
}

/// What became of a batch, noted before it is spread over links and documents.
#[derive(Serialize, Deserialize)]
struct Outcome {
    links: Vec<Link>,
    applied: Vec<(RecordKey, RecordKey, Decimal, Decimal)>,
}

impl Outcome {
    fn new(links: &[Link], applied: &[Applied]) -> Self {
        let applied = applied.iter().cloned();
        let applied = applied.map(|a| (a.document, a.by, a.before, a.after)).collect();
        Self { links: links.to_vec(), applied }
    }

    fn applied(&self) -> Vec<Applied> {
        let applied = self.applied.iter().cloned();
        applied.map(|(document, by, before, after)| Applied { document, by, before, after }).collect()
    }
}

fn pack(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let plain = serde_json::to_vec(value).map_err(json_broken)?;
    let packed = zstd::bulk::compress(&plain, ZSTD_LEVEL).map_err(|e| unusable("a batch").caused_by(e))?;
    match packed.len() {
        ..=STORED_MAX => Ok(packed),
        _ => Err(Fault::new(Code::Bug).detail("a batch of more records than the table takes")),
    }
}

fn unpack<T: DeserializeOwned>(item: &Item) -> Result<T, Fault> {
    let packed = item.get(BODY).and_then(|body| body.as_b().ok()).ok_or_else(|| unusable("a batch"))?;
    let plain = zstd::bulk::decompress(packed.as_ref(), BODY_MAX);
    serde_json::from_slice(&plain.map_err(|e| unusable("a batch").caused_by(e))?).map_err(json_broken)
}

impl DynamoJobs {
    pub(super) async fn open(&self, run: &Run, batch: &str, intents: &[Intent]) -> Result<(), Fault> {
        let key = key(run, INTENTS, batch);
        let body = bytes(pack(&intents)?);
        if self.table.create(key.with([(BODY, body), (EXPIRES, self.table.backstop())])).await? {
            return Ok(());
        }
        let known = self.table.get(&key).await?.map(|item| unpack::<Vec<Intent>>(&item)).transpose()?;
        match known {
            Some(known) if known != intents => {
                Err(Fault::new(Code::FingerprintConflict).detail(format!("batch {batch}")))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn close(
        &self,
        run: &Run,
        batch: &str,
        links: &[Link],
        applied: &[Applied],
    ) -> Result<bool, Fault> {
        if !self.is_open(run, batch).await? {
            return Ok(false);
        }
        // Links alone may appear one by one: whoever comes later finds which are missing.
        if !applied.is_empty() {
            let body = bytes(pack(&Outcome::new(links, applied))?);
            let item = key(run, OUTCOME, batch).with([(BODY, body), (EXPIRES, self.table.backstop())]);
            self.table.put_many(vec![item]).await?;
        }
        self.spread(run, batch, links, applied).await?;
        Ok(true)
    }

    async fn spread(&self, run: &Run, batch: &str, links: &[Link], applied: &[Applied]) -> Result<(), Fault> {
        self.apply(&run.migration, applied).await?;
        self.write_links(&run.migration, links).await?;
        let closed = key(run, CLOSED, batch).with([(EXPIRES, self.table.backstop())]);
        self.table.put_many(vec![closed]).await
    }

    async fn is_open(&self, run: &Run, batch: &str) -> Result<bool, Fault> {
        let (intents, closed) = (key(run, INTENTS, batch), key(run, CLOSED, batch));
        let found = self.table.get_many(&[intents, closed.clone()]).await?;
        let keys = found.iter().map(Key::of).collect::<Result<Vec<_>, _>>()?;
        Ok(!keys.is_empty() && !keys.contains(&closed))
    }

    pub(super) async fn still_open(
        &self,
        run: &Run,
        prefix: &str,
    ) -> Result<Vec<(String, Vec<Intent>)>, Fault> {
        let (closed, intents) =
            tokio::join!(self.of_kind(run, CLOSED, prefix), self.of_kind(run, INTENTS, prefix));
        let closed: BTreeSet<String> = closed?.into_keys().collect();
        let mut open = intents?;
        open.retain(|name, _| !closed.contains(name));
        if open.is_empty() || self.is_over(&run.migration).await? {
            return Ok(Vec::new());
        }
        for (name, item) in self.of_kind(run, OUTCOME, prefix).await? {
            if open.remove(&name).is_some() {
                let outcome: Outcome = unpack(&item)?;
                self.spread(run, &name, &outcome.links, &outcome.applied()).await?;
            }
        }
        open.into_iter().map(|(name, item)| Ok((name, unpack(&item)?))).collect()
    }

    async fn of_kind(&self, run: &Run, kind: &str, prefix: &str) -> Result<BTreeMap<String, Item>, Fault> {
        let query = self
            .table
            .query()
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(partition(&run.migration, &run.id)))
            .expression_attribute_values(":prefix", text(format!("{kind}{prefix}")));
        let named = |item: Item| Ok((required(&item, "sk")?.trim_start_matches(kind).to_owned(), item));
        self.table.all(query).await?.into_iter().map(named).collect()
    }
}
