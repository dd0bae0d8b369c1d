//! Pacing across processes: calls of the limits that all workers share are leased in slices.

use std::sync::Arc;
use std::time::Duration;

use carry_connector::Limits;
use carry_model::{Code, Fault, Reach};
use carry_ports::{Leased, Quota, Rate};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::pacing::WAIT_MAX;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A slice is this part of a limit, so that many workers get their share and few calls lapse.
const SLICE_PARTS: u32 = 50;
const SLICE_MAX: u32 = 50;
/// Of the app's calls a slice is this part of what a company may make: companies are many, and none can use more.
const APP_SLICE_PARTS: u32 = 20;

/// What a worker shares with others that call the same system.
#[derive(Clone)]
pub struct Shared {
    /// Where calls are counted.
    pub quota: Arc<dyn Quota>,
    /// The company all of them call, as its bucket is named: `quickbooks:9130357`.
    pub connection: String,
    /// The application they call as, as its bucket is named; None where there is none.
    pub app: Option<String>,
    /// Workers that may run at once. What is too short to be leased (calls in a second, calls under way) is divided
    /// among them.
    pub workers: u32,
}

impl Shared {
    /// The part of the limits that a worker keeps by itself.
    pub(crate) fn own(&self, limits: &Limits) -> Limits {
        let part = |limit: Option<u32>| limit.map(|calls| (calls / self.workers.max(1)).max(1));
        Limits { per_second: part(limits.per_second), in_flight: part(limits.in_flight), ..*limits }
    }
}

/// The calls this worker has leased.
pub(crate) struct Slices {
    quota: Arc<dyn Quota>,
    slices: Mutex<Vec<Slice>>,
}

struct Slice {
    /// The sort of call it is about; None for all.
    label: Option<&'static str>,
    bucket: String,
    rate: Rate,
    /// Calls that are leased at once.
    wanted: u32,
    /// Whether other companies share it: a pause that is asked for one of them is not theirs.
    of_app: bool,
    left: u32,
    good_until: Instant,
}

impl Slice {
    fn new(label: Option<&'static str>, bucket: String, rate: Rate) -> Self {
        let wanted = (rate.calls_max / SLICE_PARTS).clamp(1, SLICE_MAX);
        Self { label, bucket, rate, wanted, of_app: false, left: 0, good_until: Instant::now() }
    }

    /// Of the application's calls, for a company that may make so many a minute.
    fn of_app(bucket: String, rate: Rate, company_max: u32) -> Self {
        let wanted = (company_max.min(rate.calls_max) / APP_SLICE_PARTS).clamp(1, SLICE_MAX);
        Self { wanted, of_app: true, ..Self::new(None, bucket, rate) }
    }

    fn concerns(&self, label: &str) -> bool {
        self.label.is_none_or(|own| own == label)
    }

    fn is_used_up(&self, now: Instant) -> bool {
        self.left == 0 || now >= self.good_until
    }
}

impl Slices {
    pub(crate) fn new(limits: &Limits, shared: &Shared) -> Self {
        let own = |limit: Option<u32>, span, name: &str| {
            let bucket = format!("{}/{name}", shared.connection);
            limit.map(|calls_max| Slice::new(None, bucket, Rate { calls_max, span }))
        };
        let sorts = limits.per_minute_of.iter().map(|(label, calls_max)| {
            let bucket = format!("{}/minute/{label}", shared.connection);
            Slice::new(Some(label), bucket, Rate { calls_max: *calls_max, span: MINUTE })
        });
        let app = shared.app.as_ref().zip(limits.app_per_minute).map(|(app, calls_max)| {
            let rate = Rate { calls_max, span: MINUTE };
            Slice::of_app(format!("{app}/minute"), rate, limits.per_minute.unwrap_or(calls_max))
        });
        let slices = own(limits.per_minute, MINUTE, "minute")
            .into_iter()
            .chain(own(limits.per_day, DAY, "day"))
            .chain(sorts)
            .chain(app)
            .collect();
        Self { quota: shared.quota.clone(), slices: Mutex::new(slices) }
    }

    /// Waits until a call of that sort may go. A fault ([`Code::RateLimited`], with the time to go on) where that is
    /// longer than a call waits.
    pub(crate) async fn admit(&self, label: &str) -> Result<(), Fault> {
        loop {
            let mut slices = self.slices.lock().await;
            let mut concerned: Vec<_> = slices.iter_mut().filter(|slice| slice.concerns(label)).collect();
            let Some(wait) = self.fill(&mut concerned).await? else {
                concerned.into_iter().for_each(|slice| slice.left -= 1);
                return Ok(());
            };
            drop(slices);
            if wait > WAIT_MAX {
                let seconds = wait.as_secs().saturating_add(1);
                return Err(Fault::new(Code::RateLimited).reach(Reach::NotSent).retry_after_s(seconds));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Leases anew whatever is used up. How long to wait where there is nothing to lease.
    async fn fill(&self, slices: &mut [&mut Slice]) -> Result<Option<Duration>, Fault> {
        // All of them must be good at once, and leasing one takes time in which another may lapse.
        while let Some(slice) = slices.iter_mut().find(|slice| slice.is_used_up(Instant::now())) {
            let asked = Instant::now();
            match self.quota.lease(&slice.bucket, slice.rate, slice.wanted).await? {
                Leased::Calls { calls, good_for } => {
                    slice.left = calls;
                    slice.good_until = asked + good_for;
                }
                Leased::Wait(wait) => return Ok(Some(wait)),
            }
        }
        Ok(None)
    }

    /// Lets no worker call that company for a while: the system asked for it.
    pub(crate) async fn hold(&self, label: &str, wait: Duration) -> Result<(), Fault> {
        let mut slices = self.slices.lock().await;
        for slice in slices.iter_mut().filter(|slice| slice.concerns(label) && !slice.of_app) {
            slice.left = 0;
            self.quota.hold(&slice.bucket, wait).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as SyncMutex;

    use async_trait::async_trait;
    use carry_connector::{Effect, Method, Request, Response, Wire};
    use carry_model::Timestamp;
    use carry_ports::{Clock, MemoryQuota, Transport};

    use super::*;
    use crate::EngineWire;

    /// The paused time of the test as a clock.
    struct Paused(Instant);

    impl Clock for Paused {
        fn now(&self) -> Timestamp {
            let ms = i64::try_from(self.0.elapsed().as_millis()).unwrap();
            Timestamp::from_millisecond(1_700_000_000_123 + ms).unwrap()
        }
    }

    /// Takes 40 ms for a call, and notes when it came.
    struct Platform(SyncMutex<Vec<Instant>>);

    #[async_trait]
    impl Transport for Platform {
        async fn send(&self, _: &Request) -> Result<Response, Fault> {
            self.0.lock().unwrap().push(Instant::now());
            tokio::time::sleep(Duration::from_millis(40)).await;
            Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() })
        }
    }

    fn request() -> Request {
        Request {
            method: Method::Get,
            path: "/x".to_owned(),
            headers: Vec::new(),
            body: None,
            effect: Effect::Read,
            label: "query",
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_workers_together_stay_inside_the_limits() {
        const WORKERS: u32 = 6;
        let app_per_minute = Some(250);
        let limits = Limits { per_minute: Some(300), per_second: Some(60), app_per_minute, ..Limits::NONE };
        let quota = Arc::new(MemoryQuota::new(Arc::new(Paused(Instant::now()))));
        let platform = Arc::new(Platform(SyncMutex::default()));
        let work = (0..WORKERS).map(|worker| {
            let connection = format!("books:{}", worker % 2);
            let app = Some("app".to_owned());
            let shared = Shared { quota: quota.clone(), connection, app, workers: WORKERS };
            let wire = EngineWire::sharing(platform.clone(), &limits, &shared);
            async move {
                for _ in 0..150 {
                    wire.call(request()).await.unwrap();
                }
            }
        });
        let start = Instant::now();
        futures::future::join_all(work).await;
        let calls = platform.0.lock().unwrap().clone();
        assert_eq!(calls.len(), 900);
        for (limit, span) in [(250, MINUTE), (60, Duration::from_secs(1))] {
            let fits = calls.windows(limit + 1).all(|calls| calls[limit] - calls[0] >= span);
            assert!(fits, "more than {limit} calls in {span:?}");
        }
        assert!(start.elapsed() < Duration::from_secs(250), "the rate is used: {:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_one_is_asked_for_holds_all() {
        let limits = Limits { per_minute: Some(300), app_per_minute: Some(600), ..Limits::NONE };
        let quota = Arc::new(MemoryQuota::new(Arc::new(Paused(Instant::now()))));
        let app = Some("app".to_owned());
        let shared = Shared { quota, connection: "books:1".to_owned(), app, workers: 2 };
        let other = Shared { connection: "books:2".to_owned(), ..shared.clone() };
        let (one, two) = (Slices::new(&limits, &shared), Slices::new(&limits, &shared));
        let other = Slices::new(&limits, &other);
        one.admit("query").await.unwrap();
        one.hold("query", Duration::from_secs(30)).await.unwrap();
        let start = Instant::now();
        other.admit("query").await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO, "another company of the same application goes on");
        two.admit("query").await.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_day_is_a_pause_of_the_run() {
        let limits = Limits { per_day: Some(3), ..Limits::NONE };
        let quota = Arc::new(MemoryQuota::new(Arc::new(Paused(Instant::now()))));
        let shared = Shared { quota, connection: "books:1".to_owned(), app: None, workers: 2 };
        let slices = Slices::new(&limits, &shared);
        for _ in 0..3 {
            slices.admit("query").await.unwrap();
        }
        let fault = slices.admit("query").await.unwrap_err();
        assert_eq!((fault.code, fault.reach), (Code::RateLimited, Reach::NotSent));
        assert!(fault.retry_after_s.unwrap() > 20 * 3_600);
    }
}
