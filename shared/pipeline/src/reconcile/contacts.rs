//! What every contact owes or is owed, summed up in bounded memory.
//!
//! Documents come in the order of their ids, not of their contacts. So sums are kept for as many accounts as fit and
//! are then put aside in staging, sorted. In the end these runs are merged, and what belongs together is added up.

use std::vec::IntoIter;

use carry_model::{Currency, Decimal, Fault, Ledger, SourceId};
use rustc_hash::FxHashMap;

use super::Sides;
use crate::store::{RunStore, content_name, push_line};

/// What one contact owes or is owed in one currency.
pub(super) type Account = (Ledger, Option<SourceId>, Currency);

/// Sums kept in memory; past that they are put aside.
const SUMS_MAX: usize = 28_000;

/// Sums in a staged block. While runs are merged, one block of each is in memory.
const BLOCK: usize = 500;

/// The keys of the blocks of sums that were put aside together, in order of account.
pub(super) type Run = Vec<String>;

/// Sums per account.
pub(super) struct ContactSums {
    sums: FxHashMap<Account, Sides>,
    runs: Vec<Run>,
}

impl ContactSums {
    /// Goes on with what was put aside.
    pub(super) fn new(runs: Vec<Run>) -> Self {
        Self { sums: FxHashMap::default(), runs }
    }

    /// Adds to an account.
    pub(super) fn add(
        &mut self,
        account: Account,
        before: Decimal,
        not_carried: Decimal,
        after: Decimal,
    ) -> Result<(), Fault> {
        self.sums.entry(account).or_default().add(before, not_carried, after)
    }

    /// Puts the sums aside where there are too many.
    pub(super) async fn make_room(&mut self, store: &RunStore) -> Result<(), Fault> {
        if self.sums.len() > SUMS_MAX { self.put_aside(store).await } else { Ok(()) }
    }

    /// Puts all sums aside and hands back where everything is.
    pub(super) async fn end(mut self, store: &RunStore) -> Result<Vec<Run>, Fault> {
        self.put_aside(store).await?;
        Ok(self.runs)
    }

    /// Every account with its sum, in order.
    pub(super) async fn merged(mut self, store: &RunStore) -> Result<Merged<'_>, Fault> {
        let rows = self.take_sorted();
        let mut runs = Vec::new();
        for blocks in self.runs {
            runs.push(Sorted { next: None, rows: Vec::new().into_iter(), blocks: blocks.into_iter() });
        }
        runs.push(Sorted { next: None, rows: rows.into_iter(), blocks: Run::new().into_iter() });
        for run in &mut runs {
            run.advance(store).await?;
        }
        Ok(Merged { store, runs })
    }

    async fn put_aside(&mut self, store: &RunStore) -> Result<(), Fault> {
        let rows = self.take_sorted();
        let mut run = Run::new();
        for (at, block) in rows.chunks(BLOCK).enumerate() {
            let mut lines = Vec::new();
            block.iter().try_for_each(|row| push_line(&mut lines, row))?;
            // Named by its content: what an interrupted walk put aside is never taken for what a later one did.
            let (number, content) = (self.runs.len(), content_name(&lines));
            let key = format!("reconcile/sums/{number:06}-{at:06}-{content}.jsonl.zst");
            store.create_lines(&key, &lines).await?;
            run.push(key);
        }
        if !run.is_empty() {
            self.runs.push(run);
        }
        Ok(())
    }

    fn take_sorted(&mut self) -> Vec<(Account, Sides)> {
        let mut rows: Vec<_> = self.sums.drain().collect();
        rows.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        rows
    }
}

/// A run that is read in order.
struct Sorted {
    next: Option<(Account, Sides)>,
    rows: IntoIter<(Account, Sides)>,
    blocks: IntoIter<String>,
}

impl Sorted {
    /// Hands out the next sum.
    async fn advance(&mut self, store: &RunStore) -> Result<Option<(Account, Sides)>, Fault> {
        let mut next = self.rows.next();
        while next.is_none()
            && let Some(key) = self.blocks.next()
        {
            self.rows = store.get_rows(&key).await?.into_iter();
            next = self.rows.next();
        }
        Ok(std::mem::replace(&mut self.next, next))
    }

    fn is_at(&self, account: &Account) -> bool {
        self.next.as_ref().is_some_and(|(own, _)| own == account)
    }
}

/// The sums of all runs, one account after the other.
pub(super) struct Merged<'a> {
    store: &'a RunStore,
    runs: Vec<Sorted>,
}

impl Merged<'_> {
    /// The next accounts with their sums, at most so many; none at the end.
    pub(super) async fn page(&mut self, accounts_max: usize) -> Result<Vec<(Account, Sides)>, Fault> {
        let mut page = Vec::new();
        while page.len() < accounts_max
            && let Some(next) = self.next().await?
        {
            page.push(next);
        }
        Ok(page)
    }

    async fn next(&mut self) -> Result<Option<(Account, Sides)>, Fault> {
        let heads = self.runs.iter().filter_map(|run| run.next.as_ref());
        let Some(account) = heads.map(|(account, _)| account).min().cloned() else { return Ok(None) };
        let mut sum = Sides::default();
        for run in self.runs.iter_mut().filter(|run| run.is_at(&account)) {
            if let Some((_, sides)) = run.advance(self.store).await? {
                sum.add(sides.before, sides.not_carried, sides.after)?;
            }
        }
        Ok(Some((account, sum)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use carry_model::{MigrationId, RunId};
    use carry_ports::MemoryStaging;

    use super::*;

    #[tokio::test]
    async fn what_was_put_aside_comes_back_summed_up_and_in_order() {
        let store =
            RunStore::of(Arc::new(MemoryStaging::default()), &MigrationId::from("m"), &RunId::from("r"));
        let mut sums = ContactSums::new(Vec::new());
        let mut expected: BTreeMap<Account, Sides> = BTreeMap::new();
        for n in 0..5_000_i64 {
            let contact = (n % 7 > 0).then(|| SourceId::new((n * 37 % 1_511).to_string()));
            let ledger = if n % 2 == 0 { Ledger::Receivable } else { Ledger::Payable };
            let account = (ledger, contact, Currency::EUR);
            let amounts = [n, n % 3, n * 2].map(|minor| Decimal::new(minor, 2));
            let [before, not_carried, after] = amounts;
            sums.add(account.clone(), before, not_carried, after).unwrap();
            expected.entry(account).or_default().add(before, not_carried, after).unwrap();
            if n % 1_000 == 999 {
                sums = ContactSums::new(sums.end(&store).await.unwrap());
            }
            if n == 4_500 {
                sums.make_room(&store).await.unwrap();
            }
        }
        assert_eq!(sums.runs.len(), 5);
        sums.add((Ledger::Payable, None, Currency::EUR), Decimal::ONE, Decimal::ZERO, Decimal::ONE).unwrap();
        let payable = expected.entry((Ledger::Payable, None, Currency::EUR)).or_default();
        payable.add(Decimal::ONE, Decimal::ZERO, Decimal::ONE).unwrap();

        let mut merged = sums.merged(&store).await.unwrap();
        let mut all = Vec::new();
        loop {
            let page = merged.page(300).await.unwrap();
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        assert_eq!(all, expected.into_iter().collect::<Vec<_>>());
    }
}
