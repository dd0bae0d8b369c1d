//! Reads the short lists of a book: accounts, tax tables, terms, its name and its home currency.

use std::collections::BTreeMap;

use carry_connector::{Finding, Severity};
use carry_model::{Code, Currency, Fault};

use super::profile::{AccountInfo, AmountKind, Profile, TaxEntry, TaxTable, TermsInfo};
use crate::conn::{Database, Row, Value};

/// Most accounts of a book.
pub const ACCOUNTS_MAX: usize = 50_000;
/// Most tax tables, and most terms, copies included.
pub const TABLES_MAX: usize = 20_000;

fn text(row: &Row, name: &str) -> Result<String, Fault> {
    Ok(row.text(name)?.unwrap_or_default().trim().to_owned())
}

fn optional(row: &Row, name: &str) -> Result<Option<String>, Fault> {
    Ok(row.text(name)?.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// The guids of the root of the accounts and of the root of the templates for scheduled transactions.
pub(super) async fn roots(database: &Database) -> Result<(String, String), Fault> {
    let books =
        database.fetch("SELECT root_account_guid, root_template_guid FROM books", Vec::new(), 2).await?;
    match books.as_slice() {
        [book] => Ok((text(book, "root_account_guid")?, text(book, "root_template_guid")?)),
        [] => Err(Fault::new(Code::SourceUnrecognised).detail("The table 'books' is empty.")),
        _ => Err(Fault::new(Code::SourceUnrecognised).detail("The database holds more than one book.")),
    }
}

/// Accounts by guid, without the root and the templates.
pub(super) async fn accounts(
    database: &Database,
    roots: &(String, String),
) -> Result<BTreeMap<String, AccountInfo>, Fault> {
    let sql = "SELECT a.guid, a.name, a.code, a.account_type, a.parent_guid, c.namespace AS space, c.mnemonic \
               FROM accounts a LEFT JOIN commodities c ON c.guid = a.commodity_guid";
    let (root, templates) = roots;
    let mut all = BTreeMap::new();
    for row in
        database.fetch(sql, Vec::new(), ACCOUNTS_MAX).await.map_err(|fault| in_table(fault, "accounts"))?
    {
        let (guid, parent) = (text(&row, "guid")?, text(&row, "parent_guid")?);
        if guid == *root || guid == *templates || parent == *templates {
            continue;
        }
        let (space, mnemonic) = (text(&row, "space")?, text(&row, "mnemonic")?);
        let currency = if space == "CURRENCY" { mnemonic.parse::<Currency>().ok() } else { None };
        let holds = if space == "CURRENCY" { mnemonic } else { format!("{space}:{mnemonic}") };
        let code = optional(&row, "code")?;
        let info = AccountInfo {
            name: text(&row, "name")?,
            code,
            kind: text(&row, "account_type")?,
            currency,
            holds,
        };
        all.insert(guid, info);
    }
    Ok(all)
}

/// Tax tables by guid.
pub(super) async fn taxes(database: &Database) -> Result<BTreeMap<String, TaxTable>, Fault> {
    let tables = database.fetch("SELECT guid, name, parent FROM taxtables", Vec::new(), TABLES_MAX).await;
    let mut all = BTreeMap::new();
    for row in tables.map_err(|fault| in_table(fault, "taxtables"))? {
        let table =
            TaxTable { name: text(&row, "name")?, parent: optional(&row, "parent")?, entries: Vec::new() };
        all.insert(text(&row, "guid")?, table);
    }
    let sql = "SELECT taxtable, account, amount_num, amount_denom, type FROM taxtable_entries ORDER BY id";
    for row in database
        .fetch(sql, Vec::new(), TABLES_MAX)
        .await
        .map_err(|fault| in_table(fault, "taxtable_entries"))?
    {
        // An entry of a table that is gone taxes nothing.
        let Some(table) = all.get_mut(&text(&row, "taxtable")?) else { continue };
        table.entries.push(tax_entry(&row).map_err(|fault| in_table(fault, "taxtable_entries"))?);
    }
    Ok(all)
}

fn tax_entry(row: &Row) -> Result<TaxEntry, Fault> {
    let number = |name: &str| row.int(name)?.ok_or_else(|| Fault::new(Code::FieldMissing).field(name));
    let kind = match number("type")? {
        1 => AmountKind::Value,
        2 => AmountKind::Percent,
        other => return Err(Fault::new(Code::ValueUnknown).field("type").text(other)),
    };
    let entry = TaxEntry {
        account: text(row, "account")?,
        num: number("amount_num")?,
        denom: number("amount_denom")?,
        kind,
    };
    entry.amount()?;
    Ok(entry)
}

/// Terms by guid.
pub(super) async fn terms(database: &Database) -> Result<BTreeMap<String, TermsInfo>, Fault> {
    let rows = database.fetch("SELECT b.* FROM billterms b", Vec::new(), TABLES_MAX).await;
    let mut all = BTreeMap::new();
    for row in rows.map_err(|fault| in_table(fault, "billterms"))? {
        let content: Vec<_> = ["type", "duedays", "discountdays", "discount_num", "discount_denom", "cutoff"]
            .iter()
            .map(|name| text(&row, name))
            .collect::<Result<_, _>>()?;
        let info = TermsInfo {
            name: text(&row, "name")?,
            parent: optional(&row, "parent")?,
            content: content.join("|"),
        };
        all.insert(text(&row, "guid")?, info);
    }
    Ok(all)
}

/// The business's name as the book's properties have it; None where nobody entered one.
pub(super) async fn company_name(database: &Database) -> Result<Option<String>, Fault> {
    let sql = format!(
        "SELECT string_val FROM slots WHERE name = {} AND string_val IS NOT NULL",
        database.dialect().parameter(1)
    );
    let rows = database.fetch(&sql, vec![Value::from("options/Business/Company Name")], 10).await?;
    rows.first().map_or(Ok(None), |row| optional(row, "string_val"))
}

/// The currency the ledger is kept in, with how it was found: GnuCash states it only where the book says so.
pub(super) async fn home_currency(
    database: &Database,
    root: &str,
    profile_accounts: &BTreeMap<String, AccountInfo>,
) -> Result<(Currency, Finding), Fault> {
    let parameter = database.dialect().parameter(1);
    let book =
        format!("SELECT string_val AS code FROM slots WHERE name = {parameter} AND string_val IS NOT NULL");
    let of_root = format!(
        "SELECT c.mnemonic AS code FROM accounts a JOIN commodities c ON c.guid = a.commodity_guid WHERE a.guid = {parameter}"
    );
    let sources = [
        (book, "options/Accounts/Book Currency", "the book's own setting says so"),
        (of_root, root, "the root account is kept in it"),
    ];
    for (sql, value, why) in sources {
        let rows = database.fetch(&sql, vec![Value::from(value)], 10).await?;
        let Some(row) = rows.first() else { continue };
        if let Ok(currency) = text(row, "code")?.parse::<Currency>() {
            return Ok((currency, found(currency, why)));
        }
    }
    most_used(profile_accounts)
        .map(|currency| (currency, found(currency, "most accounts of income and expense are kept in it")))
        .ok_or_else(|| {
            Fault::new(Code::ConfigInvalid)
                .field("home_currency")
                .detail("The book does not tell in which currency its ledger is kept.")
                .hint("State the home currency in the source's settings.")
        })
}

fn most_used(accounts: &BTreeMap<String, AccountInfo>) -> Option<Currency> {
    let mut counts: BTreeMap<Currency, usize> = BTreeMap::new();
    for account in accounts.values() {
        let weight = if matches!(account.kind.as_str(), "INCOME" | "EXPENSE") { 1_000 } else { 1 };
        if let Some(currency) = account.currency {
            *counts.entry(currency).or_default() += weight;
        }
    }
    counts
        .into_iter()
        .max_by_key(|(currency, count)| (*count, std::cmp::Reverse(*currency)))
        .map(|(currency, _)| currency)
}

fn found(currency: Currency, why: &str) -> Finding {
    Finding {
        severity: Severity::Info,
        place: "home currency".to_owned(),
        text: format!("The ledger is taken to be kept in {currency}: {why}."),
        hint: "State the home currency in the source's settings if it is another.".to_owned(),
        count: None,
    }
}

/// The short lists together.
pub(super) async fn profile(
    database: &Database,
    home: Option<Currency>,
    findings: &mut Vec<Finding>,
) -> Result<(Profile, String), Fault> {
    let roots = roots(database).await?;
    let accounts = accounts(database, &roots).await?;
    let home = match home {
        Some(home) => home,
        None => {
            let (home, finding) = home_currency(database, &roots.0, &accounts).await?;
            findings.push(finding);
            home
        }
    };
    let (taxes, terms) = (taxes(database).await?, terms(database).await?);
    let (root, templates) = roots;
    Ok((Profile { home, root, accounts, taxes, terms }, templates))
}

/// Names the table where a fault happened.
pub(super) fn in_table(fault: Fault, table: &str) -> Fault {
    let detail = format!("Table '{table}'. {}", fault.detail);
    fault.detail(detail.trim())
}
