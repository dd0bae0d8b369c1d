//! In QuickBooks.

use std::collections::BTreeSet;

use carry_model::Decimal;
use carry_sandbox::json::Json;
use carry_sandbox::object;

use super::Deleted;
use crate::company::Company;
use crate::witness::quickbooks::{all, document};
use crate::witness::{amount, list, text};

pub(super) async fn go_on(company: &Company) -> Deleted {
    let mut open = all(company, "Invoice").await.into_iter().filter(is_untouched);
    if let Some(changed) = open.next() {
        grow(company, "invoice", changed).await;
    }
    if let Some(voided) = open.next() {
        company.change("POST", "invoice?operation=void", &head(&voided)).await;
    }
    if let Some(paid) = open.next() {
        let part = object! {
            "CustomerRef" => paid.get("CustomerRef").cloned(),
            "CurrencyRef" => paid.get("CurrencyRef").cloned(),
            "ExchangeRate" => paid.get("ExchangeRate").cloned(),
            "TxnDate" => "2026-06-29",
            "TotalAmt" => Decimal::ONE,
            "Line" => vec![object! {
                "Amount" => Decimal::ONE,
                "LinkedTxn" => vec![object! { "TxnId" => text(&paid, "Id"), "TxnType" => "Invoice" }],
            }],
        };
        company.change("POST", "payment", &part).await;
    }
    let mut deleted = Deleted::default();
    let mut bills = all(company, "Bill").await.into_iter().filter(is_untouched);
    if let Some(bill) = bills.next() {
        company.change("POST", "bill", &copy(&bill, "NEW-1")).await;
        deleted.booked = company.delete("bill?operation=delete", &head(&bill)).await;
        deleted.documents.extend(document("Bill", &bill));
    }
    deleted.undone = undo_payments(company).await;
    for kind in ["JournalEntry", "Transfer", "Purchase"] {
        let Some(entry) = all(company, kind).await.into_iter().next() else { continue };
        grow(company, &kind.to_lowercase(), entry).await;
    }
    deleted
}

/// Deletes a payment of each sort that is in no deposit; one of them is entered anew, as after a mistake.
async fn undo_payments(company: &Company) -> usize {
    let deposits = all(company, "Deposit").await;
    let lines = deposits.iter().flat_map(|deposit| list(deposit, "Line"));
    let deposited: BTreeSet<&str> =
        lines.flat_map(|line| list(line, "LinkedTxn")).map(|linked| text(linked, "TxnId")).collect();
    // Nobody enters anything for those that are retired, and Xero keeps what was paid too much for ever.
    let customers = all(company, "Customer").await;
    let retired = customers.iter().filter(|row| row.get("Active").and_then(Json::as_bool) == Some(false));
    let retired: BTreeSet<&str> = retired.map(|row| text(row, "Id")).collect();
    let is_applied = |row: &&Json| {
        let applied: Decimal = list(row, "Line").iter().map(|line| amount(line, "Amount")).sum();
        amount(row, "TotalAmt") > Decimal::ONE && applied == amount(row, "TotalAmt")
    };
    let payments = all(company, "Payment").await;
    let mut money = payments.iter().filter(is_applied).filter(|row| {
        !deposited.contains(text(row, "Id")) && !retired.contains(text(row, "CustomerRef.value"))
    });
    let credits = payments.iter().find(|row| amount(row, "TotalAmt").is_zero());
    let (gone, again) = (money.next(), money.next());
    for payment in [gone, again, credits].into_iter().flatten() {
        company.change("POST", "payment?operation=delete", &head(payment)).await;
    }
    if let Some(payment) = again {
        let mut new = copy(payment, "");
        for field in ["DocNumber", "UnappliedAmt"] {
            new.remove(field);
        }
        new.set("TotalAmt", amount(payment, "TotalAmt"));
        company.change("POST", "payment", &new).await;
    }
    let bills = all(company, "BillPayment").await;
    let bills = bills.iter().find(is_applied);
    if let Some(payment) = bills {
        company.change("POST", "billpayment?operation=delete", &head(payment)).await;
    }
    [gone, again, credits, bills].into_iter().flatten().count()
}

/// True for what nothing was paid of, and that can be voided.
fn is_untouched(row: &Json) -> bool {
    let total = amount(row, "TotalAmt");
    total > Decimal::ONE && amount(row, "Balance") == total && list(row, "LinkedTxn").is_empty()
}

fn head(row: &Json) -> Json {
    object! { "Id" => text(row, "Id"), "SyncToken" => text(row, "SyncToken") }
}

fn copy(row: &Json, number: &str) -> Json {
    let mut new = row.clone();
    for field in READ_ONLY.iter().chain(&["Id", "SyncToken"]) {
        new.remove(field);
    }
    new.set("DocNumber", number);
    new
}

/// Fields of a transaction that are worked out.
const READ_ONLY: [&str; 9] = [
    "MetaData",
    "Balance",
    "HomeBalance",
    "HomeTotalAmt",
    "TotalAmt",
    "LinkedTxn",
    "domain",
    "sparse",
    "TxnTaxDetail",
];

/// Every amount becomes twice as much; quantities and prices are not said any more.
async fn grow(company: &Company, path: &str, mut row: Json) {
    for field in READ_ONLY {
        row.remove(field);
    }
    let twice = |amount: Decimal| Json::from(amount + amount);
    if let Some(amount) = row.get("Amount").and_then(Json::as_decimal) {
        row.set("Amount", twice(amount));
    }
    let lines = row.get("Line").and_then(Json::as_array).unwrap_or_default().to_vec();
    let lines = lines.into_iter().filter(|line| text(line, "DetailType") != "SubTotalLineDetail");
    let lines: Vec<Json> = lines
        .map(|mut line| {
            line.set("Amount", twice(amount(&line, "Amount")));
            if let Some(mut detail) = line.get("SalesItemLineDetail").cloned() {
                for field in ["Qty", "UnitPrice", "TaxInclusiveAmt"] {
                    detail.remove(field);
                }
                line.set("SalesItemLineDetail", detail);
            }
            if let Some(mut detail) = line.get("AccountBasedExpenseLineDetail").cloned() {
                for field in ["TaxInclusiveAmt", "TaxAmount"] {
                    detail.remove(field);
                }
                line.set("AccountBasedExpenseLineDetail", detail);
            }
            line
        })
        .collect();
    if !lines.is_empty() {
        row.set("Line", lines);
    }
    company.change("POST", path, &row).await;
}
