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
    /// Of what the tightest limit of each minute between the first write and the last allows, what was used, in
    /// 1,000ths; pauses left out.
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

/// What was used of the tightest limit in each whole minute from the first write on, on average: which limit that is
/// changes with what is written.
fn rate_used_permille(calls: &Calls, limits: &Limits) -> Option<u64> {
    let whole = |calls: usize| u64::try_from(calls).unwrap_or(u64::MAX);
    let used =
        |calls: usize, allowed: u32| whole(calls).saturating_mul(1_000).checked_div(u64::from(allowed));
    let tightest = |minute: &BTreeMap<&'static str, usize>| {
        let of = |label: &str| minute.get(label).copied().unwrap_or_default();
        let sorts = limits.per_minute_of.iter().map(|(label, allowed)| used(of(label), *allowed));
        let all: usize = minute.values().sum();
        let every = limits.per_second.map(|allowed| used(all, allowed.saturating_mul(60)));
        let minute = limits.per_minute.map(|allowed| used(all, allowed));
        sorts.chain(every).chain(minute).flatten().max()
    };
    let minutes: Vec<u64> = calls.by_minute.iter().filter_map(tightest).collect();
    minutes.iter().sum::<u64>().checked_div(whole(minutes.len()))
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
