//! Reconcile: reads the target back and compares every document's total and outstanding balance, receivables and
//! payables per contact, and control totals. The journal is walked once; the report's long lists are staged on
//! the way.

mod compare;
mod contacts;
mod rows;

use carry_connector::{Balance, exact};
use carry_model::{
    Code, Currency, Decimal, Entity, Fault, Ledger, MigrationId, Money, RecordKey, SourceId, checked_sum,
};
use carry_ports::{Link, RunKind, Stage};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::Engine;
use crate::lists::ListParts;
use crate::load::Loader;
use crate::store::RunStore;
use compare::{Comparison, Sums};

/// Records read back in one go.
const PAGE: usize = 1_000;

/// Pages that wait at most between reading the journal and asking the target, and again before they are compared.
const PAGES_AHEAD: usize = 2;

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

/// How far the comparison is, at the end of a slice.
#[derive(Default, Serialize, Deserialize)]
struct Standing {
    /// Place in [`Entity::ALL`].
    entity: usize,
    /// Links up to this one are compared; the entity's vanished records follow when there are no more.
    after: Option<SourceId>,
    sums: Sums,
    done: bool,
}

fn slice_key(slice: u32) -> String {
    format!("reconcile/slices/{slice:05}.json")
}

/// What the comparison came to and the parts of its lists, once it is done.
pub(crate) async fn reconciled(store: &RunStore) -> Result<Option<(ReconcileSummary, ListParts)>, Fault> {
    let slices = store.list("reconcile/slices/").await?;
    let Some(last) = slices.last() else { return Ok(None) };
    let standing: Standing = store.need_json(last).await?;
    Ok(standing.done.then_some((standing.sums.summary, standing.sums.parts)))
}

/// Compares everything the journal says is in the target, in slices that go on where the one before ended because
/// its time was up; Some is the next one. A slice that was done before stays as it is.
pub(crate) async fn reconcile(loader: &Loader, slice: u32) -> Result<Option<u32>, Fault> {
    let next = |standing: &Standing| if standing.done { None } else { Some(slice + 1) };
    let store = &loader.store;
    let mut standing = match store.get_json::<Standing>(&slice_key(slice)).await? {
        Some(done) => return Ok(next(&done)),
        None if slice == 0 => Standing::default(),
        None => store.need_json(&slice_key(slice - 1)).await?,
    };
    let mut comparison = Comparison::new(loader, store, std::mem::take(&mut standing.sums));
    match compare_rest(loader, &mut comparison, &mut standing).await {
        Ok(()) => {
            standing.done = true;
            standing.sums = comparison.finish(clearing_balances(loader).await?).await?;
        }
        Err(fault) if loader.engine.is_out_of_time(&fault) => standing.sums = comparison.rest().await?,
        Err(fault) => return Err(fault),
    }
    store.create_json(&slice_key(slice), &standing).await?;
    Ok(next(&standing))
}

async fn compare_rest(
    loader: &Loader,
    comparison: &mut Comparison<'_>,
    standing: &mut Standing,
) -> Result<(), Fault> {
    let engine = &loader.engine;
    let may_have_vanished = matches!(loader.run.kind, RunKind::Delta | RunKind::Full)
        && engine.jobs.runs(&loader.run.migration).await?.len() > 1;
    let mut pages = pages_ahead(loader, standing.entity, standing.after.clone());
    while let Some(page) = pages.recv().await {
        engine.cancel.check()?;
        let (Page { at, links }, shown) = page?;
        let Some(entity) = Entity::ALL.get(at).copied() else { break };
        if !links.is_empty() {
            comparison.page(entity, &links, shown).await?;
            let count = u64::try_from(links.len()).unwrap_or(u64::MAX);
            engine.progress.advance(Stage::Reconcile, entity.plural(), count);
        } else if may_have_vanished {
            match &loader.plan.survey.changes {
                Some(changes) if !changes.whole.contains(&entity) => {
                    comparison.gone(entity, &changes.gone).await?;
                }
                _ => comparison.vanished(entity).await?,
            }
        }
        standing.entity = at + usize::from(links.is_empty());
        standing.after = links.last().map(|link| link.key.id.clone());
    }
    let died = || Fault::new(Code::Bug).detail("a task that reads ahead died");
    if standing.entity < Entity::ALL.len() { Err(died()) } else { Ok(()) }
}

/// Links of an entity, in order; none after its last.
struct Page {
    /// Place in [`Entity::ALL`].
    at: usize,
    links: Vec<Link>,
}

/// What the target shows for the done ones among links, in order.
type Shown = Vec<Option<Balance>>;

/// Reads the pages from here on: the journal's next one while the target is asked about one and another is compared.
/// A fault is the last thing that comes. Nothing is read any more once nobody receives.
fn pages_ahead(
    loader: &Loader,
    entity: usize,
    after: Option<SourceId>,
) -> Receiver<Result<(Page, Shown), Fault>> {
    let (pages, linked) = mpsc::channel(PAGES_AHEAD);
    let (compared, shown) = mpsc::channel(PAGES_AHEAD);
    let (engine, migration) = (loader.engine.clone(), loader.run.migration.clone());
    tokio::spawn(read_links(engine, migration, entity, after, pages));
    tokio::spawn(read_target(loader.engine.clone(), linked, compared));
    shown
}

async fn read_links(
    engine: Engine,
    migration: MigrationId,
    mut at: usize,
    mut after: Option<SourceId>,
    pages: Sender<Result<Page, Fault>>,
) {
    while let Some(entity) = Entity::ALL.get(at).copied() {
        let links = engine.jobs.links(&migration, entity, after.as_ref(), PAGE).await;
        let failed = links.is_err();
        after = links.iter().flatten().last().map(|link| link.key.id.clone());
        let page = links.map(|links| Page { at, links });
        if pages.send(page).await.is_err() || failed {
            return;
        }
        at += usize::from(after.is_none());
    }
}

async fn read_target(
    engine: Engine,
    mut pages: Receiver<Result<Page, Fault>>,
    compared: Sender<Result<(Page, Shown), Fault>>,
) {
    while let Some(page) = pages.recv().await {
        let read = async {
            let page = page?;
            let shown = shown(&engine, &page).await?;
            Ok((page, shown))
        };
        let read = read.await;
        let failed = read.is_err();
        if compared.send(read).await.is_err() || failed {
            return;
        }
    }
}

async fn shown(engine: &Engine, page: &Page) -> Result<Shown, Fault> {
    let Some(entity) = Entity::ALL.get(page.at).copied().filter(|entity| is_compared(*entity)) else {
        return Ok(Vec::new());
    };
    let ids: Vec<_> = page.links.iter().filter(|l| l.is_done()).filter_map(|l| l.target.clone()).collect();
    if ids.is_empty() { Ok(Vec::new()) } else { engine.connection.writer.read_back(entity, &ids).await }
}

/// Entities whose figures the target is asked for.
pub(crate) fn is_compared(entity: Entity) -> bool {
    entity.is_document() || matches!(entity, Entity::Payment | Entity::BillPayment)
}

async fn clearing_balances(loader: &Loader) -> Result<Vec<Money>, Fault> {
    let key = RecordKey::new(Entity::Account, exact::CLEARING);
    let found = loader.engine.jobs.resolve(&loader.run.migration, &[key]).await?;
    let Some(target) = found.into_iter().flatten().find_map(|link| link.target) else {
        return Ok(Vec::new());
    };
    let balances = loader.engine.connection.writer.account_balance(&target).await?;
    Ok(balances.into_iter().map(|b| b.amount).filter(|money| !money.amount.is_zero()).collect())
}
