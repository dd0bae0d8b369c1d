//! A company's double-entry ledger: the independent witness that reports are computed from.

use std::collections::{BTreeMap, BTreeSet};

use carry_model::{Currency, Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// One side of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Id of the account.
    pub account: String,
    /// Id of the customer or vendor, on receivables and payables.
    pub party: Option<String>,
    /// The document whose open amount it changes, on receivables and payables: what ageing goes by.
    pub document: Option<String>,
    /// In the home currency; debit is positive.
    pub home: Decimal,
    /// In the document's currency; debit is positive.
    pub amount: Decimal,
    /// The document's currency.
    pub currency: Currency,
}

/// What a transaction does to the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which transaction: one entry per source.
    pub source: String,
    /// When it counts.
    pub date: Date,
    /// Its postings; they add up to zero in the home currency.
    pub postings: Vec<Posting>,
}

/// Debits and credits of an entry differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the entry of {source_id} is out of balance by {by}")]
pub struct Unbalanced {
    /// The transaction.
    pub source_id: String,
    /// Debits less credits.
    pub by: Decimal,
}

/// What a party owes on an account in a currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// In the home currency.
    pub home: Decimal,
    /// In the document's currency.
    pub amount: Decimal,
}

/// All entries of a company.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: BTreeMap<String, Entry>,
    by_account: BTreeMap<String, BTreeSet<String>>,
}

impl Ledger {
    /// Posts what a transaction does, in place of what it did before.
    ///
    /// # Errors
    /// Debits and credits differ; nothing was posted.
    pub fn post(&mut self, entry: Entry) -> Result<(), Unbalanced> {
        let by: Decimal = entry.postings.iter().map(|posting| posting.home).sum();
        if !by.is_zero() {
            return Err(Unbalanced { source_id: entry.source, by });
        }
        self.remove(&entry.source);
        for posting in &entry.postings {
            self.by_account.entry(posting.account.clone()).or_default().insert(entry.source.clone());
        }
        self.entries.insert(entry.source.clone(), entry);
        Ok(())
    }

    /// Takes back what a transaction did.
    pub fn remove(&mut self, source: &str) {
        let Some(entry) = self.entries.remove(source) else { return };
        for posting in &entry.postings {
            if let Some(sources) = self.by_account.get_mut(&posting.account) {
                sources.remove(source);
            }
        }
    }

    /// The entry of a transaction.
    pub fn entry(&self, source: &str) -> Option<&Entry> {
        self.entries.get(source)
    }

    /// All entries, by source.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Whether anything was ever posted to an account.
    pub fn uses(&self, account: &str) -> bool {
        self.by_account.get(account).is_some_and(|sources| !sources.is_empty())
    }

    /// Postings on an account up to and including a day, each with its entry.
    pub fn postings<'a>(
        &'a self,
        account: &'a str,
        until: Option<Date>,
    ) -> impl Iterator<Item = (&'a Entry, &'a Posting)> {
        let sources = self.by_account.get(account).into_iter().flatten();
        let entries = sources.filter_map(|source| self.entries.get(source));
        entries.filter(move |entry| until.is_none_or(|until| entry.date <= until)).flat_map(move |entry| {
            let own = entry.postings.iter().filter(move |posting| posting.account == account);
            own.map(move |posting| (entry, posting))
        })
    }

    /// An account's balance in the home currency, debit positive.
    pub fn balance(&self, account: &str, until: Option<Date>) -> Decimal {
        self.postings(account, until).map(|(_, posting)| posting.home).sum()
    }

    /// Every account that was posted to with its balance in the home currency, debit positive.
    pub fn trial_balance(&self, until: Option<Date>) -> BTreeMap<String, Decimal> {
        self.by_account.keys().map(|account| (account.clone(), self.balance(account, until))).collect()
    }

    /// What each party owes on an account, per currency.
    pub fn parties(&self, account: &str, until: Option<Date>) -> BTreeMap<(String, Currency), Balance> {
        let mut balances: BTreeMap<_, Balance> = BTreeMap::new();
        for (_, posting) in self.postings(account, until) {
            let party = posting.party.clone().unwrap_or_default();
            let balance = balances.entry((party, posting.currency)).or_default();
            balance.home += posting.home;
            balance.amount += posting.amount;
        }
        balances
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(account: &str, party: Option<&str>, home: i64) -> Posting {
        Posting {
            account: account.to_owned(),
            party: party.map(str::to_owned),
            document: None,
            home: Decimal::from(home),
            amount: Decimal::from(home),
            currency: Currency::EUR,
        }
    }

    fn entry(source: &str, date: &str, amount: i64) -> Entry {
        let postings = vec![posting("ar", Some("ann"), amount), posting("income", None, -amount)];
        Entry { source: source.to_owned(), date: date.parse().unwrap(), postings }
    }

    #[test]
    fn refuses_what_does_not_balance() {
        let mut ledger = Ledger::default();
        let mut bad = entry("invoice 1", "2026-01-01", 100);
        bad.postings.pop();
        assert_eq!(ledger.post(bad).unwrap_err().by, Decimal::from(100));
        assert_eq!(ledger.trial_balance(None), BTreeMap::new());
    }

    #[test]
    fn an_entry_replaces_the_one_of_its_source() {
        let mut ledger = Ledger::default();
        ledger.post(entry("invoice 1", "2026-01-01", 100)).unwrap();
        ledger.post(entry("invoice 1", "2026-02-01", 30)).unwrap();
        ledger.post(entry("invoice 2", "2026-03-01", 5)).unwrap();
        assert_eq!(ledger.balance("ar", None), Decimal::from(35));
        assert_eq!(ledger.balance("ar", Some("2026-02-28".parse().unwrap())), Decimal::from(30));
        let owed = ledger.parties("ar", None);
        assert_eq!(owed[&("ann".to_owned(), Currency::EUR)].amount, Decimal::from(35));
        ledger.remove("invoice 1");
        assert_eq!(ledger.balance("income", None), Decimal::from(-5));
        assert!(ledger.trial_balance(None).values().sum::<Decimal>().is_zero());
    }
}
