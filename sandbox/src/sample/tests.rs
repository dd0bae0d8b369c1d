//! What a sample company must be, whatever platform enters it.

use std::collections::{BTreeMap, BTreeSet};

use carry_model::{Decimal, Timestamp, round_half_up};

use super::book::{DocumentKind, Event, Part, Role};
use super::draw::book;
use crate::region::Region;

const REGIONS: [Region; 4] = [Region::Us, Region::Uk, Region::Au, Region::Global];

fn now() -> Timestamp {
    "2026-06-15T09:00:00Z".parse().unwrap()
}

#[test]
fn a_seed_draws_the_same_company_every_time() {
    for region in REGIONS {
        assert_eq!(book(region, 7, 120, now()), book(region, 7, 120, now()));
        assert_ne!(book(region, 7, 120, now()).events, book(region, 8, 120, now()).events);
    }
}

#[test]
fn it_is_of_the_size_that_was_asked_for_and_in_order() {
    let book = book(Region::Uk, 7, 300, now());
    let invoices = book.documents().filter(|document| document.kind == DocumentKind::Invoice).count();
    assert_eq!(invoices, 300);
    assert!(book.events.is_sorted_by_key(Event::date));
    let mut seen = 0;
    for event in &book.events {
        match event {
            Event::Document(_) => seen += 1,
            Event::Settlement(settlement) => {
                let named = settlement.of.iter().map(|(index, _)| *index).chain(settlement.credit);
                assert!(named.max().unwrap() < seen, "what is settled was made before");
            }
            _ => {}
        }
        assert!(event.date() < "2026-06-15".parse().unwrap());
    }
}

#[test]
fn it_has_the_mess_of_real_books() {
    let book = book(Region::Global, 7, 400, now());
    let settlements: Vec<_> = book
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Settlement(settlement) => Some(settlement),
            _ => None,
        })
        .collect();
    let mut by_document: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, _) in settlements.iter().flat_map(|settlement| &settlement.of) {
        *by_document.entry(*index).or_default() += 1;
    }
    assert!(settlements.iter().any(|one| one.of.iter().any(|(_, part)| *part != Part::All)), "partial");
    assert!(settlements.iter().any(|one| one.of.len() > 2), "several documents at once");
    assert!(by_document.values().any(|times| *times > 2), "one document in several parts");
    assert!(settlements.iter().any(|one| one.beyond > Decimal::ZERO), "too much");
    assert!(settlements.iter().any(|one| one.credit.is_some()), "by a credit");
    let documents: Vec<_> = book.documents().collect();
    assert!(documents.iter().any(|document| document.rate != Decimal::ONE));
    assert!(
        documents.iter().any(|document| document.is_voided && document.is_inclusive)
            || documents.iter().any(|d| d.is_voided)
    );
    assert!(documents.iter().any(|document| document.long_number.is_some()));
    assert!(documents.iter().all(|document| document.number.len() <= 21));
    let bills = documents.iter().filter(|document| document.kind == DocumentKind::Bill);
    let numbers: Vec<&str> = bills.map(|bill| bill.number.as_str()).collect();
    assert!(numbers.iter().collect::<BTreeSet<_>>().len() < numbers.len(), "vendors share numbers");
    assert!(book.contacts.iter().any(|contact| contact.role == Role::Both));
    let names: BTreeSet<String> = book.contacts.iter().map(|contact| contact.name.to_lowercase()).collect();
    assert_eq!(names.len(), book.contacts.len());
}

#[test]
fn amounts_are_what_quantity_and_price_make() {
    for region in REGIONS {
        for line in book(region, 3, 200, now()).documents().flat_map(|document| &document.lines) {
            if let Some((quantity, price)) = line.priced {
                assert_eq!(line.amount, round_half_up(quantity * price, 2));
            }
            assert_eq!(line.amount, round_half_up(line.amount, 2));
        }
    }
}
