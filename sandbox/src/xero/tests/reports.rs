use carry_model::Decimal;

use super::{Client, text};
use crate::json::{Json, decimal};

/// The cells of every row of a kind, sections opened.
fn rows(report: &Json, kind: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut open: Vec<&Json> = report.get("Rows").unwrap().as_array().unwrap().iter().rev().collect();
    while let Some(row) = open.pop() {
        if text(row, "RowType") == kind {
            let cells = row.get("Cells").unwrap().as_array().unwrap();
            found.push(cells.iter().map(|cell| text(cell, "Value")).collect());
        }
        open.extend(row.get("Rows").and_then(Json::as_array).unwrap_or_default().iter().rev());
    }
    found
}

fn report(client: &mut Client, target: &str) -> Json {
    client.get(&format!("Reports/{target}")).get("Reports").unwrap().as_array().unwrap()[0].clone()
}

/// A customer with an invoice paid in part, one credited in part, one paid, and a foreign one; a bill beside.
fn trade(client: &mut Client) -> String {
    let first = client.invoice("Ann", "A-1", "100");
    let second = client.invoice("Ann", "A-2", "50");
    let third = client.invoice("Ann", "A-3", "25");
    client.pay(&first, "40");
    client.pay(&third, "25");
    let credit = client.credit("Ann", "20");
    client.put(
        &format!("CreditNotes/{credit}/Allocations"),
        &format!(r#"{{"Amount":15,"Invoice":{{"InvoiceID":"{second}"}}}}"#),
    );
    client.put(
        "Invoices",
        r#"{"Invoices":[{"Type":"ACCPAY","Status":"AUTHORISED","Contact":{"Name":"Rail"},"InvoiceNumber":"R9",
              "Date":"2026-06-01","DueDate":"2026-07-01",
              "LineItems":[{"Description":"x","UnitAmount":10,"AccountCode":"493"}]},
            {"Type":"ACCREC","Status":"AUTHORISED","Contact":{"Name":"Ann"},"InvoiceNumber":"A-4","Date":"2026-06-02",
              "DueDate":"2026-07-01","CurrencyCode":"EUR","CurrencyRate":0.85,"LineAmountTypes":"NoTax",
              "LineItems":[{"Description":"x","UnitAmount":10,"AccountCode":"200"}]}]}"#,
    );
    text(&client.read("Invoices", &first), "Contact.ContactID")
}

#[test]
fn aged_receivables_are_what_the_invoices_say() {
    let mut client = Client::new();
    let contact = trade(&mut client);
    let aged = report(&mut client, &format!("AgedReceivablesByContact?contactId={contact}"));
    let shown: Vec<_> =
        rows(&aged, "Row").into_iter().skip(1).map(|row| (row[1].clone(), row[7].clone())).collect();
    let expected = [("A-1", "60.00"), ("A-2", "35.00"), ("CN-0001", "-5.00"), ("A-4", "8.50")];
    let mut sorted = shown.clone();
    sorted.sort();
    let mut wanted = expected.map(|(number, due)| (number.to_owned(), due.to_owned()));
    wanted.sort();
    assert_eq!(sorted, wanted);
    let closing = rows(&aged, "SummaryRow").pop().unwrap();
    assert_eq!((closing[0].as_str(), closing[7].as_str()), ("Closing Balance", "98.50"));
    assert_eq!(client.ledger("610").to_string(), "98.5");
    let row = rows(&aged, "Row").into_iter().find(|row| row[1] == "A-1").unwrap();
    assert_eq!(
        row[2..].to_vec(),
        ["2026-05-31T00:00:00", "15 days overdue", "100.00", "40.00", "0.00", "60.00"]
    );
    client.company.books.switches.aged_reports_in_document_currency = true;
    let aged = report(&mut client, &format!("AgedReceivablesByContact?contactId={contact}"));
    assert_eq!(rows(&aged, "SummaryRow").pop().unwrap()[7], "100.00");
}

#[test]
fn aged_reports_look_back() {
    let mut client = Client::new();
    let contact = trade(&mut client);
    let aged = report(&mut client, &format!("AgedReceivablesByContact?contactId={contact}&date=2026-05-10"));
    assert_eq!(
        rows(&aged, "SummaryRow").pop().unwrap()[7],
        "155.00",
        "before the payments, after the credit"
    );
    let rail = client.get("Contacts?where=Name%3D%3D%22Rail%22");
    let rail = text(&rail.get("Contacts").unwrap().as_array().unwrap()[0], "ContactID");
    let aged = report(&mut client, &format!("AgedPayablesByContact?contactId={rail}"));
    assert_eq!(rows(&aged, "SummaryRow").pop().unwrap()[7], "12.00");
    assert_eq!(client.call("GET", "Reports/AgedPayablesByContact", "").status, 400);
}

#[test]
fn the_trial_balance_balances() {
    let mut client = Client::new();
    trade(&mut client);
    let trial = report(&mut client, "TrialBalance?date=2026-06-30");
    let total = rows(&trial, "SummaryRow").pop().unwrap();
    assert_eq!((&total[1], &total[3]), (&total[2], &total[4]));
    let row = |trial: &Json, name: &str| {
        rows(trial, "Row").into_iter().find(|row| row[0].starts_with(name)).unwrap()
    };
    assert_eq!(row(&trial, "Accounts Receivable")[3], "98.50");
    assert_eq!(row(&trial, "Sales (200)")[1..].to_vec(), ["", "8.50", "", "163.50"]);
    let later = report(&mut client, "TrialBalance?date=2028-12-31");
    assert_eq!(row(&later, "Retained Earnings")[4], "153.50", "the result of the year before");
    assert_eq!(row(&later, "Accounts Receivable")[3], "98.50");
}

#[test]
fn the_balance_sheet_and_the_result_agree() {
    let mut client = Client::new();
    trade(&mut client);
    let sheet = report(&mut client, "BalanceSheet?date=2026-06-30");
    let value = |name: &str| -> Decimal {
        let all = [rows(&sheet, "Row"), rows(&sheet, "SummaryRow")].concat();
        decimal(&all.into_iter().find(|row| row[0] == name).unwrap()[1]).unwrap()
    };
    assert_eq!(value("Net Assets"), value("Total Equity"));
    let result = report(&mut client, "ProfitAndLoss?fromDate=2026-04-01&toDate=2026-06-30");
    let profit = rows(&result, "Row").into_iter().find(|row| row[0] == "Net Profit").unwrap();
    assert_eq!(profit[1], "153.50");
    assert_eq!(value("Current Year Earnings"), decimal("153.50").unwrap());
}
