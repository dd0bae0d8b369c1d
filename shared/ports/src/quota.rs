//! Calls that many workers share: leased in slices, so that all of them together stay inside a platform's limit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use carry_model::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Clock;

/// Parts of a span that calls are counted by. A lease is good for one part.
const PARTS: i64 = 20;

/// At most so many calls in any span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls.
    pub calls_max: u32,
    /// In any span of this length.
    pub span: Duration,
}

/// What asking for calls came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leased {
    /// So many calls may be made, within that time; what is not made by then lapses.
    Calls {
        /// At least one.
        calls: u32,
        /// How long the lease is good.
        good_for: Duration,
    },
    /// None now; ask again after that time.
    Wait(Duration),
}

/// Counts calls of all workers of a connection or an app.
#[async_trait]
pub trait Quota: Send + Sync {
    /// Leases up to `wanted` calls of a bucket, such as `quickbooks:9130357/minute`.
    async fn lease(&self, bucket: &str, rate: Rate, wanted: u32) -> Result<Leased, Fault>;

    /// Lets nobody lease from a bucket for a while: the platform asked for a pause.
    async fn hold(&self, bucket: &str, wait: Duration) -> Result<(), Fault>;
}

/// The calls of a bucket in the parts of its last span.
///
/// A call may be made one part after it was leased, and a span can begin anywhere in a part. So calls count for two
/// parts more than the span has: in no span are more made than the rate allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Parts since 1970, each with its calls.
    parts: Vec<(i64, u32)>,
    /// Held until then, in milliseconds since 1970.
    held_until_ms: i64,
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis.max(1)).unwrap_or(1))
}

impl Bucket {
    /// Takes up to `wanted` calls out of the bucket.
    pub fn lease(&mut self, now: Timestamp, rate: Rate, wanted: u32) -> Leased {
        let now_ms = now.as_millisecond();
        if self.held_until_ms > now_ms {
            return Leased::Wait(duration(self.held_until_ms.saturating_sub(now_ms)));
        }
        let part_ms = (millis(rate.span) / PARTS).max(1);
        let part = now_ms.div_euclid(part_ms);
        self.parts.retain(|(of, _)| *of > part - (PARTS + 2));
        let taken = self.parts.iter().fold(0_u32, |sum, (_, calls)| sum.saturating_add(*calls));
        let calls = rate.calls_max.max(1).saturating_sub(taken).min(wanted.max(1));
        if calls == 0 {
            let first = self.parts.first().map_or(part, |(first, _)| *first);
            let free_ms = first.saturating_add(PARTS + 2).saturating_mul(part_ms);
            return Leased::Wait(duration(free_ms.saturating_sub(now_ms)));
        }
        match self.parts.last_mut() {
            Some((last, count)) if *last == part => *count = count.saturating_add(calls),
            _ => self.parts.push((part, calls)),
        }
        Leased::Calls { calls, good_for: duration(part_ms) }
    }

    /// Holds the bucket; a longer hold stays.
    pub fn hold(&mut self, now: Timestamp, wait: Duration) {
        self.held_until_ms = self.held_until_ms.max(now.as_millisecond().saturating_add(millis(wait)));
    }
}

/// Quotas of one process.
pub struct MemoryQuota {
    clock: Arc<dyn Clock>,
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

impl MemoryQuota {
    /// By that clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, buckets: Mutex::default() }
    }
}

#[async_trait]
impl Quota for MemoryQuota {
    async fn lease(&self, bucket: &str, rate: Rate, wanted: u32) -> Result<Leased, Fault> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(buckets.entry(bucket.to_owned()).or_default().lease(self.clock.now(), rate, wanted))
    }

    async fn hold(&self, bucket: &str, wait: Duration) -> Result<(), Fault> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.entry(bucket.to_owned()).or_default().hold(self.clock.now(), wait);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    /// Workers that lease when they may, and make their calls as late as they may: the worst there is.
    #[test]
    fn no_span_sees_more_calls_than_the_rate() {
        let rate = Rate { calls_max: 500, span: Duration::from_secs(60) };
        for slice in [1, 7, 25] {
            let mut bucket = Bucket::default();
            let (mut now_ms, mut made) = (0_i64, Vec::new());
            while now_ms < 300_000 {
                match bucket.lease(at(now_ms), rate, slice) {
                    Leased::Calls { calls, good_for } => {
                        let late = now_ms % 2 * (millis(good_for) - 1);
                        made.extend(std::iter::repeat_n(now_ms + late, usize::try_from(calls).unwrap()));
                        now_ms += 13;
                    }
                    Leased::Wait(wait) => now_ms += millis(wait),
                }
            }
            made.sort_unstable();
            let worst = made.windows(501).map(|calls| calls[500] - calls[0]).min().unwrap();
            assert!(worst >= 60_000, "501 calls in {worst} ms, in slices of {slice}");
            assert!(made.len() > 5 * 500 * 85 / 100, "{} calls: the rate is used", made.len());
        }
    }

    #[test]
    fn a_hold_holds_for_everybody() {
        let mut bucket = Bucket::default();
        let rate = Rate { calls_max: 5, span: Duration::from_secs(60) };
        bucket.hold(at(0), Duration::from_secs(30));
        bucket.hold(at(0), Duration::from_secs(10));
        assert_eq!(bucket.lease(at(10_000), rate, 1), Leased::Wait(Duration::from_secs(20)));
        assert!(matches!(bucket.lease(at(30_000), rate, 1), Leased::Calls { calls: 1, .. }));
    }
}
