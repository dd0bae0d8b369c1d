//! The GnuCash reader against a book that GnuCash's own engine wrote and computed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::collections::BTreeMap;

use carry_connector::{Reader, Transformed};
use carry_database::conn::Database;
use carry_database::gnucash::GnuCash;
use carry_model::{Body, Decimal, Document, Entity, Payment, Record, Status, parse_plain};
use serde_json::Value;
use support::{Kept, data, read};

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(data("gnucash/expected.json")).unwrap()).unwrap()
}

async fn book() -> GnuCash {
    let database = Database::open(data("gnucash/book.gnucash").to_str().unwrap()).await.unwrap();
    assert!(GnuCash::recognises(&database).await.unwrap());
    GnuCash::new(database, None, None)
}

fn money(value: &Value) -> Decimal {
    parse_plain(value.as_str().unwrap()).unwrap()
}

fn documents(read: &Transformed) -> impl Iterator<Item = (&Record, &Document)> {
    read.records.iter().filter_map(|record| record.document().map(|document| (record, document)))
}

fn payments(read: &Transformed) -> impl Iterator<Item = (&Record, &Payment)> {
    read.records.iter().filter_map(|record| match &record.body {
        Body::Payment(payment) => Some((record, &**payment)),
        _ => None,
    })
}

fn names(read: &Transformed) -> BTreeMap<String, String> {
    let named =
        read.records.iter().filter(|record| matches!(record.entity, Entity::Contact | Entity::Project));
    named.map(|record| (record.id.to_string(), record.number.clone().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_comes_out_as_the_engine_computes_it() {
    let reader = book().await;
    let (_, read) = read(&reader).await;
    assert!(read.rejects.is_empty(), "{:?}", read.rejects);
    let names = names(&read);
    let expected = expected();
    let expected = expected["documents"].as_array().unwrap();
    assert_eq!(documents(&read).count(), expected.len());
    for wanted in expected {
        let is_it = |(record, _): &(&Record, &Document)| {
            record.number.as_deref() == wanted["number"].as_str() && record.entity.name() == wanted["entity"]
        };
        let (record, document) = documents(&read).find(is_it).expect("every document is there");
        let shown = format!("{} {:?}: {document:?}", record.entity, record.number);
        assert_eq!(names[document.contact.as_ref().unwrap().as_str()], wanted["contact"], "{shown}");
        assert_eq!(document.total, money(&wanted["total"]), "{shown}");
        assert_eq!(document.date.to_string(), wanted["date"].as_str().unwrap(), "{shown}");
        assert_eq!(document.due.map(|due| due.to_string()).as_deref(), wanted["due"].as_str(), "{shown}");
        assert_eq!(document.currency.code(), wanted["currency"], "{shown}");
        assert_eq!(document.lines.len() as u64, wanted["lines"].as_u64().unwrap(), "{shown}");
        assert_eq!(document.reference.as_deref(), wanted["reference"].as_str(), "{shown}");
        let project = document.project.as_ref().map(|project| names[project.as_str()].as_str());
        assert_eq!(project, wanted["project"].as_str(), "{shown}");
        assert_eq!(document.tax_total().unwrap(), money(&wanted["tax"]), "{shown}");
        assert_eq!(document.sum_of_parts().unwrap(), document.total, "the parts explain the total: {shown}");
        if wanted["status"] == "draft" {
            assert_eq!(
                (document.status, document.outstanding),
                (Status::Draft, Some(Decimal::ZERO)),
                "{shown}"
            );
        } else {
            assert_eq!(document.status, Status::Open, "{shown}");
            assert_eq!(document.outstanding, Some(money(&wanted["outstanding"])), "{shown}");
            let rate = document.rate.map(|rate| rate.to_string());
            assert_eq!(rate.as_deref(), wanted["exchange_rate"].as_str(), "{shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_settle_what_their_lots_say() {
    let reader = book().await;
    let (_, read) = read(&reader).await;
    let names = names(&read);
    let numbers: BTreeMap<_, _> =
        documents(&read).map(|(r, _)| (r.key(), r.number.clone().unwrap())).collect();
    let mut found: Vec<_> = payments(&read)
        .map(|(record, payment)| {
            let allocations = payment.allocations.iter().map(|allocation| {
                (
                    allocation.document.entity.name().to_owned(),
                    numbers[&allocation.document].clone(),
                    allocation.amount,
                )
            });
            let mut allocations: Vec<_> = allocations.collect();
            allocations.sort();
            let contact = names[payment.contact.as_ref().unwrap().as_str()].clone();
            let currency = payment.currency.to_string();
            assert_eq!(payment.account.is_none(), payment.amount.is_zero());
            assert_eq!(payment.rate.is_some(), currency != "EUR", "{payment:?}");
            (
                record.entity.name().to_owned(),
                payment.date.to_string(),
                record.number.clone().unwrap_or_default(),
                contact,
                currency,
                payment.amount,
                payment.unapplied().unwrap(),
                allocations,
            )
        })
        .collect();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let expected = expected();
    let mut wanted: Vec<_> = expected["payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let allocations =
                row["allocations"].as_array().unwrap().iter().filter(|a| !money(&a["amount"]).is_zero());
            let mut allocations: Vec<_> =
                allocations.map(|a| (text(&a["entity"]), text(&a["number"]), money(&a["amount"]))).collect();
            allocations.sort();
            (
                text(&row["entity"]),
                text(&row["date"]),
                text(&row["number"]),
                text(&row["contact"]),
                text(&row["currency"]),
                money(&row["total"]),
                money(&row["unapplied"]),
                allocations,
            )
        })
        .collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_is_total_less_allocations_and_adds_up_per_contact() {
    let reader = book().await;
    let (_, read) = read(&reader).await;
    let names = names(&read);
    let mut settled: BTreeMap<_, Decimal> = BTreeMap::new();
    let mut balances: BTreeMap<(bool, String, String), Decimal> = BTreeMap::new();
    for (record, payment) in payments(&read) {
        for allocation in &payment.allocations {
            *settled.entry(allocation.document.clone()).or_default() += allocation.amount;
        }
        let contact = names[payment.contact.as_ref().unwrap().as_str()].clone();
        let key = (record.entity == Entity::Payment, contact, payment.currency.to_string());
        *balances.entry(key).or_default() -= payment.unapplied().unwrap();
    }
    for (record, document) in documents(&read).filter(|(_, document)| document.status == Status::Open) {
        let paid = settled.get(&record.key()).copied().unwrap_or_default();
        assert_eq!(
            document.outstanding,
            Some(document.total - paid),
            "{} {:?}",
            record.entity,
            record.number
        );
        let receivable = matches!(record.entity, Entity::Invoice | Entity::CreditNote);
        let sign = if matches!(record.entity, Entity::Invoice | Entity::Bill) {
            Decimal::ONE
        } else {
            -Decimal::ONE
        };
        let contact = names[document.contact.as_ref().unwrap().as_str()].clone();
        let key = (receivable, contact, document.currency.to_string());
        *balances.entry(key).or_default() += sign * document.outstanding.unwrap();
    }
    balances.retain(|_, balance| !balance.is_zero());
    let expected = expected();
    let mut wanted = BTreeMap::new();
    for (receivable, list) in [(true, "receivable"), (false, "payable")] {
        for row in expected[list].as_array().unwrap() {
            let key = (
                receivable,
                row["contact"].as_str().unwrap().to_owned(),
                row["currency"].as_str().unwrap().to_owned(),
            );
            wanted.insert(key, money(&row["balance"]));
        }
    }
    wanted.retain(|_, balance: &mut Decimal| !balance.is_zero());
    assert_eq!(balances, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_counts_and_plain_transactions_are_complete() {
    let reader = book().await;
    let (survey, read) = read(&reader).await;
    let expected = expected();
    assert_eq!(survey.company.home_currency.code(), expected["company"]["home_currency"]);
    let mut counted: BTreeMap<Entity, u64> = BTreeMap::new();
    for record in &read.records {
        *counted.entry(record.entity).or_default() += 1;
    }
    assert_eq!(counted, survey.counts, "the survey counts what is read");
    for entity in [
        "account",
        "contact",
        "project",
        "tax_rate",
        "terms",
        "invoice",
        "bill",
        "credit_note",
        "bill_credit",
        "payment",
        "bill_payment",
    ] {
        let found = counted[&entity.parse().unwrap()];
        assert_eq!(found, expected["counts"][entity].as_u64().unwrap(), "{entity}");
    }
    // GnuCash calls transfers and journal entries the same.
    let plain = counted.get(&Entity::Journal).unwrap_or(&0) + counted.get(&Entity::Transfer).unwrap_or(&0);
    assert_eq!(plain, expected["counts"]["journal"].as_u64().unwrap());
    for (list, entity) in
        [("tax_rates", Entity::TaxRate), ("terms", Entity::Terms), ("projects", Entity::Project)]
    {
        let mut found: Vec<_> =
            read.records.iter().filter(|r| r.entity == entity).map(|r| r.number.clone().unwrap()).collect();
        found.sort();
        assert_eq!(serde_json::to_value(found).unwrap(), expected["lists"][list]);
    }
    let mut ids: Vec<_> = read.records.iter().map(Record::key).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "ids are unique per entity");
    for record in &read.records {
        record.body.each_reference(|entity, id| {
            let key = carry_model::RecordKey::new(entity, id.clone());
            assert!(ids.binary_search(&key).is_ok(), "{} refers to {key}, which is not there", record.key());
        });
        assert!(!record.raw.is_empty() && !record.place.file.is_empty());
    }
}

/// Posts every record to accounts, as a ledger would.
fn ledger(read: &Transformed, home: &str) -> BTreeMap<String, Decimal> {
    let accounts: BTreeMap<_, _> = read
        .records
        .iter()
        .filter_map(|r| if let Body::Account(a) = &r.body { Some((r.id.to_string(), a)) } else { None })
        .collect();
    let taxes: BTreeMap<_, _> = read
        .records
        .iter()
        .filter_map(|r| if let Body::TaxRate(t) = &r.body { Some((r.id.to_string(), t)) } else { None })
        .collect();
    let mut balances: BTreeMap<String, Decimal> = BTreeMap::new();
    let mut post = |account: &str, amount: Decimal| {
        let held = accounts[account].currency.unwrap();
        if held.code() == home {
            *balances.entry(accounts[account].name.clone()).or_default() += amount;
        }
    };
    let cents = |amount: Decimal| carry_model::round_half_up(amount, 2);
    for record in &read.records {
        match &record.body {
            Body::Document(document) if document.status == Status::Open => {
                let sign = if matches!(record.entity, Entity::Invoice | Entity::BillCredit) {
                    -Decimal::ONE
                } else {
                    Decimal::ONE
                };
                let rate = document.rate.unwrap_or(Decimal::ONE);
                let mut by_account: BTreeMap<&str, Decimal> = BTreeMap::new();
                for line in &document.lines {
                    *by_account.entry(line.account.as_ref().unwrap().as_str()).or_default() += line.net;
                }
                for (account, net) in by_account {
                    post(account, sign * cents(net * rate));
                }
                for tax in &document.taxes {
                    let table = taxes[tax.tax_rate.as_ref().unwrap().as_str()];
                    // Where a rate has several components only their sum is compared.
                    let account =
                        table.account.clone().or_else(|| table.components[0].account.clone()).unwrap();
                    post(account.as_str(), sign * cents(tax.amount * rate));
                }
            }
            Body::Payment(payment) => {
                if let Some(account) = &payment.account {
                    let sign = if record.entity == Entity::Payment { Decimal::ONE } else { -Decimal::ONE };
                    post(
                        account.as_str(),
                        sign * cents(payment.amount * payment.rate.unwrap_or(Decimal::ONE)),
                    );
                }
            }
            Body::Journal(journal) => {
                assert_eq!(journal.imbalance().unwrap(), Decimal::ZERO);
                for line in &journal.lines {
                    post(line.account.as_str(), cents(line.amount * journal.rate.unwrap_or(Decimal::ONE)));
                }
            }
            Body::Transfer(transfer) => {
                post(transfer.from.as_str(), -transfer.amount);
                post(transfer.to.as_str(), transfer.received.map_or(transfer.amount, |money| money.amount));
            }
            _ => {}
        }
    }
    balances
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_together_move_every_account_as_the_book_does() {
    let reader = book().await;
    let (_, read) = read(&reader).await;
    let found = ledger(&read, "EUR");
    let expected = expected();
    let mut taxes = (Decimal::ZERO, Decimal::ZERO);
    for row in expected["trial_balance"].as_array().unwrap() {
        let name = row["account"].as_str().unwrap().rsplit(':').next().unwrap();
        let balance = money(&row["balance"]);
        if row["currency"] != "EUR" || name.contains("Receivable") || name.contains("Payable") {
            continue;
        }
        let got = found.get(name).copied().unwrap_or_default();
        if name.contains("VAT") || name == "Resource levy" {
            taxes = (taxes.0 + got, taxes.1 + balance);
        } else {
            assert_eq!(got, balance, "{name}");
        }
    }
    assert_eq!(taxes.0, taxes.1, "tax accounts together");
}

#[tokio::test(flavor = "multi_thread")]
async fn extraction_goes_on_where_it_stopped() {
    let reader = book().await;
    let survey = reader.survey().await.unwrap();
    for partition in &survey.partitions {
        let mut whole = Kept::default();
        reader.extract(&survey, partition, None, &mut whole).await.unwrap();
        let rows = whole.rows();
        for stop in [0, rows.len() / 2, rows.len().saturating_sub(1)] {
            let Some(last) = rows.get(stop).and_then(|row| row["guid"].as_str()) else { continue };
            let mut rest = Kept::default();
            reader.extract(&survey, partition, Some(last.to_owned()), &mut rest).await.unwrap();
            assert_eq!(rest.rows(), rows[stop + 1..], "{} after {stop}", partition.id);
        }
        let cursor = whole.resume.clone();
        if let Some(cursor) = cursor {
            let mut rest = Kept::default();
            reader.extract(&survey, partition, Some(cursor), &mut rest).await.unwrap();
            assert!(rest.rows().is_empty());
        }
    }
}
