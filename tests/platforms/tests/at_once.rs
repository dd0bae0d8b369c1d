//! Pieces of a load that are delivered twice at the same moment, to two processes that know nothing of one another and
//! take turns at every call: the books come out as if each had been delivered once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use carry_connector::{Effect, Reader, Request, Response};
use carry_model::{Code, Decimal, Entity, Fault};
use carry_pipeline::steps::{Beginning, Chunk, OpenRun, begin};
use carry_pipeline::{Ended, Engine, Settings};
use carry_platforms::{Between, Books, Company, Move, Platform, clean, explained, in_a_process};
use carry_ports::{RunKind, Transport};
use carry_sandbox::Region;
use carry_simulation::books::Books as BooksBySeed;
use carry_simulation::source::BookSource;

const IN_TURNS: Between<'_> = &|calm| Arc::new(InTurns(calm));

/// Each call takes a moment, in which the other process makes its own.
struct InTurns(Arc<dyn Transport>);

const MOMENT: Duration = Duration::from_millis(10);

#[async_trait]
impl Transport for InTurns {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        tokio::time::sleep(MOMENT).await;
        let response = self.0.send(request).await;
        tokio::time::sleep(MOMENT).await;
        response
    }

    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        self.0.download(address, bytes_max).await
    }
}

/// A process that stands still at one of its writes, before it is sent or once it is carried out, until it is told to
/// go on: nothing of it happens meanwhile.
struct StandsStill {
    calm: Arc<dyn Transport>,
    at: Still,
    writes: AtomicUsize,
    stands: Sender<()>,
    goes_on: Mutex<Receiver<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Still {
    write: usize,
    carried_out: bool,
}

#[async_trait]
impl Transport for StandsStill {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        let is_write = request.effect != Effect::Read;
        let due = is_write && self.writes.fetch_add(1, Ordering::SeqCst) == self.at.write;
        if due && !self.at.carried_out {
            self.stand_still().await;
        }
        let response = self.calm.send(request).await;
        if due && self.at.carried_out {
            self.stand_still().await;
        }
        response
    }

    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        self.calm.download(address, bytes_max).await
    }
}

impl StandsStill {
    async fn stand_still(&self) {
        self.stands.send(()).unwrap();
        self.goes_on.lock().unwrap().recv().unwrap();
        // As a socket does, on which nothing is sent or read from within one turn.
        tokio::task::yield_now().await;
    }
}

/// A move between two companies, as the functions of the service walk it.
struct Walk {
    source: Arc<dyn Reader>,
    to: Company,
    migration: Move,
}

impl Walk {
    async fn from(source: Arc<dyn Reader>, to: Company) -> Self {
        to.sign_in().await;
        Self { source, to, migration: Move::named("twice") }
    }

    async fn between(from: &Company, there: Platform) -> Self {
        Self::from(from.open().await.reader, Company::empty(there, Region::Uk).await).await
    }

    /// A process that has just started.
    async fn process(&self, between: Between<'_>) -> Engine {
        let target = self.to.open_through(between).await.unwrap();
        self.migration.engine(self.source.clone(), target.writer, target.clock)
    }

    /// The run as such a process sees it, which knows of no calls that others made before it.
    async fn opened(&self, run: &OpenRun, between: Between<'_>) -> OpenRun {
        let engine = self.process(between).await;
        let open = OpenRun::open(&engine, &run.migration().id, &run.run().id).await.unwrap();
        self.to.pause(60);
        open
    }

    /// Walks the steps of a full run, with the chunks of a level delivered as that says.
    async fn walk(&self, deliver: impl AsyncFn(&OpenRun, &[Chunk])) -> (Engine, Ended) {
        let engine = self.process(&|calm| calm).await;
        let begun = begin(&engine, &self.migration.migration, RunKind::Full, None).await.unwrap();
        let Beginning::Open(run) = begun else { panic!("a new run is over") };
        let plan = run.draw_plan(&Settings::default()).await.unwrap();
        for partition in &plan.survey.partitions {
            run.extract(&partition.id, 0).await.unwrap();
        }
        for raw in run.raw_parts().await.unwrap() {
            run.transform(&raw).await.unwrap();
        }
        for level in 0..run.plan_load(1).await.unwrap() {
            deliver(&run, &run.level(level).await.unwrap()).await;
        }
        let (one, other) = (self.opened(&run, IN_TURNS).await, self.opened(&run, IN_TURNS).await);
        let (one, other) = tokio::join!(one.settle(0), other.settle(0));
        assert_eq!((one.unwrap(), other.unwrap()), (None, None));
        self.to.pause(60);
        assert_eq!(run.reconcile(0).await.unwrap(), None);
        let ended = run.finish().await.unwrap();
        (engine, ended)
    }

    async fn once(&self, run: &OpenRun, chunk: &Chunk) {
        assert!(self.opened(run, &|calm| calm).await.load(chunk).await.unwrap());
    }

    /// Two processes at once, which take turns.
    async fn twice(&self, run: &OpenRun, chunk: &Chunk) {
        let (one, other) = (self.opened(run, IN_TURNS).await, self.opened(run, IN_TURNS).await);
        let (one, other) = tokio::join!(one.load(chunk), other.load(chunk));
        assert!(one.unwrap() && other.unwrap(), "{chunk:?}");
    }

    /// One process that stands still for longer than its lease lasts, another one that does the work meanwhile, and the
    /// first one that goes on then. True where it came to stand still.
    async fn taken_over(&self, run: &OpenRun, chunk: &Chunk, at: Still) -> bool {
        let (stands, stood) = channel();
        let (go_on, goes_on) = channel();
        let (stands, goes_on) = (Mutex::new(Some(stands)), Mutex::new(Some(goes_on)));
        std::thread::scope(|scope| {
            let first = scope.spawn(|| {
                in_a_process(async {
                    let stands_still = |calm| {
                        let stands = stands.lock().unwrap().take().unwrap();
                        let goes_on = Mutex::new(goes_on.lock().unwrap().take().unwrap());
                        let writes = AtomicUsize::default();
                        Arc::new(StandsStill { calm, at, writes, stands, goes_on }) as Arc<dyn Transport>
                    };
                    self.opened(run, &stands_still).await.load(chunk).await
                })
            });
            // It ends without a word where it has no such write.
            if stood.recv().is_err() {
                assert!(first.join().unwrap().unwrap(), "{chunk:?}");
                return false;
            }
            std::thread::scope(|scope| {
                scope.spawn(|| in_a_process(self.once(run, chunk)));
            });
            go_on.send(()).unwrap();
            let fault = first.join().unwrap().unwrap_err();
            assert_eq!(fault.code, Code::Interrupted, "{chunk:?}: {fault}");
            true
        })
    }

    /// The books over there are those of before, each record once.
    async fn right_books(&self, engine: &Engine, ended: &Ended, before: &Books) {
        clean(engine, ended).await;
        let after = self.to.books().await;
        before.assert_carried(&after, &explained(engine, ended).await);
        let clearing = after.trial_balance.get("Carryforward clearing");
        assert_eq!(clearing.copied().unwrap_or_default(), Decimal::ZERO, "clearing account");
    }
}

/// A sample company of the other platform.
fn sample(there: Platform) -> Company {
    let here = match there {
        Platform::QuickBooks => Platform::Xero,
        Platform::Xero => Platform::QuickBooks,
    };
    Company::sample(here, Region::Uk, 5, 12)
}

/// Carries books there, with the chunks of some entities delivered twice at once.
async fn delivered_twice(there: Platform, entities: &[Entity]) {
    let from = sample(there);
    let before = from.books().await;
    let walk = Walk::between(&from, there).await;
    let met = AtomicUsize::default();
    let deliver = async |run: &OpenRun, chunks: &[Chunk]| {
        for chunk in chunks {
            if chunk.entity.is_some_and(|entity| entities.contains(&entity)) {
                met.fetch_add(1, Ordering::SeqCst);
                walk.twice(run, chunk).await;
            } else {
                walk.once(run, chunk).await;
            }
        }
    };
    let (engine, ended) = walk.walk(deliver).await;
    assert!(met.into_inner() > 0, "the sample has none of {entities:?}");
    walk.to.kept_limits();
    walk.right_books(&engine, &ended, &before).await;
}

/// Carries books there, with every chunk taken over from a process that stands still.
async fn taken_over(there: Platform, carried_out: bool) {
    let from = sample(there);
    let before = from.books().await;
    for write in 0..3 {
        let at = Still { write, carried_out };
        let walk = Walk::between(&from, there).await;
        let met = Mutex::new(BTreeSet::new());
        let deliver = async |run: &OpenRun, chunks: &[Chunk]| {
            for chunk in chunks {
                if walk.taken_over(run, chunk, at).await {
                    met.lock().unwrap().extend(chunk.entity);
                }
            }
        };
        let (engine, ended) = walk.walk(deliver).await;
        let met = met.into_inner().unwrap();
        assert!(write > 0 || met.len() > 8, "{met:?} were taken over");
        walk.right_books(&engine, &ended, &before).await;
    }
}

/// Carries books there, with different chunks of a level loaded by several processes at the same moment.
async fn side_by_side(walk: &Walk) -> (Engine, Ended) {
    let most = AtomicUsize::default();
    let deliver = async |run: &OpenRun, chunks: &[Chunk]| {
        for chunks in chunks.chunks(PROCESSES) {
            most.fetch_max(chunks.len(), Ordering::SeqCst);
            let mut runs = Vec::new();
            for _ in chunks {
                runs.push(walk.opened(run, IN_TURNS).await);
            }
            let loads = runs.iter().zip(chunks).map(|(run, chunk)| run.load(chunk));
            for loaded in futures::future::join_all(loads).await {
                assert!(loaded.unwrap());
            }
        }
    };
    let walked = walk.walk(deliver).await;
    assert_eq!(most.into_inner(), PROCESSES);
    walked
}

/// Many chunks of one entity, whose documents deal with the same contacts and accounts, in two currencies.
async fn chunks_of_an_entity(there: Platform) {
    let source = Arc::new(BookSource::new(&BooksBySeed::generate(3, 60)));
    let to = match there {
        Platform::QuickBooks => Company::quickbooks(Region::Global, &[]).await,
        Platform::Xero => Company::xero(Region::Global, &["USD"]).await,
    };
    let (engine, ended) = side_by_side(&Walk::from(source, to).await).await;
    clean(&engine, &ended).await;
}

/// Chunks of different entities of a level.
async fn chunks_of_a_level(there: Platform) {
    let from = sample(there);
    let before = from.books().await;
    let walk = Walk::between(&from, there).await;
    let (engine, ended) = side_by_side(&walk).await;
    walk.right_books(&engine, &ended, &before).await;
}

const PROCESSES: usize = 3;

#[tokio::test(start_paused = true)]
async fn chunks_go_into_quickbooks_side_by_side() {
    chunks_of_an_entity(Platform::QuickBooks).await;
    chunks_of_a_level(Platform::QuickBooks).await;
}

#[tokio::test(start_paused = true)]
async fn chunks_go_into_xero_side_by_side() {
    chunks_of_an_entity(Platform::Xero).await;
    chunks_of_a_level(Platform::Xero).await;
}

const LISTS: &[Entity] = &[Entity::Account, Entity::TaxRate, Entity::TrackingCategory, Entity::Item];
const CONTACTS: &[Entity] = &[Entity::Contact, Entity::Project];
const DOCUMENTS: &[Entity] = &[
    Entity::Estimate,
    Entity::PurchaseOrder,
    Entity::Invoice,
    Entity::Bill,
    Entity::SalesReceipt,
    Entity::Expense,
    Entity::CreditNote,
    Entity::BillCredit,
    Entity::Refund,
];
const PAYMENTS: &[Entity] = &[Entity::Payment, Entity::BillPayment];
const ENTRIES: &[Entity] = &[Entity::Journal, Entity::BankTransaction, Entity::Transfer];
const FILES: &[Entity] = &[Entity::Attachment];

macro_rules! delivered_twice {
    ($($name:ident: $there:ident $entities:ident;)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $name() {
            delivered_twice(Platform::$there, $entities).await;
        })*
    };
}

delivered_twice! {
    lists_come_into_quickbooks_once: QuickBooks LISTS;
    contacts_come_into_quickbooks_once: QuickBooks CONTACTS;
    documents_come_into_quickbooks_once: QuickBooks DOCUMENTS;
    payments_come_into_quickbooks_once: QuickBooks PAYMENTS;
    entries_come_into_quickbooks_once: QuickBooks ENTRIES;
    files_come_into_quickbooks_once: QuickBooks FILES;
    lists_come_into_xero_once: Xero LISTS;
    contacts_come_into_xero_once: Xero CONTACTS;
    documents_come_into_xero_once: Xero DOCUMENTS;
    payments_come_into_xero_once: Xero PAYMENTS;
    entries_come_into_xero_once: Xero ENTRIES;
    files_come_into_xero_once: Xero FILES;
}

#[tokio::test(start_paused = true)]
async fn what_quickbooks_was_not_sent_goes_once() {
    taken_over(Platform::QuickBooks, false).await;
}

#[tokio::test(start_paused = true)]
async fn what_quickbooks_has_already_goes_once() {
    taken_over(Platform::QuickBooks, true).await;
}

#[tokio::test(start_paused = true)]
async fn what_xero_was_not_sent_goes_once() {
    taken_over(Platform::Xero, false).await;
}

#[tokio::test(start_paused = true)]
async fn what_xero_has_already_goes_once() {
    taken_over(Platform::Xero, true).await;
}
