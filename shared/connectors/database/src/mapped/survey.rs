//! Looks at what a mapped database holds, and whether its queries give what they must.

use std::collections::BTreeMap;

use carry_connector::{CatalogEntry, Finding, Partition, Severity, Survey};
use carry_model::{Body, Code, Company, Currency, Entity, Fault};

use super::file::{EntityQuery, KeyKind, Mapping, in_place, invalid};
use super::pages::{PAGE_ROWS, bound, bound_part, key, page, start};
use super::record::Mapped;
use crate::conn::{Database, Row, Value};

/// Most entries of the catalog of one entity.
const CATALOG_MAX: usize = 20_000;

pub(super) async fn survey(database: &Database, mapping: &Mapping) -> Result<Survey, Fault> {
    let company = company(database, mapping).await?;
    let mut survey = Survey {
        company,
        counts: BTreeMap::new(),
        partitions: Vec::new(),
        findings: Vec::new(),
        catalog: Vec::new(),
        unlisted_receivable: mapping.source.unlisted_receivable,
        unlisted_payable: mapping.source.unlisted_payable,
        lock_date: None,
        changes: None,
        profile: mapping.without_address()?.into(),
    };
    let mapped = Mapped { mapping: mapping.clone(), home: survey.company.home_currency };
    for query in &mapping.queries {
        let rows = count(database, query).await?;
        *survey.counts.entry(query.entity).or_default() += rows;
        survey.partitions.push(Partition {
            id: query.id.clone(),
            entity: query.entity,
            spec: serde_json::Value::Null,
            rows,
        });
        check_parts(database, query).await?;
        if matches!(query.entity, Entity::Account | Entity::TaxRate | Entity::PaymentMethod) {
            catalog(database, query, &mapped, &mut survey).await?;
        }
    }
    survey.counts.retain(|_, rows| *rows > 0);
    Ok(survey)
}

/// The business, from `[company]` or `[source]`; the latter wins.
async fn company(database: &Database, mapping: &Mapping) -> Result<Company, Fault> {
    let mut row: Option<Row> = None;
    if let Some(query) = &mapping.company {
        let (sql, values) = query.query.bind(database.dialect(), |_| &[]);
        row = database
            .fetch(&sql, values, 1)
            .await
            .map_err(|fault| in_place(fault, "company"))?
            .into_iter()
            .next();
    }
    let text = |field: &str| {
        let column = mapping.company.as_ref().map(|query| query.columns.of(field)).unwrap_or_default();
        row.as_ref()
            .map_or(Ok(None), |row| Ok(row.text(&column)?.map(|text| text.trim().to_owned())))
            .map(|text| text.filter(|text: &String| !text.is_empty()))
    };
    let missing = |field: &str| {
        Fault::new(Code::ConfigInvalid)
            .field(field)
            .detail("Neither [source] nor the [company] query gives it.")
    };
    let name = mapping.source.company.clone().map_or_else(|| text("name"), |name| Ok(Some(name)))?;
    let home: Option<Currency> = match mapping.source.home_currency {
        Some(home) => Some(home),
        None => match text("home_currency")? {
            Some(code) => Some(
                code.parse()
                    .map_err(|_| Fault::new(Code::CurrencyUnknown).field("home_currency").text(code))?,
            ),
            None => None,
        },
    };
    Ok(Company {
        name: name.ok_or_else(|| missing("name"))?,
        home_currency: home.ok_or_else(|| missing("home_currency"))?,
        country: text("country")?,
    })
}

/// How many rows a query gives altogether.
async fn count(database: &Database, query: &EntityQuery) -> Result<u64, Fault> {
    let rows = counted(database, query, start(query.key_kind)).await?;
    if rows == 0 && database.dialect() == crate::conn::Dialect::Sqlite {
        // SQLite compares a number with a text without complaint, and no number comes after a text.
        let other = if query.key_kind == KeyKind::Text { KeyKind::Integer } else { KeyKind::Text };
        if counted(database, query, start(other)).await? > 0 {
            return Err(invalid(&query.id, "The query gives rows only where its key is compared as another kind.")
                .field(&query.key)
                .hint("State key_kind = \"text\" where keys are texts, and leave it out where they are whole numbers."));
        }
    }
    Ok(rows)
}

async fn counted(database: &Database, query: &EntityQuery, start: Value) -> Result<u64, Fault> {
    let (start, limit) = ([start], [Value::Int(i64::MAX)]);
    let (sql, values) = bound(database, query, &start, &limit);
    let sql = format!("SELECT count(*) AS n FROM ({sql}\n) AS counted");
    let rows = database.fetch(&sql, values, 1).await.map_err(|fault| in_place(fault, &query.id))?;
    let n = rows.first().map_or(Ok(None), |row| row.int("n"))?;
    Ok(n.and_then(|n| u64::try_from(n).ok()).unwrap_or_default())
}

/// Runs the queries of the parts once, so that a slip in them shows before a run.
async fn check_parts(database: &Database, query: &EntityQuery) -> Result<(), Fault> {
    let rows = page(database, query, &start(query.key_kind), 1).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let keys = [key(query, row)?];
    for part in &query.parts {
        let (sql, values) = bound_part(database, query, part, &keys);
        let mut rows = database.query(&sql, values)?;
        rows.next().await.map_err(|fault| in_place(fault, &format!("{}.{}", query.id, part.name)))?;
    }
    Ok(())
}

/// What can be mapped to the target's own: read through the transformer, so that it says what the records will.
async fn catalog(
    database: &Database,
    query: &EntityQuery,
    mapped: &Mapped,
    survey: &mut Survey,
) -> Result<(), Fault> {
    let mut after = start(query.key_kind);
    let mut listed = 0;
    loop {
        let rows = page(database, query, &after, PAGE_ROWS).await?;
        for row in &rows {
            after = key(query, row)?;
            if let Some(entry) = entry(query, mapped, row) {
                survey.catalog.push(entry);
                listed += 1;
            }
        }
        if listed > CATALOG_MAX {
            survey.findings.push(Finding {
                severity: Severity::Warning,
                place: query.id.clone(),
                text: format!(
                    "Only the first {CATALOG_MAX} {} are offered for mapping.",
                    query.entity.plural()
                ),
                hint: String::new(),
                count: None,
            });
            return Ok(());
        }
        if rows.len() < PAGE_ROWS {
            return Ok(());
        }
    }
}

fn entry(query: &EntityQuery, mapped: &Mapped, row: &Row) -> Option<CatalogEntry> {
    let record = mapped.of_row(query, row)?;
    let (code, class, percent) = match &record.body {
        Body::Account(account) => (account.code.clone(), Some(account.class), None),
        Body::TaxRate(tax) => (tax.code.clone(), None, tax.percent),
        _ => (None, None, None),
    };
    let name = record.number.clone().unwrap_or_else(|| record.id.to_string());
    Some(CatalogEntry { entity: query.entity, id: record.id.to_string(), code, name, class, percent })
}
