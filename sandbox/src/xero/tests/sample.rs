//! Sample companies: what the ledger says is what the documents add up to.

use carry_model::Decimal;

use super::Client;
use crate::json::Json;
use crate::region::Region;
use crate::xero::Xero;
use crate::xero::document::{Document, Family, Side};

fn sample(region: Region, seed: u64) -> Client {
    let now = "2026-06-15T09:00:00Z".parse().unwrap();
    let mut xero = Xero::sample(region, seed, 150, now).unwrap();
    Client { company: xero.take_first().unwrap(), now }
}

/// What is open of a side's documents at home, credits taken off.
fn open(client: &Client, side: Side) -> Decimal {
    let documents = client.company.books.documents.values();
    let counted = documents.filter(|document| {
        let is_owed = matches!(
            document.family,
            Family::Invoice | Family::CreditNote | Family::Overpayment | Family::Prepayment
        );
        is_owed && document.side == side && document.is_approved()
    });
    let signed =
        |document: &Document| if document.family.is_credit() { -document.open() } else { document.open() };
    counted.map(signed).sum()
}

#[test]
fn every_region_s_company_is_in_balance() {
    for region in [Region::Us, Region::Uk, Region::Au, Region::Global] {
        for seed in [7, 11] {
            sample(region, seed).balance();
        }
    }
}

#[test]
fn receivables_are_what_is_open_of_documents() {
    let mut client = sample(Region::Us, 7);
    assert_eq!(client.ledger("610"), open(&client, Side::Sales).normalize());
    assert_eq!(client.ledger("800"), -open(&client, Side::Purchases).normalize());
    let aged = client.get("Invoices?where=Status==\"PAID\"&page=1");
    assert!(aged.get("Invoices").and_then(Json::as_array).unwrap().len() > 10, "many are settled");
}
