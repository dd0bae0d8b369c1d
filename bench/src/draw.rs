//! Random choices that are the same on every machine and in every build: one PCG stream per record, so that
//! any record can be drawn again from the seed and its position without remembering those before it.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// What a stream is drawn for; keeps the streams of different record kinds apart.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Customer = 1,
    Invoice = 2,
    Payment = 3,
    Rate = 4,
}

/// A source of draws for one record.
pub(crate) struct Draw(Pcg64Mcg);

impl Draw {
    pub(crate) fn new(seed: u64, stream: Stream, index: u64) -> Self {
        // The stream's place is mixed first: neighbouring seeds must not share records one position apart.
        let start = mixed(seed ^ ((stream as u64) << 56));
        Self(Pcg64Mcg::seed_from_u64(start.wrapping_add(index)))
    }

    /// A whole number in `0..bound`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // Multiply-shift: the bias is under bound / 2^64, and no division is needed.
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A whole number in `low..=high`.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        low.saturating_add(u32::try_from(self.below(span)).unwrap_or(0))
    }

    /// True in `share` of 1000 draws.
    pub(crate) fn in_thousand(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }

    /// One entry of a list that is never empty; the default of `T` stands for an empty one.
    pub(crate) fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        at(list, self.below(list.len() as u64))
    }
}

/// The entry at `index`, counted round the list.
pub(crate) fn at<T: Copy + Default>(list: &[T], index: u64) -> T {
    let place = usize::try_from(index).unwrap_or(0).checked_rem(list.len()).unwrap_or(0);
    list.get(place).copied().unwrap_or_default()
}

/// Spreads neighbouring numbers over all 64 bits (the finaliser of SplitMix64).
fn mixed(value: u64) -> u64 {
    let mut bits = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
