//! Dates as the API writes and reads them: `/Date(1552262400000+0000)/` and ISO 8601.

use carry_model::{Date, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The day of a moment, in UTC.
pub(super) fn day(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}

fn midnight(date: Date) -> Timestamp {
    date.at(0, 0, 0, 0).to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// `/Date(1552262400000+0000)/` of a day.
pub(super) fn wire_date(date: Date) -> String {
    wire_time(midnight(date))
}

/// `/Date(1552262400123+0000)/` of a moment.
pub(super) fn wire_time(moment: Timestamp) -> String {
    format!("/Date({}+0000)/", moment.as_millisecond())
}

/// `2019-03-11T00:00:00` of a day.
pub(super) fn iso_date(date: Date) -> String {
    format!("{date}T00:00:00")
}

/// `2019-03-11T17:58:46Z` of a moment, without fractions.
pub(super) fn iso_time(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `11 March 2019`, as reports head their columns.
pub(super) fn long_date(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// `30-Nov-2018`, as lock date messages write it.
pub(super) fn short_date(date: Date) -> String {
    date.strftime("%-d-%b-%Y").to_string()
}

/// A moment from `/Date(ms)/`, `/Date(ms+0000)/`, an ISO date, or an ISO date and time (UTC unless it says otherwise).
pub(super) fn read_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        let end = inner.rfind(['+', '-']).filter(|at| *at > 0).unwrap_or(inner.len());
        let milliseconds = inner.get(..end)?.parse().ok()?;
        return Timestamp::from_millisecond(milliseconds).ok();
    }
    text.parse::<Timestamp>().ok().or_else(|| {
        let moment =
            text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)));
        Some(moment.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// The day of such a text. An ISO text is cut to its own day, whatever its zone says.
pub(super) fn read_date(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.starts_with("/Date(") {
        return read_time(text).map(day);
    }
    text.get(..10)?.parse().ok().filter(|_| text.len() == 10 || text.get(10..11) == Some("T"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_out_and_come_back() {
        let date: Date = "2019-03-11".parse().unwrap();
        assert_eq!(wire_date(date), "/Date(1552262400000+0000)/");
        for text in
            ["/Date(1552262400000+0000)/", "/Date(1552262400000)/", "2019-03-11", "2019-03-11T00:00:00"]
        {
            assert_eq!(read_date(text), Some(date), "{text}");
        }
        for text in ["11/03/2019", "", "2019-03-11 00:00", "/Date(x)/", "2019-02-30"] {
            assert_eq!(read_date(text), None, "{text}");
        }
        assert_eq!(read_date("/Date(-86400000+0000)/"), Some("1969-12-31".parse().unwrap()));
        assert_eq!(short_date("2018-11-30".parse().unwrap()), "30-Nov-2018");
        assert_eq!(long_date(date), "11 March 2019");
    }

    #[test]
    fn moments_without_a_zone_are_utc() {
        let moment = read_time("2026-01-31T00:00:00").unwrap();
        assert_eq!(read_time("2026-01-31T00:00:00Z"), Some(moment));
        assert_eq!(read_time("2026-01-31"), Some(moment));
        assert_eq!(read_time(&wire_time(moment)), Some(moment));
        assert_eq!(iso_time(moment), "2026-01-31T00:00:00Z");
    }
}
