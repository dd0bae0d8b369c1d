use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

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
        digits_of(self.0).unwrap_or(2)
    }
}

/// Currencies that were asked for, each with its digits: the list of all of them takes long to search, and books
/// speak of a few. 0 where nothing is known; else the code in the upper three bytes and the digits in the lowest.
static KNOWN: [AtomicU32; 64] = [const { AtomicU32::new(0) }; 64];

/// The digits of a currency; None where the code is none.
fn digits_of(code: [u8; 3]) -> Option<u32> {
    let [a, b, c] = code;
    let key = u32::from_be_bytes([a, b, c, 0]);
    // Entries of the same place push one another out.
    let place = usize::from(a).wrapping_mul(7) ^ usize::from(b).wrapping_mul(3) ^ usize::from(c);
    let slot = KNOWN.get(place % KNOWN.len());
    let known = slot.map_or(0, |slot| slot.load(Ordering::Relaxed));
    if known & !0xff == key && key != 0 {
        return Some(known & 0xff);
    }
    let listed = std::str::from_utf8(&code).ok().and_then(iso_currency::Currency::from_code)?;
    let digits = listed.exponent().map_or(2, u32::from);
    if let Some(slot) = slot {
        slot.store(key | (digits & 0xff), Ordering::Relaxed);
    }
    Some(digits)
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Reads a code in any case, surrounding blanks ignored.
    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let unknown = || UnknownCurrency(text.chars().take(16).collect());
        let bytes: [u8; 3] = text.trim().as_bytes().try_into().map_err(|_| unknown())?;
        let code = bytes.map(|b| b.to_ascii_uppercase());
        digits_of(code).map(|_| Self(code)).ok_or_else(unknown)
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
    fn what_is_remembered_is_what_is_listed() {
        let letters = b'A'..=b'Z';
        for _ in 0..2 {
            for (a, b) in letters.clone().flat_map(|a| letters.clone().map(move |b| (a, b))) {
                for c in letters.clone() {
                    let code = [a, b, c];
                    let listed = iso_currency::Currency::from_code(std::str::from_utf8(&code).unwrap());
                    let expected = listed.map(|c| c.exponent().map_or(2, u32::from));
                    assert_eq!(digits_of(code), expected, "{code:?}");
                    assert_eq!(digits_of(code), expected, "{code:?}");
                }
            }
        }
    }

    #[test]
    fn refuses_codes_that_do_not_exist() {
        for text in ["XXQ", "", "EURO", "€", "12"] {
            assert!(text.parse::<Currency>().is_err(), "{text}");
        }
    }
}
