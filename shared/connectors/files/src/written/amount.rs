//! The one function that reads a written amount.

use rust_decimal::Decimal;

use crate::limits::WRITTEN_BYTES_MAX;

/// Which character separates the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decimals {
    /// `1,234.56`
    Point,
    /// `1.234,56`
    Comma,
}

/// How the numbers of a column are written. The thousands separator needs no setting: it is the one of comma
/// and point that does not separate decimals, or a space or apostrophe, and must stand where thousands
/// separators stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumberFormat {
    /// What separates the decimals.
    pub decimals: Decimals,
}

impl NumberFormat {
    /// `1,234.56`
    pub const POINT: Self = Self { decimals: Decimals::Point };
    /// `1.234,56`
    pub const COMMA: Self = Self { decimals: Decimals::Comma };

    /// An example, for people.
    pub fn example(self) -> &'static str {
        match self.decimals {
            Decimals::Point => "1,234.56",
            Decimals::Comma => "1.234,56",
        }
    }

    fn decimal_byte(self) -> u8 {
        match self.decimals {
            Decimals::Point => b'.',
            Decimals::Comma => b',',
        }
    }
}

/// An amount as written: its exact value, and the currency written beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount<'a> {
    /// The value with the digits that were written (`1.50` keeps its scale).
    pub value: Decimal,
    /// Sign or code of a currency, as written: `$`, `EUR`.
    pub currency: Option<&'a str>,
}

/// Why a text is no amount in the format it was said to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing is written.
    #[error("it is empty")]
    Empty,
    /// It has no digit, or characters that amounts do not have.
    #[error("it is not a number")]
    NotANumber,
    /// A separator stands where none can stand, such as `1,5` where the point separates decimals.
    #[error("a separator stands in a place where the column's number format has none")]
    Separator,
    /// It says twice that it is negative.
    #[error("its sign is written twice")]
    Sign,
    /// `1.5E+03`: a spreadsheet has shortened it and digits are lost.
    #[error("it is in scientific notation, which loses digits")]
    Exponent,
    /// More digits than a decimal holds exactly (28).
    #[error("it has too many digits")]
    TooLarge,
}

/// Currency signs and abbreviations that are written beside amounts; three-letter codes are checked against
/// ISO 4217 instead.
const SIGNS: &[&str] = &[
    "$", "€", "£", "¥", "₹", "₽", "₺", "₩", "₪", "₫", "₱", "₦", "₴", "฿", "US$", "A$", "AU$", "C$", "CA$",
    "NZ$", "HK$", "S$", "R$", "R", "Rs", "Rs.", "kr", "kr.", "zł", "Kč", "Ft", "Fr.", "lei", "RM", "Rp",
];

/// The ISO code of a currency that is written beside an amount. Nothing for signs that several currencies share,
/// such as `$` or `kr`.
pub fn currency_of(written: &str) -> Option<&str> {
    let code = match written {
        "€" => "EUR",
        "£" => "GBP",
        "₹" => "INR",
        "₽" => "RUB",
        "₺" => "TRY",
        "₩" => "KRW",
        "₪" => "ILS",
        "₫" => "VND",
        "₱" => "PHP",
        "₦" => "NGN",
        "₴" => "UAH",
        "฿" => "THB",
        "US$" => "USD",
        "A$" | "AU$" => "AUD",
        "C$" | "CA$" => "CAD",
        "NZ$" => "NZD",
        "HK$" => "HKD",
        "S$" => "SGD",
        "R$" => "BRL",
        "zł" => "PLN",
        "Kč" => "CZK",
        "Ft" => "HUF",
        "RM" => "MYR",
        code if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) => code,
        _ => return None,
    };
    Some(code)
}

/// Reads a written amount, told its number format, exactly.
///
/// Understands surrounding white space; a minus in front or behind (also the typographic one); brackets for
/// negatives, with the currency inside or outside; currency signs and ISO codes on either side; thousands
/// separators in groups of three, or in the Indian way, if they stand in the right places. A lone dash is
/// zero, as accounting formats of spreadsheets show it. Everything else is an error, never a guess: `1,5` is
/// not 15.
pub fn parse_amount(text: &str, format: NumberFormat) -> Result<Amount<'_>, AmountError> {
    if let Some(value) = plain(text.as_bytes(), format) {
        return Ok(Amount { value, currency: None });
    }
    let text = trim(text);
    match text {
        "" => return Err(AmountError::Empty),
        "-" | "–" | "—" => return Ok(Amount { value: Decimal::ZERO, currency: None }),
        _ if text.len() > WRITTEN_BYTES_MAX => return Err(AmountError::NotANumber),
        _ => {}
    }
    let is_core = |c: char| c.is_ascii_digit();
    let (Some(first), Some(last)) = (text.find(is_core), text.rfind(is_core)) else {
        return Err(AmountError::NotANumber);
    };
    // A number may begin with its decimal separator: `.50`.
    let begins = text.get(..first).and_then(|t| t.chars().next_back());
    let first = match begins {
        Some(c @ ('.' | ',')) if c == char::from(format.decimal_byte()) && !is_abbreviation(text, first) => {
            first - 1
        }
        _ => first,
    };
    // And may end with it: `5.`
    let last = match text.as_bytes().get(last + 1) {
        Some(byte) if *byte == format.decimal_byte() => last + 1,
        _ => last,
    };
    let mut edge = Edge::default();
    edge.read(text.get(..first).unwrap_or_default(), true)?;
    let core = text.get(first..=last).unwrap_or_default();
    edge.read(text.get(last + 1..).unwrap_or_default(), false)?;
    if edge.open_bracket != edge.close_bracket {
        return Err(AmountError::NotANumber);
    }
    let negatives = usize::from(edge.open_bracket) + edge.minuses;
    if negatives > 1 || edge.pluses > 1 || (negatives > 0 && edge.pluses > 0) {
        return Err(AmountError::Sign);
    }
    let mut value = digits(core, format)?;
    if negatives == 1 && !value.is_zero() {
        value.set_sign_negative(true);
    }
    Ok(Amount { value, currency: edge.currency })
}

/// Whether the point before `first` ends a currency abbreviation (`Rs.50`).
fn is_abbreviation(text: &str, first: usize) -> bool {
    let before = text.get(..first).unwrap_or_default();
    SIGNS.iter().any(|sign| sign.ends_with('.') && before.ends_with(sign))
}

/// White space of every kind, and the byte order mark that some programs leave inside files.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// The way of nearly all cells: digits, perhaps a minus in front and one decimal separator.
fn plain(bytes: &[u8], format: NumberFormat) -> Option<Decimal> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    // Eighteen digits fit an i64 whatever they are.
    if digits.is_empty() || digits.len() > 18 || !digits.first()?.is_ascii_digit() {
        return None;
    }
    let (mut mantissa, mut scale, mut after_point) = (0_i64, 0_u32, false);
    for byte in digits {
        if byte.is_ascii_digit() {
            mantissa = mantissa * 10 + i64::from(byte - b'0');
            scale += u32::from(after_point);
        } else if *byte == format.decimal_byte() && !after_point {
            after_point = true;
        } else {
            return None;
        }
    }
    if after_point && scale == 0 {
        return None;
    }
    Some(Decimal::new(if negative { -mantissa } else { mantissa }, scale))
}

/// What stands before and after the digits.
#[derive(Default)]
struct Edge<'a> {
    minuses: usize,
    pluses: usize,
    open_bracket: bool,
    close_bracket: bool,
    currency: Option<&'a str>,
}

impl<'a> Edge<'a> {
    fn read(&mut self, text: &'a str, before: bool) -> Result<(), AmountError> {
        let mut rest = trim(text);
        while let Some(c) = rest.chars().next() {
            let mut taken = c.len_utf8();
            match c {
                '-' | '\u{2212}' | '\u{2013}' => self.minuses += 1,
                '+' if before => self.pluses += 1,
                '(' if before && !self.open_bracket => self.open_bracket = true,
                ')' if !before && !self.close_bracket => self.close_bracket = true,
                _ => {
                    let word_len = rest
                        .find(|c: char| c.is_whitespace() || matches!(c, '-' | '+' | '(' | ')' | '\u{2212}'))
                        .unwrap_or(rest.len());
                    let word = rest.get(..word_len).unwrap_or_default();
                    if matches!(word, "E" | "e") {
                        return Err(AmountError::Exponent);
                    }
                    if self.currency.is_some() || !is_currency(word) {
                        return Err(AmountError::NotANumber);
                    }
                    self.currency = Some(word);
                    taken = word_len;
                }
            }
            rest = trim(rest.get(taken..).unwrap_or_default());
        }
        Ok(())
    }
}

fn is_currency(word: &str) -> bool {
    SIGNS.contains(&word)
        || (word.len() == 3
            && word.bytes().all(|b| b.is_ascii_uppercase())
            && iso_currency::Currency::from_code(word).is_some())
}

/// Digits with separators, from first to last digit.
fn digits(core: &str, format: NumberFormat) -> Result<Decimal, AmountError> {
    if core.bytes().any(|b| matches!(b, b'e' | b'E')) {
        return Err(AmountError::Exponent);
    }
    let decimal = char::from(format.decimal_byte());
    let (whole, fraction) = match core.split_once(decimal) {
        Some((_, fraction)) if fraction.contains(decimal) => return Err(AmountError::Separator),
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (core, None),
    };
    let mut plain = String::with_capacity(core.len() + 1);
    grouped(whole, decimal, &mut plain)?;
    if plain.is_empty() {
        plain.push('0');
    }
    if let Some(fraction) = fraction.filter(|f| !f.is_empty()) {
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(separator_or_other(fraction));
        }
        plain.push('.');
        plain.push_str(fraction);
    }
    Decimal::from_str_exact(&plain).map_err(|_| AmountError::TooLarge)
}

/// Copies the digits of a whole number whose thousands separators, if any, are all the same and stand right.
fn grouped(whole: &str, decimal: char, plain: &mut String) -> Result<(), AmountError> {
    let Some(separator) = whole.chars().find(|c| !c.is_ascii_digit()) else {
        plain.push_str(whole);
        return Ok(());
    };
    let fits = match separator {
        '.' | ',' => separator != decimal,
        '\'' | '\u{2019}' => true,
        other => other.is_whitespace(),
    };
    if !fits {
        return Err(AmountError::NotANumber);
    }
    let groups: Vec<&str> = whole.split(separator).collect();
    if !groups.iter().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit())) {
        return Err(separator_or_other(whole));
    }
    let (Some((first, rest)), Some((last, middle))) = (groups.split_first(), groups.split_last()) else {
        return Err(AmountError::Separator);
    };
    // Thousands of a number that begins with a zero are not written; `0,123` is a decimal comma.
    if first.starts_with('0') {
        return Err(AmountError::Separator);
    }
    let western = first.len() <= 3 && rest.iter().all(|group| group.len() == 3);
    // 12,34,567: India separates the last three digits and then every two.
    let middle = middle.get(1..).unwrap_or_default();
    let indian =
        separator == ',' && first.len() <= 2 && last.len() == 3 && middle.iter().all(|g| g.len() == 2);
    if !(western || indian) {
        return Err(AmountError::Separator);
    }
    groups.iter().for_each(|group| plain.push_str(group));
    Ok(())
}

fn separator_or_other(text: &str) -> AmountError {
    let known =
        |c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '.' | ',' | '\'' | '\u{2019}');
    if text.chars().all(known) { AmountError::Separator } else { AmountError::NotANumber }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(text: &str) -> Result<String, AmountError> {
        parse_amount(text, NumberFormat::POINT).map(|a| a.value.to_string())
    }

    fn comma(text: &str) -> Result<String, AmountError> {
        parse_amount(text, NumberFormat::COMMA).map(|a| a.value.to_string())
    }

    #[test]
    fn amounts_as_they_are_found() {
        for (text, value) in [
            ("0", "0"),
            ("12", "12"),
            ("-12.50", "-12.50"),
            ("1,020.00", "1020.00"),
            ("$13.50 ", "13.50"),
            ("$(250.00)", "-250.00"),
            ("($250.00)", "-250.00"),
            ("-$4,173.35", "-4173.35"),
            ("(49.85)", "-49.85"),
            ("250.00-", "-250.00"),
            ("USD 1,000", "1000"),
            ("1000.5 EUR", "1000.5"),
            ("\u{2212}5", "-5"),
            ("1 234 567.89", "1234567.89"),
            ("1\u{a0}234.50", "1234.50"),
            ("1\u{202f}234.50", "1234.50"),
            ("1'234.50", "1234.50"),
            ("12,34,567.00", "1234567.00"),
            ("1,00,000", "100000"),
            (".50", "0.50"),
            ("5.", "5"),
            ("-", "0"),
            ("+7", "7"),
            ("A$ 5.00", "5.00"),
            ("Rs.50", "50"),
            ("-0.00", "0.00"),
            ("12345678901234567.89", "12345678901234567.89"),
            ("1.123456789012345678", "1.123456789012345678"),
        ] {
            assert_eq!(point(text), Ok(value.to_owned()), "{text}");
        }
        for (text, value) in [
            ("1,5", "1.5"),
            ("1.234,56", "1234.56"),
            ("1.234", "1234"),
            ("1.234.567", "1234567"),
            ("1 234,5", "1234.5"),
            ("1'234,50 CHF", "1234.50"),
            ("-,5", "-0.5"),
            ("€ 2,5-", "-2.5"),
            ("0,123", "0.123"),
        ] {
            assert_eq!(comma(text), Ok(value.to_owned()), "{text}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for (text, error) in [
            ("1,5", AmountError::Separator),
            ("1,23", AmountError::Separator),
            ("1.256.00", AmountError::Separator),
            ("0,123", AmountError::Separator),
            ("1,2345", AmountError::Separator),
            ("12,34", AmountError::Separator),
            ("1,234 567", AmountError::Separator),
            ("117.7S", AmountError::NotANumber),
            ("N/A", AmountError::NotANumber),
            ("", AmountError::Empty),
            ("  ", AmountError::Empty),
            ("-(5)", AmountError::Sign),
            ("--5", AmountError::Sign),
            ("(5", AmountError::NotANumber),
            ("5)", AmountError::NotANumber),
            ("1.5E+03", AmountError::Exponent),
            ("5 CR", AmountError::NotANumber),
            ("5%", AmountError::NotANumber),
            ("XXQ 5", AmountError::NotANumber),
            ("12/05/2021", AmountError::NotANumber),
            ("2021-01-05", AmountError::NotANumber),
            ("5 6", AmountError::Separator),
            ("99999999999999999999999999999999", AmountError::TooLarge),
            ("1:30", AmountError::NotANumber),
        ] {
            assert_eq!(point(text), Err(error), "{text}");
        }
        for text in ["1.5", "1.23", "1,234,567", "1,234.56", "12.50"] {
            assert_eq!(comma(text), Err(AmountError::Separator), "{text}");
        }
    }

    #[test]
    fn the_currency_beside_an_amount_is_told() {
        let currency = |text| parse_amount(text, NumberFormat::POINT).unwrap().currency;
        assert_eq!(currency("$(250.00)"), Some("$"));
        assert_eq!(currency("5.00 EUR"), Some("EUR"));
        assert_eq!(currency("5.00"), None);
    }

    /// Writes a number as a program would.
    fn write(mantissa: i64, scale: u32, decimals: char, thousands: &str) -> String {
        let text = Decimal::new(mantissa.abs(), scale).to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                grouped.push_str(thousands);
            }
            grouped.push(digit);
        }
        if !fraction.is_empty() {
            grouped.push(decimals);
            grouped.push_str(fraction);
        }
        grouped
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_exactly(
            mantissa in -1_000_000_000_000_000_i64..1_000_000_000_000_000,
            scale in 0_u32..6,
            comma_decimals in any::<bool>(),
            thousands in 0_usize..4,
            style in 0_usize..4,
        ) {
            let (format, decimals, own) = if comma_decimals {
                (NumberFormat::COMMA, ',', ".")
            } else {
                (NumberFormat::POINT, '.', ",")
            };
            let digits = write(mantissa, scale, decimals, ["", own, " ", "'"][thousands]);
            let text = match (mantissa < 0, style) {
                (false, 0) => digits,
                (false, 1) => format!("${digits} "),
                (false, _) => format!("EUR\u{a0}{digits}"),
                (true, 0) => format!("-{digits}"),
                (true, 1) => format!("({digits})"),
                (true, 2) => format!("$({digits})"),
                (true, _) => format!("{digits}-"),
            };
            let read = parse_amount(&text, format).map(|a| a.value);
            prop_assert_eq!(read, Ok(Decimal::new(mantissa, scale)), "{}", text);
        }

        #[test]
        fn mangled_text_never_panics(text in "\\PC{0,40}") {
            let _ = parse_amount(&text, NumberFormat::POINT);
            let _ = parse_amount(&text, NumberFormat::COMMA);
        }

        #[test]
        fn mangled_amounts_never_panic(text in "[-(+$€ ]{0,3}[0-9.,' \u{a0}E]{0,30}[)-eEUR ]{0,4}") {
            let _ = parse_amount(&text, NumberFormat::POINT);
            let _ = parse_amount(&text, NumberFormat::COMMA);
        }

        #[test]
        fn a_number_read_both_ways_differs_only_by_its_separator(text in "[0-9]{1,3}[.,][0-9]{1,4}") {
            if let (Ok(a), Ok(b)) = (parse_amount(&text, NumberFormat::POINT), parse_amount(&text, NumberFormat::COMMA)) {
                prop_assert_eq!(a.value.checked_mul(Decimal::ONE_THOUSAND).unwrap().max(b.value.checked_mul(Decimal::ONE_THOUSAND).unwrap()).normalize(),
                    a.value.max(b.value).checked_mul(Decimal::ONE_THOUSAND).unwrap().normalize());
                prop_assert_eq!(text.split(['.', ',']).nth(1).map(str::len), Some(3));
            }
        }
    }
}
