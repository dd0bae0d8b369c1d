//! What postings refer to: accounts, contacts, items and tax rates, by id.

use carry_connector::exact;
use carry_model::{Account, AccountClass, Body, Fault, Record, SourceId};
use rustc_hash::FxHashMap;

/// An account with what its name is made of.
#[derive(Clone, Debug)]
pub(crate) struct ChartAccount {
    pub(crate) name: String,
    pub(crate) class: AccountClass,
    pub(crate) parent: Option<SourceId>,
}

/// Accounts of an item.
#[derive(Clone, Debug, Default)]
pub(crate) struct ItemAccounts {
    pub(crate) income: Option<SourceId>,
    pub(crate) expense: Option<SourceId>,
}

/// The lists of a run; they are small beside the documents and are held in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    pub(crate) accounts: FxHashMap<SourceId, ChartAccount>,
    pub(crate) contacts: FxHashMap<SourceId, String>,
    pub(crate) items: FxHashMap<SourceId, ItemAccounts>,
    /// Name and liability account.
    pub(crate) taxes: FxHashMap<SourceId, (String, Option<SourceId>)>,
}

impl Chart {
    /// A chart that knows the accounts of adjustments and settlements.
    pub(crate) fn new() -> Result<Self, Fault> {
        let mut chart = Self::default();
        exact::accounts()?.into_iter().for_each(|record| chart.add(record));
        Ok(chart)
    }

    /// Takes a record of a list; records of other sorts are passed over.
    pub(crate) fn add(&mut self, record: Record) {
        match record.body {
            Body::Account(account) => {
                let Account { name, class, parent, .. } = *account;
                self.accounts.insert(record.id, ChartAccount { name, class, parent });
            }
            Body::Contact(contact) => {
                self.contacts.insert(record.id, contact.name);
            }
            Body::Item(item) => {
                let accounts = ItemAccounts { income: item.income_account, expense: item.expense_account };
                self.items.insert(record.id, accounts);
            }
            Body::TaxRate(tax) => {
                self.taxes.insert(record.id, (tax.name, tax.account));
            }
            _ => {}
        }
    }

    /// The contact's name, or its id where it has none.
    pub(crate) fn contact(&self, id: &SourceId) -> String {
        self.contacts.get(id).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| id.to_string())
    }
}
