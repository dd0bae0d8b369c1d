//! Pacing: keeps calls inside a system's published limits, and inside what it says is left of them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use carry_connector::{Limits, Response};
use carry_model::{Code, Fault, Reach};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Calls reach the system a little later than they are let go, not all by the same time: windows are this much longer
/// here than there, as a part of themselves and at most.
const SLACK_PARTS: u32 = 50;
const SLACK_MAX: Duration = Duration::from_secs(10);

/// A wait longer than this is a pause of the run, not of a call.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(90);

/// Headers in which systems say how many calls are left in this minute, and in this day.
const LEFT_IN_MINUTE: &[&str] = &["x-minlimit-remaining", "x-appminlimit-remaining"];
const LEFT_IN_DAY: &str = "x-daylimit-remaining";

/// Lets calls through at no more than the limits allow: so many in any second, minute and day, so many at once.
#[derive(Debug)]
pub(crate) struct Pacer {
    windows: Mutex<Windows>,
    in_flight: Arc<Semaphore>,
}

#[derive(Debug)]
struct Windows {
    all: Vec<Window>,
    /// The system asked for a pause until then.
    held_until: Option<Instant>,
}

#[derive(Debug)]
struct Window {
    /// The sort of call it is about; None for all.
    label: Option<&'static str>,
    span: Duration,
    calls_max: usize,
    calls: VecDeque<Instant>,
}

impl Window {
    fn new(label: Option<&'static str>, span: Duration, calls_max: u32) -> Self {
        let calls_max = usize::try_from(calls_max).unwrap_or(usize::MAX).max(1);
        Self { label, span: span + (span / SLACK_PARTS).min(SLACK_MAX), calls_max, calls: VecDeque::new() }
    }

    fn concerns(&self, label: &str) -> bool {
        self.label.is_none_or(|own| own == label)
    }

    /// When the next call may go.
    fn free_at(&mut self, now: Instant) -> Instant {
        while self.calls.front().is_some_and(|first| *first + self.span <= now) {
            self.calls.pop_front();
        }
        match self.calls.front() {
            Some(first) if self.calls.len() >= self.calls_max => *first + self.span,
            _ => now,
        }
    }
}

impl Pacer {
    pub(crate) fn new(limits: &Limits) -> Self {
        let window = |limit: Option<u32>, span| limit.map(|calls| Window::new(None, span, calls));
        let sorts =
            limits.per_minute_of.iter().map(|(label, calls)| Window::new(Some(label), MINUTE, *calls));
        let all = window(limits.per_second, SECOND)
            .into_iter()
            .chain(window(limits.per_minute, MINUTE))
            .chain(window(limits.per_day, DAY))
            .chain(sorts)
            .collect();
        let at_once =
            limits.in_flight.map_or(Semaphore::MAX_PERMITS, |n| usize::try_from(n.max(1)).unwrap_or(1));
        Self {
            windows: Mutex::new(Windows { all, held_until: None }),
            in_flight: Arc::new(Semaphore::new(at_once)),
        }
    }

    /// Waits until there is room for another call; hold what it returns while the call is under way.
    pub(crate) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.in_flight.clone().acquire_owned().await.ok()
    }

    /// Waits until a call may go. A fault ([`Code::RateLimited`], with the time to go on) where that is longer than
    /// a call waits.
    pub(crate) async fn admit(&self, label: &str) -> Result<(), Fault> {
        loop {
            let mut windows = self.windows.lock().await;
            let now = Instant::now();
            let held = windows.held_until.filter(|until| *until > now).unwrap_or(now);
            let concerned = windows.all.iter_mut().filter(|window| window.concerns(label));
            let free_at = concerned.map(|window| window.free_at(now)).max().unwrap_or(now).max(held);
            if free_at <= now {
                let concerned = windows.all.iter_mut().filter(|window| window.concerns(label));
                concerned.for_each(|window| window.calls.push_back(now));
                return Ok(());
            }
            drop(windows);
            if free_at - now > WAIT_MAX {
                return Err(Fault::new(Code::RateLimited)
                    .reach(Reach::NotSent)
                    .retry_after_s((free_at - now).as_secs().saturating_add(1)));
            }
            tokio::time::sleep_until(free_at).await;
        }
    }

    /// Lets nothing through for a while: the system asked for it.
    pub(crate) async fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut windows = self.windows.lock().await;
        windows.held_until = Some(windows.held_until.map_or(until, |held| held.max(until)));
    }

    /// Heeds what an answer says is left. Others may share the limit, so the system knows better than our count.
    pub(crate) async fn heed(&self, response: &Response) {
        let none_left = |name: &str| response.header(name).is_some_and(|left| left.trim() == "0");
        if LEFT_IN_MINUTE.iter().any(|name| none_left(name)) {
            self.hold_until_anew(MINUTE).await;
        }
        // A refusal says itself when it may go on.
        if none_left(LEFT_IN_DAY) && response.is_success() {
            tracing::warn!("the last call of the day was made");
            self.hold_until_anew(DAY).await;
        }
    }

    /// Lets nothing through until a spent minute, or day, is over. It began with the first call that still counts.
    async fn hold_until_anew(&self, span: Duration) {
        let windows = self.windows.lock().await;
        let now = Instant::now();
        let of_span = windows.all.iter().filter(|window| (span..span * 2).contains(&window.span));
        let over = of_span.filter_map(|window| {
            window.calls.iter().map(|call| *call + window.span).find(|over| *over > now)
        });
        let until = over.min().unwrap_or(now + span);
        drop(windows);
        self.hold(until.saturating_duration_since(now)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn times(pacer: &Pacer, label: &str, calls: usize) -> Vec<Duration> {
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..calls {
            pacer.admit(label).await.unwrap();
            times.push(start.elapsed());
        }
        times
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_limit_in_any_window() {
        let pacer = Pacer::new(&Limits { per_second: Some(10), per_minute: Some(30), ..Limits::NONE });
        let calls = times(&pacer, "x", 75).await;
        for (limit, span) in [(10, SECOND), (30, MINUTE)] {
            let fits = calls.windows(limit + 1).all(|calls| calls[limit] - calls[0] >= span);
            assert!(fits, "more than {limit} calls in {span:?}");
        }
        assert!(calls[74] < Duration::from_secs(128), "the allowed rate is used");
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_one_sort_have_a_limit_of_their_own() {
        let pacer = Pacer::new(&Limits { per_minute_of: &[("batch", 2)], ..Limits::NONE });
        let batches = times(&pacer, "batch", 5).await;
        assert!(batches[2] >= MINUTE && batches[4] >= MINUTE * 2);
        assert!(times(&pacer, "query", 100).await[99] < SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_day_is_a_pause_of_the_run() {
        let pacer = Pacer::new(&Limits { per_day: Some(3), ..Limits::NONE });
        times(&pacer, "x", 3).await;
        tokio::time::advance(Duration::from_secs(3_600)).await;
        let fault = pacer.admit("x").await.unwrap_err();
        assert_eq!((fault.code, fault.reach), (Code::RateLimited, Reach::NotSent));
        assert!((22 * 3_600..=24 * 3_600).contains(&fault.retry_after_s.unwrap()));
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_at_once() {
        let pacer = Arc::new(Pacer::new(&Limits { in_flight: Some(2), ..Limits::NONE }));
        let first = pacer.enter().await;
        let _second = pacer.enter().await;
        assert!(tokio::time::timeout(Duration::from_secs(5), pacer.enter()).await.is_err());
        drop(first);
        assert!(tokio::time::timeout(Duration::from_secs(5), pacer.enter()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_system_says_is_left_is_heeded() {
        let pacer = Pacer::new(&Limits { per_minute: Some(60), ..Limits::NONE });
        times(&pacer, "x", 1).await;
        let headers = vec![("x-minlimit-remaining".to_owned(), "0".to_owned())];
        pacer.heed(&Response { status: 200, headers, body: Vec::new() }).await;
        assert!(times(&pacer, "x", 1).await[0] >= Duration::from_secs(59));
        let days = Pacer::new(&Limits { per_day: Some(5_000), ..Limits::NONE });
        times(&days, "x", 1).await;
        let headers = vec![(LEFT_IN_DAY.to_owned(), "0".to_owned())];
        days.heed(&Response { status: 200, headers, body: Vec::new() }).await;
        let fault = days.admit("x").await.unwrap_err();
        assert!((23 * 3_600..=24 * 3_600 + 11).contains(&fault.retry_after_s.unwrap()));
        pacer.hold(Duration::from_secs(30)).await;
        assert!(times(&pacer, "x", 1).await[0] >= Duration::from_secs(30));
    }
}
