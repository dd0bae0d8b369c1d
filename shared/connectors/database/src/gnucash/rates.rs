//! The exchange rate of a transaction, from the amounts it moved in both currencies.

use carry_model::{Decimal, Fault, round_half_up};

use super::exact::Exact;
use crate::fields::Fields;

/// Decimals of a rate that no shorter one explains.
const RATE_DIGITS: u32 = 12;

/// Home units for one foreign unit: the book's own price where it turns every foreign amount into the home amount
/// that was booked with it, to the home currency's last digit; else the shortest rate that does; where none does,
/// the quotient of the largest pair. None where nothing was moved in both and the book has no price.
pub(crate) fn derive(
    pairs: &[(Decimal, Decimal)],
    price: Option<Decimal>,
    home_digits: u32,
) -> Option<Decimal> {
    let rate = booked(pairs, price, home_digits).or(price)?.normalize();
    (!rate.is_zero()).then_some(rate)
}

/// The price that was staged with a row, as home units for one foreign unit.
pub(crate) fn price(row: Fields<'_>) -> Result<Option<Decimal>, Fault> {
    let Some(price) = row.rows("prices").next() else { return Ok(None) };
    let stated = Exact::need(price, "value")?;
    if stated.is_zero() || stated.is_negative() {
        return Ok(None);
    }
    let rate = if price.flag("inverse")? { Exact::ONE.over(stated)? } else { stated };
    rate.rounded(10_i64.pow(RATE_DIGITS))?.decimal(0).map(Some)
}

fn booked(pairs: &[(Decimal, Decimal)], price: Option<Decimal>, home_digits: u32) -> Option<Decimal> {
    let usable = || pairs.iter().filter(|(foreign, home)| !foreign.is_zero() && !home.is_zero());
    let (foreign, home) = usable().max_by_key(|(foreign, _)| foreign.abs())?;
    let quotient = home.checked_div(*foreign).filter(|rate| rate.is_sign_positive() && !rate.is_zero())?;
    let explains = |rate: &Decimal| {
        !rate.is_zero()
            && usable().all(|(foreign, home)| {
                foreign.checked_mul(*rate).is_some_and(|product| round_half_up(product, home_digits) == *home)
            })
    };
    let shorter = (0..=RATE_DIGITS).map(|digits| round_half_up(quotient, digits));
    let known = price.into_iter().chain(shorter).find(explains);
    Some(known.unwrap_or_else(|| round_half_up(quotient, RATE_DIGITS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::parse_plain;

    fn rate(pairs: &[(&str, &str)]) -> Option<String> {
        let pairs: Vec<_> =
            pairs.iter().map(|(f, h)| (parse_plain(f).unwrap(), parse_plain(h).unwrap())).collect();
        derive(&pairs, None, 2).map(|rate| rate.to_string())
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

    #[test]
    fn the_books_own_price_goes_first_where_it_fits() {
        let pair = |f, h| [(parse_plain(f).unwrap(), parse_plain(h).unwrap())];
        let price = Some(parse_plain("0.78125").unwrap());
        assert_eq!(derive(&pair("35.70", "27.89"), price, 2), price);
        assert_eq!(derive(&pair("35.70", "28.56"), price, 2), Some(parse_plain("0.8").unwrap()));
        assert_eq!(derive(&[], price, 2), price);
    }
}
