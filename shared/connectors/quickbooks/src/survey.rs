//! What a company holds, before anything is extracted.

use std::collections::BTreeMap;

use carry_connector::{CatalogEntry, Changes, Finding, Partition, Severity, Survey, UnlistedBalance};
use carry_model::{Company, Decimal, Entity, Fault, Timestamp, checked_sum};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::accounts;
use crate::changes::condition;
use crate::company::{PAGE, decode_all};
use crate::kinds::Kind;
use crate::objects::{Account, Item, Name, PaymentMethod, Ref, TaxCode, TaxRate, TaxRateList};
use crate::session::QuickBooks;
use crate::taxes::{Code, Part};

/// Levels that are followed up; QuickBooks nests sub-customers five deep.
const NESTED_MAX: usize = 10;

/// What the transformer needs to know of the whole company.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) home: carry_model::Currency,
    pub(crate) us: bool,
    /// The account that payments without one are kept in.
    pub(crate) undeposited: Option<String>,
    /// Sub-customer to the customer at the top of it.
    pub(crate) tops: BTreeMap<String, String>,
    /// Income and expense account of each item.
    pub(crate) items: BTreeMap<String, (Option<String>, Option<String>)>,
    /// Tax codes by id.
    pub(crate) codes: BTreeMap<String, Code>,
}

fn finding(severity: Severity, place: &str, text: &str, hint: &str, count: Option<u64>) -> Finding {
    Finding { severity, place: place.to_owned(), text: text.to_owned(), hint: hint.to_owned(), count }
}

impl QuickBooks {
    /// Counts by QuickBooks' own count, and the lists that everything else is understood by.
    pub(crate) async fn look(&self, changes: Option<Changes>) -> Result<Survey, Fault> {
        let since = changes.as_ref().map(|changes| changes.since);
        let mut counts = BTreeMap::new();
        let mut partitions = Vec::new();
        let mut counted = BTreeMap::new();
        for kind in Kind::ALL.iter().copied() {
            let rows = self.company.count(kind, &condition(kind, since)).await?;
            if rows == 0 {
                continue;
            }
            counted.insert(kind, rows);
            partitions.push(Partition {
                id: kind.path().to_owned(),
                entity: kind.entity(),
                spec: serde_json::json!({ "kind": kind.name(), "since": since }),
                rows,
            });
            // A list of classes is one tracking category.
            let records = if kind.entity() == Entity::TrackingCategory { 1 } else { rows };
            *counts.entry(kind.entity()).or_insert(0) += records;
        }
        self.surveyed.lock().await.clear();
        let accounts: Vec<Account> = self.read_list(Kind::Account, &counted).await?;
        let rates: Vec<TaxRate> = self.company.rates().await?;
        let codes: Vec<TaxCode> = self.read_list(Kind::TaxCode, &counted).await?;
        let methods: Vec<PaymentMethod> = self.read_list(Kind::PaymentMethod, &counted).await?;
        let jobs: Vec<Name> =
            self.company.all(Kind::Customer, "Active IN (true,false) AND Job = true").await?;
        let tops = tops(&jobs);
        // Sub-customers are projects of the customer at their top.
        let projects = match since {
            None => u64::try_from(tops.len()).unwrap_or_default(),
            Some(_) => {
                let changed = format!("{} AND Job = true", condition(Kind::Customer, since));
                self.company.count(Kind::Customer, &changed).await?
            }
        };
        if projects > 0 {
            counts.entry(Entity::Contact).and_modify(|count| *count = count.saturating_sub(projects));
            counts.insert(Entity::Project, projects);
        }
        let codes = tax_codes(&codes, &rates)?;
        let items: Vec<Item> = self.read_list(Kind::Item, &counted).await?;
        self.tell_card_credits(&mut counts, since).await?;
        let catalog = catalog(&accounts, &codes, &methods);
        let profile = Profile {
            home: self.home,
            us: self.is_us(),
            undeposited: accounts
                .iter()
                .find(|account| account.account_sub_type.as_deref() == Some("UndepositedFunds"))
                .map(|account| account.id.clone()),
            tops,
            items: items.into_iter().map(|item| (item.id.clone(), accounts_of(item))).collect(),
            codes,
        };
        let has_files = counts.contains_key(&Entity::Attachment);
        let company = Company {
            name: self.info.company_name.clone(),
            home_currency: self.home,
            country: self.info.country.clone(),
        };
        Ok(Survey {
            company,
            counts,
            partitions,
            findings: self.source_findings(has_files).await?,
            catalog,
            unlisted_receivable: UnlistedBalance::Computed,
            unlisted_payable: UnlistedBalance::Computed,
            lock_date: self.preferences.accounting_info_prefs.book_close_date,
            changes,
            profile: serde_json::to_value(profile)
                .map_err(|e| Fault::new(carry_model::Code::Bug).caused_by(e))?,
        })
    }

    /// A whole list, kept for extraction where it is short.
    async fn read_list<T: DeserializeOwned>(
        &self,
        kind: Kind,
        counted: &BTreeMap<Kind, u64>,
    ) -> Result<Vec<T>, Fault> {
        let counted = counted.get(&kind).copied().unwrap_or_default();
        let rows = self.company.all_rows(kind, kind.condition(), counted).await?;
        let all = decode_all(&rows)?;
        if rows.len() <= PAGE {
            self.surveyed.lock().await.insert(kind, rows);
        }
        Ok(all)
    }

    /// What is credited to a card is money received, the rest of the purchases expenses.
    async fn tell_card_credits(
        &self,
        counts: &mut BTreeMap<Entity, u64>,
        since: Option<Timestamp>,
    ) -> Result<(), Fault> {
        if !counts.contains_key(&Entity::Expense) {
            return Ok(());
        }
        let changed = condition(Kind::Purchase, since);
        let credits =
            if changed.is_empty() { String::new() } else { format!("{changed} AND ") } + "Credit = true";
        match self.company.count(Kind::Purchase, &credits).await {
            Ok(0) => {}
            Ok(credits) => {
                counts.entry(Entity::Expense).and_modify(|count| *count = count.saturating_sub(credits));
                *counts.entry(Entity::BankTransaction).or_default() += credits;
            }
            // A company that cannot be asked so tells neither number.
            Err(fault) if fault.kind() == carry_model::Kind::Rejected => {
                counts.remove(&Entity::Expense);
                counts.remove(&Entity::BankTransaction);
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    async fn source_findings(&self, has_files: bool) -> Result<Vec<Finding>, Fault> {
        let mut findings = vec![finding(
            Severity::Info,
            "QuickBooks Online",
            &format!("The company '{}'.", self.info.company_name),
            "",
            None,
        )];
        let categories =
            self.company.count(Kind::Item, "Active IN (true,false) AND Type = 'Category'").await?;
        if categories > 0 {
            let text = "Item categories group items and are not carried; the items in them are.";
            findings.push(finding(Severity::Info, "items", text, "", Some(categories)));
        }
        if has_files {
            findings.extend(self.look_at_files().await?);
        }
        Ok(findings)
    }
}

fn accounts_of(item: Item) -> (Option<String>, Option<String>) {
    let id = |account: Option<Ref>| account.map(|account| account.value);
    (id(item.income_account_ref), id(item.expense_account_ref))
}

/// Sub-customers with the customer at the top of each.
fn tops(jobs: &[Name]) -> BTreeMap<String, String> {
    let parents: BTreeMap<&str, &str> = jobs
        .iter()
        .filter_map(|job| Some((job.id.as_str(), job.parent_ref.as_ref()?.value.as_str())))
        .collect();
    let mut tops = BTreeMap::new();
    for id in parents.keys() {
        let mut top = *id;
        for _ in 0..NESTED_MAX {
            match parents.get(top) {
                Some(parent) => top = parent,
                None => break,
            }
        }
        tops.insert((*id).to_owned(), top.to_owned());
    }
    tops
}

/// Tax codes with the rates they are made of.
pub(crate) fn tax_codes(codes: &[TaxCode], rates: &[TaxRate]) -> Result<BTreeMap<String, Code>, Fault> {
    let rates: BTreeMap<&str, &TaxRate> = rates.iter().map(|rate| (rate.id.as_str(), rate)).collect();
    let parts = |list: &TaxRateList| -> Vec<Part> {
        let mut details: Vec<_> = list.tax_rate_detail.iter().collect();
        details.sort_by_key(|detail| detail.tax_order);
        let part = |detail: &crate::objects::TaxRateDetail| {
            let rate = rates.get(detail.tax_rate_ref.value.as_str())?;
            Some(Part {
                rate: rate.id.clone(),
                name: rate.name.clone(),
                percent: rate.rate_value?,
                compound: detail.tax_type_applicable.as_deref() == Some("TaxOnTax"),
            })
        };
        details.into_iter().filter_map(part).collect()
    };
    let mut all = BTreeMap::new();
    for code in codes {
        let mut known = Code {
            name: code.name.clone(),
            sales: parts(&code.sales_tax_rate_list),
            purchase: parts(&code.purchase_tax_rate_list),
            percent: None,
        };
        let shown = if known.sales.is_empty() { &known.purchase } else { &known.sales };
        if !shown.is_empty() {
            known.percent = Some(checked_sum(shown.iter().map(|part| part.percent))?);
        }
        all.insert(code.id.clone(), known);
    }
    Ok(all)
}

fn catalog(
    accounts: &[Account],
    codes: &BTreeMap<String, Code>,
    methods: &[PaymentMethod],
) -> Vec<CatalogEntry> {
    let entry = |entity, id: &str, name: &str| CatalogEntry {
        entity,
        id: id.to_owned(),
        code: None,
        name: name.to_owned(),
        class: None,
        percent: None,
    };
    let accounts = accounts.iter().map(|account| CatalogEntry {
        code: account.acct_num.clone(),
        class: accounts::class(&account.account_type),
        ..entry(Entity::Account, &account.id, &account.name)
    });
    let percent = |code: &Code| -> Option<Decimal> { code.percent };
    let codes = codes
        .iter()
        .map(|(id, code)| CatalogEntry { percent: percent(code), ..entry(Entity::TaxRate, id, &code.name) });
    let methods = methods.iter().map(|method| entry(Entity::PaymentMethod, &method.id, &method.name));
    accounts.chain(codes).chain(methods).collect()
}
