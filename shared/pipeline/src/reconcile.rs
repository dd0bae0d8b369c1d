//! Reconcile: reads the target back and compares every document's total and outstanding balance, receivables and
//! payables per contact, and control totals. The journal is walked once; the report's long lists are staged on
//! the way.

mod compare;
mod rows;

use carry_connector::{Balance, exact};
use carry_model::{Currency, Decimal, Entity, Fault, Ledger, Money, RecordKey, checked_sum};
use carry_ports::{Link, RunKind, Stage};
use serde::{Deserialize, Serialize};

use crate::load::Loader;
use compare::Comparison;

/// Records read back in one go.
const PAGE: usize = 1_000;

const SUMMARY: &str = "reconcile/summary.json";

/// Source and target side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    /// As the source states it, of everything the source has.
    pub before: Decimal,
    /// The part of `before` that was skipped or failed.
    pub not_carried: Decimal,
    /// As the target shows it.
    pub after: Decimal,
}

impl Sides {
    fn add(&mut self, before: Decimal, not_carried: Decimal, after: Decimal) -> Result<(), Fault> {
        self.before = checked_sum([self.before, before])?;
        self.not_carried = checked_sum([self.not_carried, not_carried])?;
        self.after = checked_sum([self.after, after])?;
        Ok(())
    }

    /// True where what was carried is the same on both sides.
    pub fn agrees(&self) -> bool {
        self.before.checked_sub(self.not_carried) == Some(self.after)
    }
}

/// Control figures of one entity in one currency.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Control {
    /// Records in the source that this migration is about.
    pub records_before: u64,
    /// Those skipped or failed.
    pub records_not_carried: u64,
    /// Those found in the target.
    pub records_after: u64,
    /// Totals.
    pub total: Sides,
    /// Outstanding balances (unapplied rests of payments).
    pub outstanding: Sides,
}

/// What the comparison came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ReconcileSummary {
    /// Documents and payments compared.
    pub compared: u64,
    /// Those whose total or outstanding balance differs, or that are gone.
    pub different: u64,
    /// Control figures.
    pub controls: Vec<(Entity, Option<Currency>, Control)>,
    /// Receivable and payable per currency.
    pub ledgers: Vec<(Ledger, Currency, Sides)>,
    /// Contacts whose balance differs.
    pub contacts_different: u64,
    /// Balance of the clearing account per currency where it is not zero.
    pub clearing: Vec<Money>,
    /// Records that the source no longer has.
    pub vanished: u64,
}

impl ReconcileSummary {
    /// True where every figure agrees.
    pub fn agrees(&self) -> bool {
        self.different == 0 && self.contacts_different == 0 && self.clearing.is_empty()
    }
}

/// Compares everything the journal says is in the target.
pub(crate) async fn reconcile(loader: &Loader<'_>) -> Result<ReconcileSummary, Fault> {
    let (engine, store) = (loader.engine, loader.store);
    if let Some(done) = store.get_json(SUMMARY).await? {
        return Ok(done);
    }
    let counts = engine.jobs.count_links(&loader.run.migration).await?;
    engine.progress.begin(Stage::Reconcile, Some(counts.values().sum()));
    let mut comparison = Comparison::new(engine, store, loader.run);
    for entity in Entity::ALL {
        let mut after = None;
        loop {
            engine.cancel.check()?;
            let page = engine.jobs.links(&loader.run.migration, *entity, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.id.clone());
            let count = u64::try_from(page.len()).unwrap_or(u64::MAX);
            comparison.page(*entity, &page, read_back(loader, *entity, &page).await?).await?;
            engine.progress.advance(Stage::Reconcile, entity.plural(), count);
        }
        if matches!(loader.run.kind, RunKind::Delta | RunKind::Full) {
            comparison.vanished(*entity).await?;
        }
    }
    let summary = comparison.finish(clearing_balances(loader).await?).await?;
    store.create_json(SUMMARY, &summary).await?;
    engine.progress.end(Stage::Reconcile);
    Ok(summary)
}

/// Entities whose figures the target is asked for.
fn is_compared(entity: Entity) -> bool {
    entity.is_document() || matches!(entity, Entity::Payment | Entity::BillPayment)
}

/// What the target shows for the done links of a page, in order.
async fn read_back(
    loader: &Loader<'_>,
    entity: Entity,
    links: &[Link],
) -> Result<Vec<Option<Balance>>, Fault> {
    let ids: Vec<_> = links.iter().filter(|l| l.is_done()).filter_map(|l| l.target.clone()).collect();
    if ids.is_empty() || !is_compared(entity) {
        return Ok(Vec::new());
    }
    loader.engine.connection.writer.read_back(entity, &ids).await
}

async fn clearing_balances(loader: &Loader<'_>) -> Result<Vec<Money>, Fault> {
    let key = RecordKey::new(Entity::Account, exact::CLEARING);
    let found = loader.engine.jobs.resolve(&loader.run.migration, &[key]).await?;
    let Some(target) = found.into_iter().flatten().find_map(|link| link.target) else {
        return Ok(Vec::new());
    };
    let balances = loader.engine.connection.writer.account_balance(&target).await?;
    Ok(balances.into_iter().map(|b| b.amount).filter(|money| !money.amount.is_zero()).collect())
}
