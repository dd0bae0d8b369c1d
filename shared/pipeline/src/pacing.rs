//! Pacing: keeps calls inside a system's published limits.

use std::collections::VecDeque;
use std::time::Duration;

use carry_connector::Limits;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use std::sync::Arc;

/// Lets calls through at no more than the limits allow: so many in any second and any minute, so many at once.
#[derive(Debug)]
pub(crate) struct Pacer {
    windows: Mutex<Vec<Window>>,
    in_flight: Arc<Semaphore>,
}

#[derive(Debug)]
struct Window {
    span: Duration,
    calls_max: usize,
    calls: VecDeque<Instant>,
}

impl Window {
    fn new(span: Duration, calls_max: u32) -> Self {
        Self {
            span,
            calls_max: usize::try_from(calls_max).unwrap_or(usize::MAX).max(1),
            calls: VecDeque::new(),
        }
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
        let second = limits.per_second.map(|calls| Window::new(Duration::from_secs(1), calls));
        let minute = limits.per_minute.map(|calls| Window::new(Duration::from_secs(60), calls));
        let at_once =
            limits.in_flight.map_or(Semaphore::MAX_PERMITS, |n| usize::try_from(n.max(1)).unwrap_or(1));
        Self {
            windows: Mutex::new(second.into_iter().chain(minute).collect()),
            in_flight: Arc::new(Semaphore::new(at_once)),
        }
    }

    /// Waits until a call may go; hold what it returns while the call is under way.
    pub(crate) async fn admit(&self) -> Option<OwnedSemaphorePermit> {
        let permit = self.in_flight.clone().acquire_owned().await.ok();
        loop {
            let mut windows = self.windows.lock().await;
            let now = Instant::now();
            let free_at = windows.iter_mut().map(|window| window.free_at(now)).max().unwrap_or(now);
            if free_at <= now {
                windows.iter_mut().for_each(|window| window.calls.push_back(now));
                return permit;
            }
            drop(windows);
            tokio::time::sleep_until(free_at).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_limit_in_any_window() {
        let pacer = Pacer::new(&Limits { per_second: Some(10), per_minute: Some(30), ..Limits::default() });
        let start = Instant::now();
        let mut calls = Vec::new();
        for _ in 0..75 {
            pacer.admit().await;
            calls.push(start.elapsed());
        }
        for (limit, span) in [(10, Duration::from_secs(1)), (30, Duration::from_secs(60))] {
            let fits = calls.windows(limit + 1).all(|calls| calls[limit] - calls[0] >= span);
            assert!(fits, "more than {limit} calls in {span:?}");
        }
        assert!(calls[74] < Duration::from_secs(125), "the allowed rate is used");
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_at_once() {
        let pacer = Arc::new(Pacer::new(&Limits { in_flight: Some(2), ..Limits::default() }));
        let first = pacer.admit().await;
        let _second = pacer.admit().await;
        assert!(tokio::time::timeout(Duration::from_secs(5), pacer.admit()).await.is_err());
        drop(first);
        assert!(tokio::time::timeout(Duration::from_secs(5), pacer.admit()).await.is_ok());
    }
}
