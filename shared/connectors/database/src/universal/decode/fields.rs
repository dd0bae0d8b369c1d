use std::str::FromStr;

use carry_model::{Code, Currency, Date, Decimal, Entity, Fault, SourceId, Timestamp};
use serde_json::{Map, Value};

use super::super::words;

/// A row as it was staged, read column by column; texts are taken as they are, blanks included.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

fn bad(code: Code, name: &str, value: impl std::fmt::Display) -> Fault {
    Fault::new(code).field(name).text(value)
}

impl<'a> Fields<'a> {
    /// The row in a JSON object.
    pub(super) fn of(value: &'a Value) -> Result<Self, Fault> {
        value.as_object().map(Self).ok_or_else(|| Fault::new(Code::RowMalformed).text(value))
    }

    fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Text that may be missing.
    pub(super) fn opt(self, name: &str) -> Result<Option<&'a str>, Fault> {
        let text = |value: &'a Value| value.as_str().ok_or_else(|| bad(Code::ValueUnknown, name, value));
        self.value(name).map(text).transpose()
    }

    /// Text that must be there.
    pub(super) fn text(self, name: &str) -> Result<&'a str, Fault> {
        self.opt(name)?.ok_or_else(|| Fault::new(Code::FieldMissing).field(name))
    }

    /// Owned text that may be missing.
    pub(super) fn string(self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self.opt(name)?.map(str::to_owned))
    }

    /// Whole number that may be missing.
    pub(super) fn int(self, name: &str) -> Result<Option<i64>, Fault> {
        let int = |value: &'a Value| value.as_i64().ok_or_else(|| bad(Code::AmountUnreadable, name, value));
        self.value(name).map(int).transpose()
    }

    /// Whole number that must be there.
    pub(super) fn need_int(self, name: &str) -> Result<i64, Fault> {
        self.int(name)?.ok_or_else(|| Fault::new(Code::FieldMissing).field(name))
    }

    /// Count that may be missing.
    pub(super) fn count<T: TryFrom<i64>>(self, name: &str) -> Result<Option<T>, Fault> {
        let count = |n: i64| T::try_from(n).map_err(|_| bad(Code::AmountOutOfRange, name, n));
        self.int(name)?.map(count).transpose()
    }

    /// Truth value that may be missing.
    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, Fault> {
        match self.int(name)? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(other) => Err(bad(Code::ValueUnknown, name, other)),
        }
    }

    /// Exact decimal that may be missing, with the decimals it is written with.
    pub(super) fn decimal(self, name: &str) -> Result<Option<Decimal>, Fault> {
        let parse =
            |text: &str| Decimal::from_str_exact(text).map_err(|_| bad(Code::AmountUnreadable, name, text));
        match self.value(name) {
            Some(Value::Number(number)) => parse(&number.to_string()).map(Some),
            _ => self.opt(name)?.map(parse).transpose(),
        }
    }

    /// Date that may be missing.
    pub(super) fn date(self, name: &str) -> Result<Option<Date>, Fault> {
        let parse = |text: &str| text.parse().map_err(|_| bad(Code::DateUnreadable, name, text));
        self.opt(name)?.map(parse).transpose()
    }

    /// Date that must be there.
    pub(super) fn need_date(self, name: &str) -> Result<Date, Fault> {
        self.date(name)?.ok_or_else(|| Fault::new(Code::FieldMissing).field(name))
    }

    /// Time that may be missing.
    pub(super) fn time(self, name: &str) -> Result<Option<Timestamp>, Fault> {
        let parse = |text: &str| text.parse().map_err(|_| bad(Code::DateUnreadable, name, text));
        self.opt(name)?.map(parse).transpose()
    }

    /// Currency that may be missing.
    pub(super) fn opt_currency(self, name: &str) -> Result<Option<Currency>, Fault> {
        let parse = |text: &str| Currency::from_str(text).map_err(|_| bad(Code::CurrencyUnknown, name, text));
        self.opt(name)?.map(parse).transpose()
    }

    /// Currency that must be there.
    pub(super) fn currency(self, name: &str) -> Result<Currency, Fault> {
        self.opt_currency(name)?.ok_or_else(|| Fault::new(Code::FieldMissing).field(name))
    }

    /// Source id of a record referred to.
    pub(super) fn reference(self, name: &str) -> Result<Option<SourceId>, Fault> {
        Ok(self.opt(name)?.map(SourceId::from))
    }

    /// Source id of a record that must be referred to.
    pub(super) fn need_reference(self, name: &str) -> Result<SourceId, Fault> {
        self.text(name).map(SourceId::from)
    }

    /// Entity by its stable name.
    pub(super) fn entity(self, name: &str) -> Result<Entity, Fault> {
        let text = self.text(name)?;
        let known = Entity::ALL.iter().copied().find(|entity| entity.name() == text);
        known.ok_or_else(|| bad(Code::ValueUnknown, name, text))
    }

    /// One of a list of words.
    pub(super) fn word<T: Copy>(self, words: &[(T, &'static str)], name: &str) -> Result<T, Fault> {
        words::value(words, self.text(name)?, name)
    }
}
