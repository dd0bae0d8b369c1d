//! The exchange rate of a transaction, from the amounts it moved in both currencies.

use carry_model::{Decimal, round_half_up};

/// Decimals of a rate that no shorter one explains.
const RATE_DIGITS: u32 = 12;

/// The shortest rate (home units for one foreign unit) that turns every foreign amount into the home amount that
/// was booked with it, to the home currency's last digit: the rate a person entered. Where no rate does that, the
/// quotient of the largest pair. None where nothing was moved in both.
pub(crate) fn derive(pairs: &[(Decimal, Decimal)], home_digits: u32) -> Option<Decimal> {
    let usable = || pairs.iter().filter(|(foreign, home)| !foreign.is_zero() && !home.is_zero());
    let (foreign, home) = usable().max_by_key(|(foreign, _)| foreign.abs())?;
    let quotient = home.checked_div(*foreign).filter(|rate| rate.is_sign_positive() && !rate.is_zero())?;
    let explains = |rate: &Decimal| {
        !rate.is_zero()
            && usable().all(|(foreign, home)| {
                foreign.checked_mul(*rate).is_some_and(|product| round_half_up(product, home_digits) == *home)
            })
    };
    let shortest = (0..=RATE_DIGITS).map(|digits| round_half_up(quotient, digits)).find(explains);
    Some(shortest.unwrap_or_else(|| round_half_up(quotient, RATE_DIGITS)).normalize()).filter(|rate| !rate.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::parse_plain;

    fn rate(pairs: &[(&str, &str)]) -> Option<String> {
        let pairs: Vec<_> = pairs.iter().map(|(f, h)| (parse_plain(f).unwrap(), parse_plain(h).unwrap())).collect();
        derive(&pairs, 2).map(|rate| rate.to_string())
    }

    #[test]
    fn the_rate_a_person_entered_is_found_again() {
        assert_eq!(rate(&[("-1000.00", "-921.70"), ("-190.00", "-175.12")]), Some("0.9217".into()));
        assert_eq!(rate(&[("100.00", "108.50")]), Some("1.085".into()));
        assert_eq!(rate(&[("100.00", "0.00"), ("0.00", "5.00")]), None);
        // Amounts that no single rate explains still give the larger pair's.
        assert_eq!(rate(&[("300.00", "100.00"), ("100.00", "50.00")]), Some("0.333333333333".into()));
        assert_eq!(rate(&[("100.00", "-50.00")]), None);
    }
}
