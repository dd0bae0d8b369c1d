//! QuickBooks over HTTP: consent, tokens, companies, limits, faults, company files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::time::Duration;

use carry_sandbox::json::Json;
use carry_sandbox::quickbooks::QuickBooks;
use carry_sandbox::{Fault, Handle, Injection, Options, Region, Sandbox};
use reqwest::{Client, Response, header};

const START: &str = "2026-06-15T09:00:00Z";
const REDIRECT: &str = "http://localhost:9/callback";

/// A running sandbox with a token for its company.
struct App {
    sandbox: Handle,
    client: Client,
    realm: String,
    access: String,
}

fn options() -> Options {
    let now = START.parse().unwrap();
    Options { now, speed: 0, consent: true, ..Options::new(QuickBooks::empty(Region::Us, 7, now)) }
}

impl App {
    async fn start(options: Options) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let realm = sandbox.control.tenants()[0].id.clone();
        let access = sandbox.control.grant(&[], "com.intuit.quickbooks.accounting").access;
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { sandbox, client, realm, access }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/v3/company/{}/{path}", self.sandbox.base_url, self.realm);
        let request = self.client.request(method.parse().unwrap(), url);
        request.bearer_auth(&self.access).header(header::ACCEPT, "application/json")
    }

    async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await.unwrap()
    }

    async fn post(&self, path: &str, body: &str) -> reqwest::Result<Response> {
        self.request("POST", path).body(body.to_owned()).send().await
    }

    async fn token(&self, form: &[(&str, &str)]) -> (u16, Json) {
        let app = self.sandbox.control.app();
        let url = format!("{}/oauth2/v1/tokens/bearer", self.sandbox.base_url);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let kind = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request =
            self.client.post(url).basic_auth(app.id, Some(app.secret)).header(kind.0, kind.1).body(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), json(response).await)
    }
}

async fn json(response: Response) -> Json {
    Json::parse(&response.bytes().await.unwrap()).unwrap()
}

fn text(json: &Json, path: &str) -> String {
    match json.at(path) {
        Some(Json::Text(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => panic!("no {path} in {json}"),
    }
}

#[tokio::test]
async fn a_person_consents_to_one_company_and_the_tokens_rotate_by_day() {
    let mut app = App::start(options()).await;
    let id = app.sandbox.control.app().id;
    let url = format!(
        "{}/connect/oauth2?client_id={id}&scope=com.intuit.quickbooks.accounting&redirect_uri={REDIRECT}&response_type=code&state=s1",
        app.sandbox.base_url
    );
    let back = app.client.get(url).send().await.unwrap();
    let back = back.headers()["location"].to_str().unwrap().to_owned();
    assert!(back.starts_with(REDIRECT) && back.contains("state=s1"), "{back}");
    assert!(back.contains(&format!("realmId={}", app.realm)), "{back}");
    let code = back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap();
    let (status, issued) =
        app.token(&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)]).await;
    assert_eq!(status, 200, "{issued}");
    assert_eq!(
        (text(&issued, "expires_in"), text(&issued, "x_refresh_token_expires_in")),
        ("3600".into(), "8640000".into())
    );
    let first = text(&issued, "refresh_token");
    let refresh = |token: String| {
        let app = &app;
        async move { app.token(&[("grant_type", "refresh_token"), ("refresh_token", &token)]).await }
    };
    let (_, again) = refresh(first.clone()).await;
    assert_eq!(text(&again, "refresh_token"), first, "the same within a day");
    app.sandbox.control.advance(Duration::from_secs(25 * 3600));
    let (_, later) = refresh(first.clone()).await;
    assert_ne!(text(&later, "refresh_token"), first);
    let (status, refused) = refresh(first).await;
    assert_eq!((status, text(&refused, "error")), (400, "invalid_grant".into()));
    app.access = text(&later, "access_token");
    let answer = app.get("companyinfo/1").await;
    assert_eq!(answer.status(), 401, "a token that was replaced and used again ends the grant");
}

#[tokio::test]
async fn an_expired_token_is_told_in_lower_case() {
    let app = App::start(options()).await;
    app.sandbox.control.advance(Duration::from_secs(3601));
    let answer = app.get("companyinfo/1").await;
    assert_eq!(answer.status(), 401);
    let body = json(answer).await;
    let error = &body.at("fault.error").and_then(Json::as_array).unwrap()[0];
    assert_eq!((text(error, "code"), text(error, "detail")), ("3200".into(), "Token expired".into()));
    let other = format!("{}/v3/company/1/companyinfo/1", app.sandbox.base_url);
    let access = app.sandbox.control.grant(&[], "").access;
    let answer = app.client.get(other).bearer_auth(access).send().await.unwrap();
    assert_eq!(answer.status(), 403, "another company");
}

#[tokio::test]
async fn ten_a_second_and_five_hundred_a_minute() {
    let app = App::start(options()).await;
    for _ in 0..50 {
        for _ in 0..10 {
            assert_eq!(app.get("companyinfo/1").await.status(), 200);
        }
        let over = app.get("companyinfo/1").await;
        assert_eq!(over.status(), 429);
        let body = json(over).await;
        let error = &body.at("Fault.Error").and_then(Json::as_array).unwrap()[0];
        assert_eq!(text(error, "code"), "3001");
        app.sandbox.control.advance(Duration::from_secs(1));
    }
    assert_eq!(app.get("companyinfo/1").await.status(), 429, "500 within the minute");
    app.sandbox.control.advance(Duration::from_secs(11));
    assert_eq!(app.get("companyinfo/1").await.status(), 200);
    let counters = app.sandbox.control.counters();
    assert_eq!(counters.calls["read companyinfo"], 501);
    assert_eq!((counters.exceeded["second"], counters.exceeded["minute"]), (50, 1));
}

#[tokio::test]
async fn a_batch_is_one_call_unless_its_items_count() {
    let app = App::start(options()).await;
    let item = r#"{"bId":"1","Query":"select * from Term"}"#;
    let batch = format!(r#"{{"BatchItemRequest":[{}]}}"#, vec![item; 30].join(","));
    assert_eq!(app.post("batch", &batch).await.unwrap().status(), 200);
    let counters = app.sandbox.control.counters();
    assert_eq!((counters.calls["batch"], counters.items["batch"], counters.peak["minute"]), (1, 30, 1));
    assert!(app.sandbox.control.set_switch("batch_items_count", true));
    assert_eq!(app.post("batch", &batch).await.unwrap().status(), 200);
    assert_eq!(app.sandbox.control.counters().peak["minute"], 31);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again_under_its_request_id() {
    let app = App::start(options()).await;
    app.sandbox.control.inject(Injection::next("create customer", Fault::Drop));
    let body = r#"{"DisplayName":"Ann"}"#;
    assert!(app.post("customer?requestid=r1", body).await.is_err());
    let again = app.post("customer?requestid=r1", body).await.unwrap();
    assert!(again.headers().contains_key("intuit_tid"));
    assert_eq!(text(&json(again).await, "Customer.Id"), "1");
    let count = json(app.get("query?query=select%20count(*)%20from%20Customer").await).await;
    assert_eq!(text(&count, "QueryResponse.totalCount"), "1");
}

#[tokio::test]
async fn a_company_file_outlives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = Some(folder.path().join("company.sqlite"));
    let app = App::start(Options { file: file.clone(), ..options() }).await;
    app.post("customer?requestid=r1", r#"{"DisplayName":"Ann"}"#).await.unwrap();
    app.sandbox.stop().await;
    let app = App::start(Options { file, ..options() }).await;
    let ann = json(app.get("customer/1").await).await;
    assert_eq!(text(&ann, "Customer.DisplayName"), "Ann");
    let again = app.post("customer?requestid=r1", r#"{"DisplayName":"Ann"}"#).await.unwrap();
    assert_eq!(again.status(), 200, "its request id is known");
}
