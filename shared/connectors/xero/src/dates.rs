//! Dates as Xero writes them: `/Date(1552326400000+0000)/`, or ISO 8601 without a zone, which is UTC.

use carry_model::{Date, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A point in time; None where the text is neither of the two forms.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    if let Some(inner) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        let digits = inner
            .get(1..)
            .and_then(|rest| rest.find(['+', '-']))
            .map_or(inner, |at| inner.get(..=at).unwrap_or(inner));
        return Timestamp::from_millisecond(digits.parse().ok()?).ok();
    }
    let civil: DateTime = text.trim_end_matches('Z').parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// A civil date in either form; dates are midnight UTC.
pub(crate) fn date(text: &str) -> Option<Date> {
    timestamp(text).map(|at| at.to_zoned(TimeZone::UTC).date()).or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_understood() {
        let day = Date::constant(2019, 3, 11);
        for text in
            ["/Date(1552262400000+0000)/", "/Date(1552262400000)/", "2019-03-11T00:00:00", "2019-03-11"]
        {
            assert_eq!(date(text), Some(day), "{text}");
        }
        assert_eq!(date("/Date(-86400000+0000)/"), Some(Date::constant(1969, 12, 31)));
        assert_eq!(timestamp("2026-01-31T10:00:00Z").unwrap().to_string(), "2026-01-31T10:00:00Z");
    }

    #[test]
    fn other_texts_are_none() {
        for text in ["", "/Date()/", "/Date(x)/", "11/03/2019", "/Date(99999999999999999999)/"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
