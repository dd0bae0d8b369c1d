//! Xero's own words.

use std::collections::BTreeMap;

use carry_model::Decimal;
use carry_sandbox::json::Json;

use super::{Books, Document, File, Party, Row, amount, lifetime, list, plain, shown, text, year_ends};
use crate::company::Company;

pub(super) async fn books(company: &Company) -> Books {
    let mut books = Books::default();
    let mut currencies = BTreeMap::new();
    for (endpoint, id, open) in [
        ("Invoices", "InvoiceID", "AmountDue"),
        ("Quotes", "QuoteID", ""),
        ("PurchaseOrders", "PurchaseOrderID", ""),
        ("CreditNotes", "CreditNoteID", "RemainingCredit"),
        ("Overpayments", "OverpaymentID", "RemainingCredit"),
        ("Prepayments", "PrepaymentID", "RemainingCredit"),
    ] {
        for row in all(company, endpoint, "").await {
            let currency = text(&row, "CurrencyCode").to_owned();
            currencies.insert(text(&row, id).to_owned(), currency.clone());
            let kind = match text(&row, "Type") {
                "ACCREC" => "invoice",
                "ACCPAY" => "bill",
                "ACCRECCREDIT" => "credit",
                "ACCPAYCREDIT" => "vendor credit",
                _ if endpoint == "Quotes" => "quote",
                _ if endpoint == "PurchaseOrders" => "order",
                _ => continue,
            };
            if matches!(text(&row, "Status"), "VOIDED" | "DELETED") {
                continue;
            }
            let numbers = ["InvoiceNumber", "CreditNoteNumber", "QuoteNumber", "PurchaseOrderNumber"];
            let number = numbers.map(|field| text(&row, field)).concat();
            let document = Document {
                kind,
                contact: plain(text(&row, "Contact.Name")),
                date: text(&row, "DateString").chars().take(10).collect(),
                number: Document::number(&number),
                currency,
                total: amount(&row, "Total"),
                open: amount(&row, open),
            };
            let path = format!("{endpoint}/{}/Attachments", text(&row, id));
            books.files.extend(files(company, &path, &document).await);
            books.documents.push(document);
        }
    }
    for contact in all(company, "Contacts", "&includeArchived=true").await {
        let name = plain(text(&contact, "Name"));
        books.names.insert(name.clone());
        if text(&contact, "ContactStatus") == "ACTIVE" {
            books.active.insert(text(&contact, "Name").to_owned());
        }
        for (report, owed) in [
            ("AgedReceivablesByContact", &mut books.receivable),
            ("AgedPayablesByContact", &mut books.payable),
        ] {
            let path = format!("Reports/{report}?contactId={}", text(&contact, "ContactID"));
            let report = company.see(&company.path(&path)).await;
            aged(&report, &name, &currencies, owed);
        }
    }
    books.trial_balance = trial_balance(company).await;
    books
}

/// What was ever booked on each account.
pub(super) async fn trial_balance(company: &Company) -> BTreeMap<String, Decimal> {
    let organisation = company.see(&company.path("Organisation")).await;
    let last_month = amount(only(&organisation, "Organisations"), "FinancialYearEndMonth");
    let mut years = Vec::new();
    for end in year_ends(company, i8::try_from(last_month).unwrap() % 12 + 1) {
        let report = company.see(&company.path(&format!("Reports/TrialBalance?date={end}"))).await;
        let sections = list(only(&report, "Reports"), "Rows");
        years.push(sections.iter().flat_map(trial_rows).collect());
    }
    lifetime(years)
}

async fn files(company: &Company, path: &str, document: &Document) -> Vec<File> {
    let mut files = Vec::new();
    for file in list(&company.see(&company.path(path)).await, "Attachments") {
        let path = company.path(&format!("{path}/{}", text(file, "AttachmentID")));
        company.pause(2);
        let content = company.ask("GET", &path, "").await.body;
        assert_eq!(amount(file, "ContentLength"), Decimal::from(content.len()));
        files.push(File::new(document, text(file, "FileName"), &content));
    }
    files
}

fn trial_rows(section: &Json) -> Vec<Row> {
    let is_of_year = matches!(text(section, "Title"), "Revenue" | "Expenses");
    let rows = list(section, "Rows").iter().filter(|row| text(row, "RowType") == "Row");
    let row = |row| {
        let [name, _, _, debit, credit] = list(row, "Cells") else { return None };
        Some(Row {
            // `Sales (200)`
            account: text(name, "Value").rsplit_once(" (").map_or("", |(name, _)| name).to_owned(),
            balance: shown(text(debit, "Value")) - shown(text(credit, "Value")),
            is_of_year,
        })
    };
    rows.filter_map(row).collect()
}

/// What was paid too much and stands as an overpayment, by contact and currency, and how many there are. Xero lets
/// nobody take them back over its interface.
pub(crate) async fn overpaid(company: &Company) -> (u64, BTreeMap<Party, Decimal>) {
    let (mut count, mut overpaid) = (0, BTreeMap::new());
    for row in all(company, "Overpayments", "").await {
        if text(&row, "Status") == "AUTHORISED" {
            count += 1;
            let party = (plain(text(&row, "Contact.Name")), text(&row, "CurrencyCode").to_owned());
            *overpaid.entry(party).or_default() -= amount(&row, "RemainingCredit");
        }
    }
    (count, overpaid)
}

fn only<'a>(json: &'a Json, path: &str) -> &'a Json {
    list(json, path).first().unwrap()
}

pub(crate) async fn all(company: &Company, endpoint: &str, more: &str) -> Vec<Json> {
    let mut all = Vec::new();
    for page in 1.. {
        let path = format!("{endpoint}?page={page}&pageSize=1000{more}");
        let answer = company.see(&company.path(&path)).await;
        let rows = list(&answer, endpoint);
        all.extend_from_slice(rows);
        // Quotes come a hundred at a time.
        if rows.len() < 100 {
            break;
        }
    }
    all
}

/// Adds what is due of each document of a contact, and sees to it that the report adds up.
fn aged(
    report: &Json,
    name: &str,
    currencies: &BTreeMap<String, String>,
    owed: &mut BTreeMap<Party, Decimal>,
) {
    let mut sum = Decimal::ZERO;
    let mut closing = None;
    for section in list(only(report, "Reports"), "Rows") {
        for row in list(section, "Rows") {
            let cells = list(row, "Cells");
            let (Some(first), Some(last)) = (cells.first(), cells.last()) else { continue };
            let due = shown(text(last, "Value"));
            let document = list(first, "Attributes").first().map(|attribute| text(attribute, "Value"));
            if let Some(document) = document {
                let currency = currencies.get(document).unwrap().clone();
                *owed.entry((name.to_owned(), currency)).or_default() += due;
                sum += due;
            } else if text(first, "Value") == "Closing Balance" {
                closing = Some(due);
            }
        }
    }
    assert_eq!(closing, Some(sum), "{name}");
}
