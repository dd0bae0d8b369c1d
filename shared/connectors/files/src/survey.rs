//! What the folder holds, as the survey that the engine works from.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use carry_connector::{CatalogEntry, Finding, Partition, Severity, Survey, UnlistedBalance};
use carry_model::{Account, Body, Code, Company, Currency, Entity, Fault, Ledger, Record, TaxRate};
use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;
use crate::error::FileError;
use crate::extract::units;
use crate::findings;
use crate::formats::Shape;
use crate::limits::CATALOG_MAX;
use crate::options::FilesOptions;
use crate::profile::{Profile, SectionProfile, Way};
use crate::scan::{Implied, Scan, Section};
use crate::table::Sheet;
use crate::transform::{ImpliedRow, drafts_of};
use crate::unit::UnitBuffer;
use crate::ways::decide_all;

/// Where a partition lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spec {
    /// Records of a table that begin from `offset` (line `line`) to before `end`.
    Rows {
        /// Index of the table.
        section: usize,
        /// Byte offset.
        offset: u64,
        /// Its line.
        line: u64,
        /// Byte offset after the last row.
        end: u64,
    },
    /// Names of that entity which no list holds.
    Implied(Entity),
}

/// Builds the survey.
pub(crate) fn survey(folder: &Path, scan: &Scan, options: &FilesOptions) -> Result<Survey, Fault> {
    let mut findings = Vec::new();
    let ways = decide_all(scan, options, &mut findings);
    let home_currency = home_currency(scan, options, &mut findings);
    let sections = scan.sections.iter().zip(ways);
    let mut profile = Profile {
        home_currency,
        sections: sections
            .map(|(section, ways)| section_profile(scan, section, ways))
            .collect::<Result<_, _>>()
            .map_err(FileError::into_fault)?,
        account_classes: BTreeMap::new(),
        account_codes: BTreeMap::new(),
        shared_numbers: scan.documents.shared.clone(),
    };
    let catalog = catalog(scan, &mut profile)?;
    findings::about(scan, &mut findings);
    let has = |ledger| scan.sections.iter().any(|s| s.format().shape == Shape::Balances(ledger));
    let unlisted = |ledger| if has(ledger) { UnlistedBalance::Settled } else { UnlistedBalance::Computed };
    Ok(Survey {
        company: Company { name: company(folder, scan, options), home_currency, country: None },
        counts: counts(scan),
        partitions: partitions(scan)?,
        findings,
        catalog,
        unlisted_receivable: unlisted(Ledger::Receivable),
        unlisted_payable: unlisted(Ledger::Payable),
        lock_date: None,
        changes: None,
        profile: serde_json::to_value(&profile).map_err(bug)?,
    })
}

fn section_profile(scan: &Scan, section: &Section, ways: Vec<Way>) -> Result<SectionProfile, FileError> {
    let sheet = scan.sheet(section);
    Ok(SectionProfile {
        file: section.file.clone(),
        format: section.format().id.to_owned(),
        names: section.names.clone(),
        fields: section.fields.clone(),
        ways,
        bytes: sheet.map(Sheet::file_bytes).transpose()?.unwrap_or(0),
        dialect: sheet.map_or(Dialect::COMMA, |sheet| sheet.dialect),
        short_rows: sheet.is_some_and(|sheet| section.has_short_rows(sheet)),
    })
}

pub(crate) fn bug(error: impl std::fmt::Display) -> Fault {
    Fault::new(Code::Bug).detail("a survey did not serialise").caused_by(error)
}

/// Reports of QuickBooks begin with the company's name.
fn company(folder: &Path, scan: &Scan, options: &FilesOptions) -> String {
    let titled = scan.sections.iter().filter(|s| s.format().system.id == "quickbooks" && s.titles.len() >= 2);
    let from_title = titled.filter_map(|s| s.titles.iter().find(|title| !title.is_empty())).next();
    options.company.clone().or_else(|| from_title.cloned()).unwrap_or_else(|| {
        folder.file_stem().map_or_else(|| "Books".to_owned(), |name| name.to_string_lossy().into_owned())
    })
}

/// The currency of the ledger: as set, else the one that rows name without an exchange rate in tables that have
/// rates, else the most frequent.
fn home_currency(scan: &Scan, options: &FilesOptions, findings: &mut Vec<Finding>) -> Currency {
    if let Some(set) = options.home_currency {
        return set;
    }
    let mut votes = [BTreeMap::<Currency, u64>::new(), BTreeMap::new()];
    for section in &scan.sections {
        let with_rates = section.rules.at.of(crate::formats::Field::ExchangeRate).is_some();
        for (code, count) in &section.currencies {
            let [proof, hint] = &mut votes;
            if let Ok(currency) = code.parse() {
                *(if with_rates { proof } else { hint }).entry(currency).or_default() += count;
            }
        }
    }
    let most = |votes: &BTreeMap<Currency, u64>| votes.iter().max_by_key(|(_, n)| **n).map(|(c, _)| *c);
    let [proof, hint] = &votes;
    let (severity, currency, text) = match (most(proof), most(hint)) {
        (Some(currency), _) => (
            Severity::Info,
            currency,
            format!("Amounts in {currency} state no exchange rate, or 1: it is the home currency."),
        ),
        (None, Some(currency)) => (
            Severity::Warning,
            currency,
            format!("{currency} is taken for the home currency, since most rows are in it."),
        ),
        (None, None) => (Severity::Blocking, Currency::USD, "No file names a currency.".to_owned()),
    };
    findings.push(Finding {
        severity,
        place: "home currency".to_owned(),
        text,
        hint: "Set `home_currency` if that is wrong.".to_owned(),
        count: None,
    });
    currency
}

fn counts(scan: &Scan) -> BTreeMap<Entity, u64> {
    let mut counts = BTreeMap::new();
    for section in &scan.sections {
        for (entity, count) in section.units.iter().filter(|(_, count)| **count > 0) {
            *counts.entry(*entity).or_default() += count;
        }
    }
    for entity in Entity::ALL {
        let implied = implied_rows(scan, *entity).count() as u64;
        if implied > 0 {
            *counts.entry(*entity).or_default() += implied;
        }
    }
    counts
}

fn partitions(scan: &Scan) -> Result<Vec<Partition>, Fault> {
    let mut partitions = Vec::new();
    for (index, section) in scan.sections.iter().enumerate() {
        let begins = section.parts.iter().skip(1).map(|part| part.offset);
        let ends = begins.chain([section.end]);
        for (number, (part, end)) in section.parts.iter().zip(ends).enumerate() {
            let spec = Spec::Rows { section: index, offset: part.offset, line: part.line, end };
            let rows = if section.parts.len() == 1 { section.rows } else { part.rows };
            partitions.push(Partition {
                // Parts are loaded in the order of their names: payments after those before them in the file.
                id: format!("{}-{:04}-{:05}", section.format().id, index + 1, number + 1),
                entity: section.format().entity,
                spec: serde_json::to_value(spec).map_err(bug)?,
                rows,
            });
        }
    }
    for entity in Entity::ALL {
        let rows = implied_rows(scan, *entity).count() as u64;
        if rows > 0 {
            let spec = serde_json::to_value(Spec::Implied(*entity)).map_err(bug)?;
            partitions.push(Partition {
                id: format!("implied-{}", entity.name()),
                entity: *entity,
                spec,
                rows,
            });
        }
    }
    Ok(partitions)
}

/// Names that no list holds, ready to be staged; options of one tracking category come together.
pub(crate) fn implied_rows(scan: &Scan, entity: Entity) -> impl Iterator<Item = ImpliedRow<'_>> {
    let all = scan.names.implied();
    let from = all.partition_point(|implied| implied.entity < entity);
    let to = all.partition_point(|implied| implied.entity <= entity);
    let of_entity = all.get(from..to).unwrap_or_default();
    of_entity
        .chunk_by(move |a, b| entity == Entity::TrackingCategory && category(&a.name) == category(&b.name))
        .filter_map(move |group| {
            let first = group.first()?;
            let row = implied_row(first);
            Some(match entity {
                Entity::TrackingCategory => ImpliedRow {
                    name: Cow::Borrowed(category(&first.name)),
                    options: group.iter().filter_map(|g| option(&g.name)).map(Cow::Borrowed).collect(),
                    ..row
                },
                _ => row,
            })
        })
}

fn implied_row(implied: &Implied) -> ImpliedRow<'_> {
    ImpliedRow {
        entity: implied.entity,
        name: Cow::Borrowed(&implied.name),
        role: implied.role.0,
        file: Cow::Borrowed(&implied.file),
        line: implied.line,
        hint: Cow::Borrowed(&implied.hint),
        options: Vec::new(),
    }
}

fn category(key: &str) -> &str {
    key.split_once('\u{1f}').map_or(key, |(category, _)| category)
}

fn option(key: &str) -> Option<&str> {
    key.split_once('\u{1f}').map(|(_, option)| option)
}

/// Accounts, tax rates and payment methods; fills the account tables of the profile on the way.
fn catalog(scan: &Scan, profile: &mut Profile) -> Result<Vec<CatalogEntry>, Fault> {
    let mut catalog = Vec::new();
    for (index, section) in scan.sections.iter().enumerate() {
        if !matches!(section.format().shape, Shape::Accounts | Shape::TaxRates) {
            continue;
        }
        for (id, body) in listed(scan, profile, index, section)? {
            catalog.extend(entry(&id, &body));
            if let Body::Account(account) = &body {
                profile.account_classes.insert(id.clone(), account.class);
                if let Some(code) = account.code.as_ref().filter(|code| **code != id) {
                    profile.account_codes.insert(code.clone(), id);
                }
            }
        }
    }
    for entity in [Entity::Account, Entity::TaxRate, Entity::PaymentMethod] {
        for row in implied_rows(scan, entity).take(CATALOG_MAX) {
            let Record { id, body, .. } = row.into_record()?;
            catalog.extend(entry(id.as_str(), &body));
            if let Body::Account(account) = &body {
                profile.account_classes.insert(id.as_str().to_owned(), account.class);
            }
        }
    }
    Ok(catalog)
}

/// The records of a short list; rows that become rejects are left out.
fn listed(
    scan: &Scan,
    profile: &Profile,
    index: usize,
    section: &Section,
) -> Result<Vec<(String, Body)>, Fault> {
    let Some(own) = profile.sections.get(index) else { return Ok(Vec::new()) };
    let units = units(scan, section, own, CATALOG_MAX)?;
    let json = |unit: &UnitBuffer| serde_json::to_string(unit).map(|json| (unit.lines().0, json));
    let records = units.iter().map(json).collect::<Result<Vec<_>, _>>().map_err(bug)?;
    let drafts = drafts_of(profile, index, records.into_iter())?;
    Ok(drafts.into_iter().map(|(id, body)| (id.as_str().to_owned(), body)).collect())
}

fn entry(id: &str, body: &Body) -> Option<CatalogEntry> {
    let blank = |entity, name: &str| CatalogEntry {
        entity,
        id: id.to_owned(),
        code: None,
        name: name.to_owned(),
        class: None,
        percent: None,
    };
    match body {
        Body::Account(account) => {
            let Account { code, class, .. } = &**account;
            let name = match body {
                Body::Account(account) if code.as_deref() == Some(id) => &account.name,
                _ => id,
            };
            Some(CatalogEntry { code: code.clone(), class: Some(*class), ..blank(Entity::Account, name) })
        }
        Body::TaxRate(tax) => {
            let TaxRate { name, code, percent, .. } = &**tax;
            Some(CatalogEntry { code: code.clone(), percent: *percent, ..blank(Entity::TaxRate, name) })
        }
        Body::PaymentMethod(method) => Some(blank(Entity::PaymentMethod, &method.name)),
        _ => None,
    }
}
