//! Booked runs: inside the window, started when they are due.

use jiff::{ToSpan, Zoned};
use reqwest::Method;
use serde_json::{Value, json};

use crate::account::{Account, carry, database, prepared, until};
use crate::support::Place;

const TARGET: &str = "postgres://ann:hunter2@db.example/books";

#[test]
fn a_delta_is_booked_inside_the_window_only() {
    let Some(account) = Account::open() else { return };
    let place = Place::with("xero");
    let id = prepared(&place, "schedule-window", TARGET);
    let book = |at: &str, by: Value| {
        let booking = json!({ "kind": "delta", "times": { "once": at }, "by": by });
        account.api(&Method::POST, &format!("/migrations/{id}/bookings"), &booking)
    };
    let (status, body) = book("2099-11-28T12:00:00", json!("customer")); // a Saturday
    assert_eq!((status, &body["error"]["code"]), (400, &json!("CF1011")));
    let (status, body) = book("2099-11-30T21:00:00", json!("customer"));
    assert_eq!((status, &body["error"]["code"]), (400, &json!("CF1011")));
    let (status, body) = book("2099-11-30T10:00:00", json!("customer"));
    assert_eq!(status, 201, "{body}");
    assert_eq!(body["at"], "2099-11-30 10:00 (UTC+02:00)");
    let operator = json!({ "operator": { "who": "ann", "why": "asked for by phone" } });
    assert_eq!(book("2099-11-28T12:00:00", operator).0, 201);
    let (_, listed) = account.api(&Method::GET, &format!("/migrations/{id}/bookings"), &Value::Null);
    assert_eq!(listed["bookings"].as_array().unwrap().len(), 2);
    let name = listed["bookings"][0].as_str().unwrap();
    let (status, _) =
        account.api(&Method::DELETE, &format!("/migrations/{id}/bookings/{name}"), &Value::Null);
    assert_eq!(status, 200);
    let (_, listed) = account.api(&Method::GET, &format!("/migrations/{id}/bookings"), &Value::Null);
    assert_eq!(listed["bookings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_booked_delta_fires_and_runs() {
    let Some(account) = Account::open() else { return };
    let Some(target) = database() else { return };
    let place = Place::with("xero");
    let customer = "schedule-fires";
    let full = carry(&place, customer, &["full", "--from", "books", "--to", &target]).json();
    let id = full["migration"].as_str().unwrap();
    let at = Zoned::now().in_tz("Europe/Kyiv").unwrap().checked_add(15.seconds()).unwrap();
    let booking = json!({
        "kind": "delta",
        "times": { "once": at.strftime("%Y-%m-%dT%H:%M:%S").to_string() },
        "by": { "operator": { "who": "ann", "why": "a test" } },
    });
    let (status, body) = account.api(&Method::POST, &format!("/migrations/{id}/bookings"), &booking);
    assert_eq!(status, 201, "{body}");
    let delta = until("the delta", || {
        let status = carry(&place, customer, &["status"]).expect(0).json();
        let runs = status["migrations"][0]["runs"].as_array().unwrap().clone();
        runs.into_iter().find(|run| run["kind"] == "delta" && run["ended"].is_string())
    });
    assert!(delta["state"].as_str().unwrap().starts_with("finished"), "{delta}");
    // What is due is told again where the first telling's answer was lost: it is one run.
    let runs = |kind: &str| {
        let status = carry(&place, customer, &["status"]).expect(0).json();
        let runs = status["migrations"][0]["runs"].as_array().unwrap().clone();
        runs.into_iter().filter(|run| run["kind"] == kind).count()
    };
    assert_eq!(runs("delta"), 1);
}

#[test]
fn the_heartbeat_is_taken() {
    let Some(account) = Account::open() else { return };
    assert_eq!(account.invoke("schedule", &json!({ "tick": true })), Value::Null);
}
