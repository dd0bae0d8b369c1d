use carry_model::{Code, Fault};
use jiff::Zoned;
use jiff::civil::{DateTime, Time, Weekday, time};
use jiff::tz::TimeZone;

const OPENS: Time = time(9, 0, 0, 0);
const CLOSES: Time = time(21, 0, 0, 0);

/// The hours in which a delta can be booked: weekdays from 9:00 until before 21:00, civil time of one zone.
#[derive(Clone, Debug)]
pub struct Window {
    zone: TimeZone,
}

/// A fault that says what was wrong with a time, and when it would be right.
fn outside(detail: impl std::fmt::Display) -> Fault {
    Fault::new(Code::OutsideWindow).detail(detail)
}

fn is_weekday(day: Weekday) -> bool {
    !matches!(day, Weekday::Saturday | Weekday::Sunday)
}

impl Window {
    /// In that IANA zone.
    pub fn new(zone: &str) -> Result<Self, Fault> {
        let unknown = |e| {
            let hint = "Write a zone of the IANA database, such as Europe/Kyiv.";
            Fault::new(Code::ConfigInvalid)
                .detail(format!("There is no time zone '{zone}'."))
                .hint(hint)
                .caused_by(e)
        };
        Ok(Self { zone: TimeZone::get(zone).map_err(unknown)? })
    }

    /// The zone's IANA name.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The moment at which the zone's clocks show that time; where they show it twice, the first. A fault where they
    /// never do: the hour that summer time skips.
    pub fn moment(&self, at: DateTime) -> Result<Zoned, Fault> {
        let ambiguous = self.zone.to_ambiguous_zoned(at);
        if matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
            return Err(outside(format!("In {} no clock shows {at}: summer time skips it.", self.zone())));
        }
        ambiguous.earlier().map_err(|e| outside(format!("{at} is no time of a calendar.")).caused_by(e))
    }

    /// The moment of a time inside the window. A fault ([`Code::OutsideWindow`]) for any other.
    pub fn check(&self, at: DateTime) -> Result<Zoned, Fault> {
        let moment = self.moment(at)?;
        if !is_weekday(at.weekday()) {
            return Err(self.closed(&format!("{at} is no weekday.")));
        }
        self.check_time(at.time())?;
        Ok(moment)
    }

    /// Weekdays and a time of day inside the window. A fault ([`Code::OutsideWindow`]) for any others.
    pub fn check_weekly(&self, days: &[Weekday], at: Time) -> Result<(), Fault> {
        if days.is_empty() {
            return Err(self.closed("No day was named."));
        }
        if !days.iter().copied().all(is_weekday) {
            return Err(self.closed("A day that was named is no weekday."));
        }
        self.check_time(at)
    }

    fn check_time(&self, at: Time) -> Result<(), Fault> {
        if at < OPENS {
            return Err(self.closed(&format!("{at} is before 9:00.")));
        }
        if at >= CLOSES {
            return Err(self.closed(&format!("{at} is not before 21:00.")));
        }
        Ok(())
    }

    fn closed(&self, detail: &str) -> Fault {
        outside(detail).hint(format!(
            "Choose a time on a weekday from 9:00 until before 21:00 in {}, or ask an operator.",
            self.zone()
        ))
    }

    /// A moment as a person reads it: with its offset, and in the person's own zone beside it where that is another.
    pub fn show(&self, moment: &Zoned, own: Option<&TimeZone>) -> String {
        let here = moment.with_time_zone(self.zone.clone());
        let shown = |zoned: &Zoned| zoned.strftime("%Y-%m-%d %H:%M (UTC%:z)").to_string();
        match own.map(|zone| moment.with_time_zone(zone.clone())) {
            Some(theirs) if theirs.offset() != here.offset() => {
                format!("{}, {} yours", shown(&here), shown(&theirs))
            }
            _ => shown(&here),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn kyiv() -> Window {
        Window::new("Europe/Kyiv").unwrap()
    }

    fn refused(at: DateTime) -> Code {
        kyiv().check(at).unwrap_err().code
    }

    #[test]
    fn weekdays_from_nine_until_before_twenty_one() {
        let monday = date(2026, 11, 23);
        assert!(kyiv().check(monday.at(9, 0, 0, 0)).is_ok());
        assert!(kyiv().check(monday.at(20, 59, 59, 0)).is_ok());
        assert_eq!(refused(monday.at(8, 59, 59, 0)), Code::OutsideWindow);
        assert_eq!(refused(monday.at(21, 0, 0, 0)), Code::OutsideWindow);
        assert_eq!(refused(date(2026, 11, 28).at(12, 0, 0, 0)), Code::OutsideWindow);
        assert_eq!(refused(date(2026, 11, 29).at(12, 0, 0, 0)), Code::OutsideWindow);
    }

    #[test]
    fn nine_is_nine_in_winter_and_in_summer() {
        let winter = kyiv().check(date(2026, 3, 27).at(9, 0, 0, 0)).unwrap();
        let summer = kyiv().check(date(2026, 3, 30).at(9, 0, 0, 0)).unwrap();
        assert_eq!(winter.timestamp().to_string(), "2026-03-27T07:00:00Z");
        assert_eq!(summer.timestamp().to_string(), "2026-03-30T06:00:00Z");
        let autumn = kyiv().check(date(2026, 10, 26).at(20, 30, 0, 0)).unwrap();
        assert_eq!(autumn.timestamp().to_string(), "2026-10-26T18:30:00Z");
    }

    #[test]
    fn a_time_that_no_clock_shows_is_refused() {
        let skipped = date(2026, 3, 29).at(3, 30, 0, 0);
        assert_eq!(kyiv().moment(skipped).unwrap_err().code, Code::OutsideWindow);
        let twice = kyiv().moment(date(2026, 10, 25).at(3, 30, 0, 0)).unwrap();
        assert_eq!(twice.timestamp().to_string(), "2026-10-25T00:30:00Z", "the first of the two");
    }

    #[test]
    fn every_time_carries_its_offset_and_the_persons_own() {
        let at = kyiv().check(date(2026, 7, 1).at(10, 0, 0, 0)).unwrap();
        assert_eq!(kyiv().show(&at, None), "2026-07-01 10:00 (UTC+03:00)");
        let york = TimeZone::get("America/New_York").unwrap();
        let shown = kyiv().show(&at, Some(&york));
        assert_eq!(shown, "2026-07-01 10:00 (UTC+03:00), 2026-07-01 03:00 (UTC-04:00) yours");
    }

    #[test]
    fn weekly_times_are_checked_too() {
        let window = kyiv();
        assert!(window.check_weekly(&[Weekday::Monday, Weekday::Friday], time(9, 0, 0, 0)).is_ok());
        assert!(window.check_weekly(&[Weekday::Saturday], time(9, 0, 0, 0)).is_err());
        assert!(window.check_weekly(&[], time(9, 0, 0, 0)).is_err());
        assert!(window.check_weekly(&[Weekday::Monday], time(21, 0, 0, 0)).is_err());
        assert_eq!(Window::new("Mars/Olympus").unwrap_err().code, Code::ConfigInvalid);
    }
}
