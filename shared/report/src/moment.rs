use std::fmt;
use std::str::FromStr;

use carry_model::Timestamp;
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant with the offset from UTC that it is shown in. Serialises as RFC 3339,
/// `2026-03-02T14:05:00+02:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    timestamp: Timestamp,
    offset: Offset,
}

impl Moment {
    /// An instant, shown in the civil time of `offset`.
    pub const fn new(timestamp: Timestamp, offset: Offset) -> Self {
        Self { timestamp, offset }
    }

    /// The instant.
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// For people: `2 March 2026, 14:05 (UTC+02:00)`.
    pub fn spoken(&self) -> String {
        let civil = self.timestamp.to_zoned(TimeZone::fixed(self.offset));
        civil.strftime("%-d %B %Y, %H:%M (UTC%:z)").to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp.display_with_offset(self.offset))
    }
}

impl FromStr for Moment {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        let timestamp: Timestamp = text.parse()?;
        let offset = match Pieces::parse(text)?.offset() {
            Some(PiecesOffset::Numeric(numeric)) => numeric.offset(),
            _ => Offset::UTC,
        };
        Ok(Self { timestamp, offset })
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_offset() {
        let moment: Moment = "2026-03-02T14:05:00+02:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-03-02T14:05:00+02:00");
        assert_eq!(moment.spoken(), "2 March 2026, 14:05 (UTC+02:00)");
        let utc: Moment = "2026-03-02T14:05:00Z".parse().unwrap();
        assert_eq!(utc.to_string(), "2026-03-02T14:05:00+00:00");
    }
}
