//! Answers that are lost after the platform did what it was told: nothing comes out double, nothing is missing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use carry_pipeline::{Settings, run};
use carry_platforms::{Company, Move, Platform, clean};
use carry_ports::RunKind;
use carry_sandbox::{Fault, Injection, Region};
use carry_simulation::books::Books;
use carry_simulation::source::BookSource;

/// Xero's lists with the name of a row's id.
const LISTS: [(&str, &str); 7] = [
    ("Accounts", "AccountID"),
    ("Contacts", "ContactID"),
    ("Invoices", "InvoiceID"),
    ("CreditNotes", "CreditNoteID"),
    ("Payments", "PaymentID"),
    ("BankTransactions", "BankTransactionID"),
    ("ManualJournals", "ManualJournalID"),
];

/// What a Xero organisation holds after books were carried into it in one process, while every `nth` write to each
/// list lost its answer; all answers came where there is none.
async fn holds_after(nth: Option<u64>) -> BTreeMap<&'static str, usize> {
    let company = Company::xero(Region::Global, &["USD"]).await;
    let side = company.open().await;
    if let Some(nth) = nth {
        for (list, _) in LISTS {
            for time in 0..6 {
                let matching = format!("PUT {list}");
                let after = time * nth;
                assert!(company.control.inject(Injection { matching, after, times: 1, fault: Fault::Drop }));
            }
        }
    }
    let books = Move::named("books");
    let source = Arc::new(BookSource::new(&Books::generate(3, 200)));
    let engine = books.engine(source, side.writer, side.clock);
    let ended = run(&engine, &books.migration, RunKind::Full, &Settings::default()).await.unwrap();
    clean(&engine, &ended).await;
    company.control.clear_faults();
    // The looks below come from somebody else, who has limits of their own.
    company.control.advance(Duration::from_secs(60));
    let mut held = BTreeMap::new();
    for (list, id) in LISTS {
        let path = format!("/api.xro/2.0/{list}?page=1&pageSize=1000");
        let rows = company.ask("GET", &path, "").await.body;
        let rows: serde_json::Value = serde_json::from_slice(&rows).unwrap();
        let rows = rows.get(list).and_then(|rows| rows.as_array()).unwrap();
        held.insert(list, rows.iter().filter(|row| row.get(id).is_some()).count());
    }
    held
}

#[tokio::test(start_paused = true)]
async fn what_xero_took_without_an_answer_is_not_sent_again() {
    let undisturbed = holds_after(None).await;
    for nth in [1, 2, 3] {
        assert_eq!(holds_after(Some(nth)).await, undisturbed, "every {nth}. write");
    }
}

/// A transfer that Xero lets nobody change makes way for its new version, whose answer is lost until nobody waits for
/// it any more. When the run goes on, Xero has forgotten the key of that call.
#[tokio::test(start_paused = true)]
async fn what_takes_the_place_of_another_is_not_put_there_twice() {
    let from = Company::sample(Platform::QuickBooks, Region::Uk, 5, 4);
    let to = Company::empty(Platform::Xero, Region::Uk).await;
    let trip = Move::named("trip");
    let attempt = async |kind: RunKind| {
        from.pause(600);
        to.pause(600);
        let side = to.open().await;
        let engine = trip.engine(from.open().await.reader, side.writer, side.clock);
        let ended = run(&engine, &trip.migration, kind, &Settings::default()).await?;
        clean(&engine, &ended).await;
        Ok::<_, carry_model::Fault>(())
    };
    attempt(RunKind::Full).await.unwrap();
    from.go_on().await;
    let lost = Injection { times: 100, ..Injection::next("PUT BankTransfers", Fault::Drop) };
    assert!(to.control.inject(lost));
    attempt(RunKind::Delta).await.unwrap_err();
    to.control.clear_faults();
    attempt(RunKind::Delta).await.unwrap();
    to.pause(60);
    let transfers = to.ask("GET", &to.path("BankTransfers"), "").await.body;
    let transfers: serde_json::Value = serde_json::from_slice(&transfers).unwrap();
    let transfers = transfers.get("BankTransfers").and_then(|rows| rows.as_array()).unwrap();
    let stand = transfers.iter().filter(|row| row.get("Status").is_none_or(|status| status != "DELETED"));
    assert_eq!(stand.count(), 1, "{transfers:?}");
}
