//! The link journal under throttles, left-over items and a process killed anywhere; what it costs; when it is over.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use aws_sdk_dynamodb::config::Intercept;
use carry_aws::{DynamoJobs, Table};
use carry_model::{
    Allocation, Code, Currency, Date, Decimal, Entity, Fault, MigrationId, Place, RecordKey, RunId, SourceId,
    TargetId, Timestamp,
};
use carry_ports::{
    Applied, Begun, Change, Clock, Intent, Jobs, Link, LinkState, More, Retention, Run, RunKind, RunState,
    Staging, SystemClock, contract,
};

use crate::Epoch;
use crate::faults::{Fail, Killed, LeaveOver, Shared};
use crate::stack::{BUCKET, Stack, TABLE};

fn jobs_with(
    stack: &Stack,
    clock: impl Clock + 'static,
    interceptor: impl Intercept + 'static,
) -> DynamoJobs {
    let config = aws_sdk_dynamodb::config::Builder::from(&stack.config).interceptor(interceptor).build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    DynamoJobs::new(Table::new(client, TABLE, Arc::new(clock)), Retention::default())
}

fn plain(stack: &Stack) -> DynamoJobs {
    stack.aws().jobs(stack.table(), Retention::default())
}

fn run(migration: &str, id: &str) -> Run {
    Run {
        id: RunId::from(id),
        migration: MigrationId::from(migration),
        kind: RunKind::Full,
        state: RunState::Running,
        started: Timestamp::now(),
        ended: None,
        attempts: 1,
        broke_off: false,
        seconds: std::collections::BTreeMap::new(),
        since: None,
    }
}

/// A link as a load of a platform's books makes it.
fn link(run: &Run, entity: Entity, number: usize) -> Link {
    Link {
        key: RecordKey::new(entity, format!("{number:06}")),
        state: LinkState::Done,
        change: Change::Created,
        target: Some(TargetId::from(format!("{}", 100_000 + number))),
        number: Some(format!("INV-{number:06}")),
        target_number: Some(format!("INV-{number:06}")),
        fingerprint: format!("{number:032x}").parse().unwrap(),
        run: run.id.clone(),
        contact: Some(SourceId::from("Larkspur Landscaping LLC")),
        date: Some(Date::constant(2026, 2, 28)),
        currency: Some(Currency::EUR),
        rate: None,
        total: Some(Decimal::new(12_100, 2)),
        outstanding: Some(Decimal::new(2_100, 2)),
        applied: Decimal::ZERO,
        more: More {
            place: Place {
                file: "Invoices and Sales Receipts.csv".to_owned(),
                line: 12_345,
                last_line: 12_349,
            },
            ..More::default()
        },
    }
}

fn payment(run: &Run, number: usize) -> (Link, Applied) {
    let mut link = link(run, Entity::Payment, number);
    let document = RecordKey::new(Entity::Invoice, format!("{number:06}"));
    let amount = Decimal::new(10_000, 2);
    link.more.allocations = vec![Allocation { document: document.clone(), amount }];
    let applied = Applied { document, by: link.key.clone(), before: Decimal::ZERO, after: amount };
    (link, applied)
}

fn intents(links: &[Link]) -> Vec<Intent> {
    links.iter().map(|l| Intent { key: l.key.clone(), fingerprint: l.fingerprint }).collect()
}

async fn carry(
    jobs: &DynamoJobs,
    run: &Run,
    batch: &str,
    links: &[Link],
    applied: &[Applied],
) -> Result<(), Fault> {
    jobs.open_batch(run, batch, &intents(links)).await?;
    jobs.close_batch(run, batch, links, applied).await.map(drop)
}

#[tokio::test]
async fn throttled_and_left_over_the_contract_still_holds() {
    let Some(stack) = Stack::start().await else { return };
    contract::jobs(&jobs_with(&stack, Epoch, Fail::throttled(3))).await;

    let Some(stack) = Stack::start().await else { return };
    let over = Arc::new(LeaveOver::default());
    let jobs = jobs_with(&stack, Epoch, Shared(over.clone()));
    contract::jobs(&jobs).await;
    let run = run("left over", "r");
    let contacts: Vec<_> = (0..80).map(|number| link(&run, Entity::Contact, number)).collect();
    carry(&jobs, &run, "contact/p/1", &contacts, &[]).await.unwrap();
    assert_eq!(jobs.count_links(&run.migration).await.unwrap()[&(Entity::Contact, "done")], 80);
    assert!(over.left_over.load(Ordering::Relaxed) > 80, "items were left over more than once");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_written_once() {
    let Some(stack) = Stack::start().await else { return };
    let jobs = jobs_with(&stack, SystemClock, Fail::answer_lost(2));
    let run = run("lost", "r");
    jobs.begin_run(run.clone()).await.unwrap();
    let invoices: Vec<_> = (0..30).map(|number| link(&run, Entity::Invoice, number)).collect();
    carry(&jobs, &run, "invoice/p/1", &invoices, &[]).await.unwrap();
    let (payments, applied): (Vec<_>, Vec<_>) = (0..30).map(|number| payment(&run, number)).unzip();
    carry(&jobs, &run, "payment/p/1", &payments, &applied).await.unwrap();
    carry(&jobs, &run, "payment/p/1", &payments, &applied).await.unwrap();
    assert_eq!(jobs.runs(&run.migration).await.unwrap().len(), 1);
    let links = jobs.links(&run.migration, Entity::Invoice, None, 99).await.unwrap();
    assert_eq!(links.len(), 30);
    assert!(links.iter().all(|link| link.applied == Decimal::new(10_000, 2)));
    let back: Vec<_> =
        applied.into_iter().map(|a| Applied { before: a.after, after: Decimal::ZERO, ..a }).collect();
    let keys: Vec<_> = payments.iter().map(|payment| payment.key.clone()).collect();
    jobs.remove_links(&run.migration, &keys, &back).await.unwrap();
    let links = jobs.links(&run.migration, Entity::Invoice, None, 99).await.unwrap();
    assert!(links.iter().all(|link| link.applied.is_zero()));
}

#[tokio::test]
async fn throttled_s3_keeps_the_contract_of_staging() {
    let Some(stack) = Stack::start().await else { return };
    let config = aws_sdk_s3::config::Builder::from(&stack.config)
        .force_path_style(true)
        .interceptor(Fail::slow_down(4))
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let staging = carry_aws::S3Staging::new(client, BUCKET);
    // A put that was carried out and then answered with an error is found there when it is sent again: the
    // object is the one that was to be made, but nobody can say who made it. So the contract's count of creations
    // cannot be asked for here; what must hold is that nothing is lost and nothing is changed.
    for number in 0..40 {
        let key = format!("m/{number:02}");
        staging.create(&key, key.clone().into_bytes()).await.unwrap();
        staging.create(&key, b"other".to_vec()).await.unwrap();
        assert_eq!(staging.get(&key).await.unwrap().unwrap(), key.as_bytes());
    }
    assert_eq!(staging.list("m/").await.unwrap().len(), 40);
    staging.delete_prefix("m/").await.unwrap();
    assert_eq!(staging.list("m/").await.unwrap(), Vec::<String>::new());
}

/// Killed at every single write in turn, then resumed as the driver does: nothing is missing, nothing is doubled.
#[tokio::test]
async fn a_batch_closed_by_half_is_carried_through() {
    let Some(stack) = Stack::start().await else { return };
    for writes in 0.. {
        let name = format!("killed after {writes}");
        let run = run(&name, &format!("run {writes}"));
        let sound = plain(&stack);
        sound.begin_run(run.clone()).await.unwrap();
        let invoices: Vec<_> = (0..3).map(|number| link(&run, Entity::Invoice, number)).collect();
        carry(&sound, &run, "invoice/p/1", &invoices, &[]).await.unwrap();

        let (payments, applied): (Vec<_>, Vec<_>) = (0..3).map(|number| payment(&run, number)).unzip();
        let dying = jobs_with(&stack, SystemClock, Killed::after(writes));
        let died = carry(&dying, &run, "payment/p/1", &payments, &applied).await.is_err();

        let Ok(Begun::Resumed(run)) = sound.begin_run(run).await else { panic!("it is resumed") };
        let known = sound.resolve(&run.migration, &[payments[0].key.clone()]).await.unwrap();
        let carried_through = known[0].is_some();
        if !carried_through {
            // Nothing at all may be seen of what was not carried through, or the engine would cut the payment.
            let keys: Vec<_> = invoices.iter().map(|link| link.key.clone()).collect();
            let documents = sound.resolve(&run.migration, &keys).await.unwrap();
            assert!(documents.iter().flatten().all(|link| link.applied.is_zero()), "{name}");
            carry(&sound, &run, "payment/p/1", &payments, &applied).await.unwrap();
        }
        assert_eq!(sound.open_batches(&run, "").await.unwrap(), [], "{name}");
        assert_eq!(sound.count_links(&run.migration).await.unwrap()[&(Entity::Payment, "done")], 3, "{name}");
        for invoice in &invoices {
            let found = sound.resolve(&run.migration, std::slice::from_ref(&invoice.key)).await.unwrap();
            assert_eq!(found[0].as_ref().unwrap().applied, Decimal::new(10_000, 2), "{name}");
        }
        if !died {
            assert!(writes > 3, "the kill came at {writes} different places");
            return;
        }
    }
}

/// Two workers with the same batch: while one closes it, the other must not take its payments' allocations for those
/// of others, or it would cut them.
#[tokio::test]
async fn a_batch_that_is_being_closed_is_seen_whole_or_not_at_all() {
    let Some(stack) = Stack::start().await else { return };
    for writes in 0.. {
        let run = run(&format!("closing {writes}"), &format!("run {writes}"));
        let other = plain(&stack);
        other.begin_run(run.clone()).await.unwrap();
        let invoices: Vec<_> = (0..3).map(|number| link(&run, Entity::Invoice, number)).collect();
        carry(&other, &run, "invoice/p/1", &invoices, &[]).await.unwrap();
        let (payments, applied): (Vec<_>, Vec<_>) = (0..3).map(|number| payment(&run, number)).unzip();
        let closing = jobs_with(&stack, SystemClock, Killed::after(writes));
        let closed = carry(&closing, &run, "payment/p/1", &payments, &applied).await.is_ok();
        let keys = |links: &[Link]| links.iter().map(|link| link.key.clone()).collect::<Vec<_>>();
        let seen = other.resolve(&run.migration, &[keys(&payments), keys(&invoices)].concat()).await.unwrap();
        for (payment, invoice) in seen[..3].iter().zip(&seen[3..]) {
            let taken = payment.as_ref().map_or(Decimal::ZERO, |payment| payment.more.allocations[0].amount);
            assert_eq!(invoice.as_ref().unwrap().applied, taken, "after {writes} writes");
        }
        if closed {
            assert!(writes > 3, "it was looked at in {writes} different states");
            return;
        }
    }
}

#[tokio::test]
async fn a_full_run_costs_at_most_two_write_units_a_record() {
    const RECORDS: usize = 300;
    const BATCH: usize = 100;
    let Some(stack) = Stack::start().await else { return };
    let jobs = plain(&stack);
    let run = run("measured", "r");
    jobs.begin_run(run.clone()).await.unwrap();
    let before = jobs.table().units().written();
    for batch in 0..RECORDS / BATCH {
        let numbers = batch * BATCH..(batch + 1) * BATCH;
        let contacts: Vec<_> = numbers.clone().map(|n| link(&run, Entity::Contact, n)).collect();
        carry(&jobs, &run, &format!("contact/p{batch}/1"), &contacts, &[]).await.unwrap();
        let invoices: Vec<_> = numbers.clone().map(|n| link(&run, Entity::Invoice, n)).collect();
        carry(&jobs, &run, &format!("invoice/p{batch}/1"), &invoices, &[]).await.unwrap();
        let (payments, applied): (Vec<_>, Vec<_>) = numbers.map(|n| payment(&run, n)).unzip();
        carry(&jobs, &run, &format!("payment/p{batch}/1"), &payments, &applied).await.unwrap();
        let balances: Vec<_> = invoices.iter().map(|l| (l.key.clone(), Decimal::new(2_100, 2))).collect();
        assert_eq!(jobs.set_outstanding(&run.migration, &balances).await.unwrap(), []);
    }
    let units = jobs.table().units().written() - before;

    let before = jobs.table().units().written();
    let noise = |_| RunId::random().to_string();
    let heavy = Link {
        more: More { notes: (0..400).map(noise).collect(), ..More::default() },
        ..link(&run, Entity::Item, 1)
    };
    jobs.note_links(&run, &[heavy]).await.unwrap();
    assert!(
        jobs.table().units().written() - before > 1,
        "a link of more than 1 KiB is counted as what it costs"
    );

    let records = u64::try_from(RECORDS * 3).unwrap();
    eprintln!("{units} write units for {records} records in batches of {BATCH}");
    assert!(units <= records * 2, "{units} write units for {records} records");
}

struct At(std::sync::Mutex<Timestamp>);

impl Clock for At {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn what_is_over_is_gone_from_every_read_at_once() {
    let Some(stack) = Stack::start().await else { return };
    let start = Timestamp::now();
    let clock = Arc::new(At(std::sync::Mutex::new(start)));
    let jobs = stack.aws().jobs(stack.table_at(clock.clone()), Retention::default());
    let run = Run { started: start, ..run("m", "r") };
    jobs.create_migration(&carry_ports::Migration {
        id: "m".into(),
        source: "files:x".into(),
        target: "odoo".into(),
        created: start,
    })
    .await
    .unwrap();
    jobs.begin_run(run.clone()).await.unwrap();
    let links = [link(&run, Entity::Invoice, 1)];
    carry(&jobs, &run, "invoice/p/1", &links, &[]).await.unwrap();
    jobs.open_batch(&run, "invoice/p/2", &[]).await.unwrap();
    jobs.save_run(&Run { state: RunState::Finished, ended: Some(start), ..run.clone() }).await.unwrap();

    let later = |days: i64| start.checked_add(jiff::SignedDuration::from_hours(days * 24)).unwrap();
    let seen = async || {
        let m = MigrationId::from("m");
        [
            jobs.migrations().await.unwrap().len(),
            jobs.runs(&m).await.unwrap().len(),
            jobs.links(&m, Entity::Invoice, None, 9).await.unwrap().len(),
            jobs.resolve(&m, &[links[0].key.clone()]).await.unwrap().into_iter().flatten().count(),
            jobs.count_links(&m).await.unwrap().len(),
            jobs.unseen(&Run { id: "other".into(), ..run.clone() }, Entity::Invoice, None, 9)
                .await
                .unwrap()
                .len(),
            jobs.open_batches(&run, "").await.unwrap().len(),
        ]
    };
    *clock.0.lock().unwrap() = later(4);
    assert_eq!(seen().await, [1; 7]);
    *clock.0.lock().unwrap() = later(5);
    assert_eq!(seen().await, [0; 7], "to the second, though DynamoDB has deleted nothing");
    let refused = jobs.begin_run(Run { id: "late".into(), ..run.clone() }).await;
    assert_eq!(refused.unwrap_err().code, Code::MigrationUnknown);

    assert_eq!(jobs.purge(&"m".into()).await.unwrap(), 1);
    let left = stack.dynamodb().scan().table_name(TABLE).send().await.unwrap();
    assert_eq!(left.count(), 1, "the bare header: {:?}", left.items());
    assert_eq!(left.items()[0]["sk"].as_s().unwrap(), "HEADER");
    assert_eq!(left.items()[0].len(), 3, "{:?}", left.items());
}

#[tokio::test]
async fn a_run_that_ended_is_not_begun_again() {
    let Some(stack) = Stack::start().await else { return };
    let jobs = plain(&stack);
    let run = run("m", "r");
    jobs.begin_run(run.clone()).await.unwrap();
    jobs.save_run(&Run { state: RunState::Finished, ended: Some(Timestamp::now()), ..run.clone() })
        .await
        .unwrap();
    assert_eq!(jobs.begin_run(run).await.unwrap_err().code, Code::RunEnded);
}

/// Many workers begin the same run at once: one starts it, the others go on with it, and it is the same run.
#[tokio::test]
async fn a_run_begun_by_many_at_once_is_one_run() {
    let Some(stack) = Stack::start().await else { return };
    let jobs = plain(&stack);
    let begun = futures::future::join_all((0..6).map(|n| jobs.begin_run(run("m", &format!("r{n}"))))).await;
    let started = begun.iter().filter(|begun| matches!(begun, Ok(Begun::Started(_)))).count();
    assert_eq!(started, 1);
    assert_eq!(jobs.runs(&"m".into()).await.unwrap().len(), 1);
    assert_eq!(jobs.runs(&"m".into()).await.unwrap()[0].attempts, 6);
}
