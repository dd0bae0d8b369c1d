//! Turns a staged row of a mapped query into a canonical record. Pure.

use carry_connector::{RawBatch, RawRow, Transformed, Transformer};
use carry_model::{
    Body, Code, Currency, Date, Decimal, Entity, Fault, Record, Reject, SourceId, Timestamp, checked_sum,
    parse_plain,
};
use serde_json::{Map, Value, json};

use super::file::{Columns, EntityQuery, Mapping};
use super::pages::OVERSIZED;
use super::shape::{Kind, shape};
use crate::fields::Fields;

/// The transformer of a mapping.
pub(super) struct Mapped {
    pub(super) mapping: Mapping,
    pub(super) home: Currency,
}

impl Transformer for Mapped {
    fn transform(&self, batch: &RawBatch, out: &mut Transformed) -> Result<(), Fault> {
        let query = self.mapping.queries.iter().find(|query| query.id == batch.header.partition);
        let query = query
            .ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("a partition that the mapping has not"))?;
        for row in batch.rows() {
            self.one(query, &row?, out)?;
        }
        Ok(())
    }
}

impl Mapped {
    /// The record that a row becomes without its parts; None where it would be rejected.
    pub(super) fn of_row(&self, query: &EntityQuery, row: &crate::conn::Row) -> Option<Record> {
        let names = row.names().iter().map(|name| name.to_lowercase());
        let values = row.values().iter().map(|value| serde_json::to_value(value).unwrap_or_default());
        let object = Value::Object(names.zip(values).collect());
        self.record(query, Fields::of(&object)?).ok()
    }

    fn one(&self, query: &EntityQuery, raw: &RawRow<'_>, out: &mut Transformed) -> Result<(), Fault> {
        let corrupt = || Fault::new(Code::StagingCorrupt).detail("a staged row of a mapped database");
        let value: Value = serde_json::from_str(raw.data.get()).map_err(|e| corrupt().caused_by(e))?;
        let row = Fields::of(&value).ok_or_else(corrupt)?;
        let place = raw.place(&query.id);
        match self.record(query, row) {
            Ok(mut record) => {
                record.place = place;
                record.raw = raw.data.get().to_owned();
                out.records.push(record);
            }
            Err(fault) => out.rejects.push(Reject {
                entity: query.entity,
                id: id(query, row).ok().map(SourceId::from),
                number: row.string(&query.columns.of("number")).ok().flatten(),
                place,
                fault,
                raw: raw.data.get().to_owned(),
            }),
        }
        Ok(())
    }

    fn record(&self, query: &EntityQuery, row: Fields<'_>) -> Result<Record, Fault> {
        if let Some(part) = row.text(OVERSIZED)? {
            return Err(Fault::new(Code::InputTooLarge).field(part).detail("It has too many rows."));
        }
        let shape = shape(query.entity);
        let currency = match row.text(&query.columns.of("currency"))? {
            Some(code) => code.parse().map_err(|_| {
                Fault::new(Code::CurrencyUnknown).field(query.columns.of("currency")).text(code)
            })?,
            None => self.home,
        };
        let mut body = object(row, &query.columns, currency)?;
        for part in &query.parts {
            let mut rows = Vec::new();
            for (at, child) in row.rows(part.name).enumerate() {
                let value = object(child, &part.columns, currency).map_err(|fault| {
                    let field = format!("{}[{}].{}", part.name, at + 1, fault.field);
                    fault.field(field)
                })?;
                rows.push(finished_row(query.entity, part.name, value)?);
            }
            body.insert(part.name.to_owned(), Value::Array(rows));
        }
        complete(query.entity, &mut body, self.home);
        money_fits(query, &body)?;
        let tagged = json!({shape.body: body});
        let body: Body = serde_json::from_value(tagged).map_err(|e| {
            Fault::new(Code::FieldMissing)
                .detail("The columns of the query do not make up a record.")
                .caused_by(e)
        })?;
        checked(&body)?;
        let number = row.string(&query.columns.of("number"))?.or_else(|| name_of(&body));
        let mut record = Record::new(query.entity, id(query, row)?, number, body)?;
        record.created = moment(row, &query.columns.of("created"))?;
        record.modified = moment(row, &query.columns.of("modified"))?;
        Ok(record)
    }
}

/// The record's id: the column `id`, else the key.
fn id(query: &EntityQuery, row: Fields<'_>) -> Result<String, Fault> {
    match row.string(&query.columns.of("id"))? {
        Some(id) => Ok(id),
        None => row.need(&query.key).map(std::borrow::Cow::into_owned),
    }
}

/// The fields of a row, each where it goes; `currency` is that of amounts in its smallest unit.
fn object(row: Fields<'_>, columns: &Columns, currency: Currency) -> Result<Map<String, Value>, Fault> {
    let mut body = Map::new();
    for field in columns.fields {
        let column = columns.of(field.name);
        let found = match value(row, &column, field.kind)? {
            None if field.kind.is_amount() => {
                // What arrives by a transfer may be in another currency than what left.
                let other =
                    if field.name == "received" { row.text(&columns.of("received_currency"))? } else { None };
                let own = other.and_then(|code| code.parse().ok()).unwrap_or(currency);
                minor(row, &columns.minor(field.name), own)?
            }
            found => found,
        };
        match found {
            Some(value) => {
                let own = [field.name];
                put(&mut body, if field.path.is_empty() { &own } else { field.path }, value);
            }
            None if field.needed => return Err(Fault::new(Code::FieldMissing).field(column)),
            None => {}
        }
    }
    Ok(body)
}

fn put(into: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [last] => {
            into.insert((*last).to_owned(), value);
        }
        [first, rest @ ..] => {
            if let Value::Object(inner) = into.entry(*first).or_insert_with(|| Value::Object(Map::new())) {
                put(inner, rest, value);
            }
        }
    }
}

fn value(row: Fields<'_>, column: &str, kind: Kind) -> Result<Option<Value>, Fault> {
    let Some(text) = row.text(column)? else { return Ok(None) };
    let unreadable = |code| Fault::new(code).field(column).text(&text);
    Ok(Some(match kind {
        Kind::Text | Kind::Id => json!(text),
        Kind::Lines => json!(lines(&text)),
        Kind::Money | Kind::Number => json!(parse_plain(&text).map_err(|fault| fault.field(column))?),
        Kind::Whole => json!(text.parse::<u64>().map_err(|_| unreadable(Code::AmountUnreadable))?),
        Kind::Day => json!(date(&text).ok_or_else(|| unreadable(Code::DateUnreadable))?),
        Kind::Flag => json!(row.flag(column)?),
        Kind::Currency => json!(text.parse::<Currency>().map_err(|_| unreadable(Code::CurrencyUnknown))?),
        Kind::Word(words) => {
            let word = text.to_lowercase().replace(['-', ' '], "_");
            let known = words.iter().find(|known| **known == word);
            json!(known.ok_or_else(|| {
                unreadable(Code::ValueUnknown).detail(format!("Known: {}.", words.join(", ")))
            })?)
        }
    }))
}

/// The lines of a text, or the texts of a JSON array.
fn lines(text: &str) -> Vec<String> {
    let array: Option<Vec<String>> =
        if text.starts_with('[') { serde_json::from_str(text).ok() } else { None };
    let lines = array.unwrap_or_else(|| text.lines().map(str::to_owned).collect());
    lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// An amount in the smallest unit of its currency.
fn minor(row: Fields<'_>, column: &str, currency: Currency) -> Result<Option<Value>, Fault> {
    let Some(units) = row.int(column)? else { return Ok(None) };
    let amount = Decimal::try_from_i128_with_scale(i128::from(units), currency.minor_digits());
    amount.map(|amount| Some(json!(amount))).map_err(|_| Fault::new(Code::AmountOutOfRange).field(column))
}

/// `2026-01-31`, `20260131`, or the day of a date with time.
fn date(text: &str) -> Option<Date> {
    text.parse::<Date>()
        .ok()
        .or_else(|| text.parse::<jiff::civil::DateTime>().ok().map(jiff::civil::DateTime::date))
}

/// A moment with its offset, or a date and time in UTC.
fn moment(row: Fields<'_>, column: &str) -> Result<Option<Timestamp>, Fault> {
    let Some(text) = row.text(column)? else { return Ok(None) };
    let utc = || {
        let time: jiff::civil::DateTime = text.parse().ok()?;
        time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    let moment = text.parse::<Timestamp>().ok().or_else(utc);
    moment.map(Some).ok_or_else(|| Fault::new(Code::DateUnreadable).field(column).text(&text))
}

/// What a part's row looks like in the model.
fn finished_row(entity: Entity, part: &str, mut row: Map<String, Value>) -> Result<Value, Fault> {
    if part == "options" {
        return Ok(row.remove("name").unwrap_or_default());
    }
    if entity == Entity::Journal {
        let amount = |row: &mut Map<String, Value>, name: &str| match row.remove(name) {
            Some(Value::String(text)) => parse_plain(&text).map(Some),
            _ => Ok(None),
        };
        let (signed, debit, credit) =
            (amount(&mut row, "amount")?, amount(&mut row, "debit")?, amount(&mut row, "credit")?);
        let amount = match (signed, debit, credit) {
            (Some(signed), None, None) => signed,
            (None, None, None) => return Err(Fault::new(Code::FieldMissing).field("lines.amount")),
            (None, debit, credit) => checked_sum([debit.unwrap_or_default(), -credit.unwrap_or_default()])?,
            _ => {
                return Err(Fault::new(Code::ValueUnknown)
                    .field("lines.amount")
                    .detail("Give amount, or debit and credit."));
            }
        };
        row.insert("amount".to_owned(), json!(amount));
    }
    let tracking: Vec<Value> =
        ["tracking", "tracking_2"].iter().filter_map(|name| row.remove(*name)).collect();
    // A row that states only half of an option states none.
    let tracking: Vec<Value> =
        tracking.into_iter().filter(|t| t.get("category").is_some() && t.get("option").is_some()).collect();
    if !tracking.is_empty() {
        row.insert("tracking".to_owned(), Value::Array(tracking));
    }
    if entity == Entity::TaxRate {
        row.entry("compound").or_insert(json!(false));
    }
    Ok(Value::Object(row))
}

/// Fills in what the model needs and a query need not state.
fn complete(entity: Entity, body: &mut Map<String, Value>, home: Currency) {
    let mut default = |name: &str, value: Value| {
        body.entry(name).or_insert(value);
    };
    match entity {
        Entity::Account | Entity::Project => default("active", json!(true)),
        Entity::Contact => {
            default("customer", json!(false));
            default("supplier", json!(false));
        }
        Entity::TimeActivity | Entity::ExpenseActivity | Entity::FeeActivity => {
            default("currency", json!(home));
            default("billable", json!(false));
        }
        Entity::TrackingCategory => default("options", json!([])),
        Entity::Journal | Entity::BankTransaction => {
            default("currency", json!(home));
            default("lines", json!([]));
        }
        Entity::Payment | Entity::BillPayment | Entity::Transfer => default("currency", json!(home)),
        entity if entity.is_document() => default("currency", json!(home)),
        _ => {}
    }
    // A rate of the home currency says nothing.
    if body.get("currency") == Some(&json!(home)) && !matches!(entity.level(), 8) {
        body.remove("rate");
    }
}

/// Money with more decimals than its currency has come through a binary float, or is in another currency.
fn money_fits(query: &EntityQuery, body: &Map<String, Value>) -> Result<(), Fault> {
    let Some(currency) =
        body.get("currency").and_then(Value::as_str).and_then(|code| code.parse::<Currency>().ok())
    else {
        return Ok(());
    };
    let fits = |value: Option<&Value>, field: &str| {
        let amount: Option<Decimal> = value.and_then(Value::as_str).and_then(|text| parse_plain(text).ok());
        match amount {
            Some(amount) if amount.normalize().scale() > currency.minor_digits() => {
                Err(Fault::new(Code::AmountUnreadable)
                    .field(field)
                    .text(amount)
                    .detail(format!("It has more decimals than {currency} has."))
                    .hint("Round it in the query, for example with round(total, 2)."))
            }
            _ => Ok(()),
        }
    };
    for field in query.columns.fields.iter().filter(|field| field.kind == Kind::Money) {
        fits(body.get(field.name), field.name)?;
    }
    for part in &query.parts {
        let rows = body.get(part.name).and_then(Value::as_array).into_iter().flatten();
        for (row, field) in rows.flat_map(|row| part.columns.fields.iter().map(move |field| (row, field))) {
            if field.kind == Kind::Money {
                fits(row.get(field.name), field.name)?;
            }
        }
    }
    Ok(())
}

/// What the parts of a record must agree on.
fn checked(body: &Body) -> Result<(), Fault> {
    match body {
        Body::Journal(journal) if journal.lines.is_empty() => {
            Err(Fault::new(Code::FieldMissing).field("lines").detail("A journal entry has no lines."))
        }
        Body::Journal(journal) => {
            let off = journal.imbalance()?;
            if off.is_zero() {
                Ok(())
            } else {
                Err(Fault::new(Code::JournalUnbalanced).detail(format!("It is off by {off}.")))
            }
        }
        Body::Contact(contact) if !contact.customer && !contact.supplier => {
            Err(Fault::new(Code::FieldMissing)
                .field("customer")
                .detail("The contact is neither customer nor supplier.")
                .hint("Give customer or supplier in the query, such as: SELECT ..., 1 AS customer."))
        }
        _ => Ok(()),
    }
}

/// What people know a record by that has no number.
fn name_of(body: &Body) -> Option<String> {
    match body {
        Body::Account(account) => Some(account.name.clone()),
        Body::TaxRate(tax) => Some(tax.name.clone()),
        Body::Terms(terms) => Some(terms.name.clone()),
        Body::PaymentMethod(method) => Some(method.name.clone()),
        Body::TrackingCategory(category) => Some(category.name.clone()),
        Body::Contact(contact) => Some(contact.name.clone()),
        Body::Item(item) => Some(item.name.clone()),
        Body::Project(project) => Some(project.name.clone()),
        Body::Attachment(attachment) => Some(attachment.name.clone()),
        _ => None,
    }
}
