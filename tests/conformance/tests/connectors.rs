//! Every connector through its suites, on the sample books and fresh targets.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use carry_database::conn::Database;
use carry_database::gnucash::GnuCash;
use carry_database::universal::UniversalWriter;
use carry_files::{FilesOptions, FilesReader};
use carry_simulation::target::{MemoryTarget, Trouble};

fn samples(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(name)
}

#[tokio::test]
async fn files_quickbooks() {
    carry_conformance::reader(&FilesReader::new(samples("quickbooks"), FilesOptions::default())).await;
}

#[tokio::test]
async fn files_xero() {
    carry_conformance::reader(&FilesReader::new(samples("xero"), FilesOptions::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gnucash() {
    let database = Database::open(samples("gnucash/book.gnucash").to_str().unwrap()).await.unwrap();
    carry_conformance::reader(&GnuCash::new(database, None, None)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_universal_database() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("books.sqlite").display());
    let target = UniversalWriter::open(&address).await.unwrap();
    carry_conformance::writer(&target).await;
}

#[tokio::test]
async fn the_simulated_target() {
    carry_conformance::writer(&MemoryTarget::new(1, Trouble::default())).await;
}
