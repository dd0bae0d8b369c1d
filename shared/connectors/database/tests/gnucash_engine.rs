//! Random documents, computed by GnuCash's own engine and by the reader. Needs GnuCash's Python bindings; where they
//! are not installed the test says so and passes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use carry_database::conn::Database;
use carry_database::gnucash::GnuCash;
use carry_model::{Decimal, Entity, Status, round_half_up};
use support::read;

const PYTHON: &str = "/usr/bin/python3";
const DOCUMENTS_PER_CURRENCY: &str = "40";

fn bindings_are_there() -> bool {
    Command::new(PYTHON).args(["-c", "import gnucash"]).output().is_ok_and(|output| output.status.success())
}

/// Memory where there is some: the engine waits for the disk after every row.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn engine(book: &Path, seed: u64) -> Vec<serde_json::Value> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/engine/totals.py");
    let seed = seed.to_string();
    let output =
        Command::new(PYTHON).arg(script).arg(book).args([&seed, DOCUMENTS_PER_CURRENCY]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let result = text.lines().find_map(|line| line.strip_prefix("RESULT "));
    serde_json::from_str(result.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr))))
        .unwrap()
}

fn fraction(pair: &serde_json::Value) -> Decimal {
    Decimal::from(pair[0].as_i64().unwrap()).checked_div(Decimal::from(pair[1].as_i64().unwrap())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_computes_what_the_engine_computes() {
    if !bindings_are_there() {
        eprintln!("skipped: GnuCash's Python bindings are not installed");
        return;
    }
    let folder = scratch();
    let book = folder.path().join("random.gnucash");
    let expected = engine(&book, 20_260_401);
    let home = Some("EUR".parse().unwrap());
    let reader = GnuCash::new(Database::open(book.to_str().unwrap()).await.unwrap(), home, None);
    let (_, read) = read(&reader).await;
    assert!(read.rejects.is_empty(), "{:?}", read.rejects);
    let documents: BTreeMap<_, _> =
        read.records.iter().filter_map(|r| Some((r.number.clone()?, (r, r.document()?)))).collect();
    assert_eq!(documents.len(), expected.len());
    let (mut drafts, mut credits) = (0, 0);
    // A denominator of zero is the engine's own error: the steps between left its 64 bits.
    for wanted in expected.iter().filter(|wanted| wanted["total"][1] != 0) {
        let (record, document) = documents[wanted["number"].as_str().unwrap()];
        let shown = format!("{} {:?} {document:#?}", record.entity, record.number);
        let is_credit = matches!(record.entity, Entity::CreditNote | Entity::BillCredit);
        // A document of negative total is its own opposite.
        let (mut total, mut tax) = (fraction(&wanted["total"]), fraction(&wanted["tax"]));
        if is_credit != wanted["credit"].as_bool().unwrap() {
            (total, tax) = (-total, -tax);
        }
        assert_eq!(document.total, total, "{shown}");
        // The engine's own sum of taxes rounds every tax account; ours has the same total.
        let digits = document.currency.minor_digits();
        assert_eq!(document.tax_total().unwrap(), round_half_up(tax, digits), "{shown}");
        assert_eq!(document.sum_of_parts().unwrap(), document.total, "{shown}");
        let draft = document.status == Status::Draft;
        assert_eq!(draft, !wanted["posted"].as_bool().unwrap(), "{shown}");
        assert_eq!(document.outstanding, Some(if draft { Decimal::ZERO } else { total }), "{shown}");
        drafts += usize::from(draft);
        credits += usize::from(is_credit);
    }
    assert!(drafts > 20 && credits > 20, "the sample holds every kind");
}
