//! Customers, vendors and employees.

use carry_model::Decimal;

use super::books::{Books, Record, reference};
use super::claims::check_name;
use super::kind::Kind;
use super::refusal::{Refusal, bad_characters, business, refusal};
use super::tree;
use crate::json::{Json, object};

/// Parts of a person's name, in the order in which they make a display name.
const PARTS: [&str; 5] = ["Title", "GivenName", "MiddleName", "FamilyName", "Suffix"];

/// Checks a customer, vendor or employee that is written.
pub(super) fn check(books: &Books, kind: Kind, body: &mut Json, old: Option<&Record>) -> Result<(), Refusal> {
    let display = display_name(body)?;
    if display.contains([':', '\t', '\n']) {
        return Err(bad_characters("DisplayName"));
    }
    email(body)?;
    body.set("DisplayName", &display);
    if body.get("Active").is_none() {
        body.set("Active", true);
    }
    if body.get("PrintOnCheckName").is_none() {
        let printed = body.get("CompanyName").and_then(Json::as_str).unwrap_or(&display).to_owned();
        body.set("PrintOnCheckName", printed.chars().take(110).collect::<String>());
    }
    let own = old.map(Record::key);
    if kind == Kind::Customer {
        customer(books, body, old)?;
    }
    check_name(books, kind, body, own.as_ref())?;
    if kind != Kind::Employee {
        currency(books, body, old)?;
    }
    match (kind, old) {
        (Kind::Customer | Kind::Vendor, Some(old)) => may_go(books, old, body),
        _ => Ok(()),
    }
}

fn display_name(body: &Json) -> Result<String, Refusal> {
    let text =
        |name: &str| body.get(name).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty());
    let parts: Vec<&str> = PARTS.into_iter().filter_map(text).collect();
    let name = text("DisplayName").map(str::to_owned).unwrap_or_else(|| parts.join(" "));
    if name.is_empty() {
        let text =
            "At least one of Title, GivenName, MiddleName, FamilyName, Suffix or DisplayName must be given";
        return Err(refusal("6080", "Missing name", text).on("DisplayName"));
    }
    Ok(name)
}

fn email(body: &Json) -> Result<(), Refusal> {
    let address = body.at("PrimaryEmailAddr.Address").and_then(Json::as_str).unwrap_or_default();
    let is_one = |address: &str| {
        let (name, host) = address.split_once('@').unwrap_or_default();
        !name.is_empty() && host.contains('.') && !address.contains(char::is_whitespace)
    };
    if address.split(',').map(str::trim).all(|address| address.is_empty() || is_one(address)) {
        return Ok(());
    }
    let text = format!("The email address {address} is not valid");
    Err(refusal("2210", "Invalid Email Address format", text).on("PrimaryEmailAddr"))
}

fn customer(books: &Books, body: &mut Json, old: Option<&Record>) -> Result<(), Refusal> {
    tree::place(books, Kind::Customer, body, "Job");
    tree::check(books, Kind::Customer, body, old.map(Record::key).as_ref())?;
    for (field, value) in [("Taxable", true), ("BillWithParent", false)] {
        if body.get(field).is_none() {
            body.set(field, value);
        }
    }
    if body.get("PreferredDeliveryMethod").is_none() {
        body.set("PreferredDeliveryMethod", "Print");
    }
    Ok(())
}

/// What a party trades in stays.
fn currency(books: &Books, body: &mut Json, old: Option<&Record>) -> Result<(), Refusal> {
    let before = old.and_then(|old| old.reference("CurrencyRef"));
    let stated = reference(body, "CurrencyRef").or(before).unwrap_or(&books.home).to_owned();
    if before.is_some_and(|before| before != stated) {
        return Err(business("The currency of a customer or vendor cannot be changed").on("CurrencyRef"));
    }
    super::currency::check(books, &stated)?;
    body.set("CurrencyRef", object! { "value" => &stated, "name" => super::currency::name(&stated) });
    Ok(())
}

/// Refuses to set a party inactive that owes or is owed something.
fn may_go(books: &Books, old: &Record, body: &mut Json) -> Result<(), Refusal> {
    let goes = old.is_active() && body.get("Active").and_then(Json::as_bool) == Some(false);
    if goes && balance(books, old) != Decimal::ZERO {
        let text = "You can't make this name inactive: it has a balance that is not zero";
        return Err(refusal("6220", "Name has a balance", text));
    }
    Ok(())
}

/// What a party owes, or is owed if it is a vendor, in its own currency.
pub(super) fn balance(books: &Books, record: &Record) -> Decimal {
    let balance = books.balance(&format!("{}/{}", record.kind.name(), record.id));
    if record.kind == Kind::Vendor { -balance } else { balance }
}
