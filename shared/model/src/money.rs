use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::{Code, Currency, Fault};

/// An amount with its currency. Amounts of different currencies never add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// In units of the currency (12.30 is twelve euros thirty), exact.
    pub amount: Decimal,
    /// What the amount is in.
    pub currency: Currency,
}

impl Money {
    /// An amount of a currency.
    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Adds; a fault when the currencies differ or the sum leaves the range of a decimal.
    pub fn checked_add(self, other: Self) -> Result<Self, Fault> {
        if self.currency != other.currency {
            return Err(
                Fault::new(Code::CurrencyMixed).detail(format!("{} and {}", self.currency, other.currency))
            );
        }
        checked_sum([self.amount, other.amount]).map(|amount| Self { amount, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::try_from(self.currency.minor_digits()).unwrap_or(2);
        if self.amount.scale() > self.currency.minor_digits() {
            write!(f, "{} {}", self.amount.normalize(), self.currency)
        } else {
            write!(f, "{:.*} {}", digits, self.amount, self.currency)
        }
    }
}

/// Rounds halves away from zero, as invoices do (QuickBooks and Xero round lines so), to `digits` decimals.
pub fn round_half_up(amount: Decimal, digits: u32) -> Decimal {
    amount.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

/// The sum, or a fault when it leaves the range of a decimal.
pub fn checked_sum(amounts: impl IntoIterator<Item = Decimal>) -> Result<Decimal, Fault> {
    amounts
        .into_iter()
        .try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount))
        .ok_or_else(|| Fault::new(Code::AmountOutOfRange))
}

/// Reads a decimal in plain machine notation (`-1234.5`): no grouping, no currency sign, no exponent, exact.
///
/// Amounts that people wrote are read by the files connector, which is told the number format.
pub fn parse_plain(text: &str) -> Result<Decimal, Fault> {
    let amount =
        Decimal::from_str_exact(text.trim()).map_err(|_| Fault::new(Code::AmountUnreadable).text(text))?;
    if amount.is_zero() { Ok(Decimal::ZERO) } else { Ok(amount) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        let round = |text: &str| round_half_up(parse_plain(text).unwrap(), 2).to_string();
        assert_eq!(round("2.345"), "2.35");
        assert_eq!(round("-2.345"), "-2.35");
        assert_eq!(round("1861.075"), "1861.08");
    }

    #[test]
    fn currencies_do_not_mix() {
        let one = |currency| Money::new(Decimal::ONE, currency);
        assert!(one(Currency::EUR).checked_add(one(Currency::USD)).is_err());
        assert_eq!(one(Currency::EUR).checked_add(one(Currency::EUR)).unwrap().to_string(), "2.00 EUR");
    }

    #[test]
    fn big_amounts_survive_json_to_the_cent() {
        let money = Money::new(parse_plain("12345678901234567.89").unwrap(), Currency::EUR);
        let json = serde_json::to_string(&money).unwrap();
        assert_eq!(json, r#"{"amount":"12345678901234567.89","currency":"EUR"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        assert!(
            serde_json::from_str::<Money>(r#"{"amount":1.5,"currency":"EUR"}"#).is_err(),
            "floats stay out"
        );
    }
}
