//! Each sample company through a whole run into a target in memory: every document, every balance per contact and
//! every refused row must be what `expected.json` says, which was worked out without this program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carry_connector::{Reader, exact};
use carry_model::{Body, Decimal, Entity, Ledger, RecordKey, parse_plain};
use carry_pipeline::{Cancel, Connection, Engine, NoProgress, Settings, report_files, run};
use carry_ports::{RunKind, SystemClock};
use carry_report::RejectRow;
use carry_simulation::World;
use carry_simulation::target::{Kept, MemoryTarget, Trouble};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    counts: BTreeMap<String, u64>,
    documents: Vec<ExpectedDocument>,
    receivable: Vec<ExpectedBalance>,
    payable: Vec<ExpectedBalance>,
    settlements: Vec<serde_json::Value>,
    rejects: Vec<ExpectedReject>,
}

#[derive(Deserialize)]
struct ExpectedDocument {
    entity: String,
    number: String,
    contact: Option<String>,
    date: String,
    currency: String,
    status: String,
    total: String,
    outstanding: Option<String>,
}

#[derive(Deserialize)]
struct ExpectedBalance {
    contact: String,
    currency: String,
    balance: String,
}

#[derive(Deserialize)]
struct ExpectedReject {
    file: String,
    line: u64,
    kind: String,
}

fn samples(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(name)
}

fn money(text: &str) -> Decimal {
    parse_plain(text).unwrap()
}

struct Carried {
    kept: Vec<Kept>,
    rejects: Vec<RejectRow>,
    settlements: usize,
    agrees: bool,
    sentence: String,
    contacts: BTreeMap<(Ledger, String, String), Decimal>,
    names: BTreeMap<String, String>,
}

async fn carry(reader: Arc<dyn Reader>) -> Carried {
    let world = World::new(MemoryTarget::new(1, Trouble::default()));
    let survey = reader.survey().await.unwrap();
    world.target.set_home_currency(survey.company.home_currency);
    let engine = Engine {
        connection: Connection { reader, writer: world.target.clone() },
        jobs: world.jobs.clone(),
        staging: world.staging.clone(),
        clock: Arc::new(SystemClock),
        progress: Arc::new(NoProgress),
        cancel: Cancel::default(),
        workers: 2,
    };
    let ended = run(&engine, &world.migration(), RunKind::Full, &Settings::default()).await.unwrap();
    let folder = std::env::temp_dir().join(format!("carryforward-scenario-{}", ended.run.id));
    std::fs::create_dir_all(&folder).unwrap();
    let to = folder.clone();
    let files =
        report_files(&engine, &ended.run, move |name| Ok(Box::new(std::fs::File::create(to.join(name))?)));
    let sentence = files.await.unwrap().sentence;
    let json: serde_json::Value =
        serde_json::from_reader(std::fs::File::open(folder.join("report.json")).unwrap()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let rejects: Vec<RejectRow> = serde_json::from_value(json["rejects"].clone()).unwrap();
    let mut contacts = BTreeMap::new();
    for row in json["contacts"].as_array().unwrap() {
        let ledger = if row["ledger"] == "receivable" { Ledger::Receivable } else { Ledger::Payable };
        let key = (
            ledger,
            row["contact"].as_str().unwrap().to_owned(),
            row["currency"].as_str().unwrap().to_owned(),
        );
        contacts.insert(key, money(row["balance"]["after"].as_str().unwrap()));
    }
    let links = engine.jobs.links(&world.migration().id, Entity::Contact, None, 10_000).await.unwrap();
    let names =
        links.into_iter().map(|l| (l.key.id.to_string(), l.number.unwrap_or(l.key.id.to_string()))).collect();
    let kept = world.target.kept();
    let settlements = kept
        .iter()
        .filter(|k| {
            exact::is_derived(&k.key.id) && k.key.entity != Entity::Account && k.key.entity != Entity::Journal
        })
        .count();
    Carried { kept, rejects, settlements, agrees: ended.reconciled.agrees(), sentence, contacts, names }
}

fn check(expected: &Expected, carried: &Carried) {
    // Shown where a check below fails.
    for row in &carried.rejects {
        println!("{} {} {} {:?}: {}", row.code.id(), row.entity, row.place, row.number, row.sentence);
    }
    assert!(carried.agrees, "{}", carried.sentence);
    check_documents(expected, carried);
    check_balances(Ledger::Receivable, &expected.receivable, carried);
    check_balances(Ledger::Payable, &expected.payable, carried);
    check_rejects(expected, carried);
    check_counts(expected, carried);
    assert_eq!(carried.settlements, expected.settlements.len(), "settlements");
}

fn check_documents(expected: &Expected, carried: &Carried) {
    let mut wanted: Vec<_> = expected
        .documents
        .iter()
        .filter(|d| d.status != "voided")
        .map(|d| {
            let open = d.outstanding.as_deref().filter(|_| d.status != "draft").map_or(Decimal::ZERO, money);
            let contact = d.contact.clone().unwrap_or_default();
            (
                d.entity.clone(),
                d.number.clone(),
                contact,
                d.date.clone(),
                d.currency.clone(),
                money(&d.total),
                open,
            )
        })
        .collect();
    let mut found: Vec<_> = carried
        .kept
        .iter()
        .filter_map(|kept| {
            let Body::Document(document) = &kept.body else { return None };
            // Expenses are no documents of their own in the expected figures.
            if kept.key.entity == Entity::Expense {
                return None;
            }
            let has_balance =
                kept.key.entity.ledger().is_some() && document.status == carry_model::Status::Open;
            let open =
                if has_balance { document.total - applied(&carried.kept, &kept.key) } else { Decimal::ZERO };
            let contact =
                document.contact.as_ref().map(|id| carried.names[id.as_str()].clone()).unwrap_or_default();
            Some((
                kept.key.entity.name().to_owned(),
                kept.number.clone().unwrap_or_default(),
                contact,
                document.date.to_string(),
                document.currency.to_string(),
                document.sum_of_parts().unwrap(),
                open,
            ))
        })
        .collect();
    wanted.sort();
    found.sort();
    let (wanted, found): (BTreeSet<_>, BTreeSet<_>) =
        (wanted.into_iter().collect(), found.into_iter().collect());
    let missing: Vec<_> = wanted.difference(&found).collect();
    let extra: Vec<_> = found.difference(&wanted).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing: {missing:#?}\nextra: {extra:#?}");
}

fn applied(kept: &[Kept], document: &RecordKey) -> Decimal {
    kept.iter()
        .filter_map(|kept| match &kept.body {
            Body::Payment(payment) => Some(&payment.allocations),
            _ => None,
        })
        .flatten()
        .filter(|allocation| &allocation.document == document)
        .map(|allocation| allocation.amount)
        .sum()
}

fn check_balances(ledger: Ledger, expected: &[ExpectedBalance], carried: &Carried) {
    let wanted: BTreeMap<_, _> = expected
        .iter()
        .map(|b| ((b.contact.clone(), b.currency.clone()), money(&b.balance)))
        .filter(|(_, balance)| !balance.is_zero())
        .collect();
    let found: BTreeMap<_, _> = carried
        .contacts
        .iter()
        .filter(|((of, ..), balance)| *of == ledger && !balance.is_zero())
        .map(|((_, contact, currency), balance)| ((contact.clone(), currency.clone()), *balance))
        .collect();
    assert_eq!(found, wanted, "{ledger:?}");
}

fn check_rejects(expected: &Expected, carried: &Carried) {
    let kind = |row: &RejectRow| match row.code.id() {
        "CF2001" => "amount",
        "CF2002" => "date",
        "CF2003" => "missing",
        "CF2004" => "currency",
        "CF2005" => "columns",
        "CF2010" => "reference",
        other => panic!("{other}: {} {}", row.sentence, row.place),
    };
    let wanted: BTreeSet<_> =
        expected.rejects.iter().map(|r| (r.file.clone(), r.line, r.kind.clone())).collect();
    let found: BTreeSet<_> = carried
        .rejects
        .iter()
        .filter(|row| row.code.id() != "CF3008")
        .map(|row| (row.place.file.clone(), row.place.line, kind(row).to_owned()))
        .collect();
    assert_eq!(found, wanted);
}

fn check_counts(expected: &Expected, carried: &Carried) {
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for kept in carried.kept.iter().filter(|kept| !exact::is_derived(&kept.key.id)) {
        *found.entry(kept.key.entity.name().to_owned()).or_default() += 1;
    }
    let voided = expected.documents.iter().filter(|d| d.status == "voided");
    for document in voided {
        *found.entry(document.entity.clone()).or_default() += 1;
    }
    if !expected.counts.contains_key("transfer") {
        // GnuCash makes no difference between the two; its reader does.
        let transfers = found.remove("transfer").unwrap_or_default();
        *found.entry("journal".to_owned()).or_default() += transfers;
    }
    let listed = ["customer", "supplier"];
    let wanted: BTreeMap<_, _> =
        expected.counts.iter().filter(|(name, _)| !listed.contains(&name.as_str())).collect();
    for (name, count) in wanted {
        assert_eq!(found.get(name).copied().unwrap_or_default(), *count, "{name}; found {found:?}");
    }
}

fn expected(name: &str) -> Expected {
    serde_json::from_reader(std::fs::File::open(samples(name).join("expected.json")).unwrap()).unwrap()
}

async fn files(name: &str) -> Carried {
    let reader = carry_files::FilesReader::new(samples(name), carry_files::FilesOptions::default());
    carry(Arc::new(reader)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn quickbooks() {
    check(&expected("quickbooks"), &files("quickbooks").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn xero() {
    check(&expected("xero"), &files("xero").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn gnucash() {
    let path = samples("gnucash").join("book.gnucash");
    let database = carry_database::conn::Database::open(path.to_str().unwrap()).await.unwrap();
    let reader = carry_database::gnucash::GnuCash::new(database, None, None);
    check(&expected("gnucash"), &carry(Arc::new(reader)).await);
}
