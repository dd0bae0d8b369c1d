//! Xero over HTTP: tokens, tenants, limits, faults, company files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::io::{BufRead, BufReader};
use std::time::Duration;

use carry_sandbox::json::Json;
use carry_sandbox::xero::{Region, Xero};
use carry_sandbox::{Fault, Handle, Injection, Options, Sandbox};
use reqwest::{Client, Response, StatusCode, header};

const START: &str = "2026-06-15T09:00:00Z";

/// A running sandbox with tokens for its organisation.
struct App {
    sandbox: Handle,
    client: Client,
    tenant: String,
    access: String,
}

fn options() -> Options {
    let now = START.parse().unwrap();
    Options { now, speed: 0, ..Options::new(Xero::empty(Region::Uk, 7, now)) }
}

impl App {
    async fn start(options: Options) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let tenant = sandbox.control.tenants()[0].id.clone();
        let access = sandbox.control.grant(&[], "").access;
        // A redirect to another host must be seen, not followed.
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { sandbox, client, tenant, access }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api.xro/2.0/{path}", self.sandbox.base_url);
        self.client
            .request(method.parse().unwrap(), url)
            .bearer_auth(&self.access)
            .header("xero-tenant-id", &self.tenant)
            .header(header::ACCEPT, "application/json")
    }

    async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await.unwrap()
    }

    async fn put(&self, path: &str, key: &str, body: &str) -> reqwest::Result<Response> {
        self.request("PUT", path).header("Idempotency-Key", key).body(body.to_owned()).send().await
    }
}

async fn json(response: Response) -> Json {
    Json::parse(&response.bytes().await.unwrap()).unwrap()
}

fn text(json: &Json, path: &str) -> String {
    json.at(path).and_then(Json::as_str).unwrap_or_else(|| panic!("no {path} in {json}")).to_owned()
}

fn header_of(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

const CONTACT: &str = r#"{"Name":"Ann"}"#;

#[tokio::test]
async fn connections_name_the_tenants_and_can_be_ended() {
    let app = App::start(options()).await;
    let url = format!("{}/connections", app.sandbox.base_url);
    let connections = json(app.client.get(&url).bearer_auth(&app.access).send().await.unwrap()).await;
    let connection = &connections.as_array().unwrap()[0];
    assert_eq!(text(connection, "tenantId"), app.tenant);
    assert_eq!(text(connection, "tenantType"), "ORGANISATION");
    assert_eq!(app.get("Organisation").await.status(), 200);
    let one = format!("{url}/{}", text(connection, "id"));
    assert_eq!(app.client.delete(&one).bearer_auth(&app.access).send().await.unwrap().status(), 204);
    let refused = app.get("Organisation").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(text(&json(refused).await, "Detail"), "AuthenticationUnsuccessful");
}

#[tokio::test]
async fn tokens_expire_rotate_and_keep_their_scope() {
    let mut app = App::start(options()).await;
    let issued = app.sandbox.control.grant(&[], "offline_access accounting.contacts");
    app.access = issued.access;
    assert_eq!(app.get("Contacts").await.status(), 200);
    assert_eq!(app.get("Invoices").await.status(), StatusCode::FORBIDDEN);
    app.sandbox.control.advance(Duration::from_secs(1801));
    let expired = app.get("Contacts").await;
    assert_eq!(expired.status(), StatusCode::UNAUTHORIZED);
    assert!(text(&json(expired).await, "Detail").starts_with("TokenExpired"));
    let identity = app.sandbox.control.app();
    let refresh = async |token: &str| {
        let url = format!("{}/connect/token", app.sandbox.base_url);
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let form = form.map(|(name, value)| format!("{name}={value}")).join("&");
        let request = app.client.post(url).basic_auth(&identity.id, Some(&identity.secret));
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        request.send().await.unwrap()
    };
    let first = json(refresh(&issued.refresh).await).await;
    let next = text(&first, "refresh_token");
    assert_ne!(next, issued.refresh);
    assert_eq!(refresh(&issued.refresh).await.status(), 200, "for half an hour the last one still works");
    app.sandbox.control.advance(Duration::from_secs(1801));
    let dead = refresh(&issued.refresh).await;
    assert_eq!(dead.status(), 400);
    assert_eq!(text(&json(dead).await, "error"), "invalid_grant");
}

#[tokio::test]
async fn the_minute_and_the_day_are_limited_and_say_so() {
    let app = App::start(options()).await;
    for left in (0..60).rev() {
        let answer = app.get("Organisation").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(header_of(&answer, "x-minlimit-remaining"), Some(left.to_string()));
    }
    app.sandbox.control.advance(Duration::from_secs(20));
    let refused = app.get("Organisation").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header_of(&refused, "x-rate-limit-problem").as_deref(), Some("minute"));
    assert_eq!(header_of(&refused, "retry-after").as_deref(), Some("40"));
    assert_eq!(refused.text().await.unwrap(), "");
    app.sandbox.control.advance(Duration::from_secs(40));
    let answer = app.get("Organisation").await;
    assert_eq!(header_of(&answer, "x-daylimit-remaining").as_deref(), Some("4939"));
    assert_eq!(header_of(&answer, "x-appminlimit-remaining").as_deref(), Some("9999"));
    assert!(app.sandbox.control.set_limit("day", Some(61)));
    let refused = app.get("Organisation").await;
    assert_eq!(header_of(&refused, "x-rate-limit-problem").as_deref(), Some("day"));
    assert_eq!(header_of(&refused, "x-daylimit-remaining").as_deref(), Some("0"));
    assert_eq!(header_of(&refused, "retry-after").as_deref(), Some("86340"));
    let counters = app.sandbox.control.counters();
    assert_eq!((counters.total(), counters.refused(), counters.peak["minute"]), (61, 2, 60));
}

#[tokio::test]
async fn five_calls_may_be_in_flight() {
    let app = App::start(Options { speed: 1, latency: Duration::from_millis(300), ..options() }).await;
    let calls = (0..6).map(|_| app.get("Organisation"));
    let answers = futures::future::join_all(calls).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status() == 429).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(header_of(refused[0], "x-rate-limit-problem").as_deref(), Some("concurrent"));
    assert_eq!(header_of(refused[0], "retry-after"), None);
}

#[tokio::test]
async fn an_answer_lost_after_the_commit_comes_again_under_its_key() {
    let app = App::start(options()).await;
    let lose = |fault| Injection { matching: "PUT Contacts".to_owned(), after: 0, times: 1, fault };
    app.sandbox.control.inject(lose(Fault::Drop));
    assert!(app.put("Contacts", "k1", CONTACT).await.is_err());
    let again = app.put("Contacts", "k1", CONTACT).await.unwrap();
    assert_eq!(again.status(), 200);
    app.sandbox.control.inject(lose(Fault::StatusAfter(503)));
    let body = r#"{"Name":"Bob"}"#;
    assert_eq!(app.put("Contacts", "k2", body).await.unwrap().status(), 503);
    assert_eq!(app.put("Contacts", "k2", body).await.unwrap().status(), 200);
    let without_key = app.put("Contacts", "k3", body).await.unwrap();
    assert_eq!(without_key.status(), 400, "it is there already");
    let contacts = json(app.get("Contacts").await).await;
    assert_eq!(contacts.at("Contacts").unwrap().as_array().unwrap().len(), 2);
    let counters = app.sandbox.control.counters();
    assert_eq!(counters.calls["PUT Contacts"], 5);
}

#[tokio::test]
async fn a_company_file_is_taken_up_as_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = Some(folder.path().join("company.sqlite"));
    let app = App::start(Options { file: file.clone(), ..options() }).await;
    app.put("Contacts", "k", CONTACT).await.unwrap();
    let invoice = r#"{"Type":"ACCREC","Status":"AUTHORISED","Contact":{"Name":"Ann"},"DueDate":"2026-07-01",
        "LineItems":[{"Description":"x","UnitAmount":100,"AccountCode":"200"}]}"#;
    app.put("Invoices", "i", invoice).await.unwrap();
    app.request("PUT", "Invoices/INV-0001/Attachments/a.bin")
        .body(vec![0xff, 0x00, 0x07])
        .send()
        .await
        .unwrap();
    app.sandbox.control.set_switch("voided_numbers_stay_taken", false);
    let before = app.get("Invoices?page=1").await.text().await.unwrap();
    app.sandbox.stop().await;
    let app = App::start(Options { file: file.clone(), ..options() }).await;
    let rows = |text: &str| Json::parse(text.as_bytes()).unwrap().get("Invoices").unwrap().clone();
    let after = app.get("Invoices?page=1").await.text().await.unwrap();
    assert_eq!(rows(&after), rows(&before));
    let bytes = app.get("Invoices/INV-0001/Attachments/a.bin").await.bytes().await.unwrap();
    assert_eq!(bytes.to_vec(), [0xff, 0x00, 0x07]);
    let trial = app.get("Reports/TrialBalance").await.text().await.unwrap();
    assert!(trial.contains(r#""Value":"120.00""#));
    app.sandbox.stop().await;
    let other = Xero::empty(Region::Au, 7, START.parse().unwrap());
    let refused = Sandbox::start(Options { file, ..Options::new(other) }).await.err().unwrap();
    assert!(refused.to_string().contains("another sample"), "{refused}");
}

#[tokio::test]
async fn calls_without_a_tenant_or_for_another_are_forbidden() {
    let mut app = App::start(options()).await;
    app.tenant = "11111111-2222-4333-8444-555555555555".to_owned();
    assert_eq!(app.get("Organisation").await.status(), StatusCode::FORBIDDEN);
    app.access = "nobody's".to_owned();
    assert_eq!(app.get("Organisation").await.status(), StatusCode::UNAUTHORIZED);
    let url = format!("{}/api.xro/2.0/Organisation", app.sandbox.base_url);
    let token = app.sandbox.control.grant(&[], "").access;
    let without = app.client.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(without.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_binary_serves_and_a_company_file_fits_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("company.sqlite");
    let start = || {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_carry-sandbox"))
            .args(["xero", "--region", "au", "--db"])
            .arg(&file)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // All four lines, or the binary would find its output closed.
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(4);
        let lines: Vec<_> = lines.map(Result::unwrap).collect();
        let (base, tenant) = (lines[0].clone(), lines[1].split(' ').nth(1).unwrap().to_owned());
        (child, base, tenant)
    };
    let client = Client::new();
    let mut names = Vec::new();
    for _ in 0..2 {
        let (mut child, base, tenant) = start();
        let grant = client.post(format!("{base}/_sandbox/grants")).body("{}").send().await.unwrap();
        let grant = grant.text().await.unwrap();
        let grant = Json::parse(grant.as_bytes()).unwrap();
        let contacts = format!("{base}/api.xro/2.0/Contacts");
        let call = |request: reqwest::RequestBuilder| {
            let request = request.bearer_auth(text(&grant, "access_token"));
            request.header("xero-tenant-id", &tenant).header("accept", "application/json")
        };
        let listed = json(call(client.get(&contacts)).send().await.unwrap()).await;
        names.push(listed.get("Contacts").unwrap().to_string());
        call(client.post(&contacts)).body(CONTACT).send().await.unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(names[0], "[]");
    assert!(names[1].contains("Ann"), "{}", names[1]);
}
