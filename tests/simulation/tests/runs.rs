//! Whole runs, in calm and in trouble: every document ends with its total and its outstanding balance, nothing is
//! doubled, nothing is lost, the clearing account ends at zero.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use carry_connector::exact;
use carry_model::{Body, Code, Decimal, Entity, Payment, Record, RecordKey};
use carry_pipeline::steps::{OpenRun, Watch, outcome};
use carry_pipeline::{
    Cancel, Ended, Engine, Mode, Progress, Settings, removable, report_files, rollback, run,
};
use carry_ports::{RunKind, RunState, Stage};
use carry_simulation::World;
use carry_simulation::books::Books;
use carry_simulation::source::BookSource;
use carry_simulation::target::{AT_ONCE_MAX, MemoryTarget, Trouble};

/// Begins a run until it ends; a simulated crash begins it again.
async fn until_done(world: &World, books: &Books, kind: RunKind, settings: &Settings) -> Ended {
    for _ in 0..500 {
        let engine = world.engine(BookSource::new(books));
        match run(&engine, &world.migration(), kind, settings).await {
            Ok(ended) => return ended,
            Err(fault) => {
                let passing =
                    matches!(fault.code, Code::Interrupted | Code::TimedOut | Code::ConnectionFailed);
                assert!(passing, "{fault:?}");
            }
        }
    }
    panic!("the run never ended");
}

/// What the target holds must be what the books state.
fn check(world: &World, books: &Books) {
    let kept = world.target.kept();
    let mut by_key: BTreeMap<RecordKey, usize> = BTreeMap::new();
    for kept in &kept {
        *by_key.entry(kept.key.clone()).or_default() += 1;
    }
    let doubled: Vec<_> = by_key.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "doubled: {doubled:?}");
    for record in &books.records {
        assert!(by_key.contains_key(&record.key()), "lost: {}", record.key());
        let Some(document) = record.document() else { continue };
        let there = kept.iter().find(|kept| kept.key == record.key()).unwrap();
        let Body::Document(shown) = &there.body else { panic!() };
        assert_eq!(shown.sum_of_parts().unwrap(), document.total, "total of {}", record.key());
        let applied: Decimal = kept
            .iter()
            .filter_map(|kept| match &kept.body {
                Body::Payment(payment) => Some(&payment.allocations),
                _ => None,
            })
            .flatten()
            .filter(|allocation| allocation.document == record.key())
            .map(|allocation| allocation.amount)
            .sum();
        assert_eq!(
            document.total - applied,
            document.outstanding.unwrap(),
            "outstanding of {}",
            record.key()
        );
    }
}

fn clean(ended: &Ended) {
    assert!(ended.reconciled.agrees(), "{:#?}", ended.reconciled);
    assert!(ended.reconciled.clearing.is_empty());
    assert!(matches!(ended.run.state, RunState::Finished), "{:?} {:#?}", ended.run.state, ended.tally);
}

#[tokio::test]
async fn a_calm_run_carries_everything_and_a_second_one_nothing() {
    let books = Books::generate(1, 40);
    let world = World::new(MemoryTarget::new(1, Trouble::default()));
    let first = until_done(&world, &books, RunKind::Full, &Settings::default()).await;
    clean(&first);
    check(&world, &books);
    assert!(first.tally.adjustments > 0, "the sample holds documents that need adjusting");
    let writes = world.target.writes();
    let second = until_done(&world, &books, RunKind::Full, &Settings::default()).await;
    clean(&second);
    assert_eq!(world.target.writes(), writes, "a second full run writes nothing");
    assert!(second.tally.entities[&Entity::Invoice].unchanged > 0);
}

#[tokio::test(start_paused = true)]
async fn trouble_anywhere_ends_in_the_right_books() {
    let trouble = Trouble { before: 15, midway: 40, after: 15, crash: 15, refuse: 12 };
    let at_once_max = usize::try_from(AT_ONCE_MAX).unwrap();
    let mut busy = 0;
    for seed in 0..150 {
        let books = Books::generate(seed, 25);
        let world = World::new(MemoryTarget::new(seed, trouble));
        let ended = until_done(&world, &books, RunKind::Full, &Settings::default()).await;
        check(&world, &books);
        assert!(ended.reconciled.agrees(), "seed {seed}: {:#?}", ended.reconciled);
        assert!(world.target.at_once_max() <= at_once_max, "seed {seed}: more writes at once than allowed");
        busy += usize::from(world.target.at_once_max() == at_once_max);
    }
    assert!(busy > 140, "as many writes as the target allows were under way in {busy} of 150 worlds");
}

/// Two processes walk one run at the same moment, and go on where the other one fails.
/// Looking up costs calls, which a day's limit may allow only so many of.
#[tokio::test(start_paused = true)]
async fn after_a_pause_only_what_is_in_doubt_is_looked_up() {
    let books = Books::generate(2, 60);
    let world = World::new(MemoryTarget::new(2, Trouble::default()));
    let begin = async || {
        let engine = world.engine(BookSource::new(&books));
        run(&engine, &world.migration(), RunKind::Full, &Settings::default()).await
    };
    world.target.pause_after(20);
    let fault = begin().await.unwrap_err();
    assert_eq!((fault.code, fault.retry_after_s), (Code::RateLimited, Some(3_600)));
    let ended = begin().await.unwrap();
    assert_eq!((ended.run.attempts, ended.run.broke_off), (2, false));
    clean(&ended);
    check(&world, &books);
    let looked_up = world.target.looked_up();
    assert!((1..=u64::from(AT_ONCE_MAX)).contains(&looked_up), "{looked_up} batches were looked up");
}

#[tokio::test(start_paused = true)]
async fn two_workers_on_one_run_end_in_the_right_books() {
    let trouble = Trouble { before: 6, midway: 12, after: 6, crash: 6, refuse: 12 };
    let mut again = 0;
    for seed in 0..30 {
        let books = Books::generate(seed, 25);
        let world = World::new(MemoryTarget::new(seed, trouble));
        let work = async || {
            let engine = world.engine(BookSource::new(&books));
            run(&engine, &world.migration(), RunKind::Full, &Settings::default()).await
        };
        let ended = loop {
            match tokio::join!(work(), work()) {
                (Ok(ended), Ok(_)) => break ended,
                (Err(fault), _) | (_, Err(fault)) => assert!(fault.action().is_another_try(), "{fault:?}"),
            }
            again += 1;
        };
        check(&world, &books);
        assert!(ended.reconciled.agrees(), "seed {seed}: {:#?}", ended.reconciled);
    }
    assert!(again > 30, "a worker failed in {again} rounds");
}

/// Stops a run once some of it is loaded.
struct Impatient(Cancel);

impl Progress for Impatient {
    fn begin(&self, _: Stage, _: Option<u64>) {}

    fn advance(&self, stage: Stage, _: &str, _: u64) {
        if stage == Stage::Load {
            self.0.cancel();
        }
    }

    fn end(&self, _: Stage) {}
}

#[tokio::test]
async fn a_run_can_be_followed_by_who_only_watches() {
    let books = Books::generate(5, 60);
    let world = World::new(MemoryTarget::new(5, Trouble::default()));
    let migration = world.migration();
    let mut seen = Vec::new();
    let (ended, watched) = loop {
        let engine = world.engine(BookSource::new(&books));
        let engine = Engine { progress: Arc::new(Impatient(engine.cancel.clone())), ..engine };
        let result = run(&engine, &migration, RunKind::Full, &Settings::default()).await;
        let known = engine.jobs.runs(&migration.id).await.unwrap().pop().unwrap();
        let watch = Watch::new(OpenRun::look(&engine, &migration.id, &known.id).await.unwrap());
        for stage in [Stage::Extract, Stage::Transform] {
            let far = watch.how_far(stage).await.unwrap();
            assert!(far.done > 0 && far.of == Some(far.done), "{stage:?} is done: {far:?}");
        }
        seen.push(watch.how_far(Stage::Load).await.unwrap());
        if let Ok(ended) = result {
            break (ended, outcome(engine.staging.clone(), &known).await.unwrap());
        }
    };
    let (first, last) = (seen[0], seen[seen.len() - 1]);
    assert!(seen.len() > 1 && first.done < last.done, "{seen:?}");
    assert!(seen.is_sorted_by_key(|far| far.done), "{seen:?}");
    assert_eq!(last.of, Some(last.done));
    assert_eq!(watched.tally.entities, ended.tally.entities);
    assert_eq!(watched.reconciled.compared, ended.reconciled.compared);
}

#[tokio::test]
async fn a_demo_leaves_no_trace_in_the_full_run() {
    let books = Books::generate(3, 60);
    let settings = Settings { sample_size: 4, ..Settings::default() };
    let world = World::new(MemoryTarget::new(3, Trouble::default()));
    let demo = until_done(&world, &books, RunKind::Demo, &settings).await;
    assert!(demo.reconciled.agrees(), "{:#?}", demo.reconciled);
    let sample = world.target.kept();
    let invoices = sample.iter().filter(|kept| kept.key.entity == Entity::Invoice).count();
    assert!((4..40).contains(&invoices), "{invoices} invoices in the sample");
    for kept in &sample {
        kept.body.each_reference(|entity, id| {
            let key = RecordKey::new(entity, id.clone());
            assert!(sample.iter().any(|other| other.key == key), "{key} is missing from the sample");
        });
    }
    let full = until_done(&world, &books, RunKind::Full, &settings).await;
    clean(&full);
    check(&world, &books);
    let undisturbed = World::new(MemoryTarget::new(3, Trouble::default()));
    until_done(&undisturbed, &books, RunKind::Full, &settings).await;
    // The demo's clearing entries stay beside the full run's: together they come to the same.
    let keys = |world: &World| -> Vec<_> {
        let mut keys: Vec<_> = world.target.kept().into_iter().map(|kept| kept.key).collect();
        keys.retain(|key| key.entity != Entity::Journal || !exact::is_derived(&key.id));
        keys.sort();
        keys
    };
    assert_eq!(keys(&world), keys(&undisturbed));
}

#[tokio::test]
async fn a_delta_takes_over_what_changed() {
    delta(|books, _| BookSource::new(books)).await;
}

#[tokio::test]
async fn a_source_that_tells_changes_is_not_read_whole() {
    delta(BookSource::telling_changes).await;
}

/// A payment is gone from the source, and the target keeps what it left unapplied.
#[tokio::test]
async fn what_stays_of_a_payment_that_is_gone_is_known() {
    let mut books = Books::generate(5, 60);
    let world = World::new(MemoryTarget::new(5, Trouble::default()));
    until_done(&world, &books, RunKind::Full, &Settings::default()).await;
    let earlier = Books { records: books.records.clone() };
    let overpays = |record: &&Record| match &record.body {
        Body::Payment(payment) => !payment.unapplied().unwrap().is_zero(),
        _ => false,
    };
    let gone = books.of(Entity::Payment).find(overpays).unwrap().clone();
    let Body::Payment(payment) = &gone.body else { panic!() };
    books.records.retain(|record| record.key() != gone.key());
    // What it settled is open again.
    for allocation in &payment.allocations {
        let settled =
            books.records.iter().find(|record| record.key() == allocation.document).unwrap().clone();
        let Body::Document(mut document) = settled.body else { panic!() };
        document.outstanding = document.outstanding.map(|open| open + allocation.amount);
        let body = Body::Document(document);
        books.replace(Record::new(settled.entity, settled.id, settled.number, body).unwrap());
    }
    world.target.keep_rests();
    let engine = world.engine(BookSource::telling_changes(&books, &earlier));
    let delta = run(&engine, &world.migration(), RunKind::Delta, &Settings::default()).await.unwrap();
    check(&world, &books);
    assert!(delta.reconciled.agrees(), "{:#?}", delta.reconciled);

    let keys = [vec![gone.key()], payment.allocations.iter().map(|a| a.document.clone()).collect()].concat();
    let links = engine.jobs.resolve(&world.migration().id, &keys).await.unwrap();
    let links: Vec<_> = links.into_iter().map(Option::unwrap).collect();
    let rest = Some(payment.unapplied().unwrap());
    assert!(links[0].is_done() && links[0].more.allocations.is_empty());
    assert_eq!((links[0].total, links[0].outstanding), (rest, rest));
    for document in &links[1..] {
        let applied = document.total.unwrap() - document.outstanding.unwrap();
        assert_eq!(document.applied, applied, "{}", document.key);
    }
}

async fn delta(source: fn(&Books, &Books) -> BookSource) {
    let mut books = Books::generate(5, 30);
    let world = World::new(MemoryTarget::new(5, Trouble::default()));
    let engine = world.engine(BookSource::new(&books));
    let refused = run(&engine, &world.migration(), RunKind::Delta, &Settings::default()).await;
    assert_eq!(refused.unwrap_err().code, Code::DeltaRefused);
    until_done(&world, &books, RunKind::Full, &Settings::default()).await;

    // One invoice is paid in full, one changes its total, one is gone.
    let earlier = Books { records: books.records.clone() };
    let open = |r: &&Record| r.document().is_some_and(|d| d.outstanding.unwrap() > Decimal::ONE);
    let invoices: Vec<Record> = books.of(Entity::Invoice).filter(open).take(2).cloned().collect();
    let mut paid = invoices[0].clone();
    let Body::Document(document) = &mut paid.body else { panic!() };
    document.outstanding = Some(Decimal::ZERO);
    books.replace(Record::new(paid.entity, paid.id, paid.number, paid.body).unwrap());
    let mut grown = invoices[1].clone();
    let Body::Document(document) = &mut grown.body else { panic!() };
    document.total += Decimal::ONE;
    document.outstanding = document.outstanding.map(|o| o + Decimal::ONE);
    books.replace(Record::new(grown.entity, grown.id, grown.number, grown.body).unwrap());
    let unpaid = |r: &Record| {
        !books.records.iter().any(|other| match &other.body {
            Body::Payment(payment) => payment.allocations.iter().any(|a| a.document == r.key()),
            _ => false,
        })
    };
    let gone = books.of(Entity::Bill).find(|r| unpaid(r)).unwrap().key();
    books.records.retain(|r| r.key() != gone);

    let writes = world.target.writes();
    let engine = world.engine(source(&books, &earlier));
    let delta = run(&engine, &world.migration(), RunKind::Delta, &Settings::default()).await.unwrap();
    check(&world, &books);
    assert!(delta.reconciled.agrees());
    assert_eq!(delta.reconciled.vanished, 1);
    assert_eq!(delta.tally.entities[&Entity::Invoice].updated, 1);
    // The changed invoice, the settlement of the paid one, and the clearing entry of each currency touched.
    assert!(world.target.writes() - writes <= 4, "{} writes", world.target.writes() - writes);
}

#[tokio::test]
async fn a_payment_that_changed_keeps_its_allocations() {
    let mut books = Books::generate(5, 30);
    let world = World::new(MemoryTarget::new(5, Trouble::default()));
    until_done(&world, &books, RunKind::Full, &Settings::default()).await;
    let allocations = |world: &World| -> BTreeMap<_, _> {
        let real = world.target.kept().into_iter().filter(|kept| !exact::is_derived(&kept.key.id));
        real.filter_map(|kept| match kept.body {
            Body::Payment(payment) => Some((kept.key, payment.allocations)),
            _ => None,
        })
        .collect()
    };
    let before = allocations(&world);
    assert!(before.values().any(|allocations| !allocations.is_empty()));
    for record in &mut books.records {
        if let Body::Payment(payment) = &record.body {
            let payment = Payment { memo: Some("found again".to_owned()), ..Payment::clone(payment) };
            *record = Record::new(
                record.entity,
                record.id.clone(),
                record.number.clone(),
                Body::Payment(payment.into()),
            )
            .unwrap();
        }
    }
    let engine = world.engine(BookSource::new(&books));
    let delta = run(&engine, &world.migration(), RunKind::Delta, &Settings::default()).await.unwrap();
    assert!(delta.tally.entities[&Entity::Payment].updated > 0);
    assert_eq!(allocations(&world), before);
    check(&world, &books);
}

#[tokio::test]
async fn a_delta_follows_a_remigration_as_it_follows_a_full_run() {
    let books = Books::generate(13, 20);
    let world = World::new(MemoryTarget::new(13, Trouble::default()));
    until_done(&world, &books, RunKind::Remigration, &Settings::default()).await;
    let engine = world.engine(BookSource::new(&books));
    let delta = run(&engine, &world.migration(), RunKind::Delta, &Settings::default()).await.unwrap();
    assert!(delta.reconciled.agrees());
    check(&world, &books);
}

#[tokio::test]
async fn high_level_mode_comes_to_the_same_balances() {
    let books = Books::generate(7, 40);
    let world = World::new(MemoryTarget::new(7, Trouble::default()));
    let settings = Settings { mode: Mode::HighLevel, ..Settings::default() };
    let ended = until_done(&world, &books, RunKind::Full, &settings).await;
    assert!(ended.reconciled.agrees(), "{:#?}", ended.reconciled);
    for kept in world.target.kept() {
        if let Body::Document(document) = &kept.body {
            assert_eq!(document.lines.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_rollback_leaves_nothing() {
    let books = Books::generate(9, 30);
    let world = World::new(MemoryTarget::new(9, Trouble::default()));
    until_done(&world, &books, RunKind::Full, &Settings::default()).await;
    let engine = world.engine(BookSource::new(&books));
    let list = removable(&engine, &world.migration().id).await.unwrap();
    let entities: Vec<_> = list.iter().map(|line| line.entity).collect();
    assert!(entities.windows(2).all(|pair| pair[0].level() >= pair[1].level()), "settlement order");
    let results = rollback(&engine, &world.migration().id, &entities).await.unwrap();
    assert!(results.values().all(|result| result.kept.is_empty()), "{results:?}");
    assert!(world.target.kept().is_empty());
    assert!(removable(&engine, &world.migration().id).await.unwrap().is_empty());
    until_done(&world, &books, RunKind::Full, &Settings::default()).await;
    check(&world, &books);
}

#[tokio::test]
async fn removing_documents_under_payments_names_the_reason() {
    let books = Books::generate(11, 20);
    let world = World::new(MemoryTarget::new(11, Trouble::default()));
    until_done(&world, &books, RunKind::Full, &Settings::default()).await;
    let engine = world.engine(BookSource::new(&books));
    let results = rollback(&engine, &world.migration().id, &[Entity::Invoice]).await.unwrap();
    let kept = &results[&Entity::Invoice].kept;
    assert!(kept.keys().all(|reason| reason.starts_with("CF3004")), "{kept:?}");
    assert!(!kept.is_empty());
}

#[tokio::test]
async fn a_change_behind_our_back_is_found() {
    let books = Books::generate(13, 20);
    let world = World::new(MemoryTarget::new(13, Trouble::default()));
    until_done(&world, &books, RunKind::Full, &Settings::default()).await;
    let unpaid = world.target.kept();
    let payment = unpaid.iter().find(|kept| kept.key.entity == Entity::Payment).unwrap();
    world.target.forget(&payment.key);
    let ended = until_done(&world, &books, RunKind::Delta, &Settings::default()).await;
    assert!(!ended.reconciled.agrees());
    assert!(matches!(ended.run.state, RunState::FinishedWithIssues));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_says_what_happened() {
    let books = Books::generate(15, 30);
    let world = World::new(MemoryTarget::new(15, Trouble::default()));
    let ended = until_done(&world, &books, RunKind::Full, &Settings::default()).await;
    let engine = world.engine(BookSource::new(&books));
    let files = report_files(&engine, &ended.run, |_| Ok(Box::new(std::io::sink()))).await.unwrap();
    assert_eq!(files.verdict, carry_report::VerdictStatus::Agrees, "{}", files.sentence);
    assert!(files.names.iter().any(|name| name == "report.html"), "{:?}", files.names);
}
