//! When things happen in the generated books, and at which rate.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::draw::{Draw, Stream};

const FIRST_DAY: Date = date(2022, 1, 3);
/// The invoices are spread evenly over three years, whatever their number.
const DAYS: u64 = 3 * 365;

/// The day the invoice at `index` of `count` is issued.
pub(crate) fn issued_on(index: u64, count: u64) -> Date {
    later(FIRST_DAY, u32::try_from(index * DAYS / count.max(1)).unwrap_or(0))
}

/// `days` after `day`.
pub(crate) fn later(day: Date, days: u32) -> Date {
    day.saturating_add(i64::from(days).days())
}

/// The rate from a currency to US dollars in millionths: 1 for US dollars, a new one each month for others.
pub(crate) fn rate_millionths(seed: u64, currency: &str, day: Date) -> u64 {
    if currency == "USD" {
        return 1_000_000;
    }
    let month = u64::from(day.year().unsigned_abs()) * 12 + u64::from(day.month().unsigned_abs());
    // Four decimals, the precision QuickBooks shows rates of this size with.
    (7_150 + Draw::new(seed, Stream::Rate, month).below(600)) * 100
}
