//! Setting an organisation up for a conversion: its chart and the balances it starts with, in one call.

use carry_model::{Date, Decimal, round_half_up};

use super::account::{self, System};
use super::books::Books;
use super::input::Input;
use super::posting;
use super::refusal::Refusal;
use super::route::Reply;
use crate::json::{Json, object};

/// Answers `POST /Setup`.
pub(super) fn answer(books: &mut Books, body: &Json) -> Result<Reply, Refusal> {
    let accounts = body.at("Accounts").and_then(Json::as_array).unwrap_or_default();
    let (mut new, mut updated, mut system, mut errored) = (0_usize, 0_usize, 0_usize, 0_usize);
    for sent in accounts {
        let is_system = sent.at("SystemAccount").and_then(Json::as_str).is_some_and(|text| !text.is_empty());
        let code = sent.at("Code").and_then(Json::as_str).unwrap_or_default();
        let known = books.account(code).map(|account| account.id);
        if is_system {
            system += 1;
            continue;
        }
        let mut draft = books.clone();
        match account::write(&mut draft, known, sent) {
            Ok(_) => {
                *books = draft;
                *(if known.is_some() { &mut updated } else { &mut new }) += 1;
            }
            Err(_) => errored += 1,
        }
    }
    let balances = body.at("ConversionBalances").and_then(Json::as_array).unwrap_or_default();
    if !balances.is_empty() {
        set_balances(books, body, balances)?;
    }
    let summary = object! {
        "Total" => books.accounts.values().count(),
        "New" => new,
        "Updated" => updated,
        "Deleted" => 0_usize,
        "Locked" => 0_usize,
        "System" => system,
        "Errored" => errored,
        "Present" => !accounts.is_empty(),
        "NewOrUpdated" => new + updated,
    };
    let summary = object! { "Accounts" => summary, "Organisation" => object! { "Present" => false } };
    Ok(Reply::Object(object! { "ImportSummary" => summary }))
}

/// Posts conversion balances on the day before the conversion, in place of those set before. What they do not add up
/// to is a historical adjustment.
fn set_balances(books: &mut Books, body: &Json, balances: &[Json]) -> Result<(), Refusal> {
    let mut input = Input::new(body);
    let (month, year) = (input.decimal("ConversionDate.Month"), input.decimal("ConversionDate.Year"));
    let first = month
        .zip(year)
        .and_then(|(month, year)| Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok());
    let day = first.and_then(|first| first.yesterday().ok());
    let Some(day) = day else {
        return Err(Refusal::Rule("A ConversionDate must be specified with its Month and Year".to_owned()));
    };
    let mut amounts = Vec::new();
    for balance in balances {
        let mut input = Input::new(balance);
        let code = input.text("AccountCode").unwrap_or_default();
        let Some(account) = books.account(&code) else {
            return Err(Refusal::Rule(format!("Account code '{code}' is not a valid code")));
        };
        let amount = input.decimal("Balance").unwrap_or_default();
        amounts.push((account.id, round_half_up(amount, 2)));
    }
    let sum: Decimal = amounts.iter().map(|(_, amount)| *amount).sum();
    amounts.push((books.system(System::Historical), -sum));
    let source = books.organisation.id;
    posting::post_plain(books, source, day, &amounts);
    Ok(())
}
