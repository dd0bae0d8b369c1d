//! A link as an item. Attribute names are short because every link pays for them; `docs/table.md` spells them out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use carry_model::{Decimal, Entity, Fault, MigrationId, RecordKey, RunId, SourceId, TargetId, checked_sum};
use carry_ports::{Change as How, Link, LinkState, More};

use crate::fault::{json_broken, unusable};
use crate::item::{EXPIRES, Item, Key, bytes, json, optional, required, text};
use crate::table::Change;

pub(super) const STATE: &str = "st";
pub(super) const RUN: &str = "ru";
pub(super) const SEEN: &str = "se";
pub(super) const OUTSTANDING: &str = "ou";
const HOW: &str = "ch";
const TARGET: &str = "ti";
const NUMBER: &str = "nu";
const TARGET_NUMBER: &str = "tn";
const FINGERPRINT: &str = "fp";
const CONTACT: &str = "co";
const DATE: &str = "da";
const CURRENCY: &str = "cu";
const RATE: &str = "ra";
const TOTAL: &str = "to";
const MORE: &str = "mo";
/// Begins the attributes that say what each payment takes off a document.
const APPLIED: &str = "a#";

/// Attributes that a link may or may not have, so that writing one again takes back what is no longer so.
const OPTIONAL: [&str; 10] =
    [TARGET, NUMBER, TARGET_NUMBER, CONTACT, DATE, CURRENCY, RATE, TOTAL, OUTSTANDING, MORE];

/// `more` is compressed where it is longer than this, in bytes.
const PLAIN_MAX: usize = 384;
/// `more` is refused where it would be longer than this once decompressed, in bytes.
const MORE_MAX: usize = 4 * 1024 * 1024;
const ZSTD_LEVEL: i32 = 3;

/// The partition of an entity's links.
pub(super) fn partition(migration: &MigrationId, entity: Entity) -> String {
    format!("M#{migration}#{}", entity.name())
}

/// Where the link of a record lies.
pub(super) fn key(migration: &MigrationId, key: &RecordKey) -> Key {
    Key::new(partition(migration, key.entity), sort(&key.id))
}

pub(super) fn sort(id: &SourceId) -> String {
    format!("L#{id}")
}

/// The attribute in which a document keeps what a payment takes off it: absolute, so that noting it twice is
/// noting it once.
pub(super) fn applied_by(payment: &RecordKey) -> String {
    let name = format!("{} {}", payment.entity.name(), payment.id);
    let hash = blake3::hash(name.as_bytes()).to_hex();
    format!("{APPLIED}{}", hash.chars().take(24).collect::<String>())
}

/// What payments take off documents, as their own links say.
#[derive(Default)]
pub(super) struct Taken {
    /// The attributes of these payments.
    names: HashSet<String>,
    by_document: HashMap<RecordKey, BTreeMap<String, Decimal>>,
}

impl Taken {
    /// By these payments; one without a link takes nothing.
    pub(super) fn by(
        payments: &BTreeSet<&RecordKey>,
        links: &HashMap<&RecordKey, Link>,
    ) -> Result<Self, Fault> {
        let mut taken = Self::default();
        for payment in payments {
            let name = applied_by(payment);
            let link = links.get(payment).filter(|link| link.is_done());
            for allocation in link.into_iter().flat_map(|link| &link.more.allocations) {
                let of = taken.by_document.entry(allocation.document.clone()).or_default();
                let sum = of.entry(name.clone()).or_default();
                *sum = checked_sum([*sum, allocation.amount])?;
            }
            taken.names.insert(name);
        }
        Ok(taken)
    }

    /// Puts it in place of what a document's item says of the same payments.
    pub(super) fn restate(&self, document: &RecordKey, item: &mut Item) {
        item.retain(|name, _| !self.names.contains(name));
        for (name, amount) in self.by_document.get(document).into_iter().flatten() {
            item.insert(name.clone(), text(amount.to_string()));
        }
    }
}

const fn state_name(state: LinkState) -> &'static str {
    match state {
        LinkState::Done => "d",
        LinkState::Failed => "f",
        LinkState::Skipped => "s",
    }
}

/// The state's value in the table.
pub(super) fn state_value(state: LinkState) -> aws_sdk_dynamodb::types::AttributeValue {
    text(state_name(state))
}

/// The state of a link's item.
pub(super) fn state(item: &Item) -> Result<LinkState, Fault> {
    let name = required(item, STATE)?;
    [LinkState::Done, LinkState::Failed, LinkState::Skipped]
        .into_iter()
        .find(|state| state_name(*state) == name)
        .ok_or_else(|| unusable("a link of unknown state"))
}

const fn how_name(how: How) -> &'static str {
    match how {
        How::Created => "c",
        How::Updated => "u",
        How::Mapped => "m",
    }
}

fn how(item: &Item) -> Result<How, Fault> {
    let name = required(item, HOW)?;
    [How::Created, How::Updated, How::Mapped]
        .into_iter()
        .find(|how| how_name(*how) == name)
        .ok_or_else(|| unusable("a link of unknown change"))
}

/// The attributes of a link, without its key and without what payments took off it.
pub(super) fn attributes(link: &Link) -> Result<Item, Fault> {
    let fingerprint = u128::from_str_radix(&link.fingerprint.to_string(), 16);
    let fingerprint = fingerprint.map_err(|_| unusable("a fingerprint"))?.to_be_bytes().to_vec();
    let mut item = Item::from([
        (STATE.to_owned(), text(state_name(link.state))),
        (HOW.to_owned(), text(how_name(link.change))),
        (FINGERPRINT.to_owned(), bytes(fingerprint)),
        (RUN.to_owned(), text(link.run.as_str())),
    ]);
    let texts = [
        (TARGET, link.target.as_ref().map(ToString::to_string)),
        (NUMBER, link.number.clone()),
        (TARGET_NUMBER, link.target_number.clone()),
        (CONTACT, link.contact.as_ref().map(ToString::to_string)),
        (DATE, link.date.map(|date| date.to_string())),
        (CURRENCY, link.currency.map(|currency| currency.to_string())),
        // As text: a DynamoDB number forgets trailing zeros.
        (RATE, link.rate.map(|rate| rate.to_string())),
        (TOTAL, link.total.map(|total| total.to_string())),
        (OUTSTANDING, link.outstanding.map(|outstanding| outstanding.to_string())),
    ];
    item.extend(texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value?)))));
    if let Some(more) = more_value(&link.more)? {
        item.insert(MORE.to_owned(), more);
    }
    Ok(item)
}

fn more_value(more: &More) -> Result<Option<aws_sdk_dynamodb::types::AttributeValue>, Fault> {
    let plain = serde_json::to_string(more).map_err(json_broken)?;
    if plain == r#"{"place":{"file":""}}"# {
        return Ok(None);
    }
    if plain.len() <= PLAIN_MAX {
        return json(more).map(Some);
    }
    let packed = zstd::bulk::compress(plain.as_bytes(), ZSTD_LEVEL);
    Ok(Some(bytes(packed.map_err(|e| unusable("a link").caused_by(e))?)))
}

fn more(item: &Item) -> Result<More, Fault> {
    let Some(value) = item.get(MORE) else { return Ok(More::default()) };
    if let Ok(plain) = value.as_s() {
        return serde_json::from_str(plain).map_err(json_broken);
    }
    let packed = value.as_b().map_err(|_| unusable("a link's particulars"))?;
    let plain = zstd::bulk::decompress(packed.as_ref(), MORE_MAX);
    serde_json::from_slice(&plain.map_err(|e| unusable("a link's particulars").caused_by(e))?)
        .map_err(json_broken)
}

/// The change that writes a link and leaves alone what others wrote beside it: what payments took off it, and which
/// run saw it.
pub(super) fn written(
    link: &Link,
    backstop: aws_sdk_dynamodb::types::AttributeValue,
) -> Result<Change, Fault> {
    let mut attributes = attributes(link)?;
    let mut change = Change::default().set(EXPIRES, backstop);
    for name in OPTIONAL {
        if !attributes.contains_key(name) {
            change = change.remove(name);
        }
    }
    for name in [STATE, HOW, FINGERPRINT, RUN].into_iter().chain(OPTIONAL) {
        if let Some(value) = attributes.remove(name) {
            change = change.set(name, value);
        }
    }
    Ok(change)
}

fn decimal(text: &str) -> Result<Decimal, Fault> {
    Decimal::from_str_exact(text).map_err(|e| unusable("an amount").caused_by(e))
}

fn amount(item: &Item, name: &str) -> Result<Option<Decimal>, Fault> {
    optional(item, name).map(decimal).transpose()
}

fn applied(item: &Item) -> Result<Decimal, Fault> {
    let parts = item.iter().filter(|(name, _)| name.starts_with(APPLIED));
    let amounts = parts.map(|(_, value)| decimal(value.as_s().map_err(|_| unusable("an amount"))?));
    checked_sum(amounts.collect::<Result<Vec<_>, _>>()?)
}

fn readable<T: std::str::FromStr>(item: &Item, name: &str) -> Result<Option<T>, Fault> {
    let value = optional(item, name).map(str::parse).transpose();
    value.map_err(|_| unusable(&format!("a link's {name}")))
}

/// Reads a link back.
pub(super) fn read(entity: Entity, item: &Item) -> Result<Link, Fault> {
    let id = required(item, "sk")?.strip_prefix("L#").ok_or_else(|| unusable("a link's key"))?;
    let fingerprint = item.get(FINGERPRINT).and_then(|value| value.as_b().ok());
    let fingerprint = fingerprint.and_then(|bytes| bytes.as_ref().try_into().ok().map(u128::from_be_bytes));
    let fingerprint = fingerprint.ok_or_else(|| unusable("a link's fingerprint"))?;
    Ok(Link {
        key: RecordKey::new(entity, id),
        state: state(item)?,
        change: how(item)?,
        target: optional(item, TARGET).map(TargetId::from),
        number: optional(item, NUMBER).map(str::to_owned),
        target_number: optional(item, TARGET_NUMBER).map(str::to_owned),
        fingerprint: format!("{fingerprint:032x}").parse()?,
        run: RunId::from(required(item, RUN)?),
        contact: optional(item, CONTACT).map(SourceId::from),
        date: readable(item, DATE)?,
        currency: readable(item, CURRENCY)?,
        rate: amount(item, RATE)?,
        total: amount(item, TOTAL)?,
        outstanding: amount(item, OUTSTANDING)?,
        applied: applied(item)?,
        more: more(item)?,
    })
}
