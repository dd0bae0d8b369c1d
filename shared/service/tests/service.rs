//! The service over ports in memory: what callers ask for, and what becomes of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use carry_model::{Code, MigrationId, RunId, Timestamp};
use carry_ports::{
    Clock, Deed, Headers, MemoryDoors, MemoryFlow, MemoryHeaders, MemoryJobs, MemoryMailer, MemoryScheduler,
    MemorySecrets, MemoryStaging, Run, RunKind, RunState,
};
use carry_service::api::{self, Request, Response};
use carry_service::{Due, Service, Wanted, Window, purchase, signature};
use serde_json::{Value, json};

const KEY: &str = "k-1";
const SECRET: &str = "whsec-1";

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-25T10:00:00Z".parse().unwrap() // a Wednesday
    }
}

struct House {
    service: Service,
    flow: Arc<MemoryFlow>,
    headers: Arc<MemoryHeaders>,
}

fn house() -> House {
    let (flow, headers) = (Arc::new(MemoryFlow::default()), Arc::new(MemoryHeaders::default()));
    let service = Service {
        jobs: Arc::new(MemoryJobs::default()),
        staging: Arc::new(MemoryStaging::default()),
        doors: Arc::new(MemoryDoors),
        secrets: Arc::new(MemorySecrets::default()),
        headers: headers.clone(),
        flow: flow.clone(),
        scheduler: Arc::new(MemoryScheduler::default()),
        mailer: None,
        clock: Arc::new(Noon),
        window: Window::new("Europe/Kyiv").unwrap(),
        secret_prefix: "stack/migrations".to_owned(),
    };
    House { service, flow, headers }
}

impl House {
    async fn call(&self, method: &str, path: &str, body: Value) -> Response {
        self.call_with(method, path, body, &[("authorization", "Bearer k-1")]).await
    }

    async fn call_with(&self, method: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            headers: headers.collect(),
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
        };
        api::answer(&self.service, &KEY.into(), &request).await
    }

    /// A migration with both sides connected.
    async fn migration(&self) -> String {
        let body = json!({ "customer": "larkspur", "source": "uploads", "target": "postgres://db/books" });
        let made = self.call("POST", "/migrations", body).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        let id = made.body["migration"].as_str().unwrap().to_owned();
        for (side, spec) in [("source", "uploads"), ("target", "postgres://ann:pw@db/books")] {
            let put = self
                .call("PUT", &format!("/migrations/{id}/connections/{side}"), json!({ "spec": spec }))
                .await;
            assert_eq!(put.status, 200, "{:?}", put.body);
        }
        id
    }

    /// Begins a run as its flow would.
    async fn begin(&self, migration: &str, run: &str, kind: RunKind) -> Run {
        let run = Run {
            id: run.into(),
            migration: migration.into(),
            kind,
            state: RunState::Running,
            started: Noon.now(),
            ended: None,
            attempts: 1,
            broke_off: false,
            seconds: BTreeMap::new(),
            since: None,
        };
        self.service.jobs.begin_run(run.clone()).await.unwrap();
        run
    }

    /// Ends a run as its flow would.
    async fn end(&self, migration: &str, run: &str, kind: RunKind, state: RunState) {
        let run = self.begin(migration, run, kind).await;
        self.service.jobs.save_run(&Run { state, ended: Some(Noon.now()), ..run }).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_answered_without_the_key() {
    let house = house();
    for headers in [&[][..], &[("authorization", "Bearer k-2")], &[("authorization", "Basic k-1")]] {
        let answer = house.call_with("GET", "/migrations?customer=larkspur", Value::Null, headers).await;
        assert_eq!((answer.status, &answer.body["error"]["code"]), (401, &json!("CF1103")));
    }
    assert_eq!(house.call("GET", "/nothing", Value::Null).await.status, 404);
    assert_eq!(house.call("GET", "/migrations/none", Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_run_is_started_once_and_its_settings_stay_out_of_the_flow() {
    let house = house();
    let id = house.migration().await;
    let body = json!({ "kind": "full", "settings": { "mode": "high_level" } });
    let headers = [("authorization", "Bearer k-1"), ("idempotency-key", "once")];
    let path = format!("/migrations/{id}/runs");
    let first = house.call_with("POST", &path, body.clone(), &headers).await;
    let second = house.call_with("POST", &path, body, &headers).await;
    assert_eq!((first.status, &first.body), (202, &second.body));
    let [start] = house.flow.started().try_into().unwrap();
    let input = serde_json::to_string(&start).unwrap();
    assert!(!input.contains("high_level"), "{input}");
    let key = format!("migrations/{id}/runs/{}/settings.json", start.run);
    let settings = house.service.staging.get(&key).await.unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&settings).unwrap(), json!({ "mode": "high_level" }));
    let standing = house.call("GET", &format!("{path}/{}", start.run), Value::Null).await;
    assert_eq!((standing.status, &standing.body["flow"]), (200, &json!("running")));
}

#[tokio::test]
async fn a_run_needs_both_sides() {
    let house = house();
    let body = json!({ "customer": "larkspur", "source": "uploads", "target": "odoo+https://erp/main" });
    let id = house.call("POST", "/migrations", body).await.body["migration"].as_str().unwrap().to_owned();
    let refused = house.call("POST", &format!("/migrations/{id}/runs"), json!({ "kind": "demo" })).await;
    assert_eq!(refused.status, 400);
    assert!(house.flow.started().is_empty());
}

#[tokio::test]
async fn what_a_rollback_removes_is_the_same_in_every_attempt() {
    let house = house();
    let id = house.migration().await;
    let body = json!({ "kind": "rollback", "entities": ["invoice", "payment"] });
    let run = house.call("POST", &format!("/migrations/{id}/runs"), body).await.body["run"].clone();
    let run = RunId::from(run.as_str().unwrap());
    house.begin(&id, run.as_str(), RunKind::Rollback).await;
    house.flow.fail(&run, 1);
    let resumed = house.call("POST", &format!("/migrations/{id}/runs/{run}/resume"), Value::Null).await;
    assert_eq!(resumed.status, 202, "{:?}", resumed.body);
    assert_eq!(house.flow.started().len(), 2);
    let staged =
        house.service.staging.get(&format!("migrations/{id}/runs/{run}/entities.json")).await.unwrap();
    let staged: Value = serde_json::from_slice(&staged.unwrap()).unwrap();
    assert_eq!(staged, json!(["invoice", "payment"]));
}

#[tokio::test]
async fn a_run_that_never_began_is_over_with_its_flow() {
    let house = house();
    let id = house.migration().await;
    let run = house.call("POST", &format!("/migrations/{id}/runs"), json!({ "kind": "demo" })).await;
    let run = RunId::from(run.body["run"].as_str().unwrap());
    let path = format!("/migrations/{id}/runs/{run}");
    assert_eq!(house.call("GET", &path, Value::Null).await.body["state"], "starting");
    house.flow.fail(&run, 1);
    assert_eq!(house.call("GET", &path, Value::Null).await.body["state"], "failed");
}

#[tokio::test]
async fn a_report_that_was_not_written_can_be_asked_for_again() {
    let house = house();
    let id = house.migration().await;
    let run = house.call("POST", &format!("/migrations/{id}/runs"), json!({ "kind": "full" })).await;
    let run = run.body["run"].as_str().unwrap().to_owned();
    house.end(&id, &run, RunKind::Full, RunState::Finished).await;
    let path = format!("/migrations/{id}/runs/{run}/resume");
    let resume = async || house.call("POST", &path, Value::Null).await.status;
    assert_eq!(resume().await, 409, "its flow writes the report now");
    house.flow.fail(&RunId::from(run.as_str()), 1);
    assert_eq!(resume().await, 202);
    let attempts: Vec<_> = house.flow.started().iter().map(|start| start.attempt).collect();
    assert_eq!(attempts, [1, 2]);
    assert_eq!(resume().await, 409, "the second attempt writes it now");
}

#[tokio::test]
async fn a_delta_follows_a_remigration_too() {
    let house = house();
    let id = house.migration().await;
    let path = format!("/migrations/{id}/runs");
    assert_eq!(house.call("POST", &path, json!({ "kind": "delta" })).await.status, 400);
    house.end(&id, "r", RunKind::Remigration, RunState::Finished).await;
    assert_eq!(house.call("POST", &path, json!({ "kind": "delta" })).await.status, 202);
}

#[tokio::test]
async fn the_audit_trail_says_who_booked() {
    let house = house();
    let id = house.migration().await;
    let at = json!({ "once": "2026-11-28T12:00:00" }); // a Saturday
    let by = json!({ "operator": { "who": "ann", "why": "asked for by phone" } });
    let booking = json!({ "kind": "delta", "times": at, "by": by });
    assert_eq!(house.call("POST", &format!("/migrations/{id}/bookings"), booking).await.status, 201);
    let trail = house.headers.trail(&id.as_str().into()).await.unwrap();
    let booked = trail.iter().find(|deed| deed.what == "delta run booked").unwrap();
    assert_eq!(booked.who, "ann");
}

#[tokio::test]
async fn the_newest_report_counts() {
    let house = house();
    let id = house.migration().await;
    house.end(&id, "r", RunKind::Full, RunState::Finished).await;
    let path = format!("/migrations/{id}/runs/r/report");
    assert_eq!(house.call("GET", &path, Value::Null).await.status, 404, "none yet");
    let root = format!("migrations/{id}/runs/r/report");
    for key in
        ["data.json", "00002/report.html", "00009/report.html", "00010/report.html", "00010/report.json"]
    {
        house.service.staging.create(&format!("{root}/{key}"), vec![1]).await.unwrap();
    }
    let files = house.call("GET", &path, Value::Null).await.body["files"].clone();
    let names: Vec<_> = files.as_array().unwrap().iter().map(|file| file["name"].clone()).collect();
    assert_eq!(names, ["report.html", "report.json"]);
    assert!(files[0]["url"].as_str().unwrap().contains("/00010/"));
    let trail = house.headers.trail(&id.as_str().into()).await.unwrap();
    assert!(trail.iter().any(|deed: &Deed| deed.what == "report read"), "{trail:?}");
}

#[tokio::test]
async fn support_looks_only_where_the_customer_allows_it() {
    let house = house();
    let id = house.migration().await;
    let key = MigrationId::from(id.as_str());
    let look = async || house.service.look(&key, "ann", "report read").await.map_err(|fault| fault.code);
    let path = format!("/migrations/{id}/support");
    assert_eq!(look().await, Err(Code::ConsentMissing), "off by default");
    let allowed = house.call("PUT", &path, json!({ "allowed": true })).await;
    assert_eq!((allowed.status, &allowed.body["support"]), (200, &json!(true)));
    look().await.unwrap();
    let shown = house.call("GET", &format!("/migrations/{id}"), Value::Null).await;
    assert_eq!(shown.body["header"]["support"], true);
    assert_eq!(house.call("PUT", &path, json!({ "allowed": false })).await.status, 200);
    assert_eq!(look().await, Err(Code::ConsentMissing), "withdrawn");
    house.service.look(&key, "api", "report read").await.unwrap(); // who set it up acts for the customer
    assert_eq!(house.call("PUT", &path, json!({})).await.status, 400);
    let nowhere = house.call("PUT", "/migrations/none/support", json!({ "allowed": true })).await;
    assert_eq!(nowhere.status, 404);

    let trail = house.headers.trail(&key).await.unwrap();
    let done: Vec<_> = trail.iter().map(|deed| (deed.who.as_str(), deed.what.as_str())).collect();
    let expected = [
        ("api", "support access allowed"),
        ("ann", "report read"),
        ("api", "support access withdrawn"),
        ("api", "report read"),
    ];
    assert!(done.ends_with(&expected), "{done:?}");
}

#[tokio::test]
async fn what_is_ended_is_purged_with_the_next_sweep() {
    let house = house();
    let id = house.migration().await;
    let run = house.call("POST", &format!("/migrations/{id}/runs"), json!({ "kind": "demo" })).await;
    assert_eq!(run.status, 202);
    house.service.staging.create(&format!("migrations/{id}/uploads/a.csv"), vec![1]).await.unwrap();
    let at = json!({ "once": "2026-11-26T10:00:00" });
    let booking = json!({ "kind": "full", "times": at, "by": "customer" });
    assert_eq!(house.call("POST", &format!("/migrations/{id}/bookings"), booking).await.status, 201);

    let ended = house.call("DELETE", &format!("/migrations/{id}"), Value::Null).await;
    assert_eq!((ended.status, &ended.body["state"]), (202, &json!("to be purged")));
    let swept = house.service.sweep().await.unwrap();
    let [(migration, Ok(receipt))] = swept.as_slice() else { panic!("{swept:?}") };
    assert_eq!(migration.as_str(), id);
    assert_eq!((receipt.objects, receipt.secrets, receipt.schedules), (1, 2, 1));
    assert!(house.service.secrets.names("stack/migrations/").await.unwrap().is_empty());
    assert!(house.service.staging.list("migrations/").await.unwrap().is_empty());
    let header = house.headers.get(&id.as_str().into()).await.unwrap().unwrap();
    assert_eq!(header.purges, std::slice::from_ref(receipt), "the receipt stays");
    assert!(house.service.sweep().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_due_is_started_once() {
    let house = house();
    let id = house.migration().await;
    house.end(&id, "f", RunKind::Full, RunState::Finished).await;
    let due = Due {
        booking: format!("{id}.1"),
        scheduled: "2026-11-25T10:00:00Z".to_owned(),
        migration: id.as_str().into(),
        kind: RunKind::Delta,
        settings: Value::Null,
    };
    let run = house.service.fire(&due).await.unwrap();
    assert_eq!(house.service.fire(&due).await.unwrap(), run, "told twice");
    assert_eq!(house.flow.started().len(), 1);
    let gone = Due { migration: MigrationId::from("gone"), ..due };
    assert_eq!(house.service.fire(&gone).await.unwrap_err().code, Code::MigrationUnknown);
}

#[tokio::test]
async fn the_oldest_run_that_goes_on_is_known() {
    let house = house();
    let id = house.migration().await;
    house.end(&id, "f", RunKind::Full, RunState::Finished).await;
    assert_eq!(house.service.oldest_active().await.unwrap(), None);
    let wanted = Wanted::named(RunKind::Demo, RunId::from("d"), Value::Null);
    house.service.start(&id.as_str().into(), wanted, "test").await.unwrap();
    house.begin(&id, "d", RunKind::Demo).await;
    assert_eq!(house.service.oldest_active().await.unwrap(), Some(Noon.now()));
}

#[tokio::test]
async fn a_purchase_starts_one_migration_however_often_it_is_told() {
    let mailer = Arc::new(MemoryMailer::default());
    let mut house = house();
    house.service.mailer = Some(mailer.clone());
    let data = json!({ "customer": "larkspur", "email": "ann@larkspur.example" });
    let body = json!({ "id": "evt_1", "type": "migration.purchased", "data": data });
    let tell = async |secret: &str| {
        let bytes = body.to_string().into_bytes();
        let signed = signature::sign(&secret.into(), Noon.now(), &bytes).unwrap();
        let request = Request {
            method: "POST".to_owned(),
            path: "/purchases".to_owned(),
            headers: BTreeMap::from([(signature::HEADER.to_owned(), signed)]),
            body: bytes,
            ..Request::default()
        };
        purchase::answer(&house.service, &SECRET.into(), &request).await
    };
    let first = tell(SECRET).await;
    assert_eq!(first.status, 200, "{:?}", first.body);
    assert_eq!(first.body["taken"]["missing"], json!(["source", "target"]));
    assert_eq!(tell(SECRET).await, first);
    let refused = tell("another").await;
    assert_eq!((refused.status, &refused.body["error"]["code"]), (401, &json!("CF1102")));
    assert_eq!(house.headers.of_customer("larkspur").await.unwrap().len(), 1);
    let [mail] = mailer.sent().try_into().unwrap();
    assert_eq!(mail.to, "ann@larkspur.example");
}
