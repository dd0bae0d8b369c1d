//! Faults that tests inject: which call, when, and what goes wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::http::Request;
use crate::platform::Call;

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is closed before anything is done.
    Refuse,
    /// The call is carried out, then the connection is closed without an answer.
    Drop,
    /// The call is answered with this status and not carried out.
    Status(u16),
    /// The call is carried out, then answered with this status.
    StatusAfter(u16),
    /// The answer comes after so many milliseconds of the sandbox's time.
    SlowMs(u64),
    /// The access token is said to have expired.
    StaleToken,
    /// The call is carried out; the answer is no JSON.
    Malformed,
    /// The call is carried out; the connection is closed in the middle of the answer.
    Truncated,
    /// The call is not carried out; a proxy's error page comes with status 200.
    Html,
    /// The call is not carried out; the answer leads to another address.
    Redirect(String),
    /// The call is carried out; the answer is JSON nested very deep.
    Deep,
}

impl Fault {
    /// Its name in counters.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Drop => "drop",
            Self::Status(_) => "status",
            Self::StatusAfter(_) => "status_after",
            Self::SlowMs(_) => "slow_ms",
            Self::StaleToken => "stale_token",
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::Html => "html",
            Self::Redirect(_) => "redirect",
            Self::Deep => "deep",
        }
    }

    /// How long the answer is held back.
    pub fn delay(&self) -> Duration {
        match self {
            Self::SlowMs(ms) => Duration::from_millis(*ms),
            _ => Duration::ZERO,
        }
    }
}

/// A fault with the calls it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Injection {
    /// Concerns calls whose `METHOD path` or kind contains this text; all calls when empty.
    #[serde(default, rename = "match")]
    pub matching: String,
    /// How many of them pass first.
    #[serde(default)]
    pub after: u64,
    /// How many of them then fail.
    #[serde(default = "once")]
    pub times: u64,
    /// What goes wrong.
    pub fault: Fault,
}

fn once() -> u64 {
    1
}

impl Injection {
    /// The next call that matches fails.
    pub fn next(matching: &str, fault: Fault) -> Self {
        Self { matching: matching.to_owned(), after: 0, times: 1, fault }
    }
}

/// Injections that wait for their calls.
#[derive(Debug, Default)]
pub struct Faults(Vec<Injection>);

/// Injections kept at once.
const INJECTIONS_MAX: usize = 10_000;

impl Faults {
    /// Adds an injection; false when there are too many.
    pub fn add(&mut self, injection: Injection) -> bool {
        let room = self.0.len() < INJECTIONS_MAX;
        if room {
            self.0.push(injection);
        }
        room
    }

    /// Takes all injections back.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What goes wrong with this call, if anything: the first injection that is due.
    pub fn take(&mut self, request: &Request, call: &Call) -> Option<Fault> {
        let line = format!("{} {}", request.method, request.path);
        let mut due = None;
        for injection in &mut self.0 {
            let concerns = line.contains(&injection.matching) || call.kind.contains(&injection.matching);
            if !concerns || injection.times == 0 {
                continue;
            }
            if injection.after > 0 {
                injection.after -= 1;
            } else if due.is_none() {
                injection.times -= 1;
                due = Some(injection.fault.clone());
            }
        }
        self.0.retain(|injection| injection.times > 0);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_injection_waits_for_its_calls() {
        let mut faults = Faults::default();
        faults.add(Injection { after: 1, times: 2, ..Injection::next("POST /payment", Fault::Drop) });
        let mut take = |path: &str| faults.take(&Request::new("POST", path), &Call::of("create payment"));
        assert_eq!(take("/payment"), None);
        assert_eq!(take("/invoice"), None);
        assert_eq!(take("/payment"), Some(Fault::Drop));
        assert_eq!(take("/payment"), Some(Fault::Drop));
        assert_eq!(take("/payment"), None);
    }

    #[test]
    fn reads_the_control_endpoints_json() {
        let injection: Injection = serde_json::from_str(r#"{"fault":{"status_after":503}}"#).unwrap();
        assert_eq!(injection.fault, Fault::StatusAfter(503));
        let injection: Injection = serde_json::from_str(r#"{"match":"batch","fault":"drop"}"#).unwrap();
        assert_eq!(injection, Injection::next("batch", Fault::Drop));
    }
}
