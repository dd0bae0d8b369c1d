//! The generated folder is the same for the same seed, and its files add up to what `expected.json` states.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use carry_bench::{EXPECTED_FILE, Expected, GenerateError, MOST_INVOICES, Totals, generate};
use rust_decimal::Decimal;

const SIZE: u64 = 2_000;
const FILES: [&str; 6] = [
    "Customers.csv",
    "Account List.csv",
    "Products and Services.csv",
    "Invoices.csv",
    "Received Payments.csv",
    EXPECTED_FILE,
];

type Row = BTreeMap<String, String>;

fn rows(folder: &Path, name: &str, title: Option<&str>) -> Vec<Row> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    let table = match title {
        Some(title) => {
            let rest = text.strip_prefix(&format!("Northwind Trade Supply\n{title}\n\n"));
            rest.unwrap_or_else(|| panic!("{name} lacks its title rows"))
        }
        None => &text,
    };
    csv::Reader::from_reader(table.as_bytes()).deserialize().map(|row| row.unwrap()).collect()
}

fn amount(row: &Row, column: &str) -> Decimal {
    let value = Decimal::from_str_exact(&row[column]).unwrap();
    assert_eq!(value.scale(), 2, "{column} is written with two decimals");
    value
}

fn books() -> (tempfile::TempDir, Expected) {
    let folder = tempfile::tempdir().unwrap();
    let expected = generate(folder.path(), SIZE, 11).unwrap();
    (folder, expected)
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_other_ones() {
    let (first, _) = books();
    let (second, _) = books();
    let other = tempfile::tempdir().unwrap();
    generate(other.path(), SIZE, 12).unwrap();
    for name in FILES {
        let bytes = fs::read(first.path().join(name)).unwrap();
        assert!(bytes == fs::read(second.path().join(name)).unwrap(), "{name} differs for one seed");
        if !["Products and Services.csv"].contains(&name) {
            assert!(bytes != fs::read(other.path().join(name)).unwrap(), "{name} is the same for two seeds");
        }
    }
}

#[test]
fn counts_and_control_totals_can_be_recomputed_from_the_files() {
    let (folder, expected) = books();
    let written: Expected =
        serde_json::from_str(&fs::read_to_string(folder.path().join(EXPECTED_FILE)).unwrap()).unwrap();
    assert_eq!(written, expected);

    let customers = rows(folder.path(), "Customers.csv", Some("Customer Contact List"));
    let lines = rows(folder.path(), "Invoices.csv", None);
    let received = rows(folder.path(), "Received Payments.csv", None);
    let names: BTreeSet<_> = customers.iter().map(|row| row["Customer full name"].clone()).collect();
    assert_eq!(names.len() as u64, SIZE / 5, "customer names are unique");
    let by_name = |row: &Row| row["Customer full name"].to_lowercase();
    assert!(customers.is_sorted_by_key(by_name), "the report lists customers by name");

    let mut invoices: BTreeMap<String, (String, String, Decimal)> = BTreeMap::new();
    let mut currencies: BTreeMap<String, Totals> = BTreeMap::new();
    for row in &lines {
        let number = &row["*InvoiceNo"];
        let (net, tax) = (amount(row, "*ItemAmount"), amount(row, "ItemTaxAmount"));
        if !row["*Customer"].is_empty() {
            assert!(names.contains(&row["*Customer"]), "{} is not in the customer list", row["*Customer"]);
            let header = (row["*Customer"].clone(), row["Currency"].clone(), Decimal::ZERO);
            assert!(invoices.insert(number.clone(), header).is_none(), "{number} begins twice");
            currencies.entry(row["Currency"].clone()).or_default().invoices += 1;
        }
        let invoice = invoices.get_mut(number).expect("a line follows its header");
        invoice.2 += net + tax;
        let totals = currencies.get_mut(&invoice.1).unwrap();
        totals.net += net;
        totals.tax += tax;
        totals.total += net + tax;
    }
    let mut owed: BTreeMap<&String, Decimal> = invoices.iter().map(|(number, it)| (number, it.2)).collect();
    for row in &received {
        let invoice = &invoices[&row["Invoice Apply"]];
        assert_eq!((&invoice.0, &invoice.1), (&row["Customer"], &row["Currency"]));
        *owed.get_mut(&row["Invoice Apply"]).unwrap() -= amount(row, "Amount Received");
        currencies.get_mut(&row["Currency"]).unwrap().received += amount(row, "Amount Received");
    }
    for (number, rest) in &owed {
        assert!(*rest >= Decimal::ZERO, "{number} is overpaid");
        currencies.get_mut(&invoices[*number].1).unwrap().outstanding += *rest;
    }
    assert_eq!(currencies, expected.currencies);
    assert_eq!(currencies.keys().collect::<Vec<_>>(), ["CAD", "USD"]);

    let paid = owed.values().filter(|rest| rest.is_zero()).count() as u64;
    let open = owed.iter().filter(|(number, rest)| **rest == invoices[**number].2).count() as u64;
    assert_eq!(expected.contacts, customers.len() as u64);
    assert_eq!(expected.invoices, invoices.len() as u64);
    assert_eq!(expected.invoice_lines, lines.len() as u64);
    assert_eq!(expected.payment_rows, received.len() as u64);
    assert_eq!((expected.invoices_paid, expected.invoices_open), (paid, open));
    assert_eq!(expected.invoices_partly_paid, expected.invoices - paid - open);
}

#[test]
fn the_books_have_the_shape_that_is_promised() {
    let (folder, expected) = books();
    assert_eq!(expected.invoices, SIZE);
    assert_eq!(expected.invoice_lines, 3 * SIZE);
    let share = |part: u64, of: u64| part * 100 / of;
    assert!((77..=83).contains(&share(expected.invoices_paid + expected.invoices_partly_paid, SIZE)));
    assert!((8..=12).contains(&share(expected.invoices_partly_paid, SIZE - expected.invoices_open)));
    assert!(expected.payments_over_several_invoices > 0);
    assert!(expected.payments < expected.payment_rows);

    let items: BTreeMap<_, _> =
        rows(folder.path(), "Products and Services.csv", Some("Product/Service List"))
            .into_iter()
            .map(|row| (row["Product/Service"].clone(), row))
            .collect();
    let accounts = rows(folder.path(), "Account List.csv", Some("Account List"));
    let accounts: BTreeSet<_> = accounts.iter().map(|row| row["Account name"].as_str()).collect();
    assert!(items.values().all(|row| accounts.contains(row["Income account"].as_str())));
    for row in rows(folder.path(), "Invoices.csv", None) {
        assert!(items.contains_key(&row["Item(Product/Service)"]));
        let exact = Decimal::from_str_exact(&row["ItemQuantity"]).unwrap() * amount(&row, "ItemRate");
        let rounded = exact.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        assert_eq!(rounded, amount(&row, "*ItemAmount"), "quantity times rate gives the amount");
    }
    for row in rows(folder.path(), "Received Payments.csv", None) {
        assert!(accounts.contains(row["Deposit To"].as_str()));
    }
}

#[test]
fn a_size_out_of_range_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for asked in [0, MOST_INVOICES + 1] {
        let refused = generate(folder.path(), asked, 1);
        assert!(matches!(refused, Err(GenerateError::Size { .. })));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
