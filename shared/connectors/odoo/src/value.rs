//! Odoo's JSON values: `false` for empty, `[id, name]` for a reference, floats for amounts.

use carry_model::{Code, Date, Decimal, Fault, round_half_up};
use serde_json::Value;

/// A record as `read` and `search_read` give it.
pub(crate) type Fields = serde_json::Map<String, Value>;

/// Significant digits that survive Odoo's binary floats; amounts with more are refused before they are sent.
const DIGITS_MAX: u32 = 15;

/// The records of an answer.
pub(crate) fn records(answer: Value) -> Result<Vec<Fields>, Fault> {
    serde_json::from_value(answer).map_err(|e| unexpected("records").caused_by(e))
}

/// The ids of an answer.
pub(crate) fn ids(answer: Value) -> Result<Vec<i64>, Fault> {
    serde_json::from_value(answer).map_err(|e| unexpected("ids").caused_by(e))
}

fn unexpected(what: &str) -> Fault {
    Fault::new(Code::AnswerUnreadable).detail(format!("No {what} where some were expected."))
}

/// A record's own id.
pub(crate) fn id(fields: &Fields) -> i64 {
    int(fields, "id")
}

/// A whole number; 0 where empty.
pub(crate) fn int(fields: &Fields, name: &str) -> i64 {
    fields.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// The id of a reference.
pub(crate) fn reference(fields: &Fields, name: &str) -> Option<i64> {
    match fields.get(name)? {
        Value::Array(pair) => pair.first()?.as_i64(),
        Value::Number(id) => id.as_i64(),
        _ => None,
    }
}

/// The ids of a list of references.
pub(crate) fn references(fields: &Fields, name: &str) -> Vec<i64> {
    let list = fields.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_i64).collect()
}

/// A text; None where empty.
pub(crate) fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A yes or no; no where empty.
pub(crate) fn flag(fields: &Fields, name: &str) -> bool {
    fields.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// A date; None where empty.
pub(crate) fn date(fields: &Fields, name: &str) -> Option<Date> {
    text(fields, name)?.parse().ok()
}

/// An amount, rounded to `digits` decimals because it comes out of a binary float: 0.30000000000000004 is 0.30.
pub(crate) fn amount(fields: &Fields, name: &str, digits: u32) -> Result<Decimal, Fault> {
    match fields.get(name) {
        Some(value @ Value::Number(_)) => decimal(value).map(|amount| round_half_up(amount, digits)),
        _ => Err(unexpected("amount").field(name)),
    }
}

/// A number as a decimal, as written.
pub(crate) fn decimal(value: &Value) -> Result<Decimal, Fault> {
    let text = value.to_string();
    let parsed = if text.contains(['e', 'E']) {
        Decimal::from_scientific(&text)
    } else {
        Decimal::from_str_exact(&text)
    };
    parsed.map_err(|e| Fault::new(Code::AnswerUnreadable).detail("an amount").caused_by(e))
}

/// A decimal as a JSON number, for calls that take no text.
pub(crate) fn number(amount: Decimal) -> Result<Value, Fault> {
    serde_json::from_str(&plain(amount)?).map_err(|e| Fault::new(Code::Bug).detail("a number").caused_by(e))
}

/// A decimal as the importer reads it. A fault where a binary float cannot hold it to the last digit.
pub(crate) fn plain(amount: Decimal) -> Result<String, Fault> {
    let amount = amount.normalize();
    let digits = amount.mantissa().unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
    if digits > DIGITS_MAX {
        return Err(Fault::new(Code::AmountOutOfRange)
            .text(amount)
            .detail("Odoo keeps amounts to fifteen digits."));
    }
    Ok(amount.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn floats_come_back_to_the_cent() {
        let record = fields(json!({"a": 0.300_000_000_000_000_04, "b": 1e-7, "c": false}));
        assert_eq!(amount(&record, "a", 2).unwrap().to_string(), "0.30");
        assert_eq!(amount(&record, "b", 2).unwrap(), Decimal::ZERO);
        assert!(amount(&record, "c", 2).is_err());
    }

    #[test]
    fn amounts_that_a_float_would_bend_are_refused() {
        assert_eq!(plain("1234567890123.45".parse().unwrap()).unwrap(), "1234567890123.45");
        assert_eq!(plain("12345678901234567.89".parse().unwrap()).unwrap_err().code, Code::AmountOutOfRange);
        assert_eq!(plain(Decimal::ZERO).unwrap(), "0");
    }

    #[test]
    fn empty_is_false() {
        let record = fields(json!({"ref": false, "partner_id": [3, "Acme"], "name": "X", "ids": [1, 2]}));
        assert_eq!(text(&record, "ref"), None);
        assert_eq!(reference(&record, "ref"), None);
        assert_eq!(reference(&record, "partner_id"), Some(3));
        assert_eq!(references(&record, "ids"), [1, 2]);
    }
}
