//! Items and their attributes.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use carry_model::{Fault, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fault::{json_broken, unusable};

/// An item as DynamoDB has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Seconds since 1970 after which an item is gone: the table's TTL attribute.
pub(crate) const EXPIRES: &str = "expires_at";

/// An item's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    pub(crate) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// The key of an item.
    pub(crate) fn of(item: &Item) -> Result<Self, Fault> {
        Ok(Self::new(required(item, "pk")?, required(item, "sk")?))
    }

    /// As the attributes that make up the key.
    pub(crate) fn item(&self) -> Item {
        Item::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }

    /// An item of this key with those attributes.
    pub(crate) fn with<const N: usize>(&self, attributes: [(&str, AttributeValue); N]) -> Item {
        let mut item = self.item();
        item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
        item
    }
}

/// False once an item's time is over, whether DynamoDB has deleted it yet or not.
pub(crate) fn is_live(item: &Item, now: Timestamp) -> bool {
    match item.get(EXPIRES) {
        Some(AttributeValue::N(at)) => at.parse::<i64>().is_ok_and(|at| at > now.as_second()),
        _ => true,
    }
}

pub(crate) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn number(number: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn bytes(bytes: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

pub(crate) fn json(value: &impl Serialize) -> Result<AttributeValue, Fault> {
    serde_json::to_string(value).map(AttributeValue::S).map_err(json_broken)
}

/// A text attribute that may be missing.
pub(crate) fn optional<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// A text attribute that must be there.
pub(crate) fn required<'a>(item: &'a Item, name: &str) -> Result<&'a str, Fault> {
    optional(item, name).ok_or_else(|| unusable(&format!("an item without {name}")))
}

/// A whole number that may be missing.
pub(crate) fn whole(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A JSON attribute that must be there.
pub(crate) fn parsed<T: DeserializeOwned>(item: &Item, name: &str) -> Result<T, Fault> {
    serde_json::from_str(required(item, name)?).map_err(json_broken)
}
