//! Suites of the ports that the life cycle of a migration needs.

use std::time::Duration;

use carry_model::{MigrationId, RunId, Timestamp};
use jiff::civil::{Weekday, date, time};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::{
    Deed, Flow, FlowStart, FlowState, Header, Headers, Leased, Mail, Mailer, Quota, Rate, Receipt, RunKind,
    Schedule, Scheduler, Secrets, When,
};

/// Secrets are kept, replaced, listed and gone; `prefix` is the test's own.
pub async fn secrets(store: &dyn Secrets, prefix: &str) {
    let name = |name: &str| format!("{prefix}/{name}");
    assert!(store.get(&name("a/source")).await.unwrap().is_none());
    store.put(&name("a/source"), &"first".into()).await.unwrap();
    store.put(&name("a/source"), &"second".into()).await.unwrap();
    store.put(&name("b/source"), &"other".into()).await.unwrap();
    assert_eq!(store.get(&name("a/source")).await.unwrap().unwrap().expose_secret(), "second");
    assert_eq!(store.names(&name("a/")).await.unwrap(), [name("a/source")]);
    assert_eq!(store.names(&name("")).await.unwrap(), [name("a/source"), name("b/source")]);
    assert!(store.has(&name("a/source")).await.unwrap());
    store.delete(&name("a/source")).await.unwrap();
    assert!(!store.has(&name("a/source")).await.unwrap());
    store.delete(&name("a/source")).await.unwrap();
    assert!(store.get(&name("a/source")).await.unwrap().is_none());
    assert_eq!(store.names(&name("")).await.unwrap(), [name("b/source")]);
    store.put(&name("a/source"), &"anew".into()).await.unwrap();
    assert_eq!(store.get(&name("a/source")).await.unwrap().unwrap().expose_secret(), "anew");
}

/// A run of one name is started once. The flow behind it must still be under way when it is stopped.
pub async fn flow(flow: &dyn Flow) {
    let run = RunId::from("0192f0c1-0000-7000-8000-000000000001");
    let start =
        FlowStart { migration: MigrationId::from("m"), run: run.clone(), attempt: 1, kind: RunKind::Full };
    assert_eq!(flow.state(&run, 1).await.unwrap(), None);
    flow.stop(&run, 1).await.unwrap();
    assert!(flow.start(&start).await.unwrap());
    assert!(!flow.start(&start).await.unwrap(), "the same name is the same run");
    assert_eq!(flow.state(&run, 1).await.unwrap(), Some(FlowState::Running));
    flow.stop(&run, 1).await.unwrap();
    flow.stop(&run, 1).await.unwrap();
    assert_eq!(flow.state(&run, 1).await.unwrap(), Some(FlowState::Stopped));
    assert!(!flow.start(&start).await.unwrap(), "what was stopped is not started again by a repetition");
    assert!(flow.start(&FlowStart { attempt: 2, ..start }).await.unwrap(), "but it can be gone on with");
    assert_eq!(flow.state(&run, 2).await.unwrap(), Some(FlowState::Running));
    flow.stop(&run, 2).await.unwrap();
}

/// Schedules are kept, replaced, listed and taken back.
pub async fn scheduler(scheduler: &dyn Scheduler) {
    let schedule = Schedule {
        name: "delta-m-1".to_owned(),
        when: When::Once(date(2099, 3, 2).at(10, 30, 0, 0)),
        zone: "Europe/Kyiv".to_owned(),
        input: json!({ "migration": "m" }),
    };
    scheduler.put(&schedule).await.unwrap();
    let days = vec![Weekday::Monday, Weekday::Wednesday];
    let when = When::Weekly { days, at: time(9, 0, 0, 0), until: date(2099, 12, 31) };
    scheduler.put(&Schedule { when: when.clone(), ..schedule.clone() }).await.unwrap();
    scheduler.put(&Schedule { name: "delta-n-1".to_owned(), when, ..schedule }).await.unwrap();
    assert_eq!(scheduler.names("delta-m").await.unwrap(), ["delta-m-1"]);
    assert_eq!(scheduler.names("delta-").await.unwrap(), ["delta-m-1", "delta-n-1"]);
    scheduler.delete("delta-m-1").await.unwrap();
    scheduler.delete("delta-m-1").await.unwrap();
    assert_eq!(scheduler.names("delta-").await.unwrap(), ["delta-n-1"]);
}

/// A message is taken.
pub async fn mailer(mailer: &dyn Mailer, to: &str) {
    let mail =
        Mail {
            to: to.to_owned(), subject: "Größe: 12 €".to_owned(), text: "A line.\nAnother.".to_owned()
        };
    mailer.send(&mail).await.unwrap();
}

/// Headers, the audit trail and claims stay as they were first written.
pub async fn headers(store: &dyn Headers) {
    let header = |id: &str, customer: &str, created: i64| Header {
        migration: MigrationId::from(id),
        customer: customer.to_owned(),
        created: Timestamp::from_second(created).unwrap(),
        by: "shop".to_owned(),
        support: false,
        purges: Vec::new(),
    };
    store.create(&header("m2", "larkspur", 200)).await.unwrap();
    store.create(&header("m1", "larkspur", 100)).await.unwrap();
    store.create(&header("m1", "somebody else", 300)).await.unwrap();
    store.create(&header("n1", "other", 100)).await.unwrap();
    assert_eq!(store.get(&"m1".into()).await.unwrap(), Some(header("m1", "larkspur", 100)));
    assert_eq!(store.get(&"none".into()).await.unwrap(), None);
    let theirs = [header("m1", "larkspur", 100), header("m2", "larkspur", 200)];
    assert_eq!(store.of_customer("larkspur").await.unwrap(), theirs);
    assert_eq!(store.of_customer("nobody").await.unwrap(), []);

    let deed = |at: i64, what: &str| Deed {
        at: Timestamp::from_second(at).unwrap(),
        who: "api".to_owned(),
        what: what.to_owned(),
        why: String::new(),
    };
    store.note(&"m1".into(), &deed(1, "run started")).await.unwrap();
    store.note(&"m1".into(), &deed(2, "report read")).await.unwrap();
    store.note(&"m1".into(), &deed(2, "report read")).await.unwrap();
    let trail = store.trail(&"m1".into()).await.unwrap();
    assert_eq!(trail, [deed(1, "run started"), deed(2, "report read"), deed(2, "report read")]);
    assert_eq!(store.trail(&"m2".into()).await.unwrap(), []);

    for allowed in [true, true, false] {
        store.allow_support(&"m1".into(), allowed).await.unwrap();
        assert_eq!(store.get(&"m1".into()).await.unwrap().unwrap().support, allowed);
    }
    assert!(!store.get(&"m2".into()).await.unwrap().unwrap().support);
    store.allow_support(&"none".into(), true).await.unwrap();
    assert_eq!(store.get(&"none".into()).await.unwrap(), None, "there is still none");

    let at = Timestamp::from_second(400).unwrap();
    let receipt = Receipt { at, why: "retention".to_owned(), objects: 3, links: 2, secrets: 1, schedules: 0 };
    store.purged(&"m1".into(), &receipt).await.unwrap();
    assert_eq!(store.get(&"m1".into()).await.unwrap().unwrap().purges, std::slice::from_ref(&receipt));
    let again = Receipt { at: Timestamp::from_second(500).unwrap(), ..receipt.clone() };
    store.purged(&"m1".into(), &again).await.unwrap();
    assert_eq!(store.get(&"m1".into()).await.unwrap().unwrap().purges, [receipt, again]);

    assert_eq!(store.claim("event-1", "m1").await.unwrap(), "m1");
    assert_eq!(store.claim("event-1", "m9").await.unwrap(), "m1", "the first one stands");
    assert_eq!(store.claim("event-2", "m9").await.unwrap(), "m9");
}

/// Many workers lease from one bucket by the machine's clock: together they stay inside the rate.
pub async fn quota(quota: &dyn Quota) {
    let rate = Rate { calls_max: 40, span: Duration::from_secs(60) };
    let worker = async || {
        let mut leases = Vec::new();
        while let Leased::Calls { calls, good_for } = quota.lease("books:1/minute", rate, 3).await.unwrap() {
            assert!((1..=3).contains(&calls));
            assert!(good_for <= rate.span);
            leases.push(calls);
        }
        leases
    };
    let (one, two, three) = tokio::join!(worker(), worker(), worker());
    let sums = [&one, &two, &three].map(|leases| leases.iter().sum::<u32>());
    assert_eq!(sums.iter().sum::<u32>(), 40, "{sums:?}");
    let other = quota.lease("books:2/minute", rate, 3).await.unwrap();
    assert!(matches!(other, Leased::Calls { calls: 3, .. }), "a bucket of its own");
    quota.hold("books:2/minute", Duration::from_secs(60)).await.unwrap();
    let Leased::Wait(wait) = quota.lease("books:2/minute", rate, 3).await.unwrap() else {
        panic!("a held bucket leases nothing")
    };
    assert!(wait > Duration::from_secs(50), "{wait:?}");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::SystemClock;

    #[tokio::test]
    async fn memory_keeps_the_contract() {
        super::secrets(&crate::MemorySecrets::default(), "p").await;
        super::flow(&crate::MemoryFlow::default()).await;
        super::scheduler(&crate::MemoryScheduler::default()).await;
        super::mailer(&crate::MemoryMailer::default(), "a@example.com").await;
        super::headers(&crate::MemoryHeaders::default()).await;
        super::quota(&crate::MemoryQuota::new(Arc::new(SystemClock))).await;
    }
}
