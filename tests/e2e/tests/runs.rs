//! The runs of a migration, end to end: full, again, demo, delta, retry, rollback, re-migration.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod support;

use serde_json::Value;
use support::{Place, assert_same, expected, sum};

#[test]
fn a_full_run_carries_all_that_can_be_carried() {
    for (name, source) in [("quickbooks", "books"), ("xero", "books"), ("gnucash", "books/book.gnucash")] {
        let place = Place::with(name);
        let truth = expected(name);
        let code = if truth["rejects"].as_array().unwrap().is_empty() { 0 } else { 1 };
        let args = ["full", "--from", source, "--to", "target.sqlite", "--state", "state", "--json"];
        let done = place.carry(&args).expect(code);
        let summary = done.json();
        assert!(done.stderr.contains("Loaded"), "progress goes to stderr: {}", done.stderr);
        assert_eq!(sum(&summary, "failed"), truth["rejects"].as_array().unwrap().len() as u64, "{name}");
        assert_eq!(summary["reconciliation"]["agrees"], true, "{name}");
        for (entity, wanted) in truth["counts"].as_object().unwrap() {
            let Some(counts) = summary["counts"].get(entity).filter(|_| is_counted(name, entity)) else {
                continue;
            };
            let carried = counts["migrated"].as_u64().unwrap() + counts["skipped"].as_u64().unwrap();
            assert_eq!(Some(carried), wanted.as_u64(), "{name} {entity}");
        }
        let rejected = truth["rejects"].as_array().unwrap().len();
        assert_eq!(
            place.query("target.sqlite", "select count(*) from rejects"),
            i64::try_from(rejected).unwrap()
        );
        for stage in ["plan", "extract", "transform", "load", "reconcile"] {
            let seconds = summary["stages"][stage].as_str().unwrap();
            assert!(seconds.contains('.'), "{stage}: {seconds}");
        }
        for file in ["html", "json"] {
            let path = summary["report"][file].as_str().unwrap();
            assert!(std::fs::metadata(path).unwrap().len() > 1_000, "{path}");
        }
    }
}

/// Entities that expected.json counts as the engine does: three accounts are the engine's own, and GnuCash's
/// transactions between two accounts are transfers here and journal entries there.
fn is_counted(name: &str, entity: &str) -> bool {
    entity != "account" && !(name == "gnucash" && entity == "journal")
}

#[test]
fn balances_in_the_target_are_those_of_the_source() {
    for (name, source) in [("quickbooks", "books"), ("xero", "books"), ("gnucash", "books/book.gnucash")] {
        let place = Place::with(name);
        let args =
            ["full", "--from", source, "--to", "target.sqlite", "--state", "state", "--json", "--quiet"];
        let report = place.carry(&args).json()["report"]["json"].as_str().unwrap().to_owned();
        let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
        let truth = expected(name);
        for ledger in ["receivable", "payable"] {
            let mut wanted: Vec<_> = truth[ledger].as_array().unwrap().iter().map(line).collect();
            let of_ledger = contacts(&report).into_iter().filter(|(of, _)| of == ledger);
            let mut found: Vec<_> =
                of_ledger.map(|(_, line)| line).filter(|line| !line.ends_with(" 0")).collect();
            wanted.retain(|line| !line.ends_with(" 0"));
            wanted.sort();
            found.sort();
            assert_eq!(found, wanted, "{name} {ledger}");
        }
    }
}

fn line(row: &Value) -> String {
    let text = |key: &str| row[key].as_str().unwrap();
    format!("{} {} {}", text("contact"), text("currency"), trimmed(text("balance")))
}

/// Ledger and "contact currency balance" of every contact's balance after the run.
fn contacts(report: &Value) -> Vec<(String, String)> {
    let rows = report["contacts"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let after = trimmed(row["balance"]["after"].as_str().unwrap());
            let contact = row["contact"].as_str().unwrap();
            let currency = row["currency"].as_str().unwrap();
            (row["ledger"].as_str().unwrap().to_owned(), format!("{contact} {currency} {after}"))
        })
        .collect()
}

fn trimmed(amount: &str) -> &str {
    if amount.contains('.') { amount.trim_end_matches('0').trim_end_matches('.') } else { amount }
}

#[test]
fn the_same_run_again_writes_nothing() {
    let place = Place::with("quickbooks");
    let first = place.migrate("full", &[]).expect(1).json();
    let before = place.content("target.sqlite");
    let second = place.migrate("full", &[]).expect(1).json();
    assert_same(&before, &place.content("target.sqlite"));
    assert_eq!((sum(&second, "updated"), sum(&second, "failed")), (0, sum(&first, "failed")));
    assert_eq!(second["reconciliation"]["agrees"], true);
    assert_ne!(first["run"], second["run"]);
    assert_eq!(sum(&second, "unchanged"), sum(&first, "migrated"), "{second:#}");
}

#[test]
fn a_full_run_after_a_demo_ends_as_if_there_had_been_none() {
    let place = Place::with("quickbooks");
    let demo = place.migrate("demo", &["--sample", "5"]).json();
    assert!(sum(&demo, "not_selected") > 0);
    assert_eq!(demo["reconciliation"]["agrees"], true);
    place.migrate("full", &[]).expect(1);

    let alone = Place::with("quickbooks");
    alone.migrate("full", &[]).expect(1);
    assert_same(&alone.content("target.sqlite"), &place.content("target.sqlite"));
}

#[test]
fn a_delta_carries_what_changed() {
    let place = Place::with("quickbooks");
    let refused = place.migrate("delta", &[]).expect(2);
    assert_eq!(refused.json()["error"]["code"], "CF1008");
    place.migrate("full", &[]).expect(1);
    let untouched = place.migrate("delta", &[]).expect(1).json();
    assert_eq!((sum(&untouched, "migrated"), sum(&untouched, "updated")), (0, 0), "{untouched:#}");

    let path = place.path("books").join("Products and Services.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, row) = text.trim_end().rsplit_once('\n').unwrap();
    let name = row.split(',').next().unwrap();
    let changed = format!("{head}\n{row}\n{}\n", row.replacen(name, "A new service", 1));
    std::fs::write(&path, changed).unwrap();
    place.edit("Invoices.csv", "Redwood bark, cubic yard\",4,48.90,195.60", "Changed\",4,48.90,195.60");
    let delta = place.migrate("delta", &[]).expect(1).json();
    assert_eq!(delta["counts"]["item"]["migrated"], 1, "{delta:#}");
    assert_eq!(
        (delta["counts"]["invoice"]["updated"].as_u64(), sum(&delta, "updated")),
        (Some(1), 1),
        "{delta:#}"
    );
    assert_eq!(delta["reconciliation"]["agrees"], true);
    assert_eq!(place.query("target.sqlite", "select count(*) from items where name = 'A new service'"), 1);
    let changed = "select count(*) from document_lines where description = 'Changed'";
    assert_eq!(place.query("target.sqlite", changed), 1);
    let all = "select count(*) from documents where kind = 'invoice'";
    assert_eq!(place.query("target.sqlite", all), 140, "no second copy");

    let vanished = place.path("books").join("Estimates.csv");
    std::fs::remove_file(vanished).unwrap();
    let delta = place.migrate("delta", &[]).expect(1).json();
    let folder = std::path::PathBuf::from(delta["report"]["folder"].as_str().unwrap());
    let listed = std::fs::read_to_string(folder.join("vanished.csv")).unwrap();
    assert_eq!(listed.lines().filter(|line| line.contains("estimate")).count(), 15, "{listed}");
}

#[test]
fn a_mended_row_is_carried_by_a_retry() {
    let place = Place::with("quickbooks");
    let full = place.migrate("full", &[]).expect(1).json();
    assert_eq!(
        place.query("target.sqlite", "select count(*) from documents where source_number = '00131'"),
        0
    );
    place.edit("Invoices.csv", "117.7S", "117.75");
    let retry = place.migrate("retry", &[]).expect(1).json();
    assert_eq!(retry["counts"]["invoice"]["migrated"], 1, "{retry:#}");
    assert_eq!(sum(&retry, "failed"), sum(&full, "failed") - 1);
    assert_eq!(retry["reconciliation"]["agrees"], true);
    assert_eq!(
        place.query("target.sqlite", "select count(*) from documents where source_number = '00131'"),
        1
    );
}

#[test]
fn a_rollback_leaves_nothing_behind() {
    let place = Place::with("quickbooks");
    place.migrate("full", &[]).expect(1);
    let list = place.carry(&["rollback", "--state", "state", "--json"]).expect(0).json();
    assert!(list["removable"].as_array().unwrap().iter().all(|row| row["possible"] == true));
    let unconfirmed = place.carry(&["rollback", "--state", "state", "--all"]).expect(2);
    assert!(unconfirmed.stderr.contains("--yes"), "{}", unconfirmed.stderr);
    let some =
        ["rollback", "--state", "state", "--entities", "payment,bill-payment", "--yes", "--json", "--quiet"];
    let removed = place.carry(&some).json();
    assert!(removed["removed"]["payment"]["removed"].as_u64().unwrap() > 90, "{removed:#}");
    assert_eq!(place.query("target.sqlite", "select count(*) from payments"), 0);
    place.carry(&["rollback", "--state", "state", "--all", "--yes", "--quiet"]).expect(0);
    for table in ["documents", "payments", "contacts", "accounts", "items", "journals"] {
        assert_eq!(place.query("target.sqlite", &format!("select count(*) from {table}")), 0, "{table}");
    }
    let nothing = place.carry(&["rollback", "--state", "state"]).expect(0);
    assert_eq!(nothing.stdout, "There is no data to delete.\n");
}

#[test]
fn a_remigration_ends_like_the_first_run() {
    let place = Place::with("xero");
    place.migrate("full", &[]).expect(1);
    let before = place.content("target.sqlite");
    let anew = place.migrate("remigrate", &["--yes"]).expect(1).json();
    assert_eq!(anew["kind"], "remigration");
    assert!(sum(&anew, "migrated") > 200, "{anew:#}");
    assert_same(&before, &place.content("target.sqlite"));
}

#[test]
fn high_level_mode_keeps_every_figure() {
    let place = Place::with("quickbooks");
    let summary = place.migrate("full", &["--mode", "high-level"]).expect(1).json();
    assert_eq!(summary["reconciliation"]["agrees"], true);
    let lines = "select count(*) from document_lines l join documents d on d.id = l.document_id where d.kind = 'invoice'";
    let invoices = "select count(*) from documents where kind = 'invoice'";
    assert_eq!(place.query("target.sqlite", lines), place.query("target.sqlite", invoices));
}

#[test]
fn a_mapping_file_is_checked_before_anything_is_written() {
    let place = Place::with("xero");
    let sides = ["--from", "books", "--to", "target.sqlite"];
    let map = [&["map"][..], &sides, &["--output", "map.toml", "--json"]].concat();
    let suggested = place.carry(&map).expect(0).json();
    assert!(suggested["entries"].as_u64().unwrap() > 20);
    assert!(!place.path("target.sqlite").exists(), "looking makes no target");
    place.carry(&map).expect(2);

    let text = std::fs::read_to_string(place.path("map.toml")).unwrap();
    std::fs::write(place.path("map.toml"), text.replacen("\ntarget = \"create\"", "\ntarget = \"\"", 1))
        .unwrap();
    let check = [&["map"][..], &sides, &["--check", "map.toml", "--json"]].concat();
    let found = place.carry(&check).expect(2).json();
    assert_eq!(found["complete"], false);
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{found:#}");
    let run = place.migrate("full", &["--mapping", "map.toml"]).expect(2);
    assert_eq!(run.json()["error"]["code"], "CF1003");
    assert_eq!(place.query("target.sqlite", "select count(*) from accounts"), 0);
    std::fs::write(place.path("map.toml"), text).unwrap();
    place.migrate("full", &["--mapping", "map.toml"]).expect(1);
}

#[test]
fn a_changed_contact_is_updated_by_a_delta() {
    let place = Place::with("quickbooks");
    place.migrate("full", &[]).expect(1);
    place.edit("Customers.csv", "elodie.marchand@example.com", "elodie@example.org");
    let delta = place.migrate("delta", &[]).expect(1).json();
    assert_eq!(
        (delta["counts"]["contact"]["updated"].as_u64(), sum(&delta, "updated")),
        (Some(1), 1),
        "{delta:#}"
    );
    let updated = "select count(*) from contacts where email = 'elodie@example.org'";
    assert_eq!(place.query("target.sqlite", updated), 1);
}

#[test]
fn a_new_account_is_not_taken_for_one_that_an_earlier_run_made() {
    let place = Place::with("xero");
    place.migrate("full", &[]).expect(1);
    let accounts = place.query("target.sqlite", "select count(*) from accounts");
    let path = place.path("books").join("ChartOfAccounts.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let row = text.lines().find(|line| line.starts_with("200,")).unwrap();
    // Another account of nearly the same name.
    let name = row.split(',').nth(1).unwrap();
    let added = row.replacen("200,", "2001,", 1).replacen(name, &format!("{name}s"), 1);
    std::fs::write(&path, format!("{}\n{added}\n", text.trim_end())).unwrap();
    let delta = place.migrate("delta", &[]).expect(1).json();
    assert_eq!(delta["counts"]["account"]["migrated"], 1, "{delta:#}");
    assert_eq!(place.query("target.sqlite", "select count(*) from accounts"), accounts + 1);
}
