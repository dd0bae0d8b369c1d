//! Whether two companies' books are the same, as far as two platforms can be.

use std::collections::BTreeMap;
use std::fmt::Debug;

use carry_model::Decimal;

use crate::witness::Books;

/// Accounts that each platform names in its own way: how the name begins, and what it is.
const OWN_NAMES: [(&str, &str); 13] = [
    ("Accounts Receivable", "receivable"),
    ("(receivable)", "receivable"),
    ("Accounts Payable", "payable"),
    ("(payable)", "payable"),
    ("Sales Tax", "tax"),
    ("GST Liabilities Payable", "tax"),
    ("VAT Control", "tax"),
    ("(tax)", "tax"),
    ("(exchange)", "exchange"),
    ("Exchange Gain or Loss", "exchange"),
    ("Realised Currency Gains", "exchange"),
    ("Unrealised Currency Gains", "exchange"),
    ("Rounding", "exchange"),
];

/// Whom Xero's bank transactions name that name nobody in the source.
const STAND_IN: &str = "Carryforward";

impl Books {
    /// Documents, receivables and payables are the same to the cent.
    ///
    /// On the accounts of the trial balance no more stands elsewhere than `moved`: what the report says. Every foreign
    /// document may cost a cent, where a platform rounds it to the home currency.
    pub fn assert_carried(&self, after: &Self, moved: Decimal) {
        same("documents", &counted(&self.documents), &counted(&after.documents));
        let names = |books: &Self| -> BTreeMap<String, ()> {
            books.names.iter().filter(|name| *name != STAND_IN).map(|name| (name.clone(), ())).collect()
        };
        same("names", &names(self), &names(after));
        same("receivable", &self.receivable, &after.receivable);
        same("payable", &self.payable, &after.payable);
        let (here, there) = (accounts(&self.trial_balance), accounts(&after.trial_balance));
        let mut elsewhere = BTreeMap::new();
        for account in here.keys().chain(there.keys()) {
            let balance = |of: &BTreeMap<String, Decimal>| of.get(account).copied().unwrap_or_default();
            elsewhere.insert(account, balance(&there) - balance(&here));
        }
        elsewhere.retain(|_, by| !by.is_zero());
        let sum: Decimal = elsewhere.values().filter(|by| by.is_sign_positive()).sum();
        let cents = Decimal::new(i64::try_from(self.foreign()).unwrap(), 2);
        assert!(sum <= moved + cents, "{moved} is said to stand elsewhere, it is {elsewhere:#?}");
    }

    /// The books are the same in everything.
    pub fn assert_untouched(&self, after: &Self) {
        same("documents", &counted(&self.documents), &counted(&after.documents));
        let names = |books: &Self| -> BTreeMap<String, ()> {
            books.names.iter().filter(|name| *name != STAND_IN).map(|name| (name.clone(), ())).collect()
        };
        same("names", &names(self), &names(after));
        same("receivable", &self.receivable, &after.receivable);
        same("payable", &self.payable, &after.payable);
        same("trial balance", &self.trial_balance, &after.trial_balance);
    }

    /// Documents of another currency than most.
    fn foreign(&self) -> usize {
        let mut currencies: BTreeMap<&str, usize> = BTreeMap::new();
        for document in &self.documents {
            *currencies.entry(&document.currency).or_default() += 1;
        }
        self.documents.len() - currencies.into_values().max().unwrap_or_default()
    }
}

fn accounts(balances: &BTreeMap<String, Decimal>) -> BTreeMap<String, Decimal> {
    let mut all: BTreeMap<String, Decimal> = BTreeMap::new();
    for (name, balance) in balances {
        let own = OWN_NAMES.iter().find(|(begins, _)| name.starts_with(begins));
        let name = own.map_or(name.as_str(), |(_, account)| account);
        *all.entry(name.to_owned()).or_default() += balance;
    }
    all
}

/// Each with how often it is there.
fn counted<T: Ord>(all: &[T]) -> BTreeMap<&T, usize> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts
}

fn same<K: Ord + Debug, V: PartialEq + Debug>(what: &str, before: &BTreeMap<K, V>, after: &BTreeMap<K, V>) {
    let only = |here: &BTreeMap<K, V>, there: &BTreeMap<K, V>| -> String {
        let differs = here.iter().filter(|(key, value)| there.get(key) != Some(value));
        differs.take(20).map(|(key, value)| format!("  {key:?}: {value:?}\n")).collect()
    };
    let (lost, found) = (only(before, after), only(after, before));
    assert!(lost.is_empty() && found.is_empty(), "{what} before:\n{lost}{what} after:\n{found}");
}
