//! Days as GnuCash stores them.

use carry_model::{Code, Date, Fault};
use jiff::civil::DateTime;

use crate::fields::Fields;

/// The day in a column: `2026-01-31 10:59:00`, `20260131105900` (before GnuCash 3), `2026-01-31` or `20260131`.
///
/// Times are UTC. GnuCash stamps a day with 10:59, which is the same day in every time zone; earlier versions and
/// scripts stamp local midnight, which east of Greenwich is still the evening before in UTC: a whole quarter of an
/// hour at or after noon therefore means the next day.
pub(crate) fn day(row: Fields<'_>, name: &str) -> Result<Option<Date>, Fault> {
    let Some(text) = row.text(name)? else { return Ok(None) };
    read(&text).map(Some).ok_or_else(|| Fault::new(Code::DateUnreadable).field(name).text(text))
}

fn read(text: &str) -> Option<Date> {
    let digits = text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit());
    let time: DateTime = match text.split_at_checked(8) {
        Some((day, time)) if digits => format!("{day}T{time}").parse().ok()?,
        _ => text.parse().ok()?,
    };
    let midnight_in_the_east = time.hour() >= 12 && time.minute() % 15 == 0 && time.second() == 0;
    if midnight_in_the_east { time.date().tomorrow().ok() } else { Some(time.date()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_every_way_gnucash_writes_them() {
        for text in [
            "2026-01-31 10:59:00",
            "20260131105900",
            "2026-01-31",
            "20260131",
            "2026-01-31 00:00:00",
            "2026-01-30 23:00:00",
            "20260130183000",
            "2026-01-31 08:00:00",
            "2026-01-31T10:59:00",
            "2026-01-31 15:42:17",
        ] {
            assert_eq!(read(text), Some(Date::constant(2026, 1, 31)), "{text}");
        }
        for text in ["", "31.01.2026", "2026-02-30", "99999999999999", "ÄÖÜäöüß", "9999-12-31 23:00:00"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
