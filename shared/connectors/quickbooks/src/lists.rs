//! A target's lists, read once and kept up to date by what is written: names that are taken, accounts, items, taxes.

use std::collections::BTreeMap;

use carry_model::{AccountClass, Currency, Fault};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use crate::accounts::class;
use crate::company::Company;
use crate::kinds::Kind;
use crate::objects::{self, Account, Item, Name, Option_};
use crate::survey::tax_codes;
use crate::taxes::Code;

/// An account, as far as writing needs it.
#[derive(Clone, Debug)]
pub(crate) struct KnownAccount {
    pub(crate) name: String,
    pub(crate) number: Option<String>,
    pub(crate) class: Option<AccountClass>,
    pub(crate) active: bool,
}

/// A customer or vendor, as far as writing needs it.
#[derive(Clone, Debug)]
pub(crate) struct KnownName {
    pub(crate) name: String,
    pub(crate) currency: Option<Currency>,
    pub(crate) parent: Option<String>,
}

/// The lists of a target.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) accounts: FxHashMap<String, KnownAccount>,
    /// Income and expense account of each item.
    pub(crate) items: FxHashMap<String, (Option<String>, Option<String>)>,
    pub(crate) customers: FxHashMap<String, KnownName>,
    pub(crate) vendors: FxHashMap<String, KnownName>,
    pub(crate) employees: FxHashMap<String, String>,
    pub(crate) codes: BTreeMap<String, Code>,
    /// Currencies that are switched on.
    pub(crate) currencies: FxHashSet<Currency>,
    /// Kind and lower-case name to id. Customers, vendors and employees share one space of names.
    names: FxHashMap<(Kind, String), String>,
    /// Names that are taken by customers, vendors and employees together, lower case.
    people: FxHashSet<String>,
    /// External references found on accounts and customers.
    markers: FxHashMap<(Kind, String), String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CurrencyRow {
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EmployeeRow {
    id: String,
    #[serde(default)]
    display_name: String,
}

impl Lists {
    /// Reads all of them. Reads only.
    pub(crate) async fn read(company: &Company, several_currencies: bool) -> Result<Self, Fault> {
        let mut lists = Self::default();
        for account in company.all::<Account>(Kind::Account, Kind::Account.condition()).await? {
            let description = account.description.as_deref();
            lists.learn_marker(Kind::Account, description, &account.id);
            let known = KnownAccount {
                class: class(&account.account_type),
                active: account.active,
                name: account.name,
                number: account.acct_num,
            };
            lists.learn_account(&account.id, known);
        }
        for item in company.all::<Item>(Kind::Item, Kind::Item.condition()).await? {
            let id = |account: Option<objects::Ref>| account.map(|account| account.value);
            let accounts = (id(item.income_account_ref), id(item.expense_account_ref));
            lists.learn_item(&item.id, &item.name, accounts);
        }
        for kind in [Kind::Customer, Kind::Vendor] {
            for name in company.all::<Name>(kind, kind.condition()).await? {
                lists.learn_marker(kind, name.notes.as_deref().or(name.acct_num.as_deref()), &name.id);
                let known = KnownName {
                    name: name.display_name,
                    currency: name.currency_ref.and_then(|currency| currency.value.parse().ok()),
                    parent: name.parent_ref.map(|parent| parent.value),
                };
                lists.learn_name(kind, &name.id, known);
            }
        }
        for employee in company.others::<EmployeeRow>("Employee", "query/employee").await? {
            lists.people.insert(employee.display_name.to_lowercase());
            lists.employees.insert(employee.display_name.to_lowercase(), employee.id);
        }
        let codes: Vec<objects::TaxCode> = company.all(Kind::TaxCode, Kind::TaxCode.condition()).await?;
        lists.codes = tax_codes(&codes, &company.rates().await?)?;
        for (id, code) in &lists.codes {
            lists.names.insert((Kind::TaxCode, code.name.to_lowercase()), id.clone());
        }
        for kind in [Kind::Term, Kind::PaymentMethod, Kind::Class, Kind::Department] {
            for option in company.all::<Option_>(kind, kind.condition()).await? {
                let name = option.fully_qualified_name.unwrap_or(option.name);
                lists.learn(kind, &name, &option.id);
            }
        }
        if several_currencies {
            let rows = company.others::<CurrencyRow>("CompanyCurrency", "query/companycurrency").await?;
            lists.currencies.extend(rows.iter().filter_map(|row| row.code.parse::<Currency>().ok()));
        }
        Ok(lists)
    }

    /// The id under a name.
    pub(crate) fn id_of(&self, kind: Kind, name: &str) -> Option<&String> {
        self.names.get(&(kind, name.to_lowercase()))
    }

    /// The id of what carries that external reference.
    pub(crate) fn marked(&self, kind: Kind, marker: &str) -> Option<&String> {
        self.markers.get(&(kind, marker.to_owned()))
    }

    /// The name under which an id is known.
    pub(crate) fn name_of(&self, kind: Kind, id: &str) -> Option<&str> {
        let found = self.names.iter().find(|((of, _), known)| *of == kind && known.as_str() == id);
        found.map(|((_, name), _)| name.as_str())
    }

    /// True where the name cannot be given again.
    pub(crate) fn is_taken(&self, kind: Kind, name: &str) -> bool {
        let name = name.to_lowercase();
        match kind {
            Kind::Customer | Kind::Vendor => self.people.contains(&name),
            _ => self.names.contains_key(&(kind, name)),
        }
    }

    /// Notes a name that is there now.
    pub(crate) fn learn(&mut self, kind: Kind, name: &str, id: &str) {
        if matches!(kind, Kind::Customer | Kind::Vendor) {
            self.people.insert(name.to_lowercase());
        }
        self.names.insert((kind, name.to_lowercase()), id.to_owned());
    }

    pub(crate) fn learn_account(&mut self, id: &str, known: KnownAccount) {
        self.learn(Kind::Account, &known.name, id);
        self.accounts.insert(id.to_owned(), known);
    }

    pub(crate) fn learn_item(&mut self, id: &str, name: &str, accounts: (Option<String>, Option<String>)) {
        self.learn(Kind::Item, name, id);
        self.items.insert(id.to_owned(), accounts);
    }

    pub(crate) fn learn_name(&mut self, kind: Kind, id: &str, known: KnownName) {
        self.learn(kind, &known.name, id);
        let names = if kind == Kind::Vendor { &mut self.vendors } else { &mut self.customers };
        names.insert(id.to_owned(), known);
    }

    /// Notes the external reference in a text.
    pub(crate) fn learn_marker(&mut self, kind: Kind, text: Option<&str>, id: &str) {
        if let Some(marker) = text.and_then(crate::write::marker_in) {
            self.markers.insert((kind, marker.to_owned()), id.to_owned());
        }
    }

    /// Forgets what was removed, so that its name is free again.
    pub(crate) fn forget(&mut self, kind: Kind, id: &str) {
        self.names.retain(|(of, _), known| !(*of == kind && known == id));
        self.markers.retain(|(of, _), known| !(*of == kind && known == id));
        let names = match kind {
            Kind::Customer => self.customers.remove(id),
            Kind::Vendor => self.vendors.remove(id),
            Kind::Account => {
                self.accounts.remove(id);
                None
            }
            _ => None,
        };
        if let Some(name) = names {
            self.people.remove(&name.name.to_lowercase());
        }
    }

    /// An account of that class, the same every time.
    pub(crate) fn account_of(&self, wanted: AccountClass) -> Option<&String> {
        let fits = self.accounts.iter().filter(|(_, account)| account.class == Some(wanted));
        fits.min_by(|a, b| a.1.name.cmp(&b.1.name).then(a.0.cmp(b.0))).map(|(id, _)| id)
    }
}
