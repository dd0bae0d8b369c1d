//! QuickBooks' own words.

use std::collections::{BTreeMap, BTreeSet};

use carry_model::Decimal;
use carry_sandbox::json::Json;

use super::{Books, Document, File, Party, Row, amount, lifetime, list, plain, shown, text, year_ends};
use crate::company::Company;

/// Kinds of documents: what they are, the reference to their contact, the field of what is open.
const DOCUMENTS: [(&str, &str, &str, &str); 6] = [
    ("Invoice", "invoice", "CustomerRef", "Balance"),
    ("CreditMemo", "credit", "CustomerRef", "RemainingCredit"),
    ("Bill", "bill", "VendorRef", "Balance"),
    ("VendorCredit", "vendor credit", "VendorRef", "Balance"),
    ("Estimate", "quote", "CustomerRef", ""),
    ("PurchaseOrder", "order", "VendorRef", ""),
];

/// Rows of a page.
const PAGE: usize = 1_000;

pub(super) async fn books(company: &Company) -> Books {
    let mut books = Books::default();
    let (mut currencies, mut by_id) = (BTreeMap::new(), BTreeMap::new());
    for (kind, ..) in DOCUMENTS {
        for row in all(company, kind).await {
            let currency = text(&row, "CurrencyRef.value").to_owned();
            let key = (kind.to_owned(), text(&row, "Id").to_owned());
            currencies.insert(key.clone(), currency);
            if let Some(document) = document(kind, &row) {
                by_id.insert(key, document.clone());
                books.documents.push(document);
            }
        }
    }
    books.files = files(company, &by_id).await;
    for kind in ["Customer", "Vendor"] {
        let names = all(company, kind).await;
        books.names.extend(names.iter().map(|row| plain(text(row, "DisplayName"))));
        let active = names.iter().filter(|row| row.get("Active").and_then(Json::as_bool) == Some(true));
        books.active.extend(active.map(|row| text(row, "DisplayName").to_owned()));
    }
    for kind in ["Payment", "BillPayment", "JournalEntry", "Deposit", "Purchase"] {
        for row in all(company, kind).await {
            let currency = text(&row, "CurrencyRef.value").to_owned();
            currencies.insert((kind.to_owned(), text(&row, "Id").to_owned()), currency);
        }
    }
    books.receivable = aged(company, "AgedReceivableDetail", &currencies).await;
    books.payable = aged(company, "AgedPayableDetail", &currencies).await;
    books.trial_balance = trial_balance(company).await;
    books
}

/// What was ever booked on each account.
pub(super) async fn trial_balance(company: &Company) -> BTreeMap<String, Decimal> {
    let results: BTreeSet<String> = all(company, "Account")
        .await
        .into_iter()
        .filter(|account| matches!(text(account, "Classification"), "Revenue" | "Expense"))
        .map(|account| text(&account, "Id").to_owned())
        .collect();
    let mut years = Vec::new();
    for end in year_ends(company, 1) {
        let report = company.see(&company.path(&format!("reports/TrialBalance?end_date={end}"))).await;
        years.push(list(&report, "Rows.Row").iter().filter_map(|row| trial_row(row, &results)).collect());
    }
    lifetime(years)
}

async fn files(company: &Company, documents: &BTreeMap<(String, String), Document>) -> Vec<File> {
    let mut files = Vec::new();
    for row in all(company, "Attachable").await {
        for to in list(&row, "AttachableRef") {
            let key = (text(to, "EntityRef.type").to_owned(), text(to, "EntityRef.value").to_owned());
            let Some(document) = documents.get(&key) else { continue };
            let content = company.fetch(text(&row, "TempDownloadUri")).await;
            files.push(File::new(document, text(&row, "FileName"), &content));
        }
    }
    files
}

fn trial_row(row: &Json, results: &BTreeSet<String>) -> Option<Row> {
    let [name, debit, credit] = list(row, "ColData") else { return None };
    Some(Row {
        account: text(name, "value").to_owned(),
        balance: shown(text(debit, "value")) - shown(text(credit, "value")),
        is_of_year: results.contains(text(name, "id")),
    })
}

/// A document as QuickBooks shows it; None for one that is void.
pub(crate) fn document(kind: &str, row: &Json) -> Option<Document> {
    let (_, kind, contact, open) = DOCUMENTS.into_iter().find(|(name, ..)| *name == kind)?;
    let is_void = text(row, "PrivateNote").starts_with("Voided");
    (!is_void).then(|| Document {
        kind,
        contact: plain(text(row, &format!("{contact}.name"))),
        date: text(row, "TxnDate").to_owned(),
        number: Document::number(text(row, "DocNumber")),
        currency: text(row, "CurrencyRef.value").to_owned(),
        total: amount(row, "TotalAmt"),
        open: amount(row, open),
    })
}

pub(crate) async fn all(company: &Company, kind: &str) -> Vec<Json> {
    let mut all = Vec::new();
    loop {
        let start = all.len() + 1;
        let which = if matches!(kind, "Customer" | "Vendor") { "+where+Active+in+(true,false)" } else { "" };
        let query =
            format!("query?query=select+*+from+{kind}{which}+startposition+{start}+maxresults+{PAGE}");
        let page = company.see(&company.path(&query)).await;
        let rows = list(&page, &format!("QueryResponse.{kind}"));
        all.extend_from_slice(rows);
        if rows.len() < PAGE {
            return all;
        }
    }
}

/// What is open per contact and currency, document by document.
async fn aged(
    company: &Company,
    report: &str,
    currencies: &BTreeMap<(String, String), String>,
) -> BTreeMap<Party, Decimal> {
    let mut owed: BTreeMap<Party, Decimal> = BTreeMap::new();
    let report = company.see(&company.path(&format!("reports/{report}"))).await;
    for section in list(&report, "Rows.Row") {
        for row in list(section, "Rows.Row") {
            let [_, kind, _, contact, .., open] = list(row, "ColData") else { continue };
            let key = (text(kind, "value").to_owned(), text(kind, "id").to_owned());
            let currency = currencies.get(&key).unwrap_or_else(|| panic!("{key:?}")).clone();
            *owed.entry((plain(text(contact, "value")), currency)).or_default() += shown(text(open, "value"));
        }
    }
    owed
}
