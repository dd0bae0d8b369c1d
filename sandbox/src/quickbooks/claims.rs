//! Names and numbers that only one object may have.

use super::books::{Books, Key, Record, reference};
use super::kind::Kind;
use super::refusal::{Refusal, duplicate_name, duplicate_number};
use crate::json::Json;

/// What an object lays claim to.
pub(super) fn claims(books: &Books, record: &Record) -> Vec<String> {
    let name = name_claim(record.kind, &record.body);
    let number =
        record.text("DocNumber").map(|number| number_claim(books, record.kind, &record.body, number));
    name.into_iter().chain(number).collect()
}

/// The claim of a list object's name; customers, vendors and employees share theirs.
pub(super) fn name_claim(kind: Kind, body: &Json) -> Option<String> {
    let (space, field) = match kind {
        kind if kind.is_name() => ("Name", "DisplayName"),
        Kind::Account | Kind::Item | Kind::Class | Kind::Department => (kind.name(), "FullyQualifiedName"),
        Kind::Term | Kind::PaymentMethod | Kind::TaxCode | Kind::TaxRate => (kind.name(), "Name"),
        Kind::TaxAgency => (kind.name(), "DisplayName"),
        Kind::CompanyCurrency => (kind.name(), "Code"),
        _ => return None,
    };
    body.get(field).and_then(Json::as_str).map(|name| format!("{space}:{}", name.trim().to_lowercase()))
}

fn number_claim(books: &Books, kind: Kind, body: &Json, number: &str) -> String {
    let is_bill = matches!(kind, Kind::Bill | Kind::VendorCredit);
    let vendor =
        reference(body, "VendorRef").filter(|_| is_bill && books.switches.bill_numbers_are_unique_per_vendor);
    format!("{} number {}:{}", kind.name(), vendor.unwrap_or_default(), number.to_lowercase())
}

/// Refuses a name that another object has.
pub(super) fn check_name(books: &Books, kind: Kind, body: &Json, own: Option<&Key>) -> Result<(), Refusal> {
    let Some(claim) = name_claim(kind, body) else { return Ok(()) };
    match books.holder(&claim, own) {
        None => Ok(()),
        Some(_) if kind.is_name() => Err(duplicate_name("customer, vendor or employee")),
        Some((kind, _)) => Err(duplicate_name(&kind.name().to_lowercase())),
    }
}

/// Refuses a document's number that another one of its kind has, where the company wants to be warned.
pub(super) fn check_number(
    books: &Books,
    kind: Kind,
    body: &Json,
    own: Option<&Key>,
    may_repeat: bool,
) -> Result<(), Refusal> {
    let Some(number) = body.get("DocNumber").and_then(Json::as_str) else { return Ok(()) };
    let warns = match kind {
        Kind::Bill | Kind::VendorCredit => true,
        Kind::Purchase => body.get("PaymentType").and_then(Json::as_str) != Some("Check"),
        Kind::JournalEntry => books.prefers_other("WarnDuplicateJournalNumber"),
        _ => books.prefers("SalesFormsPrefs.CustomTxnNumbers") && books.switches.warn_duplicate_numbers,
    };
    if may_repeat || !warns {
        return Ok(());
    }
    match books.holder(&number_claim(books, kind, body, number), own) {
        None => Ok(()),
        Some((kind, id)) => Err(duplicate_number(number, kind.name(), id)),
    }
}

/// The next number of a kind of document: the highest one that is a plain number, plus one.
pub(super) fn next_number(books: &Books, kind: Kind) -> String {
    let numbers = books.live(kind).rev().filter_map(|record| record.text("DocNumber")?.parse::<u64>().ok());
    (numbers.take(NUMBERS_LOOKED_AT).max().unwrap_or(1000).saturating_add(1)).to_string()
}

/// How many of the last documents the next number is found from.
const NUMBERS_LOOKED_AT: usize = 100;
