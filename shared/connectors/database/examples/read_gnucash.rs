//! Reads a whole GnuCash book and prints how long each step took: `cargo run --release --example read_gnucash BOOK`.
#![allow(clippy::print_stdout, reason = "prints its measurement")]

use std::time::{Duration, Instant};

use async_trait::async_trait;
use carry_connector::{RawBatch, RawSink, Reader, Transformed, Transformer};
use carry_database::conn::Database;
use carry_database::gnucash::GnuCash;
use carry_model::{Code, Fault};

/// Transforms each batch as it comes and keeps counts only.
struct Counting {
    transformer: Box<dyn Transformer>,
    transforming: Duration,
    records: usize,
    rejects: usize,
    bytes: usize,
}

#[async_trait]
impl RawSink for Counting {
    async fn accept(&mut self, batch: RawBatch, _resume: Option<String>) -> Result<(), Fault> {
        self.bytes += batch.jsonl().len();
        let start = Instant::now();
        let mut out = Transformed::default();
        self.transformer.transform(&batch, &mut out)?;
        self.transforming += start.elapsed();
        self.records += out.records.len();
        self.rejects += out.rejects.len();
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let url =
        std::env::args().nth(1).ok_or_else(|| Fault::new(Code::ConfigInvalid).detail("Name a book."))?;
    let start = Instant::now();
    let reader = GnuCash::new(Database::open(&url).await?, None, None);
    let survey = reader.survey().await?;
    println!("survey {:?}", start.elapsed());
    for partition in &survey.partitions {
        let start = Instant::now();
        let transformer = reader.transformer(&survey)?;
        let mut sink =
            Counting { transformer, transforming: Duration::ZERO, records: 0, rejects: 0, bytes: 0 };
        reader.extract(&survey, partition, None, &mut sink).await?;
        println!(
            "{:<13} {:>8} records {:>6} rejects {:>5} MB {:>8.0?}, of which transform {:>8.0?}",
            partition.id,
            sink.records,
            sink.rejects,
            sink.bytes / 1_000_000,
            start.elapsed(),
            sink.transforming
        );
    }
    Ok(())
}
