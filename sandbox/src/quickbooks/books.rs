//! A company's objects, and the indexes over them.

use std::collections::BTreeSet;
use std::sync::Arc;

use carry_model::{Date, Decimal, Timestamp, round_half_up};
use imbl::{OrdMap, OrdSet};
use jiff::tz::{Offset, TimeZone};

use super::claims::claims;
use super::kind::Kind;
use super::{schema, settlement};
use crate::json::Json;
use crate::region::Region;

/// An object by its kind and id.
pub(super) type Key = (Kind, String);
/// Key of the map of records: ids of the same length sort as numbers do.
type Place = (Kind, usize, String);

/// An object as it is kept: `body` is what a reply shows, less the envelope.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) token: u64,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    /// Deleted objects stay as a tombstone: changes are asked for, and ids are never given twice.
    pub(super) is_deleted: bool,
    pub(super) body: Json,
}

impl Record {
    pub(super) fn key(&self) -> Key {
        (self.kind, self.id.clone())
    }

    /// A text field.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Json::as_str)
    }

    /// An amount; zero when it is absent.
    pub(super) fn amount(&self, name: &str) -> Decimal {
        number(&self.body, name).unwrap_or_default()
    }

    /// The id in a reference.
    pub(super) fn reference(&self, name: &str) -> Option<&str> {
        reference(&self.body, name)
    }

    /// Whether it is in use: only what says otherwise is not.
    pub(super) fn is_active(&self) -> bool {
        self.body.get("Active").and_then(Json::as_bool) != Some(false)
    }

    /// The day it counts.
    pub(super) fn date(&self) -> Date {
        self.text("TxnDate").and_then(|text| text.parse().ok()).unwrap_or(Date::ZERO)
    }

    /// Home units per unit of its currency.
    pub(super) fn rate(&self) -> Decimal {
        number(&self.body, "ExchangeRate").unwrap_or(Decimal::ONE)
    }
}

/// The id in a reference of an object: `{"value": "1"}`.
pub(super) fn reference<'a>(body: &'a Json, name: &str) -> Option<&'a str> {
    body.get(name)?.get("value")?.as_str()
}

/// A number, also when it was written as a text.
pub(super) fn number(body: &Json, name: &str) -> Option<Decimal> {
    match body.get(name)? {
        Json::Number(number) => Some(*number),
        Json::Text(text) => crate::json::decimal(text).filter(|number| number.abs() < schema::NUMBER_MAX),
        _ => None,
    }
}

/// Facts that are documented nowhere, each with what the sandbox does unless told otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Switches {
    pub(super) batch_items_count: bool,
    pub(super) batch_answers_reversed: bool,
    pub(super) sparse_everywhere: bool,
    pub(super) settlement_bumps_sync_token: bool,
    pub(super) inactive_names_get_suffix: bool,
    pub(super) warn_duplicate_numbers: bool,
    pub(super) bill_numbers_are_unique_per_vendor: bool,
    pub(super) inclusive_amount_is_gross: bool,
    pub(super) tax_calculation_is_required: bool,
    pub(super) request_ids_keep_refusals: bool,
    pub(super) throttle_says_retry_after: bool,
    pub(super) pages_cut_short: bool,
    pub(super) aged_reports_in_document_currency: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            batch_items_count: false,
            batch_answers_reversed: false,
            sparse_everywhere: false,
            settlement_bumps_sync_token: true,
            inactive_names_get_suffix: true,
            warn_duplicate_numbers: true,
            bill_numbers_are_unique_per_vendor: false,
            inclusive_amount_is_gross: false,
            tax_calculation_is_required: true,
            request_ids_keep_refusals: false,
            throttle_says_retry_after: false,
            pages_cut_short: false,
            aged_reports_in_document_currency: false,
        }
    }
}

/// What a company pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plan {
    /// No bills, items on purchases, classes, locations and purchase orders.
    SimpleStart,
    /// Bills, but no items on purchases, classes, locations and purchase orders.
    Essentials,
    /// Everything here.
    Plus,
    /// Everything here.
    Advanced,
}

impl Plan {
    pub(super) fn sku(self) -> &'static str {
        match self {
            Self::SimpleStart => "QuickBooks Online Simple Start",
            Self::Essentials => "QuickBooks Online Essentials",
            Self::Plus => "QuickBooks Online Plus",
            Self::Advanced => "QuickBooks Online Advanced",
        }
    }
}

/// A company's books. A copy is cheap: calls are carried out on one, and forgotten with it when they are refused.
#[derive(Clone, Debug)]
pub(super) struct Books {
    pub(super) region: Region,
    pub(super) plan: Plan,
    pub(super) home: String,
    pub(super) is_multicurrency: bool,
    /// The subscription has ended: the company can only be read.
    pub(super) has_ended: bool,
    /// The company's id.
    pub(super) realm: String,
    /// Where the caller reaches the sandbox: `http://127.0.0.1:8080`.
    pub(super) origin: String,
    /// The time of the call that is being carried out.
    pub(super) now: Timestamp,
    pub(super) switches: Switches,
    records: OrdMap<Place, Arc<Record>>,
    last_ids: OrdMap<Kind, u64>,
    last_transaction: u64,
    /// Names and numbers that are taken, with by what.
    taken: OrdMap<String, OrdSet<Key>>,
    /// What settlements take off each open item.
    applied: OrdMap<Key, OrdMap<Key, Decimal>>,
    /// The deposit that a payment sits in.
    pub(super) deposited: OrdMap<Key, String>,
    /// Bytes of attached files.
    pub(super) files: OrdMap<String, Arc<[u8]>>,
    /// What each party owes and each account holds, kept by the ledger's postings.
    pub(super) balances: OrdMap<String, Decimal>,
    /// Objects that were written since the ledger was last brought up to date.
    pub(super) touched: BTreeSet<Key>,
}

impl Books {
    pub(super) fn new(region: Region, home: &str, now: Timestamp) -> Self {
        Self {
            region,
            plan: Plan::Plus,
            home: home.to_owned(),
            is_multicurrency: region != Region::Us,
            has_ended: false,
            realm: String::new(),
            origin: String::new(),
            now,
            switches: Switches::default(),
            records: OrdMap::new(),
            last_ids: OrdMap::new(),
            last_transaction: 0,
            taken: OrdMap::new(),
            applied: OrdMap::new(),
            deposited: OrdMap::new(),
            files: OrdMap::new(),
            balances: OrdMap::new(),
            touched: BTreeSet::new(),
        }
    }

    /// A moment as replies write it, in the company's zone and without fractions.
    pub(super) fn time(&self, moment: Timestamp) -> String {
        moment.to_zoned(self.zone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// Today, in the company's zone.
    pub(super) fn today(&self) -> Date {
        self.now.to_zoned(self.zone()).date()
    }

    fn zone(&self) -> TimeZone {
        let hours = match self.region {
            Region::Us => -8,
            Region::Uk => 0,
            Region::Au => 10,
            Region::Global => 1,
        };
        TimeZone::fixed(Offset::constant(hours))
    }

    /// An amount of the rate's currency in the home currency.
    pub(super) fn at_home(&self, amount: Decimal, rate: Decimal) -> Decimal {
        round_half_up(amount.saturating_mul(rate), digits(&self.home))
    }

    /// An object, also a deleted one.
    pub(super) fn any(&self, kind: Kind, id: &str) -> Option<&Record> {
        self.records.get(&(kind, id.len(), id.to_owned())).map(AsRef::as_ref)
    }

    /// An object that was not deleted.
    pub(super) fn get(&self, kind: Kind, id: &str) -> Option<&Record> {
        self.any(kind, id).filter(|record| !record.is_deleted)
    }

    /// All objects of a kind, deleted ones too, by id.
    pub(super) fn all(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Record> {
        let from = (kind, 0, String::new());
        let to = (kind, usize::MAX, String::new());
        self.records.range(from..to).map(|(_, record)| record.as_ref())
    }

    /// All objects of a kind that were not deleted, by id.
    pub(super) fn live(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Record> {
        self.all(kind).filter(|record| !record.is_deleted)
    }

    /// Every object, deleted ones too.
    pub(super) fn everything(&self) -> impl Iterator<Item = &Record> {
        self.records.values().map(AsRef::as_ref)
    }

    /// Adds an object under the next id.
    pub(super) fn add(&mut self, kind: Kind, body: Json) -> String {
        let id = if kind.is_transaction() {
            self.last_transaction += 1;
            self.last_transaction
        } else {
            let last = self.last_ids.entry(kind).or_default();
            *last += 1;
            *last
        };
        self.add_as(kind, &id.to_string(), body);
        id.to_string()
    }

    /// Adds an object under an id of its own.
    pub(super) fn add_as(&mut self, kind: Kind, id: &str, body: Json) {
        let (created, updated) = (self.now, self.now);
        self.put(Record { kind, id: id.to_owned(), token: 0, created, updated, is_deleted: false, body });
    }

    /// Changes an object.
    pub(super) fn change(&mut self, kind: Kind, id: &str, body: Json) {
        let Some(record) = self.any(kind, id) else { return };
        let (token, updated) = (record.token + 1, self.now);
        let record = Record { token, updated, body, ..record.clone() };
        self.put(record);
    }

    /// Changes what follows from other objects, which nobody wrote.
    pub(super) fn follow(&mut self, kind: Kind, id: &str, body: Json) {
        let Some(record) = self.any(kind, id).filter(|record| record.body != body) else { return };
        let token = record.token + u64::from(self.switches.settlement_bumps_sync_token);
        let record = Record { token, updated: self.now, body, ..record.clone() };
        self.put(record);
    }

    /// Deletes an object.
    pub(super) fn delete(&mut self, kind: Kind, id: &str) {
        let Some(record) = self.any(kind, id) else { return };
        let record =
            Record { is_deleted: true, updated: self.now, token: record.token + 1, ..record.clone() };
        self.put(record);
    }

    /// Puts a record in its place, with everything that is looked up by.
    pub(super) fn put(&mut self, record: Record) {
        let key = record.key();
        let place = (record.kind, record.id.len(), record.id.clone());
        if let Some(old) = self.records.get(&place).cloned() {
            self.forget(&old);
        }
        if !record.is_deleted {
            for claim in claims(self, &record) {
                self.taken.entry(claim).or_default().insert(key.clone());
            }
            for (item, amount) in settlement::applications(&record) {
                *self.applied.entry(item).or_default().entry(key.clone()).or_default() += amount;
            }
            for payment in settlement::deposits(&record) {
                self.deposited.insert(payment, record.id.clone());
            }
        }
        if let Ok(number) = record.id.parse::<u64>() {
            if record.kind.is_transaction() {
                self.last_transaction = self.last_transaction.max(number);
            } else {
                let last = self.last_ids.entry(record.kind).or_default();
                *last = number.max(*last);
            }
        }
        self.touched.insert(key);
        self.records.insert(place, Arc::new(record));
    }

    fn forget(&mut self, old: &Record) {
        let key = old.key();
        for claim in claims(self, old) {
            if let Some(holders) = self.taken.get_mut(&claim) {
                holders.remove(&key);
            }
        }
        for (item, _) in settlement::applications(old) {
            if let Some(settlements) = self.applied.get_mut(&item) {
                settlements.remove(&key);
            }
        }
        for payment in settlement::deposits(old) {
            self.deposited.remove(&payment);
        }
    }

    /// Who else than `but` holds a name or number.
    pub(super) fn holder(&self, claim: &str, but: Option<&Key>) -> Option<&Key> {
        self.taken.get(claim)?.iter().find(|holder| Some(*holder) != but)
    }

    /// What was taken off an open item, and by what.
    pub(super) fn settlements(&self, item: &Key) -> impl Iterator<Item = (&Key, Decimal)> {
        self.applied.get(item).into_iter().flatten().map(|(key, amount)| (key, *amount))
    }

    /// The company's name.
    pub(super) fn find_name(&self) -> String {
        let information = self.get(Kind::CompanyInfo, "1");
        information.and_then(|record| record.text("CompanyName")).unwrap_or_default().to_owned()
    }

    /// A balance by its name in `balances`.
    pub(super) fn balance(&self, name: &str) -> Decimal {
        self.balances.get(name).copied().unwrap_or_default()
    }

    /// A field of the preferences.
    pub(super) fn preference(&self, path: &str) -> Option<&Json> {
        self.get(Kind::Preferences, "1")?.body.at(path)
    }

    /// Whether a preference is set.
    pub(super) fn prefers(&self, path: &str) -> bool {
        self.preference(path).and_then(Json::as_bool) == Some(true)
    }

    /// Whether one of the preferences that are kept as pairs of names and values is set.
    pub(super) fn prefers_other(&self, name: &str) -> bool {
        let pairs = self.preference("OtherPrefs.NameValue").and_then(Json::as_array).unwrap_or_default();
        let value =
            |pair: &Json, field: &str, text: &str| pair.get(field).and_then(Json::as_str) == Some(text);
        pairs.iter().any(|pair| value(pair, "Name", name) && value(pair, "Value", "true"))
    }

    /// Amounts of a currency, rounded to what it has of decimals.
    pub(super) fn round(&self, amount: Decimal, currency: &str) -> Decimal {
        let digits = digits(currency);
        let mut rounded = round_half_up(amount, digits);
        rounded.rescale(digits);
        rounded
    }
}

/// Decimals of a currency: 2 for EUR, 0 for JPY.
fn digits(currency: &str) -> u32 {
    currency.parse().map_or(2, |currency: carry_model::Currency| currency.minor_digits().min(2))
}
