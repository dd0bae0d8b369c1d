//! Answers that are broken, or that somebody hostile sends: each ends in a fault that says what to do and quotes nothing,
//! without a panic, an endless wait or memory without bound; tokens go to no other host.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "hostile/between.rs"]
mod between;
#[path = "hostile/sockets.rs"]
mod sockets;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use between::{Between, MARK, mangled, read_all};
use carry_connector::{Effect, RawBatch, RawSink, Response};
use carry_model::{Code, Fault};
use carry_pipeline::{Settings, run};
use carry_platforms::{Company, Move, Platform, clean};
use carry_ports::RunKind;
use carry_sandbox::Region;
use carry_simulation::books::Books;
use carry_simulation::source::BookSource;
use carry_simulation::target::{MemoryTarget, Trouble};
use proptest::prelude::*;

/// Says what went wrong and what to do, and nothing that is nobody's business.
async fn clear(fault: &Fault, company: &Company) {
    assert!(!fault.sentence().is_empty() && !fault.remedy().is_empty());
    assert_ne!(fault.code, Code::Bug, "{fault:?}");
    let told = format!("{fault:?}");
    assert!(!told.contains(MARK), "{told}");
    assert!(!told.contains(&company.token().await), "{told}");
}

/// A sample company of about so many invoices on each platform, signed in to.
async fn samples(invoices: usize) -> [Company; 2] {
    let companies = [Platform::QuickBooks, Platform::Xero]
        .map(|platform| Company::sample(platform, Region::Uk, 7, invoices));
    for company in &companies {
        company.sign_in().await;
    }
    companies
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response { status, headers: Vec::new(), body: body.into() }
}

/// Answers of no sense, with a text in them that must not be quoted.
fn broken() -> Vec<Response> {
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let quickbooks = |rows: &str| format!(r#"{{"QueryResponse":{{"Invoice":{rows},"totalCount":{rows}}}}}"#);
    let mut bodies = vec![
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "7".to_owned(),
        format!("\"{MARK}\""),
        format!("<!doctype html><h1>Sign in, {MARK}</h1>"),
        format!(r#"{{"QueryResponse":"{MARK}","Invoices":"{MARK}","Organisation":"{MARK}"}}"#),
        format!(r#"{{"QueryResponse":{{"Invoice":[{{"Id":{{"{MARK}":1}}}}]}}}}"#),
        quickbooks(&format!("\"{MARK}\"")),
        quickbooks("[1,2,[]]"),
        quickbooks(&nested("[", "]")),
        nested("[", "]"),
        nested("{\"Invoices\":", "1}"),
        format!(r#"{{"Organisations":[{{"BaseCurrency":"{MARK}","Name":7}}]}}"#),
        format!(r#"{{"Organisations":{},"Accounts":[{{"AccountID":["{MARK}"]}}]}}"#, nested("[", "]")),
        "\u{feff}{\"QueryResponse\":{".to_owned(),
        "x".repeat(5_000_000),
    ];
    bodies.push("\u{0}".repeat(1_000));
    let whole = bodies.into_iter().map(|body| answer(200, body));
    let refused = [400, 401, 403, 404, 418, 429, 500, 503].into_iter();
    whole.chain(refused.map(|status| answer(status, format!("<html>{MARK}</html>")))).collect()
}

#[tokio::test(start_paused = true)]
async fn broken_answers_to_reading_are_clear_faults() {
    for company in samples(3).await {
        for response in broken() {
            let between = Between::new(move |_, _| Ok(response.clone()));
            let side = company.open_through(&between.over()).await.unwrap_or_else(|_| panic!("opened"));
            between.begin();
            clear(&side.reader.survey().await.unwrap_err(), &company).await;
            clear(&side.writer.preflight().await.unwrap_err(), &company).await;
        }
    }
}

/// What such an answer hid was carried out all the same: once answers make sense again, the books come out right and
/// nothing is there twice.
#[tokio::test(start_paused = true)]
async fn broken_answers_to_writing_end_the_run_or_the_record_and_it_goes_on_from_there() {
    for platform in [Platform::QuickBooks, Platform::Xero] {
        let undisturbed = written_through(platform, None).await;
        for response in broken() {
            assert_eq!(written_through(platform, Some(response)).await, undisturbed);
        }
    }
}

/// The books of a company into which others were carried, where all writes were answered so at first.
async fn written_through(platform: Platform, response: Option<Response>) -> carry_platforms::Books {
    let company = Company::empty(platform, Region::Global).await;
    company.sign_in().await;
    let is_broken = response.is_some();
    let between = Between::new(move |request, answered| match (&response, request.effect) {
        (Some(response), Effect::Write | Effect::IdempotentWrite) => Ok(response.clone()),
        _ => answered,
    });
    let side = company.open_through(&between.over()).await.unwrap();
    between.begin();
    let books = Move::named("hostile");
    let source = BookSource::new(&Books::generate(1, 3));
    let engine = books.engine(Arc::new(source), side.writer, side.clock);
    let go = async |kind| run(&engine, &books.migration, kind, &Settings::default()).await;
    let next = match go(RunKind::Full).await {
        Ok(ended) if !is_broken => {
            clean(&engine, &ended).await;
            return company.books().await;
        }
        Ok(_) => RunKind::Retry,
        Err(fault) => {
            clear(&fault, &company).await;
            RunKind::Full
        }
    };
    between.end();
    // Longer than any platform remembers a call.
    tokio::time::sleep(Duration::from_secs(600)).await;
    let mut ended = go(next).await.unwrap();
    if next == RunKind::Full {
        // What was taken for a refusal then is retried.
        ended = go(RunKind::Retry).await.unwrap();
    }
    clean(&engine, &ended).await;
    company.books().await
}

/// The same page again and again, however it is asked for.
#[tokio::test(start_paused = true)]
async fn pages_that_do_not_end_are_a_fault() {
    for company in samples(120).await {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let kept = Mutex::default();
        let between = Between::new(move |request, answered| {
            counted.fetch_add(1, Ordering::Relaxed);
            answered.map(|answered| between::first_page_again(&kept, request, answered))
        });
        let side = company.open_through(&between.over()).await.unwrap();
        let survey = side.reader.survey().await.unwrap();
        between.begin();
        let mut endless = 0;
        for partition in &survey.partitions {
            let before = calls.load(Ordering::Relaxed);
            let read = side.reader.extract(&survey, partition, None, &mut Nowhere).await;
            let made = calls.load(Ordering::Relaxed) - before;
            assert!(made < 20, "{made} calls for {}", partition.id);
            if let Err(fault) = read {
                clear(&fault, &company).await;
                endless += u32::from(fault.detail.contains("do not end"));
            }
        }
        assert!(endless >= 5, "{endless} of {} lists", survey.partitions.len());
    }
}

/// Takes batches and keeps none.
struct Nowhere;

#[async_trait]
impl RawSink for Nowhere {
    async fn accept(&mut self, _: RawBatch, _: Option<String>) -> Result<(), Fault> {
        Ok(())
    }
}

/// A time to wait that no clock holds is a pause without a time, and no panic.
#[tokio::test(start_paused = true)]
async fn waits_without_measure_pause_the_run() {
    for company in samples(3).await {
        for wait in ["18446744073709551615", "-1", "soon", "99999999999999999999999"] {
            let headers = vec![("retry-after".to_owned(), wait.to_owned())];
            let throttled = Response { status: 429, headers, body: Vec::new() };
            let between = Between::new(move |_, _| Ok(throttled.clone()));
            let side = company.open_through(&between.over()).await.unwrap();
            between.begin();
            let target = Arc::new(MemoryTarget::new(1, Trouble::default()));
            let books = Move::named("throttled");
            let engine = books.engine(side.reader, target, side.clock);
            let fault =
                run(&engine, &books.migration, RunKind::Full, &Settings::default()).await.err().unwrap();
            assert_eq!(fault.code, Code::RateLimited);
            clear(&fault, &company).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// One answer of a whole reading is mangled: a value of another type, a part cut off, a byte changed.
    #[test]
    fn a_mangled_answer_is_read_or_refused(seed in any::<u64>(), nth in 0_usize..70, of_quickbooks in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let [quickbooks, xero] = samples(2).await;
            let company = if of_quickbooks { quickbooks } else { xero };
            let at = AtomicUsize::new(0);
            let between = Between::new(move |_, answered| {
                let is_it = at.fetch_add(1, Ordering::Relaxed) == nth;
                answered.map(|answered| if is_it { mangled(answered, seed) } else { answered })
            });
            let side = company.open_through(&between.over()).await.unwrap();
            between.begin();
            let reading = tokio::time::timeout(Duration::from_secs(3_600), read_all(&*side.reader));
            if let Err(fault) = reading.await.expect("reading ends") {
                clear(&fault, &company).await;
            }
        });
    }
}
