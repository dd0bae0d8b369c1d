//! The end of a migration: unseen at its time, deleted soon after, with a receipt.

use reqwest::Method;
use serde_json::{Value, json};

use crate::account::{Account, carry, prepared, until};
use crate::support::Place;

const TARGET: &str = "postgres://ann:hunter2@db.example/books";

/// A minute ago, in seconds since 1970.
fn before() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap() - 60
}

fn receipts(account: &Account, id: &str) -> Vec<Value> {
    let (status, body) = account.api(&Method::GET, &format!("/migrations/{id}"), &Value::Null);
    assert_eq!(status, 200, "the header stays: {body}");
    body["header"]["purges"].as_array().unwrap().clone()
}

/// Nothing is left of it but what the product keeps for good.
fn assert_gone(account: &Account, id: &str) {
    assert_eq!(account.objects(id), Vec::<String>::new());
    assert_eq!(account.secrets(id), Vec::<String>::new());
    assert_eq!(account.items(id), [format!("M#{id} HEADER")]);
}

#[test]
fn what_is_over_is_unseen_at_once_and_gone_with_the_next_sweep() {
    let Some(account) = Account::open() else { return };
    let place = Place::with("xero");
    let id = prepared(&place, "purge-sweep", TARGET);
    let kept = prepared(&place, "purge-kept", TARGET);
    let uploads = account.objects(&id).len();
    assert!(uploads > 0);
    account.update(&format!("M#{id}"), "HEADER", "over_at", before());
    let status = carry(&place, "purge-sweep", &["status"]).expect(0).json();
    assert_eq!(status["migrations"], json!([]), "unseen, though nothing was deleted yet");
    let (status, _) = account.api(&Method::GET, &format!("/migrations/{id}/runs"), &Value::Null);
    assert_eq!(status, 404);
    assert_eq!(account.objects(&id).len(), uploads);

    let swept = account.invoke("purge", &json!({ "sweep": true }));
    assert!(swept["purged"].as_u64().unwrap() >= 1, "{swept}");
    assert_gone(&account, &id);
    let [receipt] = receipts(&account, &id).try_into().unwrap();
    assert_eq!(receipt["why"], "retention");
    assert_eq!(receipt["objects"].as_u64().unwrap(), u64::try_from(uploads).unwrap());
    assert_eq!(receipt["secrets"], 2);
    assert!(!account.objects(&kept).is_empty(), "another migration is left alone");

    account.invoke("purge", &json!({ "sweep": true }));
    assert_eq!(receipts(&account, &id).len(), 1, "what is gone is not purged again");
}

#[test]
fn the_first_item_that_expires_takes_the_migration_with_it() {
    let Some(account) = Account::open() else { return };
    let place = Place::with("xero");
    let id = prepared(&place, "purge-ttl", TARGET);
    account.update(&format!("M#{id}"), "HEADER", "over_at", before());
    account.update(&format!("M#{id}#contact"), "L#1", "expires_at", before());
    // The table lets the item go, its stream tells the purge.
    let receipt = until("the purge", || receipts(&account, &id).pop());
    assert_eq!(receipt["secrets"], 2);
    assert_gone(&account, &id);
}

#[test]
fn a_caller_can_end_a_migration() {
    let Some(account) = Account::open() else { return };
    let place = Place::with("xero");
    let id = prepared(&place, "purge-end", TARGET);
    let (status, body) = account.api(&Method::DELETE, &format!("/migrations/{id}"), &Value::Null);
    assert_eq!((status, &body["state"]), (202, &json!("to be purged")));
    let (status, _) = account.api(&Method::DELETE, &format!("/migrations/{id}"), &Value::Null);
    assert_eq!(status, 404, "it is unseen already");
    account.invoke("purge", &json!({ "sweep": true }));
    assert_gone(&account, &id);
    assert_eq!(receipts(&account, &id).len(), 1);
}
