//! Looks at what a book holds: counts, partitions, what will not be carried, what is damaged.

use std::collections::BTreeMap;

use carry_connector::{CatalogEntry, Finding, Partition, Severity, Survey};
use carry_model::{Code, Company, Currency, Entity, Fault};

use super::lists;
use super::partitions::PARTITIONS;
use super::profile::Profile;
use super::schema;
use crate::conn::Database;

/// Surveys a book.
pub(super) async fn survey(
    database: &Database,
    home: Option<Currency>,
    company: Option<&str>,
) -> Result<Survey, Fault> {
    schema::check(database).await?;
    let mut findings = Vec::new();
    let (profile, templates) = lists::profile(database, home, &mut findings).await?;
    let name = match company {
        Some(name) => Some(name.to_owned()),
        None => lists::company_name(database).await?,
    };
    if name.is_none() {
        findings.push(info(
            "company",
            "The book does not state the business's name; it is called \"GnuCash book\".",
        ));
    }
    let counts = counts(database, &profile, &mut findings).await?;
    damage(database, &mut findings).await?;
    let partitions = PARTITIONS.iter().map(|kind| Partition {
        id: kind.id.to_owned(),
        entity: kind.entity,
        spec: serde_json::json!({"templates": templates}),
        rows: kind.counted.iter().filter_map(|entity| counts.get(entity)).sum(),
    });
    Ok(Survey {
        company: Company {
            name: name.unwrap_or_else(|| "GnuCash book".to_owned()),
            home_currency: profile.home,
            country: None,
        },
        partitions: partitions.collect(),
        counts,
        findings,
        catalog: catalog(&profile),
        unlisted_receivable: Default::default(),
        unlisted_payable: Default::default(),
        lock_date: None,
        changes: None,
        profile: serde_json::to_value(&profile).map_err(|e| Fault::new(Code::Bug).caused_by(e))?,
    })
}

async fn count(database: &Database, sql: &str) -> Result<u64, Fault> {
    let rows = database.fetch(sql, Vec::new(), 1).await?;
    let n = rows.first().and_then(|row| row.values().first()).map_or(Ok(None), crate::conn::Value::int)?;
    Ok(n.and_then(|n| u64::try_from(n).ok()).unwrap_or_default())
}

async fn counts(
    database: &Database,
    profile: &Profile,
    findings: &mut Vec<Finding>,
) -> Result<BTreeMap<Entity, u64>, Fault> {
    let of = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let mut counts = BTreeMap::from([
        (Entity::Account, of(profile.accounts.len())),
        (
            Entity::TaxRate,
            of(profile.taxes.keys().filter(|guid| profile.tax_of(guid) == guid.as_str()).count()),
        ),
        (
            Entity::Terms,
            of(profile.terms.keys().filter(|guid| profile.terms_of(guid) == guid.as_str()).count()),
        ),
    ]);
    let contacts = "SELECT (SELECT count(*) FROM customers) + (SELECT count(*) FROM vendors)";
    counts.insert(Entity::Contact, count(database, contacts).await?);
    counts.insert(Entity::Project, count(database, "SELECT count(*) FROM jobs").await?);
    documents(database, &mut counts, findings).await?;
    transactions(database, &mut counts, findings).await?;
    let employees = count(database, "SELECT count(*) FROM employees").await?;
    if employees > 0 {
        findings
            .push(Finding { count: Some(employees), ..warning("employees", "Employees are not carried.") });
    }
    counts.retain(|_, n| *n > 0);
    Ok(counts)
}

async fn documents(
    database: &Database,
    counts: &mut BTreeMap<Entity, u64>,
    findings: &mut Vec<Finding>,
) -> Result<(), Fault> {
    let rows = database.fetch(DOCUMENT_COUNTS, Vec::new(), 1_000).await?;
    let mut vouchers = 0;
    for row in rows {
        let n = row.int("n")?.and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
        // A row with a word for a number is rejected later, with its key.
        let number = |name| row.int(name).ok().flatten();
        let entity = super::documents::entity_of(
            number("owner_type").unwrap_or_default(),
            number("direction").unwrap_or_default(),
            number("credit").is_some_and(|credit| credit != 0),
        );
        match entity {
            Some(entity) => *counts.entry(entity).or_default() += n,
            None => vouchers += n,
        }
    }
    if vouchers > 0 {
        let text =
            "Employees' vouchers, their postings and their reimbursements are not carried; each is listed.";
        findings.push(Finding { count: Some(vouchers), ..warning("invoices", text) });
    }
    Ok(())
}

async fn transactions(
    database: &Database,
    counts: &mut BTreeMap<Entity, u64>,
    findings: &mut Vec<Finding>,
) -> Result<(), Fault> {
    let n = |row: &crate::conn::Row| {
        row.int("n").ok().flatten().and_then(|n| u64::try_from(n).ok()).unwrap_or_default()
    };
    let mut settling = 0;
    for row in database.fetch(PAYMENT_COUNTS, Vec::new(), 10).await? {
        let payable = row.text("kind")?.is_some_and(|kind| kind == "PAYABLE");
        settling += n(&row);
        counts.insert(if payable { Entity::BillPayment } else { Entity::Payment }, n(&row));
    }
    let transfers = count(database, TRANSFER_COUNT).await?;
    counts.insert(Entity::Transfer, transfers);
    let all = count(database, PLAIN_COUNT).await?;
    counts.insert(Entity::Journal, all.saturating_sub(settling).saturating_sub(transfers));
    let scheduled = count(database, "SELECT count(*) FROM schedxactions").await.unwrap_or_default();
    if scheduled > 0 {
        let text = "Scheduled transactions are templates, no entries of the ledger, and are not carried.";
        findings.push(Finding { count: Some(scheduled), ..info("schedxactions", text) });
    }
    let mixed = count(database, MIXED_COUNT).await?;
    if mixed > 0 {
        let text = "Transactions that move accounts in several currencies or shares are carried at their value in the transaction's currency; the quantity stands in the line's description.";
        findings.push(Finding { count: Some(mixed), ..info("transactions", text) });
    }
    Ok(())
}

/// Rows that refer to nothing.
async fn damage(database: &Database, findings: &mut Vec<Finding>) -> Result<(), Fault> {
    for (table, what, sql) in DANGLING {
        let n = count(database, sql).await?;
        if n > 0 {
            let hint = "Run Actions, Check & Repair in GnuCash, save, and start again.";
            findings.push(Finding { count: Some(n), hint: hint.to_owned(), ..warning(table, what) });
        }
    }
    Ok(())
}

fn catalog(profile: &Profile) -> Vec<CatalogEntry> {
    let accounts = profile.accounts.iter().map(|(guid, account)| CatalogEntry {
        entity: Entity::Account,
        id: guid.clone(),
        code: account.code.clone(),
        name: account.name.clone(),
        class: account.class(),
        percent: None,
    });
    let own = profile.taxes.iter().filter(|(guid, _)| profile.tax_of(guid) == guid.as_str());
    let taxes = own.map(|(guid, table)| CatalogEntry {
        entity: Entity::TaxRate,
        id: guid.clone(),
        code: None,
        name: table.name.clone(),
        class: None,
        percent: table.percent(),
    });
    accounts.chain(taxes).collect()
}

fn info(place: &str, text: &str) -> Finding {
    Finding {
        severity: Severity::Info,
        place: place.to_owned(),
        text: text.to_owned(),
        hint: String::new(),
        count: None,
    }
}

fn warning(place: &str, text: &str) -> Finding {
    Finding { severity: Severity::Warning, ..info(place, text) }
}

const DOCUMENT_COUNTS: &str = "SELECT owner_type, direction, credit, count(*) AS n FROM ( \
     SELECT i.guid, coalesce(j.owner_type, i.owner_type) AS owner_type, \
       (SELECT max(s.int64_val) FROM slots s WHERE s.obj_guid = i.guid AND s.name = 'credit-note') AS credit, \
       (SELECT sum(CASE WHEN p.account_guid <> i.post_acc OR p.lot_guid IS NULL OR p.lot_guid <> i.post_lot THEN 0 \
                       WHEN p.value_num > 0 THEN 1 WHEN p.value_num < 0 THEN -1 ELSE 0 END) \
                     FROM splits p WHERE p.tx_guid = i.post_txn) AS direction \
     FROM invoices i LEFT JOIN jobs j ON i.owner_type = 3 AND j.guid = i.owner_guid) d \
   GROUP BY owner_type, direction, credit";

const PAYMENT_COUNTS: &str = "SELECT a.account_type AS kind, count(DISTINCT s.tx_guid) AS n \
   FROM splits s JOIN accounts a ON a.guid = s.account_guid \
   WHERE s.lot_guid IS NOT NULL AND a.account_type IN ('RECEIVABLE', 'PAYABLE') \
     AND s.tx_guid NOT IN (SELECT post_txn FROM invoices WHERE post_txn IS NOT NULL) GROUP BY a.account_type";

const TRANSFER_COUNT: &str = "SELECT count(*) AS n FROM ( \
     SELECT s.tx_guid FROM splits s JOIN accounts a ON a.guid = s.account_guid \
     GROUP BY s.tx_guid HAVING count(*) = 2 \
       AND sum(CASE WHEN a.account_type IN ('BANK', 'CASH', 'CREDIT') AND s.value_num <> 0 THEN 1 ELSE 0 END) = 2 \
       AND min(s.account_guid) <> max(s.account_guid)) t";

const PLAIN_COUNT: &str = "SELECT count(*) AS n FROM transactions t \
   WHERE t.guid NOT IN (SELECT post_txn FROM invoices WHERE post_txn IS NOT NULL) \
     AND t.guid NOT IN (SELECT s.tx_guid FROM splits s JOIN accounts a ON a.guid = s.account_guid \
       JOIN books b ON b.root_template_guid = a.parent_guid)";

const MIXED_COUNT: &str = "SELECT count(DISTINCT s.tx_guid) AS n FROM splits s \
   JOIN transactions t ON t.guid = s.tx_guid JOIN accounts a ON a.guid = s.account_guid \
   WHERE a.commodity_guid <> t.currency_guid \
     AND t.guid NOT IN (SELECT post_txn FROM invoices WHERE post_txn IS NOT NULL)";

const DANGLING: &[(&str, &str, &str)] = &[
    (
        "entries",
        "Entries belong to an invoice or bill that does not exist, and are left out.",
        "SELECT count(*) FROM entries e WHERE (e.invoice IS NOT NULL AND e.invoice NOT IN (SELECT guid FROM invoices)) \
         OR (e.bill IS NOT NULL AND e.bill NOT IN (SELECT guid FROM invoices))",
    ),
    (
        "splits",
        "Splits belong to a transaction that does not exist, and are left out.",
        "SELECT count(*) FROM splits s WHERE s.tx_guid NOT IN (SELECT guid FROM transactions)",
    ),
    (
        "invoices",
        "Invoices or bills state a posting transaction that does not exist.",
        "SELECT count(*) FROM invoices i WHERE i.post_txn IS NOT NULL AND i.post_txn NOT IN (SELECT guid FROM transactions)",
    ),
    (
        "taxtable_entries",
        "Taxes belong to a tax table that does not exist, and are left out.",
        "SELECT count(*) FROM taxtable_entries e WHERE e.taxtable NOT IN (SELECT guid FROM taxtables)",
    ),
];
