//! The sandbox's time: it can run faster than the machine's, be set, and stand still.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// A clock that tests speed up, set and stop.
///
/// At speed 0 it stands still and only [`Clock::advance`] and [`Clock::set`] move it: what a simulation in one
/// process wants.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    since: Instant,
    from: Timestamp,
    speed: u32,
}

impl Clock {
    /// A clock that starts at `from` and runs `speed` times as fast as the machine's.
    pub fn new(from: Timestamp, speed: u32) -> Self {
        Self { since: Instant::now(), from, speed }
    }

    /// The sandbox's time.
    pub fn now(&self) -> Timestamp {
        let passed = self.since.elapsed().saturating_mul(self.speed);
        SignedDuration::try_from(passed).map_or(Timestamp::MAX, |passed| later(self.from, passed))
    }

    /// How many times as fast as the machine's clock it runs.
    pub fn speed(&self) -> u32 {
        self.speed
    }

    /// Changes the speed from now on.
    pub fn set_speed(&mut self, speed: u32) {
        *self = Self::new(self.now(), speed);
    }

    /// Sets the time.
    pub fn set(&mut self, now: Timestamp) {
        *self = Self::new(now, self.speed);
    }

    /// Moves the time on.
    pub fn advance(&mut self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.set(later(self.now(), by));
    }

    /// How long the machine waits for a span of the sandbox's time: nothing while the clock stands still.
    pub fn wait(&self, span: Duration) -> Duration {
        span.checked_div(self.speed).unwrap_or_default()
    }
}

/// A time plus a span, kept inside what a timestamp can hold.
pub fn later(time: Timestamp, span: SignedDuration) -> Timestamp {
    time.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_still_and_is_moved_on() {
        let start: Timestamp = "2026-06-30T12:00:00Z".parse().unwrap();
        let mut clock = Clock::new(start, 0);
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_secs(3600));
        assert_eq!(clock.now().to_string(), "2026-06-30T13:00:00Z");
        assert_eq!(clock.wait(Duration::from_secs(5)), Duration::ZERO);
    }

    #[test]
    fn runs_faster_than_the_machine() {
        let start: Timestamp = "2026-06-30T12:00:00Z".parse().unwrap();
        let clock = Clock::new(start, 1_000_000);
        std::thread::sleep(Duration::from_millis(2));
        assert!(clock.now() > later(start, SignedDuration::from_secs(1000)));
        assert_eq!(clock.wait(Duration::from_secs(1)), Duration::from_micros(1));
    }
}
