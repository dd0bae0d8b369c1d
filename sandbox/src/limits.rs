//! Limits on calls, counted on the sandbox's clock, and counters that tests read.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::clock::later;
use crate::platform::Call;

/// What is limited.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Its name in counters, switches and answers: `minute`.
    pub name: &'static str,
    /// The window it counts in.
    pub per: Per,
    /// For whom it counts.
    pub scope: Scope,
    /// Largest sum of costs in a window.
    pub max: u64,
    /// What a call costs; 0 when the limit does not concern it.
    pub cost: fn(&Call) -> u64,
}

/// A limit's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Calls being answered at the same time.
    InFlight,
    /// A window that begins with the first call after the last one ended.
    Fixed {
        /// Its length.
        seconds: i64,
    },
    /// Any span of this length: the strictest reading of "per second".
    Sliding {
        /// Its length.
        seconds: i64,
    },
}

/// Whose calls share a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All apps' calls to one company.
    Tenant,
    /// One app's calls to one company.
    TenantAndApp,
    /// One app's calls to all companies.
    App,
}

/// A call went over a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The limit's name.
    pub limit: &'static str,
    /// Seconds until the call would be taken; `None` for calls in flight.
    pub retry_after_s: Option<i64>,
}

/// What a limit leaves after a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// The limit's name.
    pub limit: &'static str,
    /// Cost still free in this window.
    pub left: u64,
}

/// Calls counted since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Calls that were let through, per kind.
    pub calls: BTreeMap<String, u64>,
    /// Items in those calls (of a batch, of an array), per kind.
    pub items: BTreeMap<String, u64>,
    /// Calls refused, per limit.
    pub exceeded: BTreeMap<String, u64>,
    /// The fullest window seen, per limit.
    pub peak: BTreeMap<String, u64>,
    /// Faults that were injected, per fault.
    pub faults: BTreeMap<String, u64>,
}

impl Counters {
    /// All calls that were let through.
    pub fn total(&self) -> u64 {
        self.calls.values().sum()
    }

    /// All calls refused for a limit.
    pub fn refused(&self) -> u64 {
        self.exceeded.values().sum()
    }
}

#[derive(Debug, Default)]
struct Usage {
    spent: VecDeque<(Timestamp, u64)>,
    sum: u64,
}

/// The limits of a platform and what was used of them.
#[derive(Debug)]
pub struct Limits {
    limits: Vec<Limit>,
    usage: BTreeMap<(&'static str, String), Usage>,
    /// What was counted.
    pub counters: Counters,
}

impl Limits {
    /// Limits, unused.
    pub fn new(limits: Vec<Limit>) -> Self {
        Self { limits, usage: BTreeMap::new(), counters: Counters::default() }
    }

    /// Changes a limit; `None` takes it away. False when there is no such limit.
    pub fn set(&mut self, name: &str, max: Option<u64>) -> bool {
        let known = self.limits.iter_mut().filter(|limit| limit.name == name);
        known.map(|limit| limit.max = max.unwrap_or(u64::MAX)).count() > 0
    }

    /// Takes all limits away.
    pub fn lift(&mut self) {
        self.limits.iter_mut().for_each(|limit| limit.max = u64::MAX);
    }

    /// Counts a call in, or says which limit it would break; a refused call uses nothing up.
    pub fn admit(&mut self, call: &Call, client: &str, now: Timestamp) -> Result<Vec<Remaining>, Breach> {
        for limit in &self.limits {
            let cost = (limit.cost)(call);
            if cost == 0 {
                continue;
            }
            let usage = self.usage.entry((limit.name, key(limit.scope, call, client))).or_default();
            usage.forget(limit.per, now);
            if usage.sum.saturating_add(cost) > limit.max {
                *self.counters.exceeded.entry(limit.name.to_owned()).or_default() += 1;
                return Err(Breach { limit: limit.name, retry_after_s: usage.wait(limit, cost, now) });
            }
        }
        *self.counters.calls.entry(call.kind.clone()).or_default() += 1;
        *self.counters.items.entry(call.kind.clone()).or_default() += call.items;
        Ok(self.spend(call, client, now))
    }

    fn spend(&mut self, call: &Call, client: &str, now: Timestamp) -> Vec<Remaining> {
        let mut remaining = Vec::new();
        for limit in &self.limits {
            let cost = (limit.cost)(call);
            if cost == 0 {
                continue;
            }
            let usage = self.usage.entry((limit.name, key(limit.scope, call, client))).or_default();
            usage.spend(limit.per, cost, now);
            let peak = self.counters.peak.entry(limit.name.to_owned()).or_default();
            *peak = usage.sum.max(*peak);
            remaining.push(Remaining { limit: limit.name, left: limit.max.saturating_sub(usage.sum) });
        }
        remaining
    }

    /// Counts an answered call out of those in flight.
    pub fn leave(&mut self, call: &Call, client: &str) {
        for limit in self.limits.iter().filter(|limit| limit.per == Per::InFlight) {
            if let Some(usage) = self.usage.get_mut(&(limit.name, key(limit.scope, call, client))) {
                usage.sum = usage.sum.saturating_sub((limit.cost)(call));
            }
        }
    }
}

impl Usage {
    fn forget(&mut self, per: Per, now: Timestamp) {
        match per {
            Per::InFlight => {}
            Per::Fixed { seconds } => {
                if self.spent.front().is_some_and(|(start, _)| ended(*start, seconds) <= now) {
                    *self = Self::default();
                }
            }
            Per::Sliding { seconds } => {
                while let Some((time, cost)) = self.spent.front().copied()
                    && ended(time, seconds) <= now
                {
                    self.spent.pop_front();
                    self.sum = self.sum.saturating_sub(cost);
                }
            }
        }
    }

    fn spend(&mut self, per: Per, cost: u64, now: Timestamp) {
        self.sum = self.sum.saturating_add(cost);
        match per {
            Per::InFlight => {}
            // Of a fixed window only its start matters.
            Per::Fixed { .. } if !self.spent.is_empty() => {}
            Per::Fixed { .. } | Per::Sliding { .. } => self.spent.push_back((now, cost)),
        }
    }

    fn wait(&self, limit: &Limit, cost: u64, now: Timestamp) -> Option<i64> {
        let (seconds, sliding) = match limit.per {
            Per::InFlight => return None,
            Per::Fixed { seconds } => (seconds, false),
            Per::Sliding { seconds } => (seconds, true),
        };
        let mut free = limit.max.saturating_sub(self.sum);
        let mut until = now;
        for (time, spent) in &self.spent {
            until = ended(*time, seconds);
            free = free.saturating_add(*spent);
            if !sliding || free >= cost {
                break;
            }
        }
        // Whole seconds, rounded up.
        let wait = until.duration_since(now);
        Some(wait.as_secs() + i64::from(wait.subsec_nanos() > 0))
    }
}

fn ended(start: Timestamp, seconds: i64) -> Timestamp {
    later(start, SignedDuration::from_secs(seconds))
}

fn key(scope: Scope, call: &Call, client: &str) -> String {
    let tenant = call.tenant.as_deref().unwrap_or_default();
    match scope {
        Scope::Tenant => tenant.to_owned(),
        Scope::TenantAndApp => format!("{tenant} {client}"),
        Scope::App => client.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per: Per) -> Limits {
        Limits::new(vec![Limit { name: "some", per, scope: Scope::Tenant, max: 2, cost: |_| 1 }])
    }

    fn call() -> Call {
        Call { tenant: Some("1".to_owned()), ..Call::of("read") }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_fixed_window_starts_with_its_first_call() {
        let mut limits = limits(Per::Fixed { seconds: 60 });
        assert_eq!(limits.admit(&call(), "app", at(50)).unwrap(), [Remaining { limit: "some", left: 1 }]);
        limits.admit(&call(), "app", at(109)).unwrap();
        let breach = limits.admit(&call(), "app", at(109)).unwrap_err();
        assert_eq!(breach, Breach { limit: "some", retry_after_s: Some(1) });
        limits.admit(&call(), "app", at(110)).unwrap();
        limits.admit(&call(), "app", at(110)).unwrap();
        assert_eq!(limits.counters.exceeded["some"], 1);
        assert_eq!(limits.counters.calls["read"], 4);
    }

    #[test]
    fn a_sliding_window_looks_at_any_span() {
        let mut limits = limits(Per::Sliding { seconds: 60 });
        limits.admit(&call(), "app", at(50)).unwrap();
        limits.admit(&call(), "app", at(109)).unwrap();
        limits.admit(&call(), "app", at(110)).unwrap();
        let breach = limits.admit(&call(), "app", at(111)).unwrap_err();
        assert_eq!(breach.retry_after_s, Some(58));
        assert_eq!(limits.counters.peak["some"], 2);
    }

    #[test]
    fn calls_in_flight_leave_again() {
        let mut limits = limits(Per::InFlight);
        limits.admit(&call(), "app", at(1)).unwrap();
        limits.admit(&call(), "app", at(1)).unwrap();
        assert_eq!(limits.admit(&call(), "app", at(1)).unwrap_err().retry_after_s, None);
        limits.leave(&call(), "app");
        limits.admit(&call(), "app", at(1)).unwrap();
    }
}
