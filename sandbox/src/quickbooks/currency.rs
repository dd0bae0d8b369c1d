//! Currencies and what they cost.

use carry_model::{Date, Decimal};

use super::books::{Books, number, reference};
use super::kind::Kind;
use super::refusal::{Refusal, business, required};
use crate::json::{Json, object};

/// What a currency costs in US dollars, when nobody said anything else.
const IN_DOLLARS: [(&str, i64, u32, &str); 12] = [
    ("USD", 1, 0, "United States Dollar"),
    ("EUR", 109, 2, "Euro"),
    ("GBP", 127, 2, "British Pound Sterling"),
    ("AUD", 66, 2, "Australian Dollar"),
    ("CAD", 73, 2, "Canadian Dollar"),
    ("NZD", 61, 2, "New Zealand Dollar"),
    ("CHF", 112, 2, "Swiss Franc"),
    ("SEK", 95, 3, "Swedish Krona"),
    ("DKK", 146, 3, "Danish Krone"),
    ("JPY", 67, 4, "Japanese Yen"),
    ("SGD", 74, 2, "Singapore Dollar"),
    ("PLN", 25, 2, "Polish Zloty"),
];

/// A currency's name.
pub(super) fn name(code: &str) -> &str {
    IN_DOLLARS.into_iter().find(|(known, ..)| *known == code).map_or(code, |(.., name)| name)
}

/// Refuses a currency that the company does not have.
pub(super) fn check(books: &Books, code: &str) -> Result<(), Refusal> {
    if code == books.home {
        return Ok(());
    }
    let mut currencies = books.live(Kind::CompanyCurrency);
    let has = currencies.any(|currency| currency.text("Code") == Some(code) && currency.is_active());
    if books.is_multicurrency && has {
        return Ok(());
    }
    Err(business(format!("The currency {code} is not set up for this company")).on("CurrencyRef"))
}

/// Home units per unit of a currency on a day: what was last stated up to then, else a fixed one.
pub(super) fn rate(books: &Books, code: &str, date: Date) -> Decimal {
    let stated = books
        .live(Kind::ExchangeRate)
        .filter(|rate| rate.text("SourceCurrencyCode") == Some(code))
        .filter_map(|rate| Some((rate.text("AsOfDate")?.parse::<Date>().ok()?, rate.amount("Rate"))))
        .filter(|(day, _)| *day <= date)
        .max_by_key(|(day, _)| *day);
    if let Some((_, rate)) = stated {
        return rate;
    }
    let in_dollars = |code: &str| {
        let known = IN_DOLLARS.into_iter().find(|(known, ..)| *known == code);
        known.map_or(Decimal::ONE, |(_, digits, scale, _)| Decimal::new(digits, scale))
    };
    let rate = in_dollars(code).checked_div(in_dollars(&books.home)).unwrap_or(Decimal::ONE);
    carry_model::round_half_up(rate, 6)
}

/// Settles a transaction's currency and rate: those of its party, unless it says the same itself.
pub(super) fn settle(books: &Books, body: &mut Json, party: Option<&str>) -> Result<(), Refusal> {
    if !books.is_multicurrency {
        let stated = reference(body, "CurrencyRef").unwrap_or(&books.home);
        if stated != books.home {
            return Err(business("Multicurrency is not enabled for this company").on("CurrencyRef"));
        }
        body.set("CurrencyRef", object! { "value" => &books.home, "name" => name(&books.home) });
        body.remove("ExchangeRate");
        return Ok(());
    }
    let stated = reference(body, "CurrencyRef").or(party).unwrap_or(&books.home).to_owned();
    if party.is_some_and(|party| party != stated) {
        let text = "The currency of the transaction is invalid for customer / vendor / account.";
        return Err(business(text).on("CurrencyRef"));
    }
    check(books, &stated)?;
    let date = body.get("TxnDate").and_then(Json::as_str).and_then(|text| text.parse().ok());
    let rate = match number(body, "ExchangeRate").filter(|rate| *rate > Decimal::ZERO) {
        _ if stated == books.home => Decimal::ONE,
        Some(rate) => rate,
        None => rate(books, &stated, date.unwrap_or_else(|| books.today())),
    };
    body.set("ExchangeRate", rate);
    body.set("CurrencyRef", object! { "value" => &stated, "name" => name(&stated) });
    Ok(())
}

/// Checks a currency that is added to the company.
pub(super) fn check_company_currency(books: &Books, body: &mut Json) -> Result<(), Refusal> {
    if !books.is_multicurrency {
        return Err(business("Multicurrency is not enabled for this company"));
    }
    let code = body.get("Code").and_then(Json::as_str).ok_or_else(|| required("Code"))?;
    if code.parse::<carry_model::Currency>().is_err() {
        return Err(super::refusal::bad_choice("Code", code));
    }
    let (code, name) = (code.to_ascii_uppercase(), name(code).to_owned());
    body.set("Code", code);
    body.set("Name", name);
    Ok(())
}

/// Answers `GET /exchangerate`.
pub(super) fn exchange_rate(books: &Books, source: &str, as_of: Option<Date>) -> Json {
    let date = as_of.unwrap_or_else(|| books.today());
    object! {
        "SourceCurrencyCode" => source,
        "TargetCurrencyCode" => &books.home,
        "Rate" => rate(books, source, date),
        "AsOfDate" => date.to_string(),
        "MetaData" => object! { "LastUpdatedTime" => books.time(books.now) },
        "domain" => "QBO",
        "sparse" => false,
    }
}
