//! In Xero.

use carry_model::Decimal;
use carry_sandbox::json::Json;
use carry_sandbox::object;

use super::Deleted;
use crate::company::Company;
use crate::witness::xero::all;
use crate::witness::{amount, list, text};

pub(super) async fn go_on(company: &Company) -> Deleted {
    let invoices = all(company, "Invoices", "").await;
    let mut open = invoices.iter().filter(|row| text(row, "Type") == "ACCREC" && is_untouched(row));
    if let Some(changed) = open.next() {
        let id = text(changed, "InvoiceID");
        company.change("POST", &format!("Invoices/{id}"), &with_one_more(changed, "InvoiceID")).await;
    }
    if let Some(voided) = open.next() {
        let id = text(voided, "InvoiceID");
        let void = object! { "InvoiceID" => id, "Status" => "VOIDED" };
        company.change("POST", &format!("Invoices/{id}"), &void).await;
    }
    if let Some(paid) = open.next() {
        let payment = object! {
            "Invoice" => object! { "InvoiceID" => text(paid, "InvoiceID") },
            "Account" => object! { "Code" => "090" },
            "Date" => "2026-06-29",
            "Amount" => Decimal::ONE,
            "CurrencyRate" => paid.get("CurrencyRate").cloned(),
        };
        company.change("PUT", "Payments", &payment).await;
    }
    let bill = invoices.iter().find(|row| text(row, "Type") == "ACCPAY" && is_untouched(row));
    if let Some(bill) = bill {
        let mut new = with_one_more(bill, "");
        new.set("InvoiceNumber", "NEW-1");
        company.change("PUT", "Invoices", &new).await;
    }
    let journals = all(company, "ManualJournals", "").await;
    if let Some(journal) = journals.iter().find(|row| text(row, "Status") == "POSTED") {
        let id = text(journal, "ManualJournalID");
        let lines = list(journal, "JournalLines").iter().map(|line| {
            let twice = amount(line, "LineAmount") + amount(line, "LineAmount");
            object! { "LineAmount" => twice, "AccountCode" => text(line, "AccountCode") }
        });
        let body = object! {
            "ManualJournalID" => id,
            "Narration" => text(journal, "Narration"),
            "Date" => day(journal),
            "JournalLines" => lines.collect::<Vec<_>>(),
        };
        company.change("POST", &format!("ManualJournals/{id}"), &body).await;
    }
    let money = all(company, "BankTransactions", "").await;
    let mut money =
        money.iter().filter(|row| text(row, "Status") == "AUTHORISED" && text(row, "Type") == "SPEND");
    if let Some(spent) = money.next() {
        let id = text(spent, "BankTransactionID");
        let body = with_one_more(spent, "BankTransactionID");
        company.change("POST", &format!("BankTransactions/{id}"), &body).await;
    }
    let mut deleted = Deleted { undone: undo_payments(company).await, ..Deleted::default() };
    if let Some(spent) = money.next() {
        let id = text(spent, "BankTransactionID");
        let body = object! { "BankTransactionID" => id, "Status" => "DELETED" };
        deleted.booked = company.delete(&format!("BankTransactions/{id}"), &body).await;
    }
    deleted
}

/// Deletes a payment of an invoice and one of a bill, and takes a credit off what it was applied to.
async fn undo_payments(company: &Company) -> usize {
    let mut undone = 0;
    let payments = all(company, "Payments", "").await;
    for kind in ["ACCRECPAYMENT", "ACCPAYPAYMENT"] {
        let stands = |row: &&Json| text(row, "Status") == "AUTHORISED" && text(row, "PaymentType") == kind;
        let reconciled = |row: &Json| row.get("IsReconciled").and_then(Json::as_bool) == Some(true);
        if let Some(payment) = payments.iter().filter(stands).find(|row| !reconciled(row)) {
            let path = format!("Payments/{}", text(payment, "PaymentID"));
            company.change("POST", &path, &object! { "Status" => "DELETED" }).await;
            undone += 1;
        }
    }
    let notes = all(company, "CreditNotes", "").await;
    if let Some(note) = notes.iter().find(|note| !list(note, "Allocations").is_empty()) {
        let allocation = text(&list(note, "Allocations")[0], "AllocationID").to_owned();
        let path = format!("CreditNotes/{}/Allocations/{allocation}", text(note, "CreditNoteID"));
        company.pause(2);
        company.ask("DELETE", &company.path(&path), "").await;
        undone += 1;
    }
    undone
}

fn is_untouched(row: &Json) -> bool {
    let total = amount(row, "Total");
    text(row, "Status") == "AUTHORISED" && total > Decimal::ONE && amount(row, "AmountDue") == total
}

fn day(row: &Json) -> String {
    let stated = if text(row, "DateString").is_empty() { "2026-06-01" } else { text(row, "DateString") };
    stated.chars().take(10).collect()
}

/// The same with one more line like its first, of ten.
fn with_one_more(row: &Json, id: &str) -> Json {
    let line = |line: &Json, amount: Json| {
        object! {
            "Description" => text(line, "Description"),
            "Quantity" => Decimal::ONE,
            "UnitAmount" => amount,
            "AccountCode" => line.get("AccountCode").cloned(),
            "TaxType" => line.get("TaxType").cloned(),
            "ItemCode" => line.get("ItemCode").cloned(),
        }
    };
    let known = list(row, "LineItems");
    let mut lines: Vec<Json> =
        known.iter().map(|of| line(of, of.get("LineAmount").cloned().unwrap())).collect();
    lines.extend(known.first().map(|first| line(first, Json::from(Decimal::TEN))));
    let mut body = object! {
        "Type" => text(row, "Type"),
        "Contact" => object! { "ContactID" => text(row, "Contact.ContactID") },
        "Date" => day(row),
        "DueDate" => text(row, "DueDateString").get(..10).map(str::to_owned),
        "CurrencyCode" => row.get("CurrencyCode").cloned(),
        "CurrencyRate" => row.get("CurrencyRate").cloned(),
        "LineAmountTypes" => text(row, "LineAmountTypes"),
        "Status" => "AUTHORISED",
        "LineItems" => lines,
    };
    if !id.is_empty() {
        body.set(id, text(row, id));
    }
    if let Some(account) = row.get("BankAccount") {
        body.set("BankAccount", object! { "AccountID" => text(account, "AccountID") });
    }
    body
}
