//! Both connectors through the suites that every connector must pass.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use carry_pipeline::{Settings, run};
use carry_platforms::{Company, Move, clean};
use carry_ports::RunKind;
use carry_sandbox::xero::Region;
use carry_simulation::books::Books;
use carry_simulation::source::BookSource;

#[tokio::test(start_paused = true)]
async fn xero_as_a_target() {
    for region in [Region::Uk, Region::Au, Region::Us, Region::Global] {
        let company = Company::xero(region, &[]).await;
        carry_conformance::writer(&*company.open().await.writer).await;
        company.kept_limits();
    }
}

#[tokio::test(start_paused = true)]
async fn xero_as_a_source() {
    let company = Company::xero(Region::Global, &["USD"]).await;
    fill(&company).await;
    carry_conformance::reader(&*company.open().await.reader).await;
    company.kept_limits();
}

/// Carries sixty documents of each ledger into the company.
async fn fill(company: &Company) {
    let side = company.open().await;
    let books = Move::named("books");
    let engine = books.engine(Arc::new(BookSource::new(&Books::generate(3, 60))), side.writer, side.clock);
    let ended = run(&engine, &books.migration, RunKind::Full, &Settings::default()).await.unwrap();
    clean(&engine, &ended).await;
}

/// Lets a minute pass: a process does not know of the calls that somebody else made in this one.
fn another_minute(company: &Company) {
    company.control.advance(Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn quickbooks_as_a_target() {
    for region in [Region::Us, Region::Uk, Region::Au, Region::Global] {
        let company = Company::quickbooks(region, &[]).await;
        carry_conformance::writer(&*company.open().await.writer).await;
        company.kept_limits();
    }
}

#[tokio::test(start_paused = true)]
async fn quickbooks_as_a_source() {
    let company = Company::quickbooks(Region::Global, &["USD"]).await;
    another_minute(&company);
    fill(&company).await;
    another_minute(&company);
    carry_conformance::reader(&*company.open().await.reader).await;
    company.kept_limits();
}
