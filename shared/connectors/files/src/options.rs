//! What the user may set where the files leave a choice.

use std::collections::BTreeMap;

use carry_model::{Code, Currency, Fault};
use encoding_rs::Encoding as Label;

/// Settings of the source; all may be absent.
#[derive(Debug, Clone, Default)]
pub struct FilesOptions {
    /// Encoding of text files that are not UTF-8 or UTF-16, by its WHATWG name (`windows-1250`).
    pub encoding: Option<&'static Label>,
    /// Index into [`crate::written::DateOrder::ALL`] for columns that leave the order open.
    pub date_way: Option<usize>,
    /// Index into [`crate::evidence::NUMBER_FORMATS`] for columns that leave the format open.
    pub number_way: Option<usize>,
    /// Currency of the ledger.
    pub home_currency: Option<Currency>,
    /// Name of the business.
    pub company: Option<String>,
}

impl FilesOptions {
    /// The settings there are, each with the values it takes.
    pub const SETTINGS: [(&'static str, &'static str); 5] = [
        ("encoding", "name of an encoding, such as windows-1250"),
        ("date_order", "ymd, dmy or mdy"),
        ("decimal", "point or comma"),
        ("home_currency", "three-letter code"),
        ("company", "name of the business"),
    ];

    /// Reads settings by their names; a setting that is not known is a fault.
    pub fn from_settings(settings: &BTreeMap<String, String>) -> Result<Self, Fault> {
        let mut options = Self::default();
        for (name, value) in settings {
            let wrong = || {
                let known = Self::SETTINGS.iter().find(|(known, _)| known == name);
                let hint = match known {
                    Some((name, values)) => format!("Give `{name}` as {values}."),
                    None => format!("Known are {}.", Self::SETTINGS.map(|(name, _)| name).join(", ")),
                };
                Fault::new(Code::ConfigInvalid).field(name).text(value).hint(hint)
            };
            match name.as_str() {
                "encoding" => {
                    options.encoding = Some(Label::for_label(value.as_bytes()).ok_or_else(wrong)?);
                }
                "date_order" => {
                    let way = ["ymd", "dmy", "mdy"].iter().position(|order| value == order);
                    options.date_way = Some(way.ok_or_else(wrong)?);
                }
                "decimal" => {
                    let way = ["point", "comma"].iter().position(|decimal| value == decimal);
                    options.number_way = Some(way.ok_or_else(wrong)?);
                }
                "home_currency" => options.home_currency = Some(value.parse().map_err(|_| wrong())?),
                "company" => options.company = Some(value.clone()),
                _ => return Err(wrong()),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_or_refused() {
        let read = |name: &str, value: &str| {
            FilesOptions::from_settings(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
        };
        assert_eq!(read("date_order", "mdy").unwrap().date_way, Some(2));
        assert_eq!(read("encoding", "latin2").unwrap().encoding.unwrap().name(), "ISO-8859-2");
        assert_eq!(read("date_order", "american").unwrap_err().code, Code::ConfigInvalid);
        assert!(read("colour", "red").unwrap_err().remedy().contains("home_currency"));
    }
}
