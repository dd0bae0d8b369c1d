//! Calls, pace and time of a migration between platforms, against simulated ones that enforce the documented limits. The
//! clock is moved by waiting alone: hours at the limits pass in the time that the work itself takes.

mod record;

use std::collections::BTreeMap;
use std::time::Duration;

use carry_connector::Limits;
use carry_model::Fault;
use carry_pipeline::{Settings, run};
use carry_platforms::{Company, Move, Platform};
use carry_ports::RunKind;
use carry_sandbox::Region;
use serde::Serialize;
use tokio::time::Instant;

pub use record::Count;
use record::{Calls, Record};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// What a migration came to.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Source and target.
    pub direction: String,
    /// Invoices in the sample company, about.
    pub invoices: usize,
    /// Records carried.
    pub records: u64,
    /// True where every figure agrees and nothing failed.
    pub agrees: bool,
    /// Seconds the migration takes at the limits, from the first call to the report.
    pub took_s: u64,
    /// The least possible: both sides' fewest calls, one after the other, at the limits.
    pub least_s: u64,
    /// Times the run paused for a day's limit.
    pub pauses: u32,
    /// The source.
    pub source: Side,
    /// The target.
    pub target: Side,
}

/// One side's calls.
#[derive(Debug, Serialize)]
pub struct Side {
    /// All of them. The least possible number: elements by batch size for each sort, and each different look-up and page
    /// with rows once.
    pub calls: Count,
    /// Calls by least calls, in 1,000ths.
    pub calls_to_least_permille: usize,
    /// Calls that read, by label.
    pub reads: BTreeMap<&'static str, Count>,
    /// Calls that write, by label.
    pub writes: BTreeMap<&'static str, Count>,
    /// How full the fullest window of the limits was between the first write and the last, in 1,000ths; pauses left out.
    pub rate_used_permille: Option<u64>,
    /// Seconds between the two.
    pub loading_s: u64,
    /// Seconds that the fewest calls take at the limits.
    pub least_s: u64,
    /// Calls that the platform refused for a limit, by limit.
    pub refused: BTreeMap<String, u64>,
}

/// Migrates a sample company of about so many invoices from QuickBooks to Xero, or back.
///
/// # Errors
/// The migration failed.
pub fn measure(from_xero: bool, invoices: usize) -> Result<Measured, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.map_err(|e| Fault::new(carry_model::Code::Bug).caused_by(e))?;
    runtime.block_on(migrate(from_xero, invoices))
}

async fn migrate(from_xero: bool, invoices: usize) -> Result<Measured, Fault> {
    let (from, to) = match from_xero {
        true => (Platform::Xero, Platform::QuickBooks),
        false => (Platform::QuickBooks, Platform::Xero),
    };
    let (source, target) =
        (Company::sample(from, Region::Uk, 7, invoices), Company::empty(to, Region::Uk).await);
    let (read, written) = (Record::default(), Record::default());
    source.sign_in().await;
    target.sign_in().await;
    let begun = Instant::now();
    let reading = source.open_through(&read.over()).await?;
    let writing = target.open_through(&written.over()).await?;
    let books = Move::named("measured");
    let (read_limits, write_limits) = (reading.reader.manifest().limits, writing.writer.manifest().limits);
    let engine = books.engine(reading.reader, writing.writer, writing.clock);
    let mut pauses = 0;
    let ended = loop {
        match run(&engine, &books.migration, RunKind::Full, &Settings::default()).await {
            Ok(ended) => break ended,
            Err(fault) => match fault.retry_after_s {
                Some(seconds) => {
                    pauses += 1;
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                }
                None => return Err(fault),
            },
        }
    };
    let took_s = begun.elapsed().as_secs();
    let side = |company: &Company, record: &Record, limits: &Limits| {
        Side::of(record.calls(), limits, company.control.counters().exceeded)
    };
    let (source, target) = (side(&source, &read, &read_limits), side(&target, &written, &write_limits));
    let entities = ended.tally.entities.values();
    Ok(Measured {
        direction: format!("{from:?} to {to:?}"),
        invoices,
        records: entities.clone().map(|counts| counts.migrated).sum(),
        agrees: ended.reconciled.agrees() && entities.map(|counts| counts.failed).sum::<u64>() == 0,
        took_s,
        least_s: source.least_s + target.least_s,
        pauses,
        source,
        target,
    })
}

impl Side {
    fn of(calls: Calls, limits: &Limits, refused: BTreeMap<String, u64>) -> Self {
        let sum = |counts: &BTreeMap<&str, Count>| {
            let add = |sum: Count, more: &Count| Count {
                made: sum.made + more.made,
                least: sum.least + more.least,
            };
            counts.values().fold(Count::default(), add)
        };
        let (reads, writes) = (sum(&calls.reads), sum(&calls.writes));
        let all = Count { made: reads.made + writes.made, least: reads.least + writes.least };
        Self {
            calls: all,
            calls_to_least_permille: all.made * 1_000 / all.least.max(1),
            rate_used_permille: rate_used_permille(&calls, limits),
            loading_s: calls.loading.as_secs(),
            least_s: least_s(all.least, &calls.writes, limits),
            reads: calls.reads,
            writes: calls.writes,
            refused,
        }
    }
}

/// How full the fullest window of the limits was at each second from the first write on, on average: which limit is the
/// tightest changes with what is written.
fn rate_used_permille(calls: &Calls, limits: &Limits) -> Option<u64> {
    let mut all: Vec<Duration> = calls.while_loading.values().flatten().copied().collect();
    all.sort_unstable();
    let none = Vec::new();
    let of = |label: &str| calls.while_loading.get(label).unwrap_or(&none);
    let sorts = limits.per_minute_of.iter().map(|(label, allowed)| (of(label), MINUTE, *allowed));
    let every = limits.per_second.map(|allowed| (&all, 1, allowed));
    let minute = limits.per_minute.map(|allowed| (&all, MINUTE, allowed));
    let windows: Vec<_> = sorts.chain(every).chain(minute).collect();
    let fullest = |second: u64| {
        let full = windows.iter().filter_map(|(calls, span, allowed)| {
            let before = |second: u64| calls.partition_point(|at| at.as_secs() < second);
            let made = before(second) - before(second.saturating_sub(*span));
            u64::try_from(made).ok()?.saturating_mul(1_000).checked_div(u64::from(*allowed))
        });
        full.max().unwrap_or_default().min(1_000)
    };
    let seconds = calls.loading.as_secs();
    (1..=seconds).map(fullest).sum::<u64>().checked_div(seconds)
}

/// Seconds that so many calls take at the limits, those of `writes` that have a limit of their own among them: each
/// window filled at once.
fn least_s(calls: usize, writes: &BTreeMap<&'static str, Count>, limits: &Limits) -> u64 {
    let whole = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let by = |calls: u64, allowed: u32, window: u64| {
        calls.saturating_sub(1).checked_div(u64::from(allowed)).unwrap_or_default() * window
    };
    let at_pace = |calls: u64| {
        let sorts = limits.per_minute_of.iter();
        let sorts = sorts.map(|(label, allowed)| {
            by(whole(writes.get(label).map_or(0, |count| count.least)), *allowed, MINUTE)
        });
        let every = limits.per_second.map(|allowed| by(calls, allowed, 1));
        let minute = limits.per_minute.map(|allowed| by(calls, allowed, MINUTE));
        sorts.chain(every).chain(minute).max().unwrap_or_default()
    };
    let calls = whole(calls);
    let Some(per_day) = limits.per_day.map(u64::from).filter(|allowed| *allowed > 0) else {
        return at_pace(calls);
    };
    let days = calls.saturating_sub(1) / per_day;
    days * DAY + at_pace(calls - days * per_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_time_is_that_of_the_tightest_limit() {
        let limits = Limits { per_minute: Some(60), per_day: Some(5_000), ..Limits::NONE };
        let none = BTreeMap::new();
        assert_eq!(least_s(60, &none, &limits), 0);
        assert_eq!(least_s(61, &none, &limits), MINUTE);
        assert_eq!(least_s(12_000, &none, &limits), 2 * DAY + 33 * MINUTE);
        let limits = Limits {
            per_minute: Some(500),
            per_second: Some(10),
            per_minute_of: &[("batch", 120)],
            ..Limits::NONE
        };
        let batches = BTreeMap::from([("batch", Count { made: 200, least: 121 })]);
        assert_eq!(least_s(121, &batches, &limits), MINUTE);
        assert_eq!(least_s(1_001, &none, &limits), 2 * MINUTE);
    }

    #[test]
    fn the_rate_is_used_where_one_of_the_limits_is() {
        let limits = Limits { per_minute: Some(100), per_minute_of: &[("batch", 60)], ..Limits::NONE };
        // Sixty batches at once, half a minute later forty other calls, and nothing more.
        let while_loading = BTreeMap::from([
            ("batch", vec![Duration::ZERO; 60]),
            ("query", vec![Duration::from_secs(30); 40]),
        ]);
        let used = |seconds| {
            let loading = Duration::from_secs(seconds);
            let while_loading = while_loading.clone();
            let calls = Calls { reads: BTreeMap::new(), writes: BTreeMap::new(), loading, while_loading };
            rate_used_permille(&calls, &limits)
        };
        assert_eq!((used(60), used(90)), (Some(1_000), Some(800)));
        assert_eq!(used(0), None);
    }

    /// A small book shows the same as a large one: few calls, none of them refused.
    #[test]
    fn both_directions_take_few_calls_and_break_no_limit() {
        for from_xero in [false, true] {
            let measured = measure(from_xero, 300).unwrap();
            assert!(measured.agrees, "{measured:#?}");
            for side in [&measured.source, &measured.target] {
                assert!(side.refused.is_empty(), "{measured:#?}");
                assert!(side.calls_to_least_permille <= 1_300, "{measured:#?}");
            }
        }
    }
}
