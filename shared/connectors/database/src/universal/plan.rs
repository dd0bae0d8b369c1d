//! Which record of a batch gets which key, and in which order they are written.

use carry_connector::WriteBatch;
use carry_model::{Body, Code, Currency, Decimal, Fault};
use rustc_hash::{FxHashMap, FxHashSet};

use super::encode::key;

/// Where a record goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// Its key.
    pub(super) id: i64,
    /// True where a record with this key is there already (or comes earlier in the batch).
    pub(super) exists: bool,
}

/// The targets of a batch.
#[derive(Debug)]
pub(super) struct Plan<'b> {
    /// Keys by source id, for references within the batch.
    pub(super) own: FxHashMap<&'b str, i64>,
    targets: Vec<Target>,
    order: Vec<usize>,
}

impl<'b> Plan<'b> {
    /// From what was found for each record; `free` gives a key for each of the others.
    pub(super) fn new(
        batch: &'b WriteBatch,
        found: Vec<Option<i64>>,
        mut free: impl Iterator<Item = i64>,
    ) -> Self {
        let mut own: FxHashMap<&str, i64> = FxHashMap::default();
        own.reserve(batch.items.len());
        let mut targets = Vec::with_capacity(batch.items.len());
        for (item, found) in batch.items.iter().zip(found) {
            let source = item.record.id.as_str();
            let known = found.or_else(|| own.get(source).copied());
            let target = match known {
                Some(id) => Target { id, exists: true },
                None => Target { id: free.next().unwrap_or_default(), exists: false },
            };
            own.insert(source, target.id);
            targets.push(target);
        }
        Self { order: parents_first(batch), own, targets }
    }

    /// Place in the batch and target of every record, in the order of writing.
    pub(super) fn targets(&self) -> impl Iterator<Item = (usize, Target)> {
        self.order.iter().filter_map(|at| self.targets.get(*at).map(|target| (*at, *target)))
    }
}

/// The batch's order, except that accounts and contacts come after the parents they name. Parents that run in a
/// circle keep their place; the database then refuses them.
fn parents_first(batch: &WriteBatch) -> Vec<usize> {
    let parent_of = |at: usize| match &batch.items.get(at)?.record.body {
        Body::Account(account) => account.parent.as_ref(),
        Body::Contact(contact) => contact.parent.as_ref(),
        _ => None,
    };
    let count = batch.items.len();
    if !(0..count).any(|at| parent_of(at).is_some()) {
        return (0..count).collect();
    }
    let places: FxHashMap<&str, usize> =
        batch.items.iter().enumerate().map(|(at, item)| (item.record.id.as_str(), at)).collect();
    let mut order = Vec::with_capacity(count);
    let mut placed = vec![false; count];
    for start in 0..count {
        // The chain of parents that are not placed yet, child first.
        let mut chain = Vec::new();
        let mut seen = FxHashSet::default();
        let mut next = Some(start);
        while let Some(at) = next.filter(|at| placed.get(*at) == Some(&false) && seen.insert(*at)) {
            chain.push(at);
            next = parent_of(at).and_then(|parent| places.get(parent.as_str()).copied());
        }
        for at in chain.into_iter().rev() {
            if let Some(flag) = placed.get_mut(at) {
                *flag = true;
            }
            order.push(at);
        }
    }
    order
}

/// Keys of the documents that payments in a foreign currency settle: the ledger has them at their own rates.
pub(super) fn foreign_settlements(batch: &WriteBatch) -> Result<Vec<i64>, Fault> {
    let mut ids = Vec::new();
    for item in &batch.items {
        if let Body::Payment(payment) = &item.record.body
            && payment.currency != batch.home_currency
        {
            for allocation in &payment.allocations {
                let document = &allocation.document;
                if let Some(target) = batch.links.get(document.entity, &document.id) {
                    ids.push(key(target.as_str())?);
                }
            }
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Currency and rate of a stored document.
pub(super) fn rate(currency: String, rate: Option<String>) -> Result<(Currency, Option<Decimal>), Fault> {
    let currency = currency.parse().map_err(|e| Fault::new(Code::CurrencyUnknown).caused_by(e))?;
    let rate = rate.map(|text| Decimal::from_str_exact(&text)).transpose();
    Ok((currency, rate.map_err(|e| Fault::new(Code::AmountUnreadable).field("rate").caused_by(e))?))
}
