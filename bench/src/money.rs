//! Amounts of the generated books: whole cents, and a decimal where they are summed or shown.

use std::fmt;
use std::ops::Add;

use rust_decimal::Decimal;

/// An amount in hundredths of its currency's unit. An invoice of these books stays under 10^9 cents, so sums
/// over one invoice cannot leave 64 bits; sums over the books are [`Decimal`].
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Minor(pub(crate) i64);

impl Minor {
    /// `rate` times `hundredths` of a unit, rounded half up to the cent.
    pub(crate) fn times_hundredths(rate: Self, hundredths: u32) -> Self {
        Self((rate.0 * i64::from(hundredths) + 50) / 100)
    }

    /// The part of this amount given in ten-thousandths, rounded half up to the cent.
    pub(crate) fn basis_points(self, points: u32) -> Self {
        Self((self.0 * i64::from(points) + 5_000) / 10_000)
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    pub(crate) fn decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }
}

impl Add for Minor {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, cents) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(out, "{sign}{units}.{cents:02}")
    }
}

/// An amount with thousands separators, the way QuickBooks shows balances in its lists.
pub(crate) fn grouped(amount: Decimal) -> String {
    let plain = format!("{amount:.2}");
    let (units, cents) = plain.split_once('.').unwrap_or((plain.as_str(), "00"));
    let (sign, digits) = units.strip_prefix('-').map_or(("", units), |rest| ("-", rest));
    let mut shown = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    format!("{shown}.{cents}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_half_up_and_shown_with_two_places() {
        assert_eq!(Minor::times_hundredths(Minor(333), 150).to_string(), "5.00");
        assert_eq!(Minor(1_000).basis_points(825).to_string(), "0.83");
        assert_eq!(Minor(-5).to_string(), "-0.05");
    }

    #[test]
    fn balances_are_grouped_by_thousands() {
        assert_eq!(grouped(Decimal::new(123_456_789, 2)), "1,234,567.89");
        assert_eq!(grouped(Decimal::new(-99_950, 2)), "-999.50");
        assert_eq!(grouped(Decimal::new(5, 0)), "5.00");
    }
}
