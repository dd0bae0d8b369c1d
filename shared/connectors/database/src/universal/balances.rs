//! Figures on their way out of the database: integers of minor units become amounts.

use carry_connector::{AccountBalance, Balance};
use carry_model::{Code, Currency, Decimal, Entity, Fault, Money, TargetId};

/// Sums of an account per currency, the same in home units, and the home currency. Parameter: the account.
pub(super) const ACCOUNT_BALANCE: &str = "SELECT p.currency, CAST(sum(p.amount_minor) AS BIGINT), \
    CAST(coalesce(sum(p.home_minor), 0) AS BIGINT), h.home_currency FROM postings p CROSS JOIN books h WHERE p.account_id = $1 GROUP BY p.currency, h.home_currency \
    ORDER BY p.currency";

/// The currency of a code that this program wrote.
pub(super) fn currency(code: &str) -> Result<Currency, Fault> {
    code.parse().map_err(|e| Fault::new(Code::CurrencyUnknown).field("currency").caused_by(e))
}

/// What is open on a document: its total less what is allocated to it; nothing where it moves no ledger.
pub(super) fn outstanding(entity: Entity, status: &str, total: i64, allocated: i64) -> Result<i64, Fault> {
    if entity.ledger().is_none() || matches!(status, "draft" | "voided") {
        return Ok(0);
    }
    total.checked_sub(allocated).ok_or_else(|| Fault::new(Code::AmountOutOfRange).field("outstanding"))
}

/// What a document or payment shows.
pub(super) fn balance(
    id: i64,
    code: &str,
    contact: Option<i64>,
    total: i64,
    outstanding: i64,
) -> Result<Balance, Fault> {
    let currency = currency(code)?;
    let digits = currency.minor_digits();
    Ok(Balance {
        id: TargetId::new(id.to_string()),
        total: Decimal::new(total, digits),
        outstanding: Decimal::new(outstanding, digits),
        currency,
        contact: contact.map(|id| TargetId::new(id.to_string())),
    })
}

/// Balance of an account in a currency; None where it is zero.
pub(super) fn ledger_balance(
    code: &str,
    minor: i64,
    home: i64,
    home_code: Option<&str>,
) -> Result<Option<AccountBalance>, Fault> {
    if minor == 0 && home == 0 {
        return Ok(None);
    }
    let entry = currency(code)?;
    let home_digits = home_code.map_or(Ok(2), |code| currency(code).map(|home| home.minor_digits()))?;
    let amount = Money::new(Decimal::new(minor, entry.minor_digits()), entry);
    Ok(Some(AccountBalance { amount, home: Decimal::new(home, home_digits) }))
}
