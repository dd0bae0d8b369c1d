//! Records of which no list tells: a customer who is named on an invoice only, a tax that lines mention.

use std::borrow::Cow;

use carry_model::{
    Account, AccountClass, Body, Contact, Decimal, Entity, Fault, Item, PaymentMethod, Place, Project,
    Record, TaxRate, Terms, TrackingCategory,
};
use serde::{Deserialize, Serialize};

use super::lists::account_class;
use crate::scan::Role;

/// A name and what is known of it, on its way through staging.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ImpliedRow<'a> {
    pub(crate) entity: Entity,
    pub(crate) name: Cow<'a, str>,
    /// Bits of [`Role`].
    pub(crate) role: u8,
    pub(crate) file: Cow<'a, str>,
    pub(crate) line: u64,
    /// Type and finer type of an account, as far as stated.
    #[serde(default)]
    pub(crate) hint: Cow<'a, str>,
    /// Options of a tracking category.
    #[serde(default)]
    pub(crate) options: Vec<Cow<'a, str>>,
}

impl ImpliedRow<'_> {
    pub(crate) fn into_record(self) -> Result<Record, Fault> {
        let name = self.name.clone().into_owned();
        let role = Role(self.role);
        let body = match self.entity {
            Entity::Contact => Body::Contact(Box::new(Contact {
                name: name.clone(),
                customer: role.has(Role::CUSTOMER),
                supplier: role.has(Role::SUPPLIER),
                ..Contact::default()
            })),
            Entity::Account => Body::Account(Box::new(Account {
                code: name.bytes().all(|b| b.is_ascii_digit()).then(|| name.clone()),
                name: name.clone(),
                class: account_class_of(&name, role, &self.hint).0,
                parent: None,
                currency: None,
                description: None,
                active: true,
            })),
            Entity::Item => Body::Item(Box::new(Item { name: name.clone(), ..Item::default() })),
            Entity::TaxRate => Body::TaxRate(Box::new(TaxRate {
                percent: percent_in(&name).or_else(|| (!role.has(Role::TAXED)).then_some(Decimal::ZERO)),
                name: name.clone(),
                code: None,
                components: Vec::new(),
                account: None,
            })),
            Entity::Terms => Body::Terms(Terms { due_days: due_days(&name), name: name.clone() }),
            Entity::PaymentMethod => Body::PaymentMethod(PaymentMethod { name: name.clone() }),
            Entity::Project => {
                Body::Project(Project { name: name.clone(), code: None, contact: None, active: true })
            }
            _ => Body::TrackingCategory(TrackingCategory {
                name: name.clone(),
                options: self.options.into_iter().map(Cow::into_owned).collect(),
            }),
        };
        let mut record = Record::new(self.entity, name.as_str(), Some(name.clone()), body)?;
        record.implied = true;
        record.place = Place { file: self.file.into_owned(), line: self.line, last_line: 0 };
        Ok(record)
    }
}

/// The class of an account that no chart holds, and whether that is more than a guess from its use.
pub(crate) fn account_class_of(name: &str, role: Role, hint: &str) -> (AccountClass, bool) {
    let (kind, detail) = hint.split_once('\u{1f}').unwrap_or((hint, ""));
    if let Some(class) = account_class(kind, detail).filter(|_| !hint.is_empty()) {
        return (class, true);
    }
    let lower = name.to_lowercase();
    let class = if lower.contains("receivable") {
        AccountClass::Receivable
    } else if lower.contains("accounts payable") {
        AccountClass::Payable
    } else if role.has(Role::BANK) {
        AccountClass::Bank
    } else if role.has(Role::INCOME) {
        AccountClass::Income
    } else if role.has(Role::EXPENSE) {
        AccountClass::Expense
    } else {
        AccountClass::CurrentAsset
    };
    (class, false)
}

/// The rate that a tax states in its name: 8.5 of `Sonoma County 8.5%`.
pub(crate) fn percent_in(name: &str) -> Option<Decimal> {
    let before = name.get(..name.find('%')?)?.trim_end();
    let digits = before.rfind(|c: char| !c.is_ascii_digit() && c != '.').map_or(0, |at| at + 1);
    // The character before the digits may be of several bytes.
    let digits = (digits..=before.len()).find_map(|at| before.get(at..))?;
    carry_model::parse_plain(digits).ok()
}

/// Days of `Net 30`; none for terms that are due on receipt.
fn due_days(name: &str) -> Option<u32> {
    let lower = name.to_lowercase();
    if lower.contains("receipt") || lower == "cash" || lower == "immediate" {
        return Some(0);
    }
    let days = lower.strip_prefix("net")?.trim().trim_end_matches("days").trim();
    days.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_rates_and_days() {
        let percent = |name| percent_in(name).map(|p| p.to_string());
        assert_eq!(percent("Sonoma County 8.5%").as_deref(), Some("8.5"));
        assert_eq!(percent("20% (VAT on Income)").as_deref(), Some("20"));
        assert_eq!(percent("Märwert–7 %").as_deref(), Some("7"));
        assert_eq!(percent("NON"), None);
        assert_eq!(percent("%"), None);
        assert_eq!(
            (due_days("Net 30"), due_days("Due on receipt"), due_days("2% 10")),
            (Some(30), Some(0), None)
        );
    }

    #[test]
    fn the_use_of_an_account_tells_its_class() {
        assert_eq!(account_class_of("Sales", Role::INCOME, ""), (AccountClass::Income, false));
        assert_eq!(account_class_of("X", Role::NONE, "Expense\u{1f}"), (AccountClass::Expense, true));
        assert_eq!(
            account_class_of("Accounts Receivable", Role::NONE, ""),
            (AccountClass::Receivable, false)
        );
    }
}
