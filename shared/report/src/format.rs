//! Figures and words as people read them.

use carry_model::{Currency, Decimal, push_decimal};

/// Longest text shown in one cell of the HTML, in characters; the CSV has all of it.
pub(crate) const CELL_CHARS_MAX: usize = 300;

/// An amount with at least the currency's minor digits, and every digit it has beyond them: a report never rounds.
pub(crate) fn plain(amount: Decimal, currency: Currency) -> String {
    // A zero keeps its sign in a decimal ("-0.00"), which nobody wants to read.
    let amount = if amount.is_zero() { Decimal::new(0, currency.minor_digits()) } else { amount };
    if amount.scale() == currency.minor_digits() {
        let mut text = String::new();
        push_decimal(&mut text, &amount);
        return text;
    }
    let amount = amount.normalize();
    let digits = amount.scale().max(currency.minor_digits());
    let digits = usize::try_from(digits).unwrap_or(usize::MAX);
    format!("{amount:.digits$}")
}

/// The same with thousands in groups: `-1,234.50`.
pub(crate) fn grouped(amount: Decimal, currency: Currency) -> String {
    let plain = plain(amount, currency);
    let (sign, unsigned) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, fraction) = unsigned
        .split_once('.')
        .map_or((unsigned, String::new()), |(whole, rest)| (whole, format!(".{rest}")));
    format!("{sign}{}{fraction}", in_threes(whole))
}

/// A count with thousands in groups: `1,234`.
pub(crate) fn count(n: u64) -> String {
    in_threes(&n.to_string())
}

fn in_threes(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len().saturating_mul(4) / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 document`, `214 documents`.
pub(crate) fn counted(n: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(n), if n == 1 { singular } else { plural })
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// A duration in milliseconds: `840 ms`, `12.4 s`, `3 min 5 s`, `2 h 4 min`.
pub(crate) fn duration(ms: u64) -> String {
    let s = ms / 1000;
    match s {
        0 => format!("{ms} ms"),
        1..60 => format!("{s}.{} s", ms % 1000 / 100),
        60..3600 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3600, s % 3600 / 60),
    }
}

/// The text, cut after `max` characters with an ellipsis.
pub(crate) fn clip(text: &mut String, max: usize) {
    if let Some((end, _)) = text.char_indices().nth(max) {
        text.truncate(end);
        text.push('…');
    }
}

/// First letter in upper case.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    #[test]
    fn amounts_have_the_digits_of_their_currency_and_never_fewer_than_they_have() {
        let yen: Currency = "JPY".parse().unwrap();
        let dinar: Currency = "KWD".parse().unwrap();
        assert_eq!(grouped(dec("1234567.5"), Currency::EUR), "1,234,567.50");
        assert_eq!(grouped(dec("-999.999"), Currency::EUR), "-999.999");
        assert_eq!(grouped(dec("123456"), yen), "123,456");
        assert_eq!(grouped(dec("1000"), dinar), "1,000.000");
        assert_eq!(grouped(dec("-0.00"), Currency::EUR), "0.00");
        assert_eq!(grouped(dec("12.3400000"), Currency::EUR), "12.34");
        assert_eq!(plain(Decimal::MAX, yen), Decimal::MAX.to_string());
    }

    #[test]
    fn durations_and_counts() {
        assert_eq!(
            [0, 59_940, 61_000, 7_440_000].map(duration),
            ["0 ms", "59.9 s", "1 min 1 s", "2 h 4 min"]
        );
        assert_eq!(counted(1, "document", "documents"), "1 document");
        assert_eq!(counted(1_000_000, "document", "documents"), "1,000,000 documents");
    }

    #[test]
    fn clips_at_a_character() {
        let mut text = "äöü".to_owned();
        clip(&mut text, 2);
        assert_eq!(text, "äö…");
    }
}
