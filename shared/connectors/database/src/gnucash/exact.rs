//! Fractions as GnuCash keeps them: whole numbers over whole numbers, exact in every step.

use carry_model::{Code, Decimal, Fault};
use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub, Signed, Zero};

use crate::fields::Fields;

const SCALE_MAX: u32 = 28;

/// An exact fraction. What leaves the range of 128 bits is a fault, never a wrong figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exact(Ratio<i128>);

fn out_of_range() -> Fault {
    Fault::new(Code::AmountOutOfRange).detail("The amount leaves the range of exact arithmetic.")
}

impl Exact {
    /// Nothing.
    pub(crate) const ZERO: Self = Self(Ratio::new_raw(0, 1));
    /// One.
    pub(crate) const ONE: Self = Self(Ratio::new_raw(1, 1));
    /// A hundred.
    pub(crate) const HUNDRED: Self = Self(Ratio::new_raw(100, 1));

    /// `num / denom`; GnuCash writes a factor rather than a divisor as a negative denominator.
    pub(crate) fn new(num: i64, denom: i64) -> Result<Self, Fault> {
        let (num, denom) = (i128::from(num), i128::from(denom));
        match denom {
            0 => Err(Fault::new(Code::AmountUnreadable)
                .detail("Its denominator is zero.")
                .text(format!("{num}/0"))),
            factor if factor < 0 => Ok(Self(Ratio::from_integer(num * -factor))),
            _ => Ok(Self(Ratio::new(num, denom))),
        }
    }

    /// The fraction in the columns `{stem}_num` and `{stem}_denom`; None where there is none.
    pub(crate) fn read(row: Fields<'_>, stem: &str) -> Result<Option<Self>, Fault> {
        let Some(num) = row.int(&format!("{stem}_num"))? else { return Ok(None) };
        let denom = row.int(&format!("{stem}_denom"))?;
        let denom = denom.ok_or_else(|| Fault::new(Code::FieldMissing).field(format!("{stem}_denom")))?;
        Self::new(num, denom).map(Some).map_err(|fault| fault.field(stem))
    }

    /// The same, where it must not be missing.
    pub(crate) fn need(row: Fields<'_>, stem: &str) -> Result<Self, Fault> {
        Self::read(row, stem)?.ok_or_else(|| Fault::new(Code::FieldMissing).field(format!("{stem}_num")))
    }

    pub(crate) fn plus(self, other: Self) -> Result<Self, Fault> {
        self.0.checked_add(&other.0).map(Self).ok_or_else(out_of_range)
    }

    pub(crate) fn minus(self, other: Self) -> Result<Self, Fault> {
        self.0.checked_sub(&other.0).map(Self).ok_or_else(out_of_range)
    }

    pub(crate) fn times(self, other: Self) -> Result<Self, Fault> {
        self.0.checked_mul(&other.0).map(Self).ok_or_else(out_of_range)
    }

    /// A division by zero is a fault, too.
    pub(crate) fn over(self, other: Self) -> Result<Self, Fault> {
        self.0.checked_div(&other.0).map(Self).ok_or_else(out_of_range)
    }

    pub(crate) fn negated(self) -> Result<Self, Fault> {
        Self::ZERO.minus(self)
    }

    pub(crate) fn abs(self) -> Self {
        Self(self.0.abs())
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    pub(crate) fn is_negative(self) -> bool {
        self.0.is_negative()
    }

    /// To the nearest `1/fraction` (100 for cents), halves away from zero: how GnuCash rounds amounts.
    pub(crate) fn rounded(self, fraction: i64) -> Result<Self, Fault> {
        let fraction = Ratio::from_integer(i128::from(fraction.max(1)));
        let scaled = self.0.checked_mul(&fraction).ok_or_else(out_of_range)?;
        scaled.round().checked_div(&fraction).map(Self).ok_or_else(out_of_range)
    }

    /// As a decimal with at least `digits` decimals; a fault where no decimal is equal to it (1/3).
    pub(crate) fn decimal(self, digits: u32) -> Result<Decimal, Fault> {
        let (num, denom) = (*self.0.numer(), *self.0.denom());
        let infinite = || {
            Fault::new(Code::AmountUnreadable)
                .detail("The fraction has no finite decimal form.")
                .hint("Enter the amount as a decimal number in GnuCash and run again.")
                .text(format!("{num}/{denom}"))
        };
        let scale = decimals_of(denom).ok_or_else(infinite)?.max(digits);
        if scale > SCALE_MAX {
            return Err(out_of_range());
        }
        let scaled = 10_i128.checked_pow(scale).and_then(|power| num.checked_mul(power / denom));
        let scaled = scaled.ok_or_else(out_of_range)?;
        Decimal::try_from_i128_with_scale(scaled, scale).map_err(|_| out_of_range())
    }
}

/// How many decimals a fraction over `denom` (in lowest terms) has; None where they never end.
fn decimals_of(denom: i128) -> Option<u32> {
    let (mut rest, mut twos, mut fives) = (denom, 0_u32, 0_u32);
    while rest % 2 == 0 && rest != 0 {
        (rest, twos) = (rest / 2, twos + 1);
    }
    while rest % 5 == 0 && rest != 0 {
        (rest, fives) = (rest / 5, fives + 1);
    }
    (rest == 1).then_some(twos.max(fives))
}

/// The sum of fractions.
pub(crate) fn sum(parts: impl IntoIterator<Item = Exact>) -> Result<Exact, Fault> {
    parts.into_iter().try_fold(Exact::ZERO, Exact::plus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fractions_become_decimals_where_one_is_equal() {
        let text = |num, denom| Exact::new(num, denom).unwrap().decimal(2).map(|d| d.to_string());
        assert_eq!(text(22610, 100).unwrap(), "226.10");
        assert_eq!(text(1, 8).unwrap(), "0.125");
        assert_eq!(text(3, -100).unwrap(), "300.00");
        assert_eq!(text(-1, 40).unwrap(), "-0.025");
        assert_eq!(text(6, 3).unwrap(), "2.00");
        assert_eq!(text(1, 3).unwrap_err().code, Code::AmountUnreadable);
        assert_eq!(Exact::new(1, 0).unwrap_err().code, Code::AmountUnreadable);
    }

    #[test]
    fn halves_go_away_from_zero() {
        let cents = |num, denom| Exact::new(num, denom).unwrap().rounded(100).unwrap();
        assert_eq!(cents(5, 1000), cents(1, 100));
        assert_eq!(cents(-5, 1000), cents(-1, 100));
        assert_eq!(cents(2, 3), Exact::new(67, 100).unwrap());
        // A currency in fifths.
        assert_eq!(Exact::new(129, 100).unwrap().rounded(5).unwrap(), Exact::new(6, 5).unwrap());
    }

    proptest! {
        #[test]
        fn no_fraction_panics(num: i64, denom: i64, by: i64, under: i64, fraction in -5_i64..1_000_000_000) {
            let (Ok(a), Ok(b)) = (Exact::new(num, denom), Exact::new(by, under)) else { return Ok(()) };
            for result in [a.plus(b), a.minus(b), a.times(b), a.over(b), a.rounded(fraction)].into_iter().flatten() {
                drop(result.decimal(2));
            }
        }

        #[test]
        fn decimals_are_exact(num in -1_000_000_000_000_i64..1_000_000_000_000, scale in 0_u32..9) {
            let exact = Exact::new(num, 10_i64.pow(scale)).unwrap();
            prop_assert_eq!(exact.decimal(0).unwrap(), Decimal::new(num, scale));
        }
    }
}
