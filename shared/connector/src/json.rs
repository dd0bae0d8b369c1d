//! Amounts as JSON numbers that never pass through a binary float.
//!
//! For platforms that write amounts as numbers: `#[serde(with = "carry_connector::json::amount")]` on a
//! [`Decimal`], `json::amount_opt` on an optional one. Works with what is read from text by `serde_json`, not
//! inside `flatten` or untagged enums (those buffer numbers).

use carry_model::{Decimal, Fault, parse_plain};
use serde_json::value::RawValue;

/// Reads a JSON number (`12.30`, `1e3`) or a text that holds one, exactly.
pub fn decimal(raw: &RawValue) -> Result<Decimal, Fault> {
    let text = raw.get().trim().trim_matches('"');
    if text.contains(['e', 'E'])
        && let Ok(amount) = Decimal::from_scientific(text)
    {
        return Ok(amount);
    }
    parse_plain(text)
}

/// Where a JSON text stops being what was expected. The parser's own message may quote what stands there.
pub fn place(error: &serde_json::Error) -> String {
    format!("line {} column {}", error.line(), error.column())
}

/// A decimal as a plain JSON number, without trailing zeros.
pub fn number(amount: Decimal) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(amount.normalize().to_string())
}

/// For an amount that is always there.
pub mod amount {
    use carry_model::Decimal;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
    use serde_json::value::RawValue;

    /// A JSON number.
    pub fn serialize<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        super::number(*amount).map_err(ser::Error::custom)?.serialize(serializer)
    }

    /// From a JSON number or a text that holds one.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        super::decimal(&raw).map_err(|_| de::Error::custom("an amount was expected"))
    }
}

/// For an amount that may be missing, null or an empty text. Add `default` beside it.
pub mod amount_opt {
    use carry_model::Decimal;
    use serde::{Deserialize, Deserializer, Serializer, de};
    use serde_json::value::RawValue;

    /// A JSON number or null.
    pub fn serialize<S: Serializer>(amount: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => super::amount::serialize(amount, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// From a JSON number, a text that holds one, null or an empty text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get() {
            "null" | "\"\"" => Ok(None),
            _ => super::decimal(&raw).map(Some).map_err(|_| de::Error::custom("an amount was expected")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Line {
        #[serde(with = "amount")]
        net: Decimal,
        #[serde(default, with = "amount_opt", skip_serializing_if = "Option::is_none")]
        tax: Option<Decimal>,
    }

    #[test]
    fn amounts_survive_to_the_last_digit() {
        let line: Line = serde_json::from_str(r#"{"net": 12345678901234567.89, "tax": 1e-2}"#).unwrap();
        assert_eq!(line.net.to_string(), "12345678901234567.89");
        assert_eq!(line.tax.unwrap().to_string(), "0.01");
        assert_eq!(serde_json::to_string(&line).unwrap(), r#"{"net":12345678901234567.89,"tax":0.01}"#);
    }

    #[test]
    fn missing_null_and_empty_are_none_and_words_are_refused() {
        for text in [r#"{"net":1}"#, r#"{"net":1,"tax":null}"#, r#"{"net":"1.00","tax":""}"#] {
            let line: Line = serde_json::from_str(text).unwrap();
            assert_eq!((line.net, line.tax), (Decimal::ONE, None), "{text}");
        }
        for text in [r#"{"net":"x"}"#, r#"{"net":[1]}"#, r#"{"net":true}"#, r#"{"net":null}"#] {
            assert!(serde_json::from_str::<Line>(text).is_err(), "{text}");
        }
    }
}
