use std::borrow::Cow;
use std::sync::Arc;

use carry_model::{Code, Decimal, Fault, parse_plain};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value of a row. Never a binary float.
///
/// As JSON: null, an integer, a string (texts and decimals alike), or for bytes a string `\x` and hexadecimal
/// digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL's null.
    Null,
    /// An integer or truth value (1, 0).
    Int(i64),
    /// Text, a date (`2026-01-31`), a time, or a binary float as its shortest text.
    Text(String),
    /// An exact decimal. One beyond 28 digits arrives as text.
    Decimal(Decimal),
    /// Bytes, and texts that are not UTF-8.
    Bytes(Vec<u8>),
}

impl Value {
    /// True for null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// As text; None for null. A fault ([`Code::TextUndecodable`]) for bytes.
    pub fn text(&self) -> Result<Option<Cow<'_, str>>, Fault> {
        Ok(match self {
            Self::Null => None,
            Self::Int(n) => Some(Cow::Owned(n.to_string())),
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Decimal(amount) => Some(Cow::Owned(amount.to_string())),
            Self::Bytes(_) => return Err(Fault::new(Code::TextUndecodable)),
        })
    }

    /// As a whole number; None for null. A fault ([`Code::AmountUnreadable`]) where it is none.
    pub fn int(&self) -> Result<Option<i64>, Fault> {
        match self {
            Self::Null => Ok(None),
            Self::Int(n) => Ok(Some(*n)),
            Self::Text(text) => {
                text.trim().parse().map(Some).map_err(|_| Fault::new(Code::AmountUnreadable).text(text))
            }
            Self::Decimal(amount) => i64::try_from(amount.normalize())
                .ok()
                .filter(|n| Decimal::from(*n) == *amount)
                .map(Some)
                .ok_or_else(|| Fault::new(Code::AmountUnreadable).text(amount)),
            Self::Bytes(_) => Err(Fault::new(Code::AmountUnreadable)),
        }
    }

    /// As an exact decimal; None for null. A fault ([`Code::AmountUnreadable`]) where it is none.
    pub fn decimal(&self) -> Result<Option<Decimal>, Fault> {
        match self {
            Self::Null => Ok(None),
            Self::Int(n) => Ok(Some(Decimal::from(*n))),
            Self::Text(text) => parse_plain(text).map(Some),
            Self::Decimal(amount) => Ok(Some(*amount)),
            Self::Bytes(_) => Err(Fault::new(Code::AmountUnreadable)),
        }
    }

    /// Bytes it takes in memory, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len() + size_of::<Self>(),
            Self::Bytes(bytes) => bytes.len() + size_of::<Self>(),
            _ => size_of::<Self>(),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Int(n) => serializer.serialize_i64(*n),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Decimal(amount) => serializer.collect_str(amount),
            Self::Bytes(bytes) => {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                serializer.collect_str(&format_args!("\\x{hex}"))
            }
        }
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A row: values under the query's column names. As JSON an object in the query's order.
#[derive(Clone, Debug)]
pub struct Row {
    names: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(names: &Arc<[String]>, values: Vec<Value>) -> Self {
        Self { names: Arc::clone(names), values }
    }

    /// Column names, as the query gave them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Values, in the query's order.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values, taken out.
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// The value of a column, case ignored; None where the query has no such column.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.names.iter().position(|column| column.eq_ignore_ascii_case(name))?;
        self.values.get(at)
    }

    /// The value of a column; null where the query has no such column.
    pub fn value(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }

    /// Text of a column; None where it is null or missing.
    pub fn text(&self, name: &str) -> Result<Option<Cow<'_, str>>, Fault> {
        self.value(name).text().map_err(|fault| fault.field(name))
    }

    /// Whole number of a column; None where it is null or missing.
    pub fn int(&self, name: &str) -> Result<Option<i64>, Fault> {
        self.value(name).int().map_err(|fault| fault.field(name))
    }

    /// Exact decimal of a column; None where it is null or missing.
    pub fn decimal(&self, name: &str) -> Result<Option<Decimal>, Fault> {
        self.value(name).decimal().map_err(|fault| fault.field(name))
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (name, value) in self.names.iter().zip(&self.values) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
