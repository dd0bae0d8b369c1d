//! Metrics: counted in memory, told once a call as a line of the log that CloudWatch reads (Embedded Metric Format).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use carry_connector::{Request, Response};
use carry_model::{Fault, Timestamp};
use carry_ports::{Stage, Transport};
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "Carryforward";

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Records that a stage worked on.
    Records,
    /// Rows that could not be read.
    Rejects,
    /// Calls of platforms.
    Calls,
    /// Calls that a platform refused because they were too many.
    Throttles,
    /// Events that ended in a fault.
    Faults,
    /// Time that an event took, in milliseconds.
    Duration,
    /// Age of the oldest run that goes on, in seconds.
    OldestRunningRunSeconds,
}

impl Metric {
    const ALL: [Self; 7] = [
        Self::Records,
        Self::Rejects,
        Self::Calls,
        Self::Throttles,
        Self::Faults,
        Self::Duration,
        Self::OldestRunningRunSeconds,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Records => "Records",
            Self::Rejects => "Rejects",
            Self::Calls => "Calls",
            Self::Throttles => "Throttles",
            Self::Faults => "Faults",
            Self::Duration => "Duration",
            Self::OldestRunningRunSeconds => "OldestRunningRunSeconds",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::Duration => "Milliseconds",
            Self::OldestRunningRunSeconds => "Seconds",
            _ => "Count",
        }
    }

    /// What the stack is watched by as a whole has no function for a dimension.
    const fn is_of_stack(self) -> bool {
        matches!(self, Self::OldestRunningRunSeconds)
    }
}

/// Counts what happens between two tellings.
#[derive(Debug, Default)]
pub struct Meter {
    counts: [AtomicU64; Metric::ALL.len()],
}

impl Meter {
    /// Adds to a metric.
    pub fn add(&self, metric: Metric, count: u64) {
        for (known, counted) in Metric::ALL.iter().zip(&self.counts) {
            if *known == metric {
                counted.fetch_add(count, Ordering::Relaxed);
            }
        }
    }

    /// What was counted since the last telling, as lines in the Embedded Metric Format; `about` stands beside it.
    ///
    /// Dimensions are the stack and the function only: every further one is a metric of its own that costs money.
    pub(crate) fn take(
        &self,
        now: Timestamp,
        stack: &str,
        function: &str,
        about: &Map<String, Value>,
    ) -> Vec<String> {
        let counted: Vec<_> = Metric::ALL
            .into_iter()
            .zip(&self.counts)
            .map(|(metric, counted)| (metric, counted.swap(0, Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect();
        let (of_stack, of_function): (Vec<_>, Vec<_>) =
            counted.into_iter().partition(|(metric, _)| metric.is_of_stack());
        let groups = [(of_stack, json!([["Stack"]])), (of_function, json!([["Stack", "Function"]]))];
        let told = groups.into_iter().filter(|(counted, _)| !counted.is_empty());
        told.map(|(counted, dimensions)| {
            let metrics: Vec<_> =
                counted.iter().map(|(m, _)| json!({"Name": m.name(), "Unit": m.unit()})).collect();
            let mut line = about.clone();
            line.insert("Stack".to_owned(), stack.into());
            line.insert("Function".to_owned(), function.into());
            line.extend(counted.iter().map(|(metric, count)| (metric.name().to_owned(), (*count).into())));
            let metrics = json!([{"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}]);
            let about = json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": metrics});
            line.insert("_aws".to_owned(), about);
            Value::Object(line).to_string()
        })
        .collect()
    }
}

impl carry_pipeline::Progress for Meter {
    fn begin(&self, _: Stage, _: Option<u64>) {}

    fn advance(&self, _: Stage, _: &str, records: u64) {
        self.add(Metric::Records, records);
    }

    fn end(&self, _: Stage) {}
}

/// A transport whose calls are counted.
pub(crate) struct Counted<T> {
    pub(crate) transport: T,
    pub(crate) meter: Arc<Meter>,
}

#[async_trait]
impl<T: Transport> Transport for Counted<T> {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        self.meter.add(Metric::Calls, 1);
        let response = self.transport.send(request).await?;
        if response.status == 429 {
            self.meter.add(Metric::Throttles, 1);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told_once_with_two_dimensions_at_most() {
        let meter = Meter::default();
        meter.add(Metric::Records, 20);
        meter.add(Metric::Records, 1);
        meter.add(Metric::OldestRunningRunSeconds, 60);
        let about = Map::from_iter([("run".to_owned(), json!("r-1"))]);
        let tell = || meter.take(Timestamp::UNIX_EPOCH, "books", "load", &about);
        let lines: Vec<Value> = tell().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [stack, function] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(stack["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Stack"]]));
        assert_eq!(function["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Stack", "Function"]]));
        assert_eq!(
            function["_aws"]["CloudWatchMetrics"][0]["Metrics"],
            json!([{"Name": "Records", "Unit": "Count"}])
        );
        assert_eq!((&function["Records"], &function["run"]), (&json!(21), &json!("r-1")));
        assert!(tell().is_empty());
    }
}
