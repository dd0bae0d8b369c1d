use std::time::Duration;

use async_trait::async_trait;
use carry_model::{Code, Fault};
use carry_ports::{Bucket, Leased, Quota, Rate};

use crate::Table;
use crate::item::{EXPIRES, Key, json, optional, text};
use crate::table::{Change, waits};

const BUCKET: &str = "bucket";

/// Calls that many workers share, counted in the table: one read and one write for a slice of calls. Two workers that
/// lease at once cannot both be right, so one of them looks again.
#[derive(Clone, Debug)]
pub struct DynamoQuota {
    table: Table,
}

impl DynamoQuota {
    /// In that table.
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    async fn change<T>(&self, name: &str, change: impl Fn(&mut Bucket) -> (T, bool)) -> Result<T, Fault> {
        let key = Key::new(format!("BUCKET#{name}"), "BUCKET");
        let mut waits = waits();
        loop {
            let item = self.table.get(&key).await?.unwrap_or_default();
            let before = optional(&item, BUCKET);
            // A bucket that cannot be read is an empty one: it counts anew within its span.
            let mut bucket: Bucket =
                before.and_then(|bucket| serde_json::from_str(bucket).ok()).unwrap_or_default();
            let (outcome, changed) = change(&mut bucket);
            if !changed {
                return Ok(outcome);
            }
            let write = Change::default().set(BUCKET, json(&bucket)?).set(EXPIRES, self.table.backstop());
            let write = match before {
                Some(before) => write.only_if(BUCKET, text(before)),
                None => write.if_missing(BUCKET),
            };
            if self.table.update(&key, write).await? {
                return Ok(outcome);
            }
            let contended = || Fault::new(Code::ServerFailed).detail("Too many workers lease calls at once.");
            tokio::time::sleep(waits.next().ok_or_else(contended)?).await;
        }
    }
}

#[async_trait]
impl Quota for DynamoQuota {
    async fn lease(&self, bucket: &str, rate: Rate, wanted: u32) -> Result<Leased, Fault> {
        self.change(bucket, |bucket| {
            let leased = bucket.lease(self.table.now(), rate, wanted);
            (leased, matches!(leased, Leased::Calls { .. }))
        })
        .await
    }

    async fn hold(&self, bucket: &str, wait: Duration) -> Result<(), Fault> {
        self.change(bucket, |bucket| {
            bucket.hold(self.table.now(), wait);
            ((), true)
        })
        .await
    }
}
