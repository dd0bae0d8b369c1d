use std::collections::BTreeMap;

use carry_connector::{CatalogEntry, Finding, Partition, Severity, Survey, UnlistedBalance};
use carry_model::{Code, Company, Currency, Entity, Fault, parse_plain};

use super::super::shape::Table;
use super::super::sql::SCHEMA_VERSION;
use super::super::words::{CLASSES, value};
use super::super::{balances::currency, catalog_sql};
use super::extract::Span;
use crate::conn::{Database, Row};

/// Most keys of a partition: large tables are read in several at once.
const PARTITION_KEYS: i64 = 50_000;
const CATALOG_MAX: usize = 100_000;

/// Counts, partitions and catalogue of a universal database.
pub(super) async fn survey(database: &Database) -> Result<Survey, Fault> {
    let (home, version) = books(database).await?;
    if version != Some(SCHEMA_VERSION) {
        return Err(Fault::new(Code::SourceUnrecognised)
            .detail(format!("{} has another version of the universal schema.", database.shown()))
            .hint("Read it with the program that wrote it."));
    }
    let (company, findings) = company(database, home).await?;
    let mut counts = BTreeMap::new();
    let mut partitions = Vec::new();
    for entity in Entity::ALL {
        if let Some(table) = Table::of(*entity) {
            count(database, *entity, table, &mut counts, &mut partitions).await?;
        }
    }
    let mut catalog = Vec::new();
    for entity in [Entity::Account, Entity::TaxRate, Entity::PaymentMethod] {
        catalog_of(database, entity, &mut catalog).await?;
    }
    Ok(Survey {
        company,
        counts,
        partitions,
        findings,
        catalog,
        unlisted_receivable: UnlistedBalance::Computed,
        unlisted_payable: UnlistedBalance::Computed,
        lock_date: None,
        changes: None,
        profile: serde_json::Value::Null,
    })
}

async fn books(database: &Database) -> Result<(Option<Currency>, Option<i64>), Fault> {
    let rows = database.fetch("SELECT schema_version, home_currency FROM books", Vec::new(), 1).await?;
    let Some(row) = rows.first() else { return Ok((None, None)) };
    let home = row.text("home_currency")?.map(|code| currency(&code)).transpose()?;
    Ok((home, row.int("schema_version")?))
}

async fn company(database: &Database, home: Option<Currency>) -> Result<(Company, Vec<Finding>), Fault> {
    let sql = "SELECT name, home_currency, country FROM companies ORDER BY id";
    let rows = database.fetch(sql, Vec::new(), 1_000).await?;
    let mut findings = Vec::new();
    if rows.len() > 1 {
        findings.push(Finding {
            severity: Severity::Warning,
            place: "companies".to_owned(),
            text: "The database holds several companies; everything is read as the first one's.".to_owned(),
            hint: "Keep one database for each business.".to_owned(),
            count: Some(rows.len() as u64),
        });
    }
    let company = match rows.first() {
        Some(row) => Company {
            name: text(row, "name")?,
            home_currency: currency(&text(row, "home_currency")?)?,
            country: row.text("country")?.map(std::borrow::Cow::into_owned),
        },
        None => Company {
            name: String::new(),
            country: None,
            home_currency: home.ok_or_else(|| {
                Fault::new(Code::SourceUnrecognised)
                    .detail(format!("{} names neither a company nor a home currency.", database.shown()))
                    .hint("Set books.home_currency, or add the company to the table companies.")
            })?,
        },
    };
    Ok((company, findings))
}

fn text(row: &Row, name: &str) -> Result<String, Fault> {
    row.text(name)?
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| Fault::new(Code::FieldMissing).field(name))
}

async fn count(
    database: &Database,
    entity: Entity,
    table: Table,
    counts: &mut BTreeMap<Entity, u64>,
    partitions: &mut Vec<Partition>,
) -> Result<(), Fault> {
    let kind = if table.has_kind() { format!(" WHERE kind = '{}'", entity.name()) } else { String::new() };
    let sql = format!("SELECT count(*) AS n, min(id) AS first, max(id) AS last FROM {}{kind}", table.name());
    let rows = database.fetch(&sql, Vec::new(), 1).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (Some(n), Some(first), Some(last)) = (row.int("n")?, row.int("first")?, row.int("last")?) else {
        return Ok(());
    };
    counts.insert(entity, n.unsigned_abs());
    let pieces = (n / PARTITION_KEYS + 1).min(1_000);
    let width = last.saturating_sub(first) / pieces + 1;
    for piece in 0..pieces {
        let from = first.saturating_add(piece.saturating_mul(width));
        let to = if piece == pieces - 1 { last } else { from.saturating_add(width - 1) };
        let spec = serde_json::to_value(Span { from, to }).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        partitions.push(Partition {
            id: format!("{}-{:04}", entity.name(), piece + 1),
            entity,
            spec,
            rows: (n / pieces).unsigned_abs(),
        });
    }
    Ok(())
}

async fn catalog_of(
    database: &Database,
    entity: Entity,
    catalog: &mut Vec<CatalogEntry>,
) -> Result<(), Fault> {
    // As a source, records go by their source ids.
    let Some(sql) = catalog_sql(entity) else { return Ok(()) };
    let sql = sql.replacen("SELECT id,", "SELECT source_id,", 1);
    for row in database.fetch(&sql, Vec::new(), CATALOG_MAX).await? {
        let mut values = row.values().iter().map(|value| Ok(value.text()?.map(std::borrow::Cow::into_owned)));
        let mut next = || values.next().unwrap_or(Ok(None));
        let (id, code, name, class, percent) = (next()?, next()?, next()?, next()?, next()?);
        catalog.push(CatalogEntry {
            entity,
            id: id.unwrap_or_default(),
            code,
            name: name.unwrap_or_default(),
            class: class.map(|word: String| value(CLASSES, &word, "class")).transpose()?,
            percent: percent.map(|text: String| parse_plain(&text)).transpose()?,
        });
    }
    Ok(())
}
