//! The sample books, read from their real-format exports, must come out as `expected.json` says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use carry_connector::{Severity, UnlistedBalance};
use carry_model::{Body, Code, Decimal, Entity, Status, parse_plain};
use common::{Books, read};
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/data").join(name)
}

fn expected(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder(name).join("expected.json")).unwrap()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn money(amount: Decimal) -> String {
    let mut amount = amount;
    amount.rescale(2);
    amount.to_string()
}

/// Documents as the expectation writes them; outstanding from the document or the report of open balances.
fn documents(books: &Books) -> BTreeSet<String> {
    let mut open = BTreeMap::new();
    for record in &books.out.records {
        if let Body::OpenBalance(balance) = &record.body {
            open.insert(balance.document.clone(), balance.outstanding);
        }
    }
    let mut found = BTreeSet::new();
    for record in &books.out.records {
        let Some(document) = record.document().filter(|_| record.entity != Entity::Expense) else { continue };
        let settled = match record.entity.ledger() {
            Some((carry_model::Ledger::Receivable, _)) => books.survey.unlisted_receivable,
            _ => books.survey.unlisted_payable,
        };
        let outstanding = document.outstanding.or_else(|| open.get(&record.key()).copied()).or_else(|| {
            (record.entity.ledger().is_some() && settled == UnlistedBalance::Settled).then_some(Decimal::ZERO)
        });
        let status = match document.status {
            Status::Draft => "draft",
            Status::Voided => "voided",
            _ => "open",
        };
        found.insert(format!(
            "{} {} | {} | {} {} | {} {} | {status} | {} lines, tax {}, total {}, open {}",
            record.entity.name(),
            record.number.clone().unwrap(),
            document.contact.clone().unwrap(),
            document.date,
            document.due.map(|d| d.to_string()).unwrap_or_default(),
            document.currency,
            document.rate.map(|r| r.normalize().to_string()).unwrap_or_default(),
            document.lines.len(),
            money(document.tax_total().unwrap()),
            money(document.total),
            outstanding.map(money).unwrap_or_default(),
        ));
    }
    found
}

fn expected_documents(expected: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for d in expected["documents"].as_array().unwrap() {
        let rate = d["exchange_rate"].as_str().map(|r| parse_plain(r).unwrap().normalize().to_string());
        let due = if d["entity"] == "sales_receipt" { String::new() } else { text(&d["due"]) };
        let paid_at_once = matches!(d["entity"].as_str(), Some("sales_receipt" | "estimate"));
        found.insert(format!(
            "{} {} | {} | {} {due} | {} {} | {} | {} lines, tax {}, total {}, open {}",
            text(&d["entity"]),
            text(&d["number"]),
            text(&d["contact"]),
            text(&d["date"]),
            text(&d["currency"]),
            rate.unwrap_or_default(),
            text(&d["status"]),
            d["lines"],
            text(&d["tax"]),
            text(&d["total"]),
            if paid_at_once { String::new() } else { text(&d["outstanding"]) },
        ));
    }
    found
}

fn compare(found: &BTreeSet<String>, expected: &BTreeSet<String>) {
    let missing: Vec<_> = expected.difference(found).take(8).collect();
    let surplus: Vec<_> = found.difference(expected).take(8).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:#?}\nsurplus {surplus:#?}");
}

fn rejects(books: &Books) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for reject in &books.out.rejects {
        let kind = match reject.fault.code {
            Code::AmountUnreadable => "amount",
            Code::DateUnreadable => "date",
            Code::CurrencyUnknown => "currency",
            Code::FieldMissing => "missing",
            Code::RowMalformed => "columns",
            Code::ReferenceMissing => "reference",
            other => other.id(),
        };
        found.insert(format!(
            "{}:{} {kind} column '{}' text '{}' of {}",
            reject.place.file,
            reject.place.line,
            reject.fault.field,
            reject.fault.text,
            reject.number.clone().unwrap_or_default()
        ));
        assert!(!reject.raw.is_empty() && !reject.fault.remedy().is_empty());
    }
    found
}

fn expected_rejects(expected: &Value) -> BTreeSet<String> {
    let rejects = expected["rejects"].as_array().unwrap().iter();
    rejects
        .map(|r| {
            format!(
                "{}:{} {} column '{}' text '{}' of {}",
                text(&r["file"]),
                r["line"],
                text(&r["kind"]),
                text(&r["column"]),
                text(&r["text"]),
                text(&r["document"])
            )
        })
        .collect()
}

fn names(books: &Books, entity: Entity) -> BTreeSet<String> {
    let of_entity = books.out.records.iter().filter(|r| r.entity == entity);
    of_entity.map(|r| r.id.as_str().to_owned()).collect()
}

fn check_counts(books: &Books, expected: &Value) {
    for (entity, count) in expected["counts"].as_object().unwrap() {
        let Ok(entity) = entity.parse::<Entity>() else { continue };
        let found = books.out.records.iter().filter(|r| r.entity == entity).count();
        assert_eq!(found as u64, count.as_u64().unwrap(), "{entity}");
        let rejected = books.out.rejects.iter().filter(|r| r.entity == entity).count() as u64;
        let surveyed = books.survey.counts.get(&entity).copied().unwrap_or(0);
        assert_eq!(surveyed, count.as_u64().unwrap() + rejected, "survey of {entity}");
    }
}

fn check_references(books: &Books) {
    let known: BTreeSet<_> = books.out.records.iter().map(carry_model::Record::key).collect();
    let rejected = books.out.rejects.len();
    let mut dangling = BTreeSet::new();
    for record in &books.out.records {
        record.body.each_reference(|entity, id| {
            if !known.contains(&carry_model::RecordKey::new(entity, id.clone())) {
                dangling.insert(format!("{} -> {entity} {id}", record.key()));
            }
        });
    }
    assert!(dangling.len() <= rejected, "{dangling:#?}");
}

#[test]
fn quickbooks_exports_come_out_as_expected() {
    let (books, expected) = (read(&folder("quickbooks")), expected("quickbooks"));
    compare(&rejects(&books), &expected_rejects(&expected));
    compare(&documents(&books), &expected_documents(&expected));
    check_counts(&books, &expected);
    check_references(&books);
    assert_eq!(books.survey.company.name, "Larkspur Landscaping LLC");
    assert_eq!(books.survey.company.home_currency.code(), "USD");
    let lists = &expected["lists"];
    for (entity, key) in
        [(Entity::TaxRate, "tax_rates"), (Entity::Terms, "terms"), (Entity::PaymentMethod, "payment_methods")]
    {
        let wanted: BTreeSet<String> = lists[key].as_array().unwrap().iter().map(text).collect();
        assert_eq!(names(&books, entity), wanted);
    }
    let locations = books.out.records.iter().find_map(|r| match &r.body {
        Body::TrackingCategory(category) => Some(category.options.clone()),
        _ => None,
    });
    let wanted: Vec<String> = lists["locations"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(locations.unwrap(), wanted);
    let unknown = &expected["unknown_columns"][0];
    assert!(books.survey.findings.iter().any(|f| {
        f.severity == Severity::Warning
            && f.place == text(&unknown["file"])
            && f.text.contains(&text(&unknown["column"]))
    }));
    let taken = |file: &str| {
        let finding =
            books.survey.findings.iter().find(|f| f.place == file && f.text.starts_with("Taken for"));
        finding.unwrap().text.clone()
    };
    assert_eq!(
        taken("Account List.csv"),
        "Taken for QuickBooks Online account list (UTF-8, comma-separated, header in line 4)."
    );
    assert!(taken("Bills.csv").contains("header in line 1)"));
    let blocking: Vec<_> =
        books.survey.findings.iter().filter(|f| f.severity == Severity::Blocking).collect();
    assert!(blocking.is_empty(), "{blocking:#?}");
}

#[test]
fn quickbooks_payments_settle_what_they_settle() {
    let (books, expected) = (read(&folder("quickbooks")), expected("quickbooks"));
    let mut found = BTreeSet::new();
    for record in &books.out.records {
        let Body::Payment(payment) = &record.body else { continue };
        let mut settled: Vec<String> = payment
            .allocations
            .iter()
            .map(|a| {
                let number = a.document.id.as_str();
                let number = if a.document.entity == Entity::Bill || a.document.entity == Entity::BillCredit {
                    let contact = payment.contact.as_ref().unwrap().as_str();
                    number.strip_prefix(&format!("{contact}/")).unwrap()
                } else {
                    number
                };
                format!("{} {number} {}", a.document.entity.name(), money(a.amount))
            })
            .collect();
        settled.sort();
        found.insert(format!(
            "{} {} {} {} {} unapplied {} {settled:?}",
            record.entity.name(),
            record.number.clone().unwrap(),
            payment.contact.clone().unwrap(),
            payment.date,
            money(payment.amount),
            money(payment.unapplied().unwrap()),
        ));
    }
    let mut wanted = BTreeSet::new();
    for p in expected["payments"].as_array().unwrap() {
        let allocations = p["allocations"].as_array().unwrap().iter();
        let mut settled: Vec<String> = allocations
            .map(|a| format!("{} {} {}", text(&a["entity"]), text(&a["number"]), text(&a["amount"])))
            .collect();
        settled.sort();
        wanted.insert(format!(
            "{} {} {} {} {} unapplied {} {settled:?}",
            text(&p["entity"]),
            text(&p["number"]),
            text(&p["contact"]),
            text(&p["date"]),
            text(&p["total"]),
            text(&p["unapplied"]),
        ));
    }
    compare(&found, &wanted);
}

#[test]
fn the_quickbooks_journal_gives_what_no_other_file_holds() {
    let (books, expected) = (read(&folder("quickbooks")), expected("quickbooks"));
    let mut found = Vec::new();
    for record in &books.out.records {
        let (date, contact, lines, total) = match &record.body {
            Body::Journal(j) => {
                let debits = j.lines.iter().map(|l| l.amount).filter(|a| a.is_sign_positive());
                let contact = j.lines.iter().find_map(|l| l.contact.clone());
                (j.date, contact, j.lines.len(), carry_model::checked_sum(debits).unwrap())
            }
            Body::Document(d) if record.entity == Entity::Expense => {
                (d.date, d.contact.clone(), d.lines.len() + 1, d.total)
            }
            Body::BankTransaction(b) => (b.date, b.contact.clone(), b.lines.len() + 1, b.total),
            Body::Transfer(t) => (t.date, None, 2, t.amount),
            _ => continue,
        };
        let contact = contact.map(|c| c.as_str().to_owned()).unwrap_or_default();
        found.push(format!("{} {date} {contact} {lines} {}", record.entity.name(), money(total)));
    }
    let entries = expected["ledger"].as_array().unwrap().iter();
    let mut wanted: Vec<String> = entries
        .map(|e| {
            format!(
                "{} {} {} {} {}",
                text(&e["entity"]),
                text(&e["date"]),
                text(&e["contact"]),
                e["lines"],
                text(&e["total"])
            )
        })
        .collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

#[test]
fn xero_exports_in_four_encodings_come_out_as_expected() {
    let (books, expected) = (read(&folder("xero")), expected("xero"));
    compare(&rejects(&books), &expected_rejects(&expected));
    compare(&documents(&books), &expected_documents(&expected));
    check_counts(&books, &expected);
    check_references(&books);
    assert_eq!(books.survey.company.home_currency.code(), "GBP");
    let lists = &expected["lists"];
    let wanted: BTreeSet<String> = lists["tax_rates"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(names(&books, Entity::TaxRate), wanted);
    let implied: Vec<_> = books
        .out
        .records
        .iter()
        .filter(|r| r.entity == Entity::Contact && r.implied)
        .map(|r| r.id.as_str().to_owned())
        .collect();
    let wanted: Vec<String> =
        lists["contacts_only_on_documents"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(implied, wanted);
    let mut tracking = BTreeMap::new();
    for record in &books.out.records {
        if let Body::TrackingCategory(category) = &record.body {
            tracking.insert(category.name.clone(), category.options.clone());
        }
    }
    assert_eq!(serde_json::to_value(tracking).unwrap(), lists["tracking"]);
    let (customers, suppliers) = books.out.records.iter().fold((0, 0), |(c, s), r| match &r.body {
        Body::Contact(contact) => (c + u64::from(contact.customer), s + u64::from(contact.supplier)),
        _ => (c, s),
    });
    assert_eq!(
        (customers, suppliers),
        (expected["counts"]["customer"].as_u64().unwrap(), expected["counts"]["supplier"].as_u64().unwrap())
    );
    let ids: BTreeSet<_> = books.out.records.iter().map(carry_model::Record::key).collect();
    assert_eq!(ids.len(), books.out.records.len(), "ids are unique");
}
