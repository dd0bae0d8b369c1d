//! Chance that is the same in every run of a seed.

use carry_model::{Date, Decimal};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// Numbers that look random.
pub(super) struct Dice(Pcg64Mcg);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// A number below `end`; zero when there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(1).max(1);
        usize::try_from(self.0.next_u64() % end).unwrap_or_default()
    }

    /// True so many times in a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn one_of<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.below(of.len())).copied()
    }

    /// From `from` to `to`, with so many decimals.
    pub(super) fn amount(&mut self, from: i64, to: i64, decimals: u32) -> Decimal {
        let unit = 10_i64.saturating_pow(decimals);
        let span =
            usize::try_from(to.saturating_sub(from).saturating_mul(unit).saturating_add(1)).unwrap_or(1);
        let drawn = i64::try_from(self.below(span)).unwrap_or_default();
        Decimal::new(from.saturating_mul(unit).saturating_add(drawn), decimals)
    }

    /// A day up to so many days after another one.
    pub(super) fn day_after(&mut self, date: Date, days: usize) -> Date {
        days_after(date, self.below(days.saturating_add(1)))
    }
}

/// The day so many days after another one.
pub(super) fn days_after(date: Date, days: usize) -> Date {
    let days = i64::try_from(days).unwrap_or_default();
    date.saturating_add(jiff::Span::new().try_days(days).unwrap_or_default())
}
