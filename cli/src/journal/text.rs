//! Writing the journal as hledger and Beancount read it.

use std::fmt::Write as _;

use carry_model::{Currency, Money};

use super::{Dialect, Names, Posting, Price, Transaction};

/// Accounts are open from this day on; Beancount wants one before the first posting.
const OPEN_FROM: &str = "1900-01-01";

/// The first lines.
pub(crate) fn head(dialect: Dialect, title: &str, home: Currency) -> String {
    match dialect {
        Dialect::Hledger => format!("; {}\n; Home currency: {home}\n\n", plain(title)),
        Dialect::Beancount => format!(
            ";; {0}\noption \"title\" \"{1}\"\noption \"operating_currency\" \"{home}\"\n\n",
            plain(title),
            quoted(title)
        ),
    }
}

/// Declares a currency with its decimals.
pub(crate) fn commodity(dialect: Dialect, currency: Currency) -> String {
    match dialect {
        Dialect::Hledger => {
            let digits = usize::try_from(currency.minor_digits()).unwrap_or(2);
            let point = if digits == 0 { "." } else { "" };
            format!("commodity 1000{point}{} {currency}\n", decimals(digits))
        }
        Dialect::Beancount => format!("{OPEN_FROM} commodity {currency}\n"),
    }
}

fn decimals(digits: usize) -> String {
    if digits == 0 { String::new() } else { format!(".{}", "0".repeat(digits)) }
}

/// Declares an account.
pub(crate) fn directive(dialect: Dialect, account: &str) -> String {
    match dialect {
        Dialect::Hledger => format!("account {account}\n"),
        Dialect::Beancount => format!("{OPEN_FROM} open {account}\n"),
    }
}

/// Writes a transaction.
pub(crate) fn write(transaction: &Transaction, names: &mut Names<'_>) -> String {
    let mut out = match names.dialect() {
        Dialect::Hledger => hledger_head(transaction),
        Dialect::Beancount => beancount_head(transaction),
    };
    for posting in &transaction.postings {
        let account = names.of(&posting.key);
        // Writing into a string cannot fail.
        let _ = writeln!(out, "    {account}  {}", amount(posting));
    }
    out.push('\n');
    out
}

fn hledger_head(transaction: &Transaction) -> String {
    let Transaction { date, code, payee, note, .. } = transaction;
    let code = code
        .as_deref()
        .map(|code| format!(" ({})", plain(code).replace(['(', ')'], "-")))
        .unwrap_or_default();
    // A bar parts payee and note; a semicolon would begin a comment.
    let text = |text: &str| plain(text).replace('|', "/").replace(';', ",");
    let payee = payee.as_deref().map(|payee| format!("{} | ", text(payee))).unwrap_or_default();
    format!("{date}{code} {payee}{}\n", text(note)).replace(" \n", "\n")
}

fn beancount_head(transaction: &Transaction) -> String {
    let Transaction { date, code, payee, note, .. } = transaction;
    let payee = payee.as_deref().map(|payee| format!(" \"{}\"", quoted(payee))).unwrap_or_default();
    let code = code.as_deref().map(|code| format!("    number: \"{}\"\n", quoted(code))).unwrap_or_default();
    format!("{date} *{payee} \"{}\"\n{code}", quoted(note))
}

fn amount(posting: &Posting) -> String {
    let money = money(posting.amount);
    match posting.price {
        None => money,
        Some(Price::Each(price)) => format!("{money} @ {} {}", price.amount, price.currency),
        Some(Price::Total(price)) => format!("{money} @@ {} {}", price.amount, price.currency),
    }
}

/// At least the currency's decimals, and more where there are more.
fn money(money: Money) -> String {
    let mut amount = money.amount.normalize();
    if amount.scale() < money.currency.minor_digits() {
        amount.rescale(money.currency.minor_digits());
    }
    format!("{amount} {}", money.currency)
}

/// On one line.
fn plain(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Inside Beancount's quotes.
fn quoted(text: &str) -> String {
    plain(text).replace('\\', "\\\\").replace('"', "\\\"")
}
