//! The HTTP API and the purchases, over HTTP.

use carry_service::signature;
use reqwest::Method;
use serde_json::{Value, json};

use crate::account::{Account, STACK, carry};
use crate::support::Place;

fn tell(account: &Account, event: &Value, secret: &str) -> (u64, Value) {
    let body = event.to_string();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let now = jiff::Timestamp::from_second(i64::try_from(now).unwrap()).unwrap();
    let signed = signature::sign(&secret.into(), now, body.as_bytes()).unwrap();
    account.http(&Method::POST, "/purchases", &[(signature::HEADER, &signed)], body)
}

#[test]
fn nothing_is_answered_without_the_key() {
    let Some(account) = Account::open() else { return };
    let ask = |headers: &[(&str, &str)]| {
        account.http(&Method::GET, "/migrations?customer=api-key", headers, String::new())
    };
    for headers in [&[][..], &[("authorization", "Bearer guess")]] {
        let (status, body) = ask(headers);
        assert_eq!((status, &body["error"]["code"]), (401, &json!("CF1103")));
    }
    let key = format!("Bearer {}", account.secret(&format!("{STACK}/api-key")));
    assert_eq!(ask(&[("authorization", &key)]), (200, json!({ "migrations": [] })));
}

#[test]
fn a_purchase_that_is_told_twice_is_one_migration() {
    let Some(account) = Account::open() else { return };
    let secret = account.secret(&format!("{STACK}/webhook"));
    let id = format!("evt_{}", std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos());
    let event = json!({ "id": id, "type": "migration.purchased", "data": { "customer": id } });
    let (status, refused) = tell(&account, &event, "guess");
    assert_eq!((status, &refused["error"]["code"]), (401, &json!("CF1102")));
    let (status, first) = tell(&account, &event, &secret);
    assert_eq!(status, 200, "{first}");
    assert_eq!(first["taken"]["missing"], json!(["source", "target"]));
    assert_eq!(tell(&account, &event, &secret), (200, first.clone()));
    let (_, theirs) = account.api(&Method::GET, &format!("/migrations?customer={id}"), &Value::Null);
    let theirs = theirs["migrations"].as_array().unwrap();
    assert_eq!(theirs.len(), 1);
    assert_eq!(theirs[0]["migration"], first["taken"]["migration"]);
}

#[test]
fn support_reads_staged_batches_only_where_the_customer_allows_it() {
    let Some(account) = Account::open() else { return };
    let place = Place::with("xero");
    let customer = format!("api-support-{}", std::process::id()); // as `carry` names it
    let set_up = json!({ "customer": customer, "source": "uploads", "target": "postgres://db/books" });
    let (status, made) = account.api(&Method::POST, "/migrations", &set_up);
    assert_eq!(status, 201, "{made}");
    let id = made["migration"].as_str().unwrap();
    let look = |command: &str| carry(&place, "api-support", &[command, "--migration", id]).expect(2).json();
    let refused = || {
        for command in ["staged", "report"] {
            let answer = look(command);
            assert_eq!(answer["error"]["code"], "CF1104", "{answer}");
        }
    };
    let allow = |allowed: bool| {
        let body = json!({ "allowed": allowed });
        assert_eq!(account.api(&Method::PUT, &format!("/migrations/{id}/support"), &body).0, 200);
    };
    refused();
    allow(true);
    assert_eq!(look("staged")["error"]["code"], "CF1006", "there is no run yet");
    allow(false);
    refused();
}
