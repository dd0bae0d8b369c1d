//! `carry --cloud`: the same commands, with the same output and exit codes as on one machine.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::account::{Account, STACK, carry, database, prepared};
use crate::support::{Place, sum};

#[test]
fn faults_name_what_is_missing_and_the_next_step() {
    let Some(_) = Account::open() else { return };
    let place = Place::with("xero");
    let none = place.carry(&["--cloud", "nowhere", "status", "--json"]).expect(2).json();
    assert_eq!(none["error"]["code"], "CF1001");
    assert!(none["error"]["detail"].as_str().unwrap().contains("no stack 'nowhere'"), "{none}");
    assert!(none["error"]["hint"].as_str().unwrap().contains("localstack/up"), "{none}");

    let mut unknown = place.command(&["--cloud", STACK, "status", "--json"]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"] {
        unknown.env_remove(name);
    }
    let home = place.path("nobody");
    unknown.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", &home);
    unknown.env("AWS_CONFIG_FILE", home.join("c")).env("AWS_SHARED_CREDENTIALS_FILE", home.join("s"));
    let unknown = crate::support::Done::of(unknown.output().unwrap()).expect(2).json();
    assert_eq!(unknown["error"]["code"], "CF1101", "{unknown}");
    assert!(unknown["error"]["hint"].as_str().unwrap().contains("AWS_PROFILE"), "{unknown}");

    let target = ["full", "--from", "books", "--to", "books.sqlite"];
    let local = carry(&place, "cli-faults", &target).expect(2).json();
    assert!(local["error"]["detail"].as_str().unwrap().contains("file of this machine"), "{local}");
    let here = carry(&place, "cli-faults", &["sources", "books"]).expect(2).json();
    assert!(here["error"]["hint"].as_str().unwrap().contains("Leave --cloud out"), "{here}");
    let unknown = carry(&place, "cli-faults", &["report", "--migration", "none"]).expect(2).json();
    assert_eq!(unknown["error"]["code"], "CF1006");
}

#[test]
fn a_migration_is_prepared_once_and_keeps_no_password_where_it_shows() {
    let Some(account) = Account::open() else { return };
    let place = Place::with("xero");
    let target = "postgres://ann:hunter2@db.example/books";
    let id = prepared(&place, "cli-prepare", target);
    assert_eq!(prepared(&place, "cli-prepare", target), id, "the same again");
    assert_ne!(prepared(&place, "cli-other", target), id, "another customer's");
    let status = carry(&place, "cli-prepare", &["status"]).expect(0);
    assert!(!status.stdout.contains("hunter2"), "{}", status.stdout);
    let migrations = status.json()["migrations"].clone();
    assert_eq!(migrations.as_array().unwrap().len(), 1);
    assert_eq!(migrations[0]["runs"], Value::Array(Vec::new()), "nothing was started");
    let names = |keys: &[String]| keys.iter().filter(|key| key.contains("/uploads/")).count();
    assert_eq!(names(&account.objects(&id)), std::fs::read_dir(place.path("books")).unwrap().count());
    // A file that is gone, or mended, is so in the cloud too.
    std::fs::remove_file(place.path("books").join("Items.csv")).unwrap();
    prepared(&place, "cli-prepare", target);
    assert!(!account.objects(&id).iter().any(|key| key.ends_with("/Items.csv")));
    let prefix = format!("{STACK}/migrations/{id}");
    assert_eq!(account.secrets(&id), [format!("{prefix}/source"), format!("{prefix}/target")]);
}

#[test]
fn a_run_is_watched_to_its_end_read_and_rolled_back() {
    let Some(_) = Account::open() else { return };
    let Some(target) = database() else { return };
    let place = Place::with("xero");
    // The same books on one machine: what comes out must be the same.
    let local = place.migrate("full", &[]);
    let run = ["full", "--from", "books", "--to", &target];
    let cloud = carry(&place, "cli-full", &run).expect(local.code);
    let (local, cloud) = (local.json(), cloud.json());
    for same in ["kind", "state", "counts", "adjustments", "reconciliation"] {
        assert_eq!(cloud[same], local[same], "{same}");
    }
    for same in ["verdict", "sentence"] {
        assert_eq!(cloud["report"][same], local["report"][same], "{same}");
    }
    let files = |run: &Value| {
        let names = run["report"]["files"].as_array().unwrap().iter();
        names.map(|name| name.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(files(&cloud), files(&local));
    let page = std::fs::read_to_string(cloud["report"]["html"].as_str().unwrap()).unwrap();
    assert!(page.contains("<html"), "the page was fetched");

    let reported = carry(&place, "cli-full", &["report", "--output", "again"]).expect(0).json();
    assert_eq!(reported["sentence"], cloud["report"]["sentence"]);
    let invoices = carry(&place, "cli-full", &["staged", "--entity", "invoice", "--limit", "3"]).expect(0);
    assert_eq!(invoices.json().as_array().unwrap().len(), 3);
    let rejects = carry(&place, "cli-full", &["staged", "--rejects"]).expect(0).json();
    let refused = place.carry(&["staged", "--state", "state", "--rejects", "--json"]).expect(0).json();
    assert_eq!(rejects, refused);

    let again = carry(&place, "cli-full", &run).json();
    assert_eq!(sum(&again, "migrated"), 0, "a second run finds everything there");
    let list = carry(&place, "cli-full", &["rollback"]).expect(0).json();
    assert!(list["removable"].as_array().unwrap().len() > 3, "{list}");
    assert_eq!(list["removed"], serde_json::json!({}));
    let removed = carry(&place, "cli-full", &["rollback", "--all", "--yes"]).expect(0).json();
    let removed = removed["removed"].as_object().unwrap();
    assert!(removed["invoice"]["removed"].as_u64().unwrap() > 0, "{removed:?}");
    let nothing = carry(&place, "cli-full", &["rollback", "--all", "--yes"]).expect(0).json();
    assert_eq!(nothing["removable"], serde_json::json!([]));
}
