//! Written dates.
//!
//! A text is first taken apart without a decision ([`read_date`]), which is what evidence needs; told the
//! order of its parts, it becomes a date ([`parse_date`]).

use jiff::civil::Date;

use crate::limits::WRITTEN_BYTES_MAX;

/// Two-digit years below it are of this century, the others of the last: 69 is 2069, 70 is 1970. It is the
/// rule of POSIX `strptime`, with the year from which computers count time as the border.
pub const CENTURY_PIVOT: i16 = 70;

/// Order of day, month and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DateOrder {
    /// `2021-01-28`
    YearMonthDay,
    /// `28/01/2021`
    DayMonthYear,
    /// `01/28/2021`
    MonthDayYear,
}

impl DateOrder {
    /// Every order.
    pub const ALL: [Self; 3] = [Self::YearMonthDay, Self::DayMonthYear, Self::MonthDayYear];

    /// How the order is written for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::YearMonthDay => "year-month-day",
            Self::DayMonthYear => "day/month/year",
            Self::MonthDayYear => "month/day/year",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::YearMonthDay => 1,
            Self::DayMonthYear => 2,
            Self::MonthDayYear => 4,
        }
    }
}

/// A set of orders, for example those under which a text is a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderSet(u8);

impl OrderSet {
    /// No order: the text is no date at all.
    pub const NONE: Self = Self(0);
    /// Every order: the text says itself which part is which.
    pub const ALL: Self = Self(7);

    /// Whether the order is in the set.
    pub fn has(self, order: DateOrder) -> bool {
        self.0 & order.bit() != 0
    }

    /// The set as a number from 0 to 7.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    fn with(self, order: DateOrder) -> Self {
        Self(self.0 | order.bit())
    }
}

/// How the dates of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateFormat {
    /// Order of the parts where the text does not tell it.
    pub order: DateOrder,
    /// Whether bare numbers such as 44224 are day numbers of a spreadsheet.
    pub serial: bool,
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Nothing is written.
    #[error("it is empty")]
    Empty,
    /// It does not look like a date.
    #[error("it is not a date")]
    NotADate,
    /// It looks like one, but there is no such day in the column's order.
    #[error("there is no such day")]
    NoSuchDay,
}

/// A text taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Day, month and year are told apart by the text itself: a month's name, a year in front, compact form.
    Certain(Date),
    /// Three numbers whose order the text does not tell.
    Open {
        /// The numbers as they stand.
        parts: [i16; 3],
        /// Whether the last has two digits only.
        short_year: bool,
    },
    /// A bare number that could be a day number of a spreadsheet.
    Serial(i32),
    /// Looks like a date that cannot exist under any order.
    Impossible,
}

impl Written {
    /// The orders under which the text is a date.
    pub fn orders(self) -> OrderSet {
        match self {
            Self::Certain(_) | Self::Serial(_) => OrderSet::ALL,
            Self::Impossible => OrderSet::NONE,
            Self::Open { .. } => DateOrder::ALL
                .into_iter()
                .filter(|order| self.date(*order).is_some())
                .fold(OrderSet::NONE, OrderSet::with),
        }
    }

    fn date(self, order: DateOrder) -> Option<Date> {
        match (self, order) {
            (Self::Certain(date), _) => Some(date),
            (Self::Serial(days), _) => serial(days),
            (Self::Impossible, _) => None,
            (Self::Open { parts: [a, b, c], short_year }, order) => match order {
                DateOrder::YearMonthDay => short_year.then(|| build(full_year(a, true), b, c)).flatten(),
                DateOrder::DayMonthYear => build(full_year(c, short_year), b, a),
                DateOrder::MonthDayYear => build(full_year(c, short_year), a, b),
            },
        }
    }
}

/// Reads a date, told how the column writes dates. A time of day behind it is passed over: books know days.
pub fn parse_date(text: &str, format: DateFormat) -> Result<Date, DateError> {
    let Some(written) = read_date(text) else {
        return Err(if text.trim().is_empty() { DateError::Empty } else { DateError::NotADate });
    };
    if matches!(written, Written::Serial(_)) && !format.serial {
        return Err(DateError::NotADate);
    }
    written.date(format.order).ok_or(DateError::NoSuchDay)
}

/// Takes a text apart; nothing if it does not look like a date.
pub fn read_date(text: &str) -> Option<Written> {
    if let Some(written) = slashed(text.as_bytes()) {
        return Some(written);
    }
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() || text.len() > WRITTEN_BYTES_MAX {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return bare(text);
    }
    assemble(tokens(text)?)
}

/// The way of nearly all cells: `01/28/2021`, `28.1.2021`, `2021-01-28`.
fn slashed(bytes: &[u8]) -> Option<Written> {
    if bytes.len() > 10 || bytes.len() < 8 {
        return None;
    }
    let mut parts = [0_i16; 3];
    let mut digits = [0_u8; 3];
    let mut index = 0;
    let mut separator = None;
    for byte in bytes {
        if byte.is_ascii_digit() {
            let part = parts.get_mut(index)?;
            *part = part.checked_mul(10)?.checked_add(i16::from(byte - b'0'))?;
            *digits.get_mut(index)? += 1;
        } else if matches!(byte, b'/' | b'-' | b'.') && separator.is_none_or(|s| s == byte) {
            separator = Some(byte);
            index += 1;
        } else {
            return None;
        }
    }
    match digits {
        [1 | 2, 1 | 2, 4] => Some(open(parts, false)),
        [4, 1 | 2, 1 | 2] => {
            let [year, month, day] = parts;
            Some(certain(build(year, month, day)))
        }
        [2, 2, 2] => Some(open(parts, true)),
        _ => None,
    }
}

fn open(parts: [i16; 3], short_year: bool) -> Written {
    let written = Written::Open { parts, short_year };
    if written.orders() == OrderSet::NONE { Written::Impossible } else { written }
}

fn certain(date: Option<Date>) -> Written {
    date.map_or(Written::Impossible, Written::Certain)
}

/// Digits alone: `20210128`, or a spreadsheet's day number.
fn bare(text: &str) -> Option<Written> {
    let number: i32 = text.parse().ok()?;
    match text.len() {
        8 => {
            let part = |divisor: i32, modulus: i32| i16::try_from(number / divisor % modulus).ok();
            Some(certain(build(part(10_000, 10_000)?, part(100, 100)?, part(1, 100)?)))
        }
        // From 1954 to 2119; smaller numbers are more likely something else.
        5 if (20_000..80_250).contains(&number) => Some(Written::Serial(number)),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Token {
    Number { value: i16, digits: usize },
    Month(i16),
}

/// Splits into the three parts of a date; a weekday in front and a time behind are dropped.
fn tokens(text: &str) -> Option<[Token; 3]> {
    let mut found = [None; 3];
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, '/' | '-' | '.' | ',')) {
        if word.is_empty() {
            continue;
        }
        if count == 3 {
            return is_time(word).then_some(()).and(complete(found));
        }
        // `28T10:00:00Z` ends a date in ISO form.
        let day_part = word.split_once('T').filter(|(d, t)| !d.is_empty() && t.contains(':')).map(|(d, _)| d);
        let token = token(day_part.unwrap_or(word));
        match token {
            Some(token) => {
                *found.get_mut(count)? = Some(token);
                count += 1;
            }
            None if count == 0 && is_weekday(word) => {}
            None => return None,
        }
    }
    complete(found)
}

fn complete(found: [Option<Token>; 3]) -> Option<[Token; 3]> {
    let [a, b, c] = found;
    Some([a?, b?, c?])
}

fn token(word: &str) -> Option<Token> {
    let number = word
        .strip_suffix("st")
        .or_else(|| word.strip_suffix("nd"))
        .or_else(|| word.strip_suffix("rd"))
        .or_else(|| word.strip_suffix("th"))
        .unwrap_or(word);
    if !number.is_empty() && number.len() <= 4 && number.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Token::Number { value: number.parse().ok()?, digits: number.len() });
    }
    month(word).map(Token::Month)
}

fn is_time(word: &str) -> bool {
    word.contains(':') || word.eq_ignore_ascii_case("am") || word.eq_ignore_ascii_case("pm")
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    word.len() >= 3
        && DAYS.iter().any(|day| day.get(..word.len()).is_some_and(|d| d.eq_ignore_ascii_case(word)))
}

/// Month by its English name or an abbreviation of three letters or more, also `Sept`.
fn month(word: &str) -> Option<i16> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    if word.len() < 3 || !word.is_ascii() {
        return None;
    }
    let at = MONTHS.iter().position(|m| m.get(..word.len()).is_some_and(|m| m.eq_ignore_ascii_case(word)))?;
    i16::try_from(at + 1).ok()
}

fn assemble(parts: [Token; 3]) -> Option<Written> {
    use Token::{Month, Number};
    let year = |value: i16, digits: usize| full_year(value, digits <= 2);
    // No part of a date has three digits; amounts with separators do.
    if parts.iter().any(|part| matches!(part, Number { digits: 3, .. })) {
        return None;
    }
    Some(match parts {
        [Number { value: y, digits: 4 }, Number { value: m, .. }, Number { value: d, .. }]
        | [Number { value: y, digits: 4 }, Month(m), Number { value: d, .. }] => certain(build(y, m, d)),
        // With the month by name only the day and a year of two digits could be mistaken for each other; a
        // year of two digits comes last in every style in use.
        [Number { value: d, .. }, Month(m), Number { value: y, digits }]
        | [Month(m), Number { value: d, .. }, Number { value: y, digits }] => {
            certain(build(year(y, digits), m, d))
        }
        [
            Number { value: a, digits: 1 | 2 },
            Number { value: b, digits: 1 | 2 },
            Number { value: c, digits },
        ] => open([a, b, c], digits <= 2),
        _ => Written::Impossible,
    })
}

fn full_year(year: i16, short: bool) -> i16 {
    match (short, year < CENTURY_PIVOT) {
        (false, _) => year,
        (true, true) => 2000 + year,
        (true, false) => 1900 + year,
    }
}

/// A day that exists, in the years that books are about.
fn build(year: i16, month: i16, day: i16) -> Option<Date> {
    if !(1900..=2199).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Day number of a spreadsheet (the 1900 system, from March 1900 on): day 60 is 1900-02-28 plus one, which
/// Excel takes for a leap day, so that counting starts from 1899-12-30.
fn serial(days: i32) -> Option<Date> {
    Date::constant(1899, 12, 30).checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn iso(text: &str, order: DateOrder) -> Result<String, DateError> {
        parse_date(text, DateFormat { order, serial: true }).map(|d| d.to_string())
    }

    #[test]
    fn dates_as_they_are_found() {
        use DateOrder::{DayMonthYear as D, MonthDayYear as M, YearMonthDay as Y};
        for (text, order, expected) in [
            ("01/02/2021", M, "2021-01-02"),
            ("01/02/2021", D, "2021-02-01"),
            ("28.1.2021", D, "2021-01-28"),
            ("2021-01-28", M, "2021-01-28"),
            ("2021/1/8", D, "2021-01-08"),
            ("Jan 28 2021", D, "2021-01-28"),
            ("28 January 2021", M, "2021-01-28"),
            ("28-Jan-21", M, "2021-01-28"),
            ("Jan 28, 2021", Y, "2021-01-28"),
            ("Sept 3, 2021", D, "2021-09-03"),
            ("2021-01-28T10:00:00Z", D, "2021-01-28"),
            ("2021-01-28 10:00:00", D, "2021-01-28"),
            ("1/2/2021 12:30 PM", M, "2021-01-02"),
            ("Wednesday, September 30, 2026 01:46 PM", M, "2026-09-30"),
            ("3rd Feb 2021", M, "2021-02-03"),
            ("20210128", M, "2021-01-28"),
            ("44224", M, "2021-01-28"),
            ("28/01/69", D, "2069-01-28"),
            ("28/01/70", D, "1970-01-28"),
            ("21-01-28", Y, "2021-01-28"),
            (" 01/02/2021 ", M, "2021-01-02"),
            ("1/2/21", M, "2021-01-02"),
        ] {
            assert_eq!(iso(text, order), Ok(expected.to_owned()), "{text} {order:?}");
        }
    }

    #[test]
    fn what_is_no_date_is_told() {
        use DateOrder::{DayMonthYear as D, MonthDayYear as M, YearMonthDay as Y};
        for (text, order, error) in [
            ("02/30/2026", M, DateError::NoSuchDay),
            ("13/45/2026", M, DateError::NoSuchDay),
            ("28/01/2021", M, DateError::NoSuchDay),
            ("01/02/2021", Y, DateError::NoSuchDay),
            ("", M, DateError::Empty),
            ("soon", M, DateError::NotADate),
            ("12.50", D, DateError::NotADate),
            ("1,234.56", D, DateError::NotADate),
            ("01/02/0021", D, DateError::NoSuchDay),
            ("Mar 2021", D, DateError::NotADate),
        ] {
            assert_eq!(iso(text, order), Err(error), "{text}");
        }
        assert_eq!(parse_date("44224", DateFormat { order: M, serial: false }), Err(DateError::NotADate));
    }

    #[test]
    fn open_dates_tell_their_orders() {
        let orders = |text| read_date(text).unwrap().orders();
        assert!(
            orders("28/01/2021").has(DateOrder::DayMonthYear)
                && !orders("28/01/2021").has(DateOrder::MonthDayYear)
        );
        assert!(
            orders("01/02/2021").has(DateOrder::DayMonthYear)
                && orders("01/02/2021").has(DateOrder::MonthDayYear)
        );
        assert_eq!(orders("Jan 28 2021"), OrderSet::ALL);
        assert_eq!(orders("13/45/2026"), OrderSet::NONE);
    }

    proptest! {
        #[test]
        fn written_dates_read_back(days in 0_i32..60_000, order in 0_usize..3, style in 0_usize..4) {
            let date = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let order = DateOrder::ALL[order];
            let (y, m, d) = (date.year(), date.month(), date.day());
            let s = ["/", "-", ".", " "][style];
            let text = match order {
                DateOrder::YearMonthDay => format!("{y}{s}{m}{s}{d:02}"),
                DateOrder::DayMonthYear => format!("{d:02}{s}{m}{s}{y}"),
                DateOrder::MonthDayYear => format!("{m}{s}{d:02}{s}{y}"),
            };
            prop_assert_eq!(parse_date(&text, DateFormat { order, serial: false }), Ok(date), "{}", text);
        }

        #[test]
        fn mangled_text_never_panics(text in "[0-9/.\\- ,TJanMy:üß]{0,30}") {
            for order in DateOrder::ALL {
                let _ = parse_date(&text, DateFormat { order, serial: true });
            }
        }
    }
}
