use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 currency, known to exist and with its number of minor-unit digits at hand.
///
/// Serialises as its three-letter code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text is no ISO 4217 code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no ISO 4217 currency code")]
pub struct UnknownCurrency(pub String);

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(*b"USD");
    /// Euro.
    pub const EUR: Self = Self(*b"EUR");
    /// Pound sterling.
    pub const GBP: Self = Self(*b"GBP");

    /// The three-letter code, upper case.
    pub fn code(&self) -> &str {
        // The constructor lets only ASCII letters in.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Digits after the decimal point that amounts of this currency carry: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn minor_digits(&self) -> u32 {
        iso_currency::Currency::from_code(self.code()).and_then(|c| c.exponent()).map_or(2, u32::from)
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Reads a code in any case, surrounding blanks ignored.
    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let unknown = || UnknownCurrency(text.chars().take(16).collect());
        let bytes: [u8; 3] = text.trim().as_bytes().try_into().map_err(|_| unknown())?;
        let code = bytes.map(|b| b.to_ascii_uppercase());
        std::str::from_utf8(&code).ok().and_then(iso_currency::Currency::from_code).ok_or_else(unknown)?;
        Ok(Self(code))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Currency;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ISO 4217 currency code")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Currency, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_minor_digits() {
        assert_eq!(Currency::EUR.minor_digits(), 2);
        assert_eq!("jpy".parse::<Currency>().unwrap().minor_digits(), 0);
        assert_eq!(" KWD ".parse::<Currency>().unwrap().minor_digits(), 3);
    }

    #[test]
    fn refuses_codes_that_do_not_exist() {
        for text in ["XXQ", "", "EURO", "€", "12"] {
            assert!(text.parse::<Currency>().is_err(), "{text}");
        }
    }
}
