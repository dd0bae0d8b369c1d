//! What an organisation holds, by its own counts.

use std::collections::BTreeMap;

use carry_connector::{CatalogEntry, Changes, Finding, Partition, Severity, Survey, UnlistedBalance};
use carry_model::{AccountClass, Code, Company, Currency, Date, Entity, Fault, Timestamp};
use rustc_hash::FxHashMap;

use super::kinds::{KINDS, Kind};
use super::lists::class_of;
use super::profile::Profile;
use crate::client::{Page, Xero};
use crate::dates;
use crate::shapes::{Account, Organisation, TaxRate, TrackingCategory};

/// Rows of a list that are kept from the survey for extraction; a longer list is read again.
const KEPT_ROWS_MAX: usize = 5_000;

impl Organisation {
    pub(crate) fn company(&self) -> Result<Company, Fault> {
        let home_currency: Currency = self.base_currency.parse().map_err(|_| {
            Fault::new(Code::AnswerUnreadable).field("BaseCurrency").text(&self.base_currency)
        })?;
        Ok(Company { name: self.name.clone(), home_currency, country: self.country_code.clone() })
    }

    /// The day up to which books are closed: the later of the two locks.
    pub(crate) fn lock_date(&self) -> Option<Date> {
        let locks = [&self.period_lock_date, &self.end_of_year_lock_date];
        locks.into_iter().flatten().filter_map(|text| dates::date(text)).max()
    }
}

impl Xero {
    /// The organisation itself.
    pub(crate) async fn organisation(&self) -> Result<Organisation, Fault> {
        let missing = || Fault::new(Code::AnswerUnreadable).detail("No organisation in Xero's answer.");
        self.get("Organisation", &[]).await?.read()?.into_iter().next().ok_or_else(missing)
    }

    /// All of it, or what changed.
    pub(super) async fn look_over(&self, changes: Option<Changes>) -> Result<Survey, Fault> {
        let organisation = self.organisation().await?;
        let company = organisation.company()?;
        let accounts_page = self.get("Accounts", &[]).await?;
        let taxes_page = self.get("TaxRates", &[]).await?;
        let archived_too = [("includeArchived", "true".to_owned())];
        let tracking_page = self.get("TrackingCategories", &archived_too).await?;
        let accounts: Vec<Account> = accounts_page.read()?;
        let taxes: Vec<TaxRate> = taxes_page.read()?;
        let tracking: Vec<TrackingCategory> = tracking_page.read()?;

        let mut read = FxHashMap::from_iter([
            ("accounts", accounts_page),
            ("tax-rates", taxes_page),
            ("tracking", tracking_page),
        ]);
        let mut counts = BTreeMap::new();
        let mut partitions = Vec::new();
        for kind in &KINDS {
            let since = kind.since(changes.as_ref().map(|changes| changes.since));
            let known = match read.remove(kind.id) {
                Some(page) => page,
                None => self.first_page(kind, since).await?,
            };
            let rows = counted(kind, &known);
            if !kind.paged && known.rows.len() <= KEPT_ROWS_MAX {
                read.insert(kind.id, known);
            }
            if kind.one_each {
                counts.insert(kind.entity, rows);
            }
            partitions.push(Partition {
                id: kind.id.to_owned(),
                entity: kind.entity,
                spec: serde_json::Value::Null,
                rows,
            });
        }
        if let Some(files) = self.look_for_files(&partitions).await? {
            counts.insert(Entity::Attachment, files.rows);
            partitions.push(files);
        }
        *self.surveyed.lock().await = read;
        let profile = Profile {
            home: company.home_currency,
            accounts: accounts
                .iter()
                .filter(|account| !account.code.is_empty())
                .map(|account| (account.code.clone(), account.id.clone()))
                .collect(),
            bank_currencies: bank_currencies(&accounts, company.home_currency),
            tax_account: system(&accounts, "GST").map(|account| account.id.clone()),
            tracking: tracking.iter().map(|category| (category.name.clone(), category.id.clone())).collect(),
        };
        Ok(Survey {
            findings: findings(&organisation),
            lock_date: organisation.lock_date(),
            company,
            counts,
            partitions,
            catalog: catalog(&accounts, &taxes),
            unlisted_receivable: UnlistedBalance::Computed,
            unlisted_payable: UnlistedBalance::Computed,
            changes,
            profile: serde_json::to_value(profile).map_err(|e| Fault::new(Code::Bug).caused_by(e))?,
        })
    }

    /// The first row of a paged list, with its count; a list that is not paged whole.
    async fn first_page(&self, kind: &Kind, since: Option<Timestamp>) -> Result<Page, Fault> {
        let mut query = kind.query();
        if kind.paged {
            query.extend([("page", "1".to_owned()), ("pageSize", "1".to_owned())]);
        }
        self.get_changed(kind.endpoint, &query, since).await
    }
}

/// How many records a list holds: by Xero's own count where it is paged, else by its rows.
fn counted(kind: &Kind, page: &Page) -> u64 {
    match page.pagination {
        Some(pagination) if kind.paged => u64::try_from(pagination.item_count).unwrap_or(u64::MAX),
        _ => kind.records(page),
    }
}

fn bank_currencies(accounts: &[Account], home: Currency) -> BTreeMap<String, Currency> {
    let foreign = |account: &Account| {
        let currency: Currency = account.currency_code.as_deref()?.parse().ok()?;
        (currency != home).then(|| (account.id.clone(), currency))
    };
    accounts.iter().filter_map(foreign).collect()
}

/// The account that Xero uses for a purpose of its own.
pub(crate) fn system<'a>(accounts: &'a [Account], purpose: &str) -> Option<&'a Account> {
    accounts.iter().find(|account| account.system_account.as_deref() == Some(purpose))
}

fn findings(organisation: &Organisation) -> Vec<Finding> {
    let finding = |text: String| Finding {
        severity: Severity::Info,
        place: "Xero".to_owned(),
        text,
        hint: String::new(),
        count: None,
    };
    let mut findings = vec![
        finding(format!("The organisation '{}', kept in {}.", organisation.name, organisation.base_currency)),
        finding("Deleted documents and payments are no records; voided documents are listed.".to_owned()),
        finding(
            "Repeating invoices and budgets are not read, nor files of accounts and transfers.".to_owned(),
        ),
    ];
    if organisation.is_demo_company {
        findings.push(finding("It is Xero's demo company.".to_owned()));
    }
    findings
}

/// Accounts and tax rates as the mapping shows them.
pub(crate) fn catalog(accounts: &[Account], taxes: &[TaxRate]) -> Vec<CatalogEntry> {
    let accounts = accounts.iter().map(|account| CatalogEntry {
        entity: Entity::Account,
        id: account.id.clone(),
        code: Some(account.code.clone()).filter(|code| !code.is_empty()),
        name: account.name.clone(),
        class: class_of(account).ok().or(Some(AccountClass::OtherExpense)),
        percent: None,
    });
    let taxes = taxes.iter().filter(|tax| tax.status != "DELETED").map(|tax| CatalogEntry {
        entity: Entity::TaxRate,
        id: tax.tax_type.clone(),
        code: Some(tax.tax_type.clone()),
        name: tax.name.clone(),
        class: None,
        percent: tax.effective_rate,
    });
    accounts.chain(taxes).collect()
}
