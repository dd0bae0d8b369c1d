//! A JSON value whose numbers are exact decimals.
//!
//! Platforms write amounts as JSON numbers. A binary float would lose their cents and their scale (`40.00`), so numbers
//! are read from their own text and written back from it.

use std::fmt::{self, Write};

use carry_model::Decimal;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Objects and lists inside each other that a body may hold.
const DEPTH_MAX: usize = 32;

/// A JSON value. Objects keep the order of their fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Json {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, with the decimals it was written with.
    Number(Decimal),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

/// The text is no JSON, nests too deep, or holds a number outside the range of a decimal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Json {
    /// Reads a body.
    pub fn parse(text: &[u8]) -> Result<Self, Unreadable> {
        let raw: &RawValue = serde_json::from_slice(text).map_err(|e| Unreadable(e.to_string()))?;
        read(raw, 0)
    }

    /// An object of these fields; those that are null are left out, as platforms do.
    pub fn object(fields: impl IntoIterator<Item = (String, Json)>) -> Self {
        Self::Object(fields.into_iter().filter(|(_, value)| *value != Self::Null).collect())
    }

    /// The field of exactly that name; nothing if this is no object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The field at the end of a dotted path (`Contact.ContactID`), names in any case of letters.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, name| {
            value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        })
    }

    /// Sets a field of an object in its place, or at the end if it is new.
    pub fn set(&mut self, name: &str, value: impl Into<Self>) {
        let Self::Object(fields) = self else { return };
        let value = value.into();
        match fields.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => fields.push((name.to_owned(), value)),
        }
    }

    /// Takes a field out of an object.
    pub fn remove(&mut self, name: &str) -> Option<Self> {
        let Self::Object(fields) = self else { return None };
        let at = fields.iter().position(|(key, _)| key == name)?;
        Some(fields.remove(at).1)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// True or false.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The fields of an object.
    pub fn as_object(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// As the body of a request or a reply.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

/// Reads a number as JSON or a person without grouping writes it, exactly.
pub fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

fn read(raw: &RawValue, depth: usize) -> Result<Json, Unreadable> {
    let text = raw.get();
    let fail = |e: serde_json::Error| Unreadable(e.to_string());
    if depth > DEPTH_MAX {
        return Err(Unreadable(format!("nested deeper than {DEPTH_MAX}")));
    }
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let Fields(fields) = serde_json::from_str(text).map_err(fail)?;
            let fields: Result<_, Unreadable> =
                fields.into_iter().map(|(key, value)| Ok((key, read(value, depth + 1)?))).collect();
            Json::Object(fields?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(fail)?;
            Json::List(items.into_iter().map(|item| read(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Json::Text(serde_json::from_str(text).map_err(fail)?),
        Some(b't' | b'f') => Json::Bool(text == "true"),
        Some(b'n') => Json::Null,
        _ => Json::Number(decimal(text).ok_or_else(|| Unreadable(format!("{text} is out of range")))?),
    })
}

/// The fields of an object in their order, values unread.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => quote(f, text),
            Self::List(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    comma(f, index)?;
                    write!(f, "{item}")?;
                }
                f.write_char(']')
            }
            Self::Object(fields) => {
                f.write_char('{')?;
                for (index, (key, value)) in fields.iter().enumerate() {
                    comma(f, index)?;
                    quote(f, key)?;
                    write!(f, ":{value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn comma(f: &mut fmt::Formatter<'_>, index: usize) -> fmt::Result {
    if index > 0 { f.write_char(',') } else { Ok(()) }
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Decimal> for Json {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Json {
    fn from(number: usize) -> Self {
        Self::Number(Decimal::from(number))
    }
}

impl From<uuid::Uuid> for Json {
    fn from(id: uuid::Uuid) -> Self {
        Self::Text(id.to_string())
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::List(items)
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Writes an object: `object! { "Name" => name, "Total" => total }`. Fields that are null are left out.
#[macro_export]
macro_rules! object {
    ($($key:expr => $value:expr),* $(,)?) => {
        $crate::json::Json::object([$(($key.to_owned(), $crate::json::Json::from($value))),*])
    };
}
pub(crate) use object;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit_and_their_scale() {
        let text =
            r#"{"Total":12345678901234567.89,"Rate":1.000000,"List":[1,-2.50],"Text":"a\"b","None":null}"#;
        assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), text);
        assert_eq!(Json::parse(b"1.5e3").unwrap().as_decimal(), Some(Decimal::from(1500)));
    }

    #[test]
    fn fields_are_found_along_a_path() {
        let json = Json::parse(br#"{"contact":{"contactID":"7"}}"#).unwrap();
        assert_eq!(json.at("Contact.ContactID").and_then(Json::as_str), Some("7"));
        assert_eq!(json.at("Contact.Name"), None);
        assert_eq!(json.get("Contact"), None, "exact");
    }

    #[test]
    fn hostile_text_is_refused() {
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        for text in ["", "{", "nul", deep.as_str(), "1e400", r#"{"a":1}x"#] {
            assert!(Json::parse(text.as_bytes()).is_err(), "{}", text.chars().take(10).collect::<String>());
        }
    }
}
