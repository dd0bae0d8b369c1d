//! The crosswalk and the plain-text journal, the latter checked by hledger and Beancount where they are installed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use support::{Place, expected};

const BOOKS: [(&str, &str); 3] =
    [("quickbooks", "books"), ("xero", "books"), ("gnucash", "books/book.gnucash")];

fn migrated(name: &str, source: &str) -> (Place, Value) {
    let place = Place::with(name);
    let args = ["full", "--from", source, "--to", "target.sqlite", "--state", "state", "--json", "--quiet"];
    let summary = place.carry(&args).json();
    (place, summary)
}

fn is_installed(tool: &str) -> bool {
    let there = Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: {tool} is not installed");
    }
    there
}

/// Contact and currency to balance, in cents.
type Balances = BTreeMap<(String, String), i64>;

fn cents(amount: &str) -> i64 {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let fraction: String = fraction.chars().chain("00".chars()).take(2).collect();
    let cents =
        whole.trim_start_matches('-').parse::<i64>().unwrap() * 100 + fraction.parse::<i64>().unwrap();
    if amount.starts_with('-') { -cents } else { cents }
}

#[test]
fn hledger_agrees_with_the_report() {
    if !is_installed("hledger") {
        return;
    }
    for (name, source) in BOOKS {
        let (place, summary) = migrated(name, source);
        place.carry(&["export", "ledger", "--state", "state", "--output", "books.journal"]).expect(0);
        let hledger = |args: &[&str]| {
            let output = Command::new("hledger")
                .arg("-f")
                .arg(place.path("books.journal"))
                .args(args)
                .output()
                .unwrap();
            assert!(output.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        hledger(&["check", "--strict"]);
        let report: Value = serde_json::from_str(
            &std::fs::read_to_string(summary["report"]["json"].as_str().unwrap()).unwrap(),
        )
        .unwrap();
        for (ledger, account, sign) in
            [("receivable", "assets:receivable", 1), ("payable", "liabilities:payable", -1)]
        {
            let csv = hledger(&[
                "balance",
                account,
                "--flat",
                "--no-total",
                "--output-format=csv",
                "--layout=bare",
            ]);
            let mut found = Balances::new();
            for row in csv::Reader::from_reader(csv.as_bytes()).records() {
                let row = row.unwrap();
                let contact = row[0].rsplit(':').next().unwrap().to_owned();
                found.insert((contact, row[1].to_owned()), cents(&row[2]) * sign);
            }
            found.retain(|_, cents| *cents != 0);
            let rows = report["contacts"].as_array().unwrap().iter().filter(|row| row["ledger"] == ledger);
            let mut wanted: Balances = rows
                .map(|row| {
                    let contact = row["contact"].as_str().unwrap().replace([':', '/'], "-");
                    let after = row["balance"]["after"].as_str().unwrap();
                    ((contact, row["currency"].as_str().unwrap().to_owned()), cents(after))
                })
                .collect();
            wanted.retain(|_, cents| *cents != 0);
            assert_eq!(found, wanted, "{name} {ledger}");
            assert_eq!(found.len(), expected(name)[ledger].as_array().unwrap().len(), "{name} {ledger}");
        }
        let clearing = hledger(&["balance", "Carryforward clearing", "--no-total"]);
        assert_eq!(clearing.trim(), "", "the clearing account ends at zero");
    }
}

#[test]
fn beancount_accepts_the_journal() {
    for (name, source) in BOOKS {
        let (place, _) = migrated(name, source);
        let args =
            ["export", "ledger", "--format", "beancount", "--state", "state", "--output", "books.beancount"];
        place.carry(&args).expect(0);
        let text = std::fs::read_to_string(place.path("books.beancount")).unwrap();
        assert!(text.contains("\n1900-01-01 open Assets:Receivable:"), "{name}");
        if is_installed("bean-check") {
            let output = Command::new("bean-check").arg(place.path("books.beancount")).output().unwrap();
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn transactions_as_json_balance() {
    let (place, _) = migrated("quickbooks", "books");
    let done = place.carry(&["export", "ledger", "--state", "state", "--json", "--quiet"]).expect(0);
    let mut count = 0;
    for line in done.stdout.lines() {
        let transaction: Value = serde_json::from_str(line).unwrap();
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for posting in transaction["postings"].as_array().unwrap() {
            let currency = posting["currency"].as_str().unwrap().to_owned();
            *sums.entry(currency).or_default() += cents(posting["amount"].as_str().unwrap());
        }
        assert!(sums.values().all(|sum| *sum == 0), "{transaction}");
        count += 1;
    }
    assert!(count > 350, "{count}");
}

#[test]
fn the_crosswalk_names_everything_that_was_carried() {
    let (place, summary) = migrated("xero", "books");
    let done = place.carry(&["export", "crosswalk", "--state", "state"]).expect(0);
    assert!(done.stdout.starts_with("entity,source_id,source_number,target_id,target_number,note\n"));
    let rows = place.carry(&["export", "crosswalk", "--state", "state", "--json"]).expect(0);
    let rows: Vec<Value> = rows.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let invoices = rows.iter().filter(|row| row["entity"] == "invoice").count();
    assert_eq!(Some(invoices as u64), summary["counts"]["invoice"]["migrated"].as_u64());
    assert!(rows.iter().all(|row| row["target_id"].is_string()));
}
