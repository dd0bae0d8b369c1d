//! Generates books of any size in the format QuickBooks Online exports, for measurements and load tests.
//!
//! The same seed and size give the same bytes on every machine. Rows are written as they are drawn, so that
//! memory does not grow with the books, and `expected.json` states the counts and control totals a migration
//! of the folder must arrive at.

mod calendar;
mod catalog;
mod customers;
mod draw;
mod error;
mod expected;
mod invoices;
mod money;
mod payments;
pub mod platforms;
mod table;
mod words;

use std::fs;
use std::path::Path;

use customers::Customers;
use invoices::InvoiceBook;
use payments::PaymentBook;
use table::Table;

pub use error::GenerateError;
pub use expected::{Expected, Totals};

/// The most invoices the name lists can give unique customers for.
pub const MOST_INVOICES: u64 = 10_000_000;
/// Five invoices per customer on average.
const INVOICES_PER_CUSTOMER: u64 = 5;
/// The file that states what the folder holds.
pub const EXPECTED_FILE: &str = "expected.json";

/// Writes books with `invoices` invoices, drawn from `seed`, into `folder`, which is created where it is missing;
/// files of an earlier generation are replaced.
///
/// # Errors
/// [`GenerateError`] when the size is out of range or a file cannot be written.
pub fn generate(folder: &Path, invoices: u64, seed: u64) -> Result<Expected, GenerateError> {
    if !(1..=MOST_INVOICES).contains(&invoices) {
        return Err(GenerateError::Size { asked: invoices, most: MOST_INVOICES });
    }
    fs::create_dir_all(folder).map_err(|source| GenerateError::write(folder, source))?;
    remove_expected(folder)?;
    let customers = Customers { seed, count: (invoices / INVOICES_PER_CUSTOMER).max(1) };
    let mut expected = Expected { seed, ..Expected::default() };

    let list = Table::create(folder, "Customers.csv", Some("Customer Contact List"), CUSTOMERS)?;
    customers.write(list, &mut expected)?;
    let list = Table::create(folder, "Products and Services.csv", Some("Product/Service List"), ITEMS)?;
    catalog::write_items(list)?;
    write_documents(folder, customers, invoices, &mut expected)?;
    let list = Table::create(folder, "Account List.csv", Some("Account List"), ACCOUNTS)?;
    catalog::write_accounts(list, &expected)?;
    write_expected(folder, &expected)?;
    Ok(expected)
}

const CUSTOMERS: &[&str] =
    &["Customer full name", "Phone numbers", "Email", "Full name", "Bill address", "Ship address"];
const ACCOUNTS: &[&str] =
    &["Account name", "Account number", "Type", "Detail type", "Description", "Total balance"];
const ITEMS: &[&str] = &[
    "Product/Service",
    "Type",
    "SKU",
    "Description",
    "Price",
    "Cost",
    "Income account",
    "Expense account",
    "Taxable",
];

/// Invoices and payments go to their files side by side: each payment is drawn when its invoice is.
fn write_documents(
    folder: &Path,
    customers: Customers,
    count: u64,
    expected: &mut Expected,
) -> Result<(), GenerateError> {
    let mut book =
        InvoiceBook::new(Table::create(folder, "Invoices.csv", None, invoices::HEADER)?, customers, count);
    let list = Table::create(folder, "Received Payments.csv", None, payments::HEADER)?;
    let mut payments = PaymentBook::new(list, customers);
    for index in 0..count {
        let issued = book.issue(index, expected)?;
        payments.note(issued, expected)?;
    }
    book.finish()?;
    payments.finish(expected)
}

fn remove_expected(folder: &Path) -> Result<(), GenerateError> {
    let path = folder.join(EXPECTED_FILE);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(GenerateError::write(&path, source))
        }
        _ => Ok(()),
    }
}

fn write_expected(folder: &Path, expected: &Expected) -> Result<(), GenerateError> {
    let path = folder.join(EXPECTED_FILE);
    let mut text =
        serde_json::to_string_pretty(expected).map_err(|source| GenerateError::write(&path, source))?;
    text.push('\n');
    fs::write(&path, text).map_err(|source| GenerateError::write(&path, source))
}
