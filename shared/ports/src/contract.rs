//! What every adapter must do. Each function is a suite: it panics where the adapter breaks the contract, so
//! call it from a test, with a store that is empty.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "suites are called from tests"
)]

mod service;

pub use service::{flow, headers, mailer, quota, scheduler, secrets};

use carry_connector::Files;
use carry_connector::oauth::Grant;
use carry_model::{
    Code, Currency, Date, Decimal, Entity, Fault, Fingerprint, MigrationId, RecordKey, RunId, SourceId,
    TargetId, Timestamp,
};

use crate::{
    Applied, Begun, Change, Claim, Intent, Jobs, Link, LinkState, Migration, More, Run, RunKind, RunState,
    StagedFiles, Staging, Tokens,
};

/// Objects are created once, listed in order and deleted by prefix.
pub async fn staging(store: &dyn Staging) {
    let create = async |key: &str, bytes: &[u8]| store.create(key, bytes.to_vec()).await.unwrap();
    assert!(create("m/a/2.zst", b"two").await);
    assert!(create("m/a/1.zst", b"one").await);
    assert!(create("m/b/1.zst", b"").await);
    assert!(create("m/ab", b"beside").await);
    assert!(!create("m/a/1.zst", b"other").await, "an object is never changed");
    assert_eq!(store.get("m/a/1.zst").await.unwrap().as_deref(), Some(&b"one"[..]));
    assert_eq!(
        store.get("m/b/1.zst").await.unwrap().as_deref(),
        Some(&b""[..]),
        "an empty object is an object"
    );
    assert_eq!(store.get("m/a/3.zst").await.unwrap(), None);
    assert_eq!(store.list("m/a/").await.unwrap(), ["m/a/1.zst", "m/a/2.zst"]);
    assert_eq!(store.list("m/a").await.unwrap(), ["m/a/1.zst", "m/a/2.zst", "m/ab"]);
    assert_eq!(store.list("zzz").await.unwrap(), Vec::<String>::new());
    assert_eq!(store.delete_prefix("m/a/").await.unwrap(), 2);
    assert_eq!(store.delete_prefix("m/a/").await.unwrap(), 0);
    assert_eq!(store.list("m").await.unwrap(), ["m/ab", "m/b/1.zst"]);
    assert!(create("m/a/1.zst", b"anew").await, "what was deleted may be created again");
    let folder = std::env::temp_dir().join(format!("carry-contract-{}", carry_model::RunId::random()));
    std::fs::create_dir(&folder).unwrap();
    let (file, copy) = (folder.join("file"), folder.join("copy"));
    std::fs::write(&file, vec![7; 300_000]).unwrap();
    assert!(store.create_from("m/file", &file).await.unwrap());
    assert!(!store.create_from("m/file", &file).await.unwrap(), "an object is never changed");
    assert!(store.copy_to("m/file", &copy).await.unwrap());
    assert_eq!(std::fs::read(&copy).unwrap(), vec![7; 300_000]);
    assert!(!store.copy_to("m/none", &folder.join("none")).await.unwrap());
    assert!(!folder.join("none").exists());
    std::fs::remove_dir_all(&folder).unwrap();
    for hostile in ["", "../x", "/etc/x", "m/../../x", "m//x"] {
        if let Ok(true) = store.create(hostile, vec![1]).await {
            assert!(store.get(hostile).await.unwrap().is_some(), "{hostile}");
        }
    }
}

/// The content of files is kept once under its hash, is read as it was, and leaves with the migration.
pub async fn files(store: std::sync::Arc<dyn Staging>) {
    let of = |migration: &str| StagedFiles::of(store.clone(), &MigrationId::from(migration));
    let (one, other) = (of("files-1"), of("files-2"));
    let version = "Ünal & Söhne/receipt.pdf/7";
    assert_eq!(one.kept(version).await.unwrap(), None);
    let content = vec![0xff; 300_000];
    let kept = one.keep(version, content.clone()).await.unwrap();
    assert_eq!((kept.sha256.len(), kept.size_bytes), (64, 300_000));
    assert_eq!(one.keep(version, content.clone()).await.unwrap(), kept, "a second time changes nothing");
    assert_eq!(one.keep("another name", content.clone()).await.unwrap(), kept);
    assert_eq!(one.kept(version).await.unwrap(), Some(kept.clone()));
    assert_eq!(one.read(&kept.sha256).await.unwrap(), content);
    let empty = one.keep("empty", Vec::new()).await.unwrap();
    assert_eq!(empty.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let keys = store.list("migrations/files-1/").await.unwrap();
    assert_eq!(keys.len(), 5, "two contents and three names");
    assert!(keys.iter().all(|key| key.is_ascii() && !key.contains("receipt")), "{keys:?}");
    assert_eq!(other.kept(version).await.unwrap(), None, "migrations see nothing of one another");
    assert_eq!(other.read(&kept.sha256).await.unwrap_err().code, Code::StagingCorrupt);
    store.create("migrations/files-2/files/00ff", b"broken".to_vec()).await.unwrap();
    assert_eq!(other.read("00ff").await.unwrap_err().code, Code::StagingCorrupt, "content is checked");
    assert_eq!(store.delete_prefix("migrations/files-1/").await.unwrap(), 5);
    assert_eq!(one.kept(version).await.unwrap(), None);
    assert_eq!(one.read(&kept.sha256).await.unwrap_err().code, Code::StagingCorrupt);
    assert_eq!(store.delete_prefix("migrations/files-2/").await.unwrap(), 1);
}

/// A grant is kept until it is forgotten, and only one at a time may renew it.
pub async fn tokens(store: &dyn Tokens) {
    let grant = |token: &str| Grant {
        access_token: token.to_owned().into(),
        expires: Timestamp::UNIX_EPOCH,
        refresh_token: Some("refresh".to_owned().into()),
        refresh_expires: None,
    };
    let (one, two) = ("books:1", "books:2");
    assert!(store.load(one).await.unwrap().is_none());
    store.store(one, &grant("first")).await.unwrap();
    store.store(two, &grant("other")).await.unwrap();
    store.store(one, &grant("second")).await.unwrap();
    let kept = store.load(one).await.unwrap().unwrap();
    assert!(kept.is_same(&grant("second")), "the last one is kept");
    assert!(store.load(two).await.unwrap().unwrap().is_same(&grant("other")));
    assert!(!store.replace(one, &grant("first"), &grant("late")).await.unwrap(), "it was renewed by another");
    assert!(store.load(one).await.unwrap().unwrap().is_same(&grant("second")));
    assert!(store.replace(one, &grant("second"), &grant("third")).await.unwrap());
    assert!(store.load(one).await.unwrap().unwrap().is_same(&grant("third")));
    store.forget(one).await.unwrap();
    store.forget(one).await.unwrap();
    assert!(store.load(one).await.unwrap().is_none());
    assert!(!store.replace(one, &grant("third"), &grant("late")).await.unwrap(), "it was forgotten");
    assert!(store.load(one).await.unwrap().is_none());

    let held = store.lease(one).await.unwrap();
    drop(store.lease(two).await.unwrap());
    let second = store.lease(one);
    let mut second = std::pin::pin!(second);
    let waits =
        std::future::poll_fn(|context| std::task::Poll::Ready(second.as_mut().poll(context).is_pending()));
    assert!(waits.await, "a second one waits");
    drop(held);
    drop(second.await.unwrap());
}

fn run(migration: &str, id: &str, kind: RunKind) -> Run {
    Run {
        id: RunId::from(id),
        migration: MigrationId::from(migration),
        kind,
        state: RunState::Running,
        started: Timestamp::UNIX_EPOCH,
        ended: None,
        attempts: 1,
        broke_off: false,
        seconds: std::collections::BTreeMap::new(),
        since: None,
    }
}

fn fingerprint(digit: u8) -> Fingerprint {
    format!("{digit:032x}").parse().unwrap()
}

fn link(run: &Run, entity: Entity, id: &str, version: u8) -> Link {
    Link {
        key: RecordKey::new(entity, id),
        state: LinkState::Done,
        change: Change::Created,
        target: Some(TargetId::from(format!("t-{id}"))),
        number: Some("0012".to_owned()),
        target_number: Some("12".to_owned()),
        fingerprint: fingerprint(version),
        run: run.id.clone(),
        contact: Some(SourceId::from("Ünal & Söhne")),
        date: Some(Date::constant(2026, 2, 28)),
        currency: Some(Currency::EUR),
        rate: Some(Decimal::new(11_234_567_890_123, 13)),
        total: Some(Decimal::new(12_345_678_901_234_567, 2)),
        outstanding: None,
        applied: Decimal::ZERO,
        more: More::default(),
    }
}

fn intents(links: &[Link]) -> Vec<Intent> {
    links.iter().map(|l| Intent { key: l.key.clone(), fingerprint: l.fingerprint }).collect()
}

/// One run at a time; the journal is written before and after, once.
pub async fn jobs(store: &dyn Jobs) {
    runs(store).await;
    leases(store).await;
    batches(store).await;
    balances(store).await;
    vanished(store).await;
    removal(store).await;
}

async fn runs(store: &dyn Jobs) {
    let migration = Migration {
        id: "m".into(),
        source: "files:x".into(),
        target: "sqlite:y".into(),
        created: Timestamp::UNIX_EPOCH,
    };
    store.create_migration(&migration).await.unwrap();
    store.create_migration(&Migration { source: "other".into(), ..migration.clone() }).await.unwrap();
    assert_eq!(store.migrations().await.unwrap(), std::slice::from_ref(&migration));
    assert_eq!(store.migration(&"m".into()).await.unwrap(), Some(migration));
    assert_eq!(store.migration(&"none".into()).await.unwrap(), None);

    assert!(matches!(store.begin_run(run("m", "r1", RunKind::Full)).await, Ok(Begun::Started(_))));
    let Ok(Begun::Resumed(resumed)) = store.begin_run(run("m", "r2", RunKind::Full)).await else {
        panic!("an active run of the same kind is resumed")
    };
    assert_eq!((resumed.id.as_str(), resumed.attempts, resumed.broke_off), ("r1", 2, true));
    let refused = store.begin_run(run("m", "r3", RunKind::Delta)).await;
    assert_eq!(refused.unwrap_err().code, Code::RunActive);
    assert!(matches!(store.begin_run(run("n", "r4", RunKind::Delta)).await, Ok(Begun::Started(_))));

    let fault = Fault::new(Code::RateLimited);
    let state = RunState::Paused { fault, until: None };
    let paused = Run { state, broke_off: false, ..resumed.clone() };
    store.save_run(&paused).await.unwrap();
    let Ok(Begun::Resumed(resumed)) = store.begin_run(run("m", "r5", RunKind::Full)).await else {
        panic!("a paused run is resumed")
    };
    assert_eq!((resumed.attempts, resumed.broke_off), (3, false), "a pause loses nothing");
    store
        .save_run(&Run { state: RunState::Finished, ended: Some(Timestamp::UNIX_EPOCH), ..resumed })
        .await
        .unwrap();
    assert!(matches!(store.begin_run(run("m", "r6", RunKind::Delta)).await, Ok(Begun::Started(_))));
    let kinds: Vec<_> = store.runs(&"m".into()).await.unwrap().iter().map(|r| r.kind).collect();
    assert_eq!(kinds, [RunKind::Full, RunKind::Delta]);
    let one = store.run(&"m".into(), &RunId::from("r6")).await.unwrap();
    assert_eq!(one.map(|run| run.kind), Some(RunKind::Delta));
    assert!(store.run(&"m".into(), &RunId::from("r4")).await.unwrap().is_none(), "of another migration");
}

async fn leases(store: &dyn Jobs) {
    let (one, other) = (run("m", "r6", RunKind::Delta), run("n", "r4", RunKind::Delta));
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let claim = |work: &str, owner: &str| Claim { work: work.to_owned(), owner: owner.to_owned() };
    let (first, second) = (claim("load 1/0", "first"), claim("load 1/0", "second"));
    let lease = async |run: &Run, claim: &Claim, now: i64, until: i64| {
        store.lease(run, claim, at(now), at(until)).await.unwrap()
    };
    assert!(lease(&one, &first, 0, 10).await);
    assert!(!lease(&one, &second, 9, 19).await, "it is another's");
    assert!(lease(&one, &claim("load 1/1", "second"), 9, 19).await, "other work is free");
    assert!(lease(&other, &second, 9, 19).await, "so is another run's");
    assert!(lease(&one, &first, 9, 20).await, "its owner goes on");
    assert!(!lease(&one, &second, 19, 30).await);
    assert!(lease(&one, &second, 20, 30).await, "its time is over");
    assert!(!lease(&one, &first, 29, 40).await, "it was taken over");
    store.give_back(&one, &first).await.unwrap();
    assert!(!lease(&one, &first, 29, 40).await, "nobody gives back what is another's");
    store.give_back(&one, &second).await.unwrap();
    store.give_back(&one, &second).await.unwrap();
    assert!(lease(&one, &first, 21, 40).await, "it was given back");
}

async fn batches(store: &dyn Jobs) {
    let run = run("m", "r6", RunKind::Delta);
    let links = [link(&run, Entity::Invoice, "1", 1), link(&run, Entity::Invoice, "2", 2)];
    store.open_batch(&run, "b1", &intents(&links)).await.unwrap();
    store.open_batch(&run, "b1", &intents(&links)).await.unwrap();
    let other = intents(&[link(&run, Entity::Invoice, "1", 9)]);
    assert_eq!(store.open_batch(&run, "b1", &other).await.unwrap_err().code, Code::FingerprintConflict);
    assert_eq!(store.open_batches(&run, "").await.unwrap(), [("b1".to_owned(), intents(&links))]);
    assert_eq!(store.open_batches(&run, "b").await.unwrap().len(), 1);
    assert_eq!(store.open_batches(&run, "c").await.unwrap(), []);

    assert!(store.close_batch(&run, "b1", &links, &[]).await.unwrap());
    assert_eq!(store.open_batches(&run, "").await.unwrap(), []);
    for (batch, id) in [("b1", "1"), ("never opened", "9")] {
        let late = [link(&run, Entity::Invoice, id, 7)];
        assert!(!store.close_batch(&run, batch, &late, &[]).await.unwrap(), "{batch} is not open");
    }

    let keys =
        [RecordKey::new(Entity::Invoice, "2"), RecordKey::new(Entity::Bill, "1"), links[0].key.clone()];
    let found = store.resolve(&"m".into(), &keys).await.unwrap();
    assert!(found[1].is_none());
    let first = found[2].as_ref().unwrap();
    assert_eq!(
        serde_json::to_value(first).unwrap(),
        serde_json::to_value(&links[0]).unwrap(),
        "nothing is lost"
    );
    assert_eq!(found[0].as_ref().unwrap().target, Some("t-2".into()));
    assert!(store.resolve(&"n".into(), &keys).await.unwrap().iter().all(Option::is_none));

    let failed = Link { state: LinkState::Failed, ..link(&run, Entity::Invoice, "1", 5) };
    let fresh = Link { state: LinkState::Failed, ..link(&run, Entity::Invoice, "3", 5) };
    store.note_links(&run, &[failed, fresh]).await.unwrap();
    let page = store.links(&"m".into(), Entity::Invoice, None, 2).await.unwrap();
    assert_eq!(page.iter().map(|l| l.key.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert!(page[0].is_done(), "a failure never hides what is in the target");
    let rest = store.links(&"m".into(), Entity::Invoice, Some(&page[1].key.id), 9).await.unwrap();
    assert_eq!(rest.iter().map(|l| l.state).collect::<Vec<_>>(), [LinkState::Failed]);
    let counts = store.count_links(&"m".into()).await.unwrap();
    assert_eq!(counts[&(Entity::Invoice, "done")], 2);
    assert_eq!(counts[&(Entity::Invoice, "failed")], 1);
}

async fn balances(store: &dyn Jobs) {
    let run = run("m", "r6", RunKind::Delta);
    let invoice = RecordKey::new(Entity::Invoice, "1");
    let unknown = RecordKey::new(Entity::Invoice, "none");
    let ten = Decimal::new(1000, 2);
    let passed_over =
        store.set_outstanding(&"m".into(), &[(invoice.clone(), ten), (unknown.clone(), ten)]).await;
    assert_eq!(passed_over.unwrap(), [unknown]);

    let payment = [link(&run, Entity::Payment, "p", 3)];
    let by = payment[0].key.clone();
    let applied =
        [Applied { document: invoice.clone(), by, before: Decimal::ZERO, after: Decimal::new(250, 2) }];
    store.open_batch(&run, "b2", &intents(&payment)).await.unwrap();
    store.close_batch(&run, "b2", &payment, &applied).await.unwrap();
    store.close_batch(&run, "b2", &payment, &applied).await.unwrap();
    let link = store.resolve(&"m".into(), &[invoice]).await.unwrap().remove(0).unwrap();
    assert_eq!(link.outstanding, Some(ten));
    assert_eq!(link.applied, Decimal::new(250, 2), "applied once, however often it is told");
}

async fn vanished(store: &dyn Jobs) {
    let run = run("m", "r7", RunKind::Delta);
    store.mark_seen(&run, &[RecordKey::new(Entity::Invoice, "1")]).await.unwrap();
    store.mark_seen(&run, &[RecordKey::new(Entity::Invoice, "1")]).await.unwrap();
    let unseen = store.unseen(&run, Entity::Invoice, None, 9).await.unwrap();
    assert_eq!(unseen.iter().map(|l| l.key.id.as_str()).collect::<Vec<_>>(), ["2"]);
    assert!(store.unseen(&run, Entity::Invoice, Some(&"2".into()), 9).await.unwrap().is_empty());
}

async fn removal(store: &dyn Jobs) {
    let invoice = RecordKey::new(Entity::Invoice, "1");
    let payment = RecordKey::new(Entity::Payment, "p");
    let back = [Applied {
        document: invoice.clone(),
        by: payment.clone(),
        before: Decimal::new(250, 2),
        after: Decimal::ZERO,
    }];
    store.remove_links(&"m".into(), std::slice::from_ref(&payment), &back).await.unwrap();
    store.remove_links(&"m".into(), &[payment], &back).await.unwrap();
    let link = store.resolve(&"m".into(), &[invoice]).await.unwrap().remove(0).unwrap();
    assert_eq!(link.applied, Decimal::ZERO, "taken back once");
    assert_eq!(store.purge(&"m".into()).await.unwrap(), 3);
    assert!(store.runs(&"m".into()).await.unwrap().is_empty());
    assert_eq!(store.runs(&"n".into()).await.unwrap().len(), 1);
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn memory_keeps_the_contract() {
        super::staging(&crate::MemoryStaging::default()).await;
        super::files(std::sync::Arc::new(crate::MemoryStaging::default())).await;
        super::jobs(&crate::MemoryJobs::default()).await;
    }
}
