//! The chart of accounts.

use super::books::{Books, Key, Record, reference};
use super::claims::check_name;
use super::kind::Kind;
use super::refusal::{Refusal, bad_characters, bad_choice, business, required, too_long};
use super::tree;
use crate::json::{Json, object};
use crate::region::Region;

/// Types of account with their classification, and the subtype that stands for each when none is said.
const TYPES: [(&str, &str, &str); 15] = [
    ("Bank", "Asset", "Checking"),
    ("Accounts Receivable", "Asset", "AccountsReceivable"),
    ("Other Current Asset", "Asset", "OtherCurrentAssets"),
    ("Fixed Asset", "Asset", "OtherFixedAssets"),
    ("Other Asset", "Asset", "OtherLongTermAssets"),
    ("Accounts Payable", "Liability", "AccountsPayable"),
    ("Credit Card", "Liability", "CreditCard"),
    ("Other Current Liability", "Liability", "OtherCurrentLiabilities"),
    ("Long Term Liability", "Liability", "OtherLongTermLiabilities"),
    ("Equity", "Equity", "OwnersEquity"),
    ("Income", "Revenue", "ServiceFeeIncome"),
    ("Other Income", "Revenue", "OtherMiscellaneousIncome"),
    ("Cost of Goods Sold", "Expense", "SuppliesMaterialsCogs"),
    ("Expense", "Expense", "OtherMiscellaneousServiceCost"),
    ("Other Expense", "Expense", "OtherMiscellaneousExpense"),
];

/// Subtypes of accounts that the product itself posts to.
const SYSTEM: [&str; 7] = [
    "UndepositedFunds",
    "RetainedEarnings",
    "OpeningBalanceEquity",
    "GlobalTaxPayable",
    "ExchangeGainOrLoss",
    "DiscountsRefundsGiven",
    "Inventory",
];

impl Books {
    /// The id of the first account of a subtype; empty when there is none.
    pub(super) fn system(&self, subtype: &str) -> &str {
        let mut accounts = self.live(Kind::Account);
        accounts
            .find(|account| account.text("AccountSubType") == Some(subtype))
            .map_or("", |account| &account.id)
    }

    /// The type of an account: `Accounts Receivable`.
    pub(super) fn account_type(&self, id: &str) -> &str {
        self.get(Kind::Account, id).and_then(|account| account.text("AccountType")).unwrap_or_default()
    }

    /// The account of receivables or payables of a currency, if there is one.
    pub(super) fn control(&self, kind: &str, currency: &str) -> Option<&Record> {
        let mut accounts = self.live(Kind::Account);
        accounts.find(|account| {
            account.text("AccountType") == Some(kind)
                && account.reference("CurrencyRef").unwrap_or(&self.home) == currency
        })
    }

    /// Makes sure that a foreign currency has its own account of receivables or payables, as the product does with
    /// the first transaction in it.
    pub(super) fn open_control(&mut self, kind: &str, currency: &str) {
        if self.control(kind, currency).is_some() {
            return;
        }
        let short = if kind == "Accounts Receivable" { "A/R" } else { "A/P" };
        let mut body = object! {
            "Name" => format!("{kind} ({short}) - {currency}"),
            "AccountType" => kind,
            "CurrencyRef" => object! { "value" => currency },
        };
        complete(self, &mut body);
        self.add(Kind::Account, body);
    }
}

/// Fills in what follows from the type: classification, subtype, full name.
pub(super) fn complete(books: &Books, body: &mut Json) {
    let known = body.get("AccountType").and_then(Json::as_str).and_then(type_named);
    if let Some((kind, classification, subtype)) = known {
        body.set("AccountType", kind);
        body.set("Classification", classification);
        if body.get("AccountSubType").is_none() {
            body.set("AccountSubType", subtype);
        }
    }
    if body.get("Active").is_none() {
        body.set("Active", true);
    }
    tree::place(books, Kind::Account, body, "SubAccount");
}

fn type_named(name: &str) -> Option<(&'static str, &'static str, &'static str)> {
    TYPES.into_iter().find(|(kind, _, _)| kind.eq_ignore_ascii_case(name))
}

/// Checks an account that is written.
pub(super) fn check(books: &Books, body: &mut Json, old: Option<&Record>) -> Result<(), Refusal> {
    let name = body.get("Name").and_then(Json::as_str).ok_or_else(|| required("Name"))?;
    if name.trim().is_empty() {
        return Err(required("Name"));
    }
    if name.contains(['"', ':']) {
        return Err(bad_characters("Name"));
    }
    let kind = body.get("AccountType").and_then(Json::as_str).map(str::to_owned);
    let subtype = body.get("AccountSubType").and_then(Json::as_str);
    match (&kind, subtype) {
        (None, None) => return Err(required("AccountType")),
        (Some(kind), _) if type_named(kind).is_none() => return Err(bad_choice("AccountType", kind)),
        (None, Some(subtype)) => {
            let known = TYPES.into_iter().find(|(_, _, known)| known.eq_ignore_ascii_case(subtype));
            let (kind, _, _) = known.ok_or_else(|| bad_choice("AccountSubType", subtype))?;
            body.set("AccountType", kind);
        }
        _ => {}
    }
    let number_max = if matches!(books.region, Region::Au) { 20 } else { 7 };
    if let Some(number) = body.get("AcctNum").and_then(Json::as_str) {
        if number.contains(':') {
            return Err(bad_characters("AcctNum"));
        }
        if number.chars().count() > number_max {
            return Err(too_long("AcctNum", number_max, number.chars().count()));
        }
    }
    let own: Option<Key> = old.map(Record::key);
    complete(books, body);
    tree::check(books, Kind::Account, body, own.as_ref())?;
    check_name(books, Kind::Account, body, own.as_ref())?;
    currency(books, body, old)?;
    match old {
        Some(old) => may_change(old, body),
        None => Ok(()),
    }
}

/// Every account has a currency; what it is in stays.
fn currency(books: &Books, body: &mut Json, old: Option<&Record>) -> Result<(), Refusal> {
    let before = old.and_then(|old| old.reference("CurrencyRef"));
    let stated = reference(body, "CurrencyRef").or(before).unwrap_or(&books.home).to_owned();
    if before.is_some_and(|before| before != stated) {
        return Err(business("The currency of an account cannot be changed"));
    }
    super::currency::check(books, &stated)?;
    body.set("CurrencyRef", object! { "value" => &stated, "name" => super::currency::name(&stated) });
    Ok(())
}

fn may_change(old: &Record, body: &Json) -> Result<(), Refusal> {
    let is_system = old.text("AccountSubType").is_some_and(|subtype| SYSTEM.contains(&subtype))
        || matches!(old.text("AccountType"), Some("Accounts Receivable" | "Accounts Payable"));
    if !is_system {
        return Ok(());
    }
    if body.get("Active").and_then(Json::as_bool) == Some(false) {
        return Err(business("You can't make this account inactive: it is used by the product"));
    }
    let of = |field: &str| (old.text(field), body.get(field).and_then(Json::as_str));
    let (before, after) = of("AccountType");
    if before != after {
        return Err(super::refusal::refusal(
            "6430",
            "Account type",
            "The type of this account cannot be changed",
        ));
    }
    Ok(())
}
