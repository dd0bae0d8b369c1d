//! Items, classes, departments, terms, payment methods: lists without rules of their own worth a room.

use super::books::{Books, Plan, Record, number, reference};
use super::claims::check_name;
use super::kind::Kind;
use super::refusal::{
    Refusal, bad_characters, bad_choice, bad_number, business, not_in_plan, refusal, required,
};
use super::{account, currency, name, tree};
use crate::json::Json;

/// Checks an object of a list that is written, and fills in what the server knows.
pub(super) fn check(books: &Books, kind: Kind, body: &mut Json, old: Option<&Record>) -> Result<(), Refusal> {
    match kind {
        Kind::Customer | Kind::Vendor | Kind::Employee => name::check(books, kind, body, old)?,
        Kind::Account => account::check(books, body, old)?,
        Kind::CompanyCurrency => {
            currency::check_company_currency(books, body)?;
            check_name(books, kind, body, old.map(Record::key).as_ref())?;
        }
        Kind::TaxAgency => {
            body.get("DisplayName").ok_or_else(|| required("DisplayName"))?;
            check_name(books, kind, body, old.map(Record::key).as_ref())?;
        }
        _ => named(books, kind, body, old)?,
    }
    if books.switches.inactive_names_get_suffix {
        suffix(books, kind, body, old);
    }
    Ok(())
}

fn named(books: &Books, kind: Kind, body: &mut Json, old: Option<&Record>) -> Result<(), Refusal> {
    let named = body.get("Name").and_then(Json::as_str).map(str::trim).unwrap_or_default();
    if named.is_empty() {
        return Err(required("Name"));
    }
    if named.contains([':', '\t', '\n']) {
        return Err(bad_characters("Name"));
    }
    if body.get("Active").is_none() {
        body.set("Active", true);
    }
    let own = old.map(Record::key);
    match kind {
        Kind::Item => item(books, body, old)?,
        Kind::Class if books.plan < Plan::Plus => return Err(not_in_plan("Class")),
        Kind::Department if books.plan < Plan::Plus => return Err(not_in_plan("Location")),
        Kind::Class => tree::place(books, kind, body, "SubClass"),
        Kind::Department => tree::place(books, kind, body, "SubDepartment"),
        Kind::Term => term(body)?,
        Kind::PaymentMethod if body.get("Type").is_none() => body.set("Type", "NON_CREDIT_CARD"),
        _ => {}
    }
    tree::check(books, kind, body, own.as_ref())?;
    check_name(books, kind, body, own.as_ref())
}

fn term(body: &mut Json) -> Result<(), Refusal> {
    if number(body, "DueDays").is_none() && number(body, "DayOfMonthDue").is_none() {
        return Err(required("DueDays"));
    }
    let kind = if number(body, "DueDays").is_some() { "STANDARD" } else { "DATE_DRIVEN" };
    body.set("Type", kind);
    Ok(())
}

fn item(books: &Books, body: &mut Json, old: Option<&Record>) -> Result<(), Refusal> {
    let kind = body.get("Type").and_then(Json::as_str).ok_or_else(|| required("Type"))?.to_owned();
    let has = |name: &str| reference(body, name).is_some();
    match kind.as_str() {
        "Service" | "NonInventory" if !has("IncomeAccountRef") && !has("ExpenseAccountRef") => {
            return Err(required("IncomeAccountRef"));
        }
        "Inventory" => {
            if books.plan < Plan::Plus {
                return Err(not_in_plan("Inventory"));
            }
            let missing = ["IncomeAccountRef", "AssetAccountRef", "ExpenseAccountRef"]
                .into_iter()
                .find(|ref_| !has(ref_));
            if let Some(missing) = missing {
                return Err(required(missing));
            }
            if old.is_none() && number(body, "QtyOnHand").is_none() {
                return Err(
                    refusal("6520", "Quantity on hand is missing", "QtyOnHand is missing").on("QtyOnHand")
                );
            }
            if old.is_none() && body.get("InvStartDate").is_none() {
                return Err(required("InvStartDate"));
            }
        }
        "Group" => return Err(bad_choice("Type", "Group")),
        _ => {}
    }
    let was = old.and_then(|old| old.text("Type"));
    if was.is_some_and(|was| was != kind && (was == "Inventory" || kind == "Inventory")) {
        return Err(business("The type of this item cannot be changed").on("Type"));
    }
    if number(body, "UnitPrice").is_some_and(|price| price > carry_model::Decimal::from(99_999_999_999_i64)) {
        return Err(bad_number("UnitPrice"));
    }
    tree::place(books, Kind::Item, body, "SubItem");
    Ok(())
}

/// A name that was set inactive is free again.
fn suffix(books: &Books, kind: Kind, body: &mut Json, old: Option<&Record>) {
    let field = if kind.is_name() { "DisplayName" } else { "Name" };
    let goes =
        old.is_some_and(Record::is_active) && body.get("Active").and_then(Json::as_bool) == Some(false);
    let takes_one =
        kind.is_name() || matches!(kind, Kind::Account | Kind::Item | Kind::Class | Kind::Department);
    let Some(name) = body.get(field).and_then(Json::as_str).map(str::to_owned).filter(|_| goes && takes_one)
    else {
        return;
    };
    let full = body.get("FullyQualifiedName").and_then(Json::as_str).map(str::to_owned);
    let mut attempt = 1;
    loop {
        let suffix = if attempt == 1 { " (deleted)".to_owned() } else { format!(" (deleted-{attempt})") };
        body.set(field, format!("{name}{suffix}"));
        if let Some(full) = &full {
            body.set("FullyQualifiedName", format!("{full}{suffix}"));
        }
        let own = old.map(Record::key);
        if check_name(books, kind, body, own.as_ref()).is_ok() {
            return;
        }
        attempt += 1;
    }
}
