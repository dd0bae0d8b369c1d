//! Books go round: from one platform to the other, back again, and into a database. Before and after, the platforms
//! themselves are asked what is in them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use carry_database::universal::UniversalWriter;
use carry_pipeline::{Settings, run};
use carry_platforms::{Company, Explained, Move, Platform, Side, clean, database_books, explained};
use carry_ports::RunKind;
use carry_sandbox::Region;

const INVOICES: usize = 100;

/// Carries everything; hands back what the report says stands on other accounts than before.
async fn carry(from: &Company, to: Side, name: &str) -> Explained {
    let trip = Move::named(name);
    let engine = trip.engine(from.open().await.reader, to.writer, to.clock);
    let ended = run(&engine, &trip.migration, RunKind::Full, &Settings::default()).await.unwrap();
    clean(&engine, &ended).await;
    from.kept_limits();
    explained(&engine, &ended).await
}

async fn round(here: Platform, there: Platform, region: Region, seed: u64) {
    let first = Company::sample(here, region, seed, INVOICES);
    let before = first.books().await;
    let second = Company::empty(there, region).await;
    let mut moved = carry(&first, second.open().await, "there").await;
    second.kept_limits();
    before.assert_carried(&second.books().await, &moved);
    let third = Company::empty(here, region).await;
    moved += carry(&second, third.open().await, "back").await;
    third.kept_limits();
    before.assert_carried(&third.books().await, &moved);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("books.sqlite").display());
    let writer = Arc::new(UniversalWriter::open(&url).await.unwrap());
    // Nobody asks a database for anything but its tables, so the platform's clock is as good as any.
    let home = Side { writer, ..first.open().await };
    moved += carry(&third, home, "home").await;
    // A database rounds tax and what is owed line by line, and payments by what they settle.
    moved.rounded = &["receivable", "payable", "tax", "exchange"];
    before.assert_carried(&database_books(&url).await, &moved);
}

/// QuickBooks has no place for tax on purchases in the United States: the report says on which account it stands.
#[tokio::test(start_paused = true)]
async fn what_has_no_place_is_told_by_account() {
    let first = Company::sample(Platform::Xero, Region::Us, 11, 10);
    let line = r#"{"Description":"Taxi","Quantity":1,"UnitAmount":100,"AccountCode":"493","TaxType":"INPUT","TaxAmount":8.25}"#;
    let bought = format!(
        r#""Contact":{{"Name":"Taxi Ltd"}},"Date":"2026-06-01","LineAmountTypes":"Exclusive","LineItems":[{line}]"#
    );
    let spent = format!(r#"{{"Type":"SPEND","BankAccount":{{"Code":"090"}},{bought}}}"#);
    first.ask("PUT", &first.path("BankTransactions"), &spent).await;
    let bill = format!(r#"{{"Type":"ACCPAY","Status":"AUTHORISED","DueDate":"2026-07-01",{bought}}}"#);
    first.ask("PUT", &first.path("Invoices"), &bill).await;
    first.pause(60);
    let before = first.books().await;
    let second = Company::empty(Platform::QuickBooks, Region::Us).await;
    let moved = carry(&first, second.open().await, "there").await;
    assert_eq!(moved.moved["Travel"].to_string(), "16.50");
    before.assert_carried(&second.books().await, &moved);
}

/// Money that bears tax and comes from accounts of any class is a receipt in QuickBooks.
#[tokio::test(start_paused = true)]
async fn money_from_several_accounts_keeps_its_tax() {
    let first = Company::sample(Platform::Xero, Region::Uk, 11, 10);
    let line = |account: &str, tax: &str| {
        format!(r#"{{"Description":"Part","Quantity":1,"UnitAmount":100,"AccountCode":"{account}",{tax}}}"#)
    };
    let lines = [
        line("200", r#""TaxType":"OUTPUT2","TaxAmount":20.00"#),
        line("493", r#""TaxType":"INPUT2","TaxAmount":20.01"#),
        line("970", r#""TaxType":"NONE""#),
    ];
    let received = format!(
        r#"{{"Type":"RECEIVE","BankAccount":{{"Code":"090"}},"Contact":{{"Name":"Taxi Ltd"}},"Date":"2026-06-01",
        "LineAmountTypes":"Exclusive","LineItems":[{}]}}"#,
        lines.join(",")
    );
    first.ask("PUT", &first.path("BankTransactions"), &received).await;
    first.pause(60);
    let before = first.books().await;
    let second = Company::empty(Platform::QuickBooks, Region::Uk).await;
    let moved = carry(&first, second.open().await, "there").await;
    assert!(moved.moved.values().all(|home| home.abs() < carry_model::Decimal::ONE), "{moved:?}");
    before.assert_carried(&second.books().await, &moved);
}

macro_rules! trips {
    ($($name:ident: $here:ident $there:ident $region:ident $seed:literal;)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $name() {
            round(Platform::$here, Platform::$there, Region::$region, $seed).await;
        })*
    };
}

trips! {
    quickbooks_us: QuickBooks Xero Us 7;
    quickbooks_uk: QuickBooks Xero Uk 7;
    quickbooks_au: QuickBooks Xero Au 7;
    quickbooks_in_many_currencies: QuickBooks Xero Global 7;
    xero_us: Xero QuickBooks Us 11;
    xero_uk: Xero QuickBooks Uk 11;
    xero_au: Xero QuickBooks Au 11;
    xero_in_many_currencies: Xero QuickBooks Global 11;
}
