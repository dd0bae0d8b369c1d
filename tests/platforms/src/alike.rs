//! Whether two companies' books are the same, as far as two platforms can be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use carry_model::Decimal;

use crate::company::Company;
use crate::meanwhile::Deleted;
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

/// What may differ between the trial balances of a source and a target.
#[derive(Clone, Debug, Default)]
pub struct Explained {
    /// What the report says by account: more of a debit in the target.
    pub moved: BTreeMap<String, Decimal>,
    /// Accounts of the platforms' own, by [`OWN_NAMES`], on which rounding to the home currency is not told one by one,
    /// but all together.
    pub rounded: &'static [&'static str],
}

impl std::ops::AddAssign for Explained {
    fn add_assign(&mut self, other: Self) {
        for (account, by) in other.moved {
            *self.moved.entry(account).or_default() += by;
        }
        if other.rounded.len() > self.rounded.len() {
            self.rounded = other.rounded;
        }
    }
}

/// Whom Xero's bank transactions name that name nobody in the source.
const STAND_IN: &str = "Carryforward";

impl Books {
    /// Documents, receivables and payables are the same to the cent, and so is every account of the trial balance but
    /// for what is explained.
    pub fn assert_carried(&self, after: &Self, explained: &Explained) {
        same("documents", &counted(&self.documents), &counted(&after.documents));
        same("files", &counted(&self.files), &counted(&after.files));
        same("names", &everybody(&self.names), &everybody(&after.names));
        same("receivable", &self.receivable, &after.receivable);
        same("payable", &self.payable, &after.payable);
        let mut differs = accounts(&after.trial_balance);
        for (account, balance) in accounts(&self.trial_balance).into_iter().chain(accounts(&explained.moved))
        {
            *differs.entry(account).or_default() -= balance;
        }
        let rounded: Decimal = explained.rounded.iter().filter_map(|own| differs.remove(*own)).sum();
        differs.insert("rounded".to_owned(), rounded);
        differs.retain(|_, by| !by.is_zero());
        assert!(differs.is_empty(), "the report does not explain {differs:#?}");
    }

    /// These books with what a target keeps of what was deleted in them.
    pub fn keeping(mut self, deleted: &Deleted) -> Self {
        for document in &deleted.documents {
            let owed = if document.kind == "bill" { &mut self.payable } else { &mut self.receivable };
            let party = (document.contact.clone(), document.currency.clone());
            *owed.entry(party).or_default() += document.open;
            self.documents.push(document.clone());
        }
        for (account, booked) in &deleted.booked {
            *self.trial_balance.entry(account.clone()).or_default() += booked;
        }
        self.files.extend(deleted.files.iter().cloned());
        self
    }

    /// Nothing is left of a migration, but overpayments that Xero keeps for ever, and the contacts they are of.
    pub async fn assert_taken_back(&self, of: &Company, kept: u64) {
        let mut after = of.books().await;
        if kept > 0 {
            let (count, overpaid) = of.overpaid().await;
            assert_eq!(kept, count, "overpayments stay, and nothing else");
            for ((name, currency), amount) in overpaid {
                *after.receivable.entry((name.clone(), currency)).or_default() -= amount;
                after.active.remove(&name);
            }
            after.receivable.retain(|_, owed| !owed.is_zero());
            after.trial_balance.clone_from(&self.trial_balance);
        }
        self.assert_untouched(&after);
    }

    fn assert_untouched(&self, after: &Self) {
        same("documents", &counted(&self.documents), &counted(&after.documents));
        same("names", &everybody(&self.active), &everybody(&after.active));
        same("receivable", &self.receivable, &after.receivable);
        same("payable", &self.payable, &after.payable);
        same("trial balance", &self.trial_balance, &after.trial_balance);
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

fn everybody(names: &BTreeSet<String>) -> BTreeMap<&str, ()> {
    names.iter().filter(|name| *name != STAND_IN).map(|name| (name.as_str(), ())).collect()
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
