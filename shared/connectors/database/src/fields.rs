//! A raw source row as it was staged, read field by field; every fault names its field.

use std::borrow::Cow;

use carry_model::{Code, Fault};
use serde_json::{Map, Value};

/// The columns of one source row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The row, where the value is an object.
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// The value of a column; None for null and for a column the row does not have.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Text of a column, numbers included, blanks around it taken off; None where there is none.
    pub(crate) fn text(self, name: &str) -> Result<Option<Cow<'a, str>>, Fault> {
        let text = match self.get(name) {
            None => return Ok(None),
            Some(Value::String(text)) => Cow::Borrowed(text.trim()),
            Some(Value::Number(number)) => Cow::Owned(number.to_string()),
            Some(Value::Bool(flag)) => Cow::Borrowed(if *flag { "1" } else { "0" }),
            Some(other) => return Err(Fault::new(Code::ValueUnknown).field(name).text(other)),
        };
        Ok((!text.is_empty()).then_some(text))
    }

    /// Owned text of a column; None where there is none.
    pub(crate) fn string(self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self.text(name)?.map(Cow::into_owned))
    }

    /// Text of a column that must not be empty.
    pub(crate) fn need(self, name: &str) -> Result<Cow<'a, str>, Fault> {
        self.text(name)?.ok_or_else(|| Fault::new(Code::FieldMissing).field(name))
    }

    /// Whole number of a column; None where there is none.
    pub(crate) fn int(self, name: &str) -> Result<Option<i64>, Fault> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Fault::new(Code::AmountUnreadable).field(name).text(text))
    }

    /// Truth of a column; false where there is none.
    pub(crate) fn flag(self, name: &str) -> Result<bool, Fault> {
        let Some(text) = self.text(name)? else { return Ok(false) };
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "t" | "yes" | "y" | "-1" => Ok(true),
            "0" | "false" | "f" | "no" | "n" => Ok(false),
            _ => Err(Fault::new(Code::ValueUnknown).field(name).text(text)),
        }
    }

    /// The rows of a child table that were staged with this object.
    pub(crate) fn rows(self, name: &str) -> impl Iterator<Item = Fields<'a>> + use<'a> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Fields::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_in_any_type_that_makes_sense() {
        let row =
            serde_json::json!({"a": " x ", "b": 5, "c": null, "d": "", "e": "12", "f": [1], "g": "maybe"});
        let row = Fields::of(&row).unwrap();
        assert_eq!(row.text("a").unwrap().unwrap(), "x");
        assert_eq!(row.text("b").unwrap().unwrap(), "5");
        assert_eq!(
            (row.text("c").unwrap(), row.text("d").unwrap(), row.text("zz").unwrap()),
            (None, None, None)
        );
        assert_eq!((row.int("b").unwrap(), row.int("e").unwrap()), (Some(5), Some(12)));
        assert_eq!(row.int("a").unwrap_err().code, Code::AmountUnreadable);
        assert_eq!(row.text("f").unwrap_err().code, Code::ValueUnknown);
        assert_eq!(&*row.flag("g").unwrap_err().field, "g");
        assert_eq!(row.need("d").unwrap_err().code, Code::FieldMissing);
    }
}
