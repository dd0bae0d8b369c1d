//! Money as integer minor units, and back, without losing what the source wrote.

use std::collections::BTreeMap;

use carry_model::{Code, Currency, Decimal, Fault, round_half_up};

/// Largest amount in minor units, either way: sums of several still fit 64 bits.
pub(super) const MINOR_MAX: i64 = 1_000_000_000_000_000_000;

/// How amounts of a record become minor units: its currency, and the home currency with the rate to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Units {
    currency: Currency,
    digits: u32,
    // The rate and the home currency's digits.
    home: Option<(Decimal, u32)>,
}

impl Units {
    /// Units of a currency; `rate` is home units for one unit of it, None in the home currency or if unknown.
    pub(super) fn new(currency: Currency, home: Currency, rate: Option<Decimal>) -> Self {
        let rate = rate.filter(|_| currency != home);
        Self { currency, digits: currency.minor_digits(), home: rate.map(|rate| (rate, home.minor_digits())) }
    }

    /// An amount that must be whole minor units: a total, an allocation.
    pub(super) fn whole(&self, amount: Decimal, field: &str) -> Result<i64, Fault> {
        let too_fine = || {
            Fault::new(Code::TargetRefused)
                .field(field)
                .text(amount)
                .detail(format!("{} has {} decimals, the amount has more.", self.currency, self.digits))
        };
        let scaled = scale_up(amount, self.digits).ok_or_else(|| out_of_range(field))?;
        if !scaled.fract().is_zero() {
            return Err(too_fine());
        }
        integer(scaled, field)
    }

    /// An amount rounded half up to whole minor units; for figures that nothing adds up.
    pub(super) fn rounded(&self, amount: Decimal, field: &str) -> Result<i64, Fault> {
        integer(round_half_up(scale_up(amount, self.digits).ok_or_else(|| out_of_range(field))?, 0), field)
    }

    /// The amount in minor units of the home currency, half up; None in the home currency or without a rate.
    pub(super) fn home(&self, amount: Decimal, field: &str) -> Result<Option<i64>, Fault> {
        let Some((rate, digits)) = self.home else { return Ok(None) };
        integer(round_half_up(self.home_exact(amount, rate, digits, field)?, 0), field).map(Some)
    }

    fn home_exact(&self, amount: Decimal, rate: Decimal, digits: u32, field: &str) -> Result<Decimal, Fault> {
        let home = amount.checked_mul(rate).and_then(|home| scale_up(home, digits));
        home.ok_or_else(|| out_of_range(field))
    }
}

/// The parts of a whole, one after the other. Those finer than a minor unit are rounded so that all of them together
/// are the exact sum rounded: what one loses, the next gains.
#[derive(Debug)]
pub(super) struct Parts {
    units: Units,
    carry: Decimal,
    home_carry: Decimal,
    sum: i64,
}

impl Parts {
    pub(super) fn new(units: Units) -> Self {
        Self { units, carry: Decimal::ZERO, home_carry: Decimal::ZERO, sum: 0 }
    }

    /// The next part in minor units, and in home minor units where there is a rate.
    pub(super) fn add(&mut self, amount: Decimal, field: &str) -> Result<(i64, Option<i64>), Fault> {
        let range = || out_of_range(field);
        let scaled = scale_up(amount, self.units.digits).ok_or_else(range)?;
        let minor = carried(scaled, &mut self.carry, field)?;
        self.sum = self.sum.checked_add(minor).filter(|sum| sum.abs() <= MINOR_MAX).ok_or_else(range)?;
        let home = match self.units.home {
            None => None,
            Some((rate, digits)) => {
                let exact = self.units.home_exact(amount, rate, digits, field)?;
                Some(carried(exact, &mut self.home_carry, field)?)
            }
        };
        Ok((minor, home))
    }

    /// The same for a part that may be missing.
    pub(super) fn add_opt(
        &mut self,
        amount: Option<Decimal>,
        field: &str,
    ) -> Result<(Option<i64>, Option<i64>), Fault> {
        let Some(amount) = amount else { return Ok((None, None)) };
        let (minor, home) = self.add(amount, field)?;
        Ok((Some(minor), home))
    }

    /// The units of the parts.
    pub(super) fn units(&self) -> &Units {
        &self.units
    }

    /// All parts so far, as an amount.
    pub(super) fn total(&self) -> Decimal {
        Decimal::new(self.sum, self.units.digits)
    }
}

fn carried(scaled: Decimal, carry: &mut Decimal, field: &str) -> Result<i64, Fault> {
    // A part that is whole stays as it is: only those that are rounded make up for each other.
    if scaled.scale() == 0 || scaled.fract().is_zero() {
        return integer(scaled, field);
    }
    let exact = scaled.checked_add(*carry).ok_or_else(|| out_of_range(field))?;
    let rounded = round_half_up(exact, 0);
    *carry = exact.checked_sub(rounded).ok_or_else(|| out_of_range(field))?;
    integer(rounded, field)
}

/// Times 10^digits, exact; None beyond the range of a decimal.
fn scale_up(amount: Decimal, digits: u32) -> Option<Decimal> {
    let scale = amount.scale();
    if scale >= digits {
        return Decimal::try_from_i128_with_scale(amount.mantissa(), scale - digits).ok();
    }
    let factor = 10_i128.checked_pow(digits - scale)?;
    Decimal::try_from_i128_with_scale(amount.mantissa().checked_mul(factor)?, 0).ok()
}

fn integer(scaled: Decimal, field: &str) -> Result<i64, Fault> {
    let whole = if scaled.scale() == 0 { scaled } else { scaled.normalize() };
    let minor = i64::try_from(whole.mantissa()).ok().filter(|minor| minor.abs() <= MINOR_MAX);
    minor.ok_or_else(|| out_of_range(field).text(scaled))
}

fn out_of_range(field: &str) -> Fault {
    Fault::new(Code::AmountOutOfRange).field(field)
}

/// Collects the amounts of a row that their minor units do not give back as they were written.
#[derive(Debug)]
pub(super) struct Exact {
    digits: u32,
    json: Option<String>,
}

impl Exact {
    pub(super) fn new(units: &Units) -> Self {
        Self { digits: units.digits, json: None }
    }

    /// Notes an amount under its column's name without `_minor`.
    pub(super) fn note(&mut self, column: &str, amount: Decimal) {
        self.note_digits(column, amount, self.digits);
    }

    /// The same for an amount of another currency.
    pub(super) fn note_in(&mut self, column: &str, amount: Decimal, currency: Currency) {
        self.note_digits(column, amount, currency.minor_digits());
    }

    fn note_digits(&mut self, column: &str, amount: Decimal, digits: u32) {
        let plain = if amount.is_zero() { amount.scale() == 0 } else { amount.scale() == digits };
        if plain && !(amount.is_zero() && amount.is_sign_negative()) {
            return;
        }
        let json = self.json.get_or_insert_with(String::new);
        json.push(if json.is_empty() { '{' } else { ',' });
        // Column names and decimals need no escapes.
        json.push_str(&format!("\"{column}\":\"{amount}\""));
    }

    /// The same for an amount that may be missing.
    pub(super) fn note_opt(&mut self, column: &str, amount: Option<Decimal>) {
        if let Some(amount) = amount {
            self.note(column, amount);
        }
    }

    /// The JSON object; None where every amount is plain.
    pub(super) fn finish(self) -> Option<String> {
        self.json.map(|json| json + "}")
    }
}

/// Reads amounts back.
#[derive(Debug)]
pub(super) struct Written {
    digits: u32,
    exact: BTreeMap<String, String>,
}

impl Written {
    /// From a row's `exact` column.
    pub(super) fn new(currency: Currency, exact: Option<&str>) -> Result<Self, Fault> {
        let exact = match exact {
            None => BTreeMap::new(),
            Some(json) => serde_json::from_str(json)
                .map_err(|e| Fault::new(Code::RowMalformed).field("exact").text(json).caused_by(e))?,
        };
        Ok(Self { digits: currency.minor_digits(), exact })
    }

    /// The amount of a column, as it was written. What is written counts only as long as it is within one minor
    /// unit of the column, so that a change of the column is not undone.
    pub(super) fn amount(&self, column: &str, minor: i64) -> Result<Decimal, Fault> {
        self.amount_digits(column, minor, self.digits)
    }

    /// The same for a column that may be null.
    pub(super) fn opt(&self, minor: Option<i64>, column: &str) -> Result<Option<Decimal>, Fault> {
        minor.map(|minor| self.amount(column, minor)).transpose()
    }

    /// The same for an amount of another currency.
    pub(super) fn amount_in(&self, column: &str, minor: i64, currency: Currency) -> Result<Decimal, Fault> {
        self.amount_digits(column, minor, currency.minor_digits())
    }

    fn amount_digits(&self, column: &str, minor: i64, digits: u32) -> Result<Decimal, Fault> {
        let plain = if minor == 0 { Decimal::ZERO } else { Decimal::new(minor, digits) };
        let Some(text) = self.exact.get(column) else { return Ok(plain) };
        let written = Decimal::from_str_exact(text)
            .map_err(|_| Fault::new(Code::AmountUnreadable).field(column).text(text))?;
        let apart = written.checked_sub(plain).ok_or_else(|| out_of_range(column))?.abs();
        Ok(if apart <= Decimal::new(1, digits) { written } else { plain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::parse_plain;

    fn units(code: &str) -> Units {
        Units::new(code.parse().unwrap(), Currency::EUR, None)
    }

    fn dec(text: &str) -> Decimal {
        parse_plain(text).unwrap()
    }

    #[test]
    fn sacred_figures_are_whole_minor_units_or_refused() {
        assert_eq!(units("EUR").whole(dec("12.3"), "total").unwrap(), 1230);
        assert_eq!(units("JPY").whole(dec("1000.00"), "total").unwrap(), 1000);
        assert_eq!(units("KWD").whole(dec("-0.005"), "total").unwrap(), -5);
        assert_eq!(units("EUR").whole(dec("0.005"), "total").unwrap_err().code, Code::TargetRefused);
        assert_eq!(
            units("EUR").whole(dec("12345678901234567890"), "x").unwrap_err().code,
            Code::AmountOutOfRange
        );
        assert_eq!(units("EUR").whole(Decimal::MAX, "x").unwrap_err().code, Code::AmountOutOfRange);
    }

    #[test]
    fn parts_that_are_too_fine_still_add_up() {
        let mut parts = Parts::new(units("EUR"));
        let minors: Vec<i64> = ["3.333", "3.333", "2.00", "3.334"]
            .iter()
            .map(|text| parts.add(dec(text), "net").unwrap().0)
            .collect();
        assert_eq!(minors, [333, 334, 200, 333]);
        assert_eq!(parts.total(), dec("12.00"));
    }

    #[test]
    fn home_amounts_of_parts_add_up_to_the_home_total() {
        let units = Units::new(Currency::USD, Currency::EUR, Some(dec("0.3333")));
        let mut parts = Parts::new(units);
        let home: i64 = (0..3).map(|_| parts.add(dec("1.00"), "net").unwrap().1.unwrap()).sum();
        assert_eq!(Some(home), units.home(dec("3.00"), "total").unwrap());
    }

    #[test]
    fn amounts_come_back_as_they_were_written() {
        for text in ["12.30", "12.3", "0", "0.00", "-5", "3.333", "1E"] {
            let Ok(amount) = Decimal::from_str_exact(text) else { continue };
            let mut exact = Exact::new(&units("EUR"));
            exact.note("net", amount);
            let json = exact.finish();
            assert_eq!(json.is_none(), matches!(text, "12.30" | "0"), "{text}");
            let minor = units("EUR").rounded(amount, "net").unwrap();
            let written = Written::new(Currency::EUR, json.as_deref()).unwrap();
            assert_eq!(written.amount("net", minor).unwrap().to_string(), text);
            assert_eq!(written.amount("net", minor + 200).unwrap(), Decimal::new(minor + 200, 2));
        }
    }
}
