//! Sample companies: what the ledger says is what the book and the documents add up to.

use carry_model::Decimal;

use super::{Client, text};
use crate::json::Json;
use crate::quickbooks::QuickBooks;
use crate::quickbooks::kind::Kind;
use crate::region::Region;
use crate::sample::{DocumentKind, Event, book};

const INVOICES: usize = 150;

fn sample(region: Region, seed: u64) -> Client {
    let now = "2026-06-15T09:00:00Z".parse().unwrap();
    Client { quickbooks: QuickBooks::sample(region, seed, INVOICES, now).unwrap(), now }
}

/// The sum of a field over all objects of a kind, at home.
fn sum(client: &Client, kind: Kind, field: &str) -> Decimal {
    let books = &client.quickbooks.company.books;
    books.live(kind).map(|record| books.at_home(record.amount(field), record.rate())).sum()
}

#[test]
fn every_region_s_company_is_in_balance() {
    for region in [Region::Us, Region::Uk, Region::Au, Region::Global] {
        for seed in [7, 11] {
            let mut client = sample(region, seed);
            client.witness();
            let trial = client.get("reports/TrialBalance");
            let rows = trial.at("Rows.Row").and_then(Json::as_array).unwrap();
            let total = rows.last().unwrap().at("Summary.ColData").and_then(Json::as_array).unwrap();
            assert_eq!(text(&total[1], "value"), text(&total[2], "value"));
            assert_ne!(text(&total[1], "value"), "");
        }
    }
}

#[test]
fn receivables_are_what_was_invoiced_less_what_was_credited_and_paid() {
    let client = sample(Region::Us, 7);
    let receivable = client.ledger("AccountsReceivable");
    let invoiced = sum(&client, Kind::Invoice, "TotalAmt");
    let less = sum(&client, Kind::CreditMemo, "TotalAmt") + sum(&client, Kind::Payment, "TotalAmt");
    assert_eq!(receivable, (invoiced - less).normalize());
    let open = sum(&client, Kind::Invoice, "Balance");
    let credit =
        sum(&client, Kind::CreditMemo, "RemainingCredit") + sum(&client, Kind::Payment, "UnappliedAmt");
    assert_eq!(receivable, (open - credit).normalize());
    assert!(open > Decimal::ZERO && credit > Decimal::ZERO);
}

#[test]
fn sales_are_what_the_book_says() {
    let client = sample(Region::Us, 7);
    let book = book(Region::Us, 7, INVOICES, client.now);
    let mut sold = Decimal::ZERO;
    for event in &book.events {
        match event {
            Event::Document(document) if !document.is_voided => {
                let amount: Decimal = document.lines.iter().map(|line| line.amount).sum();
                match document.kind {
                    DocumentKind::Invoice => sold += amount,
                    DocumentKind::CreditNote => sold -= amount,
                    _ => {}
                }
            }
            Event::Spend(spend) if spend.is_received => sold += spend.line.amount,
            _ => {}
        }
    }
    assert_eq!(client.ledger("ServiceFeeIncome"), -sold.normalize());
}

#[test]
fn ageing_adds_up_to_the_control_accounts_in_every_currency() {
    let mut client = sample(Region::Global, 7);
    let aged = client.get("reports/AgedReceivables");
    let rows = aged.at("Rows.Row").and_then(Json::as_array).unwrap();
    let total = rows.last().unwrap().at("Summary.ColData").and_then(Json::as_array).unwrap();
    let company = client.company();
    let controls = company.books.live(Kind::Account);
    let controls = controls.filter(|account| account.text("AccountType") == Some("Accounts Receivable"));
    let balances: Vec<Decimal> = controls.map(|account| company.ledger.balance(&account.id, None)).collect();
    assert!(balances.len() > 2, "foreign customers have their own");
    assert_eq!(text(total.last().unwrap(), "value"), balances.iter().sum::<Decimal>().to_string());
}
