//! Times the steps of the source on a folder, one after the other in one thread, batch by batch as a run does:
//! `cargo run --release -p carry-files --example throughput -- FOLDER`.
#![allow(clippy::print_stdout, reason = "the result of a measurement")]

use std::time::{Duration, Instant};

use async_trait::async_trait;
use carry_connector::{RawBatch, RawSink, Reader, Transformed, Transformer};
use carry_files::{FilesOptions, FilesReader};
use carry_model::{Code, Fault};

struct Measured {
    transformer: Box<dyn Transformer>,
    raw_rows: usize,
    records: usize,
    rejects: usize,
    raw_bytes: usize,
    record_bytes: usize,
    transform: Duration,
    write: Duration,
}

fn packed(lines: &[u8]) -> Result<usize, Fault> {
    zstd::encode_all(lines, 1).map(|bytes| bytes.len()).map_err(|e| Fault::new(Code::Bug).caused_by(e))
}

#[async_trait]
impl RawSink for Measured {
    async fn accept(&mut self, batch: RawBatch, _resume: Option<String>) -> Result<(), Fault> {
        let start = Instant::now();
        self.raw_bytes += packed(batch.jsonl())?;
        let read = start.elapsed();
        let mut out = Transformed::default();
        self.transformer.transform(&batch, &mut out)?;
        let transformed = start.elapsed();
        let mut lines = Vec::new();
        for record in &out.records {
            serde_json::to_writer(&mut lines, record).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
            lines.push(b'\n');
        }
        self.record_bytes += packed(&lines)?;
        self.transform += transformed.saturating_sub(read);
        self.write += read + start.elapsed().saturating_sub(transformed);
        self.raw_rows += batch.rows;
        self.records += out.records.len();
        self.rejects += out.rejects.len();
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("give the folder of exports")?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let reader = FilesReader::new(folder, FilesOptions::default());
    let start = Instant::now();
    let survey = runtime.block_on(reader.survey())?;
    let surveyed = start.elapsed();
    let mut measured = Measured {
        transformer: reader.transformer(&survey)?,
        raw_rows: 0,
        records: 0,
        rejects: 0,
        raw_bytes: 0,
        record_bytes: 0,
        transform: Duration::ZERO,
        write: Duration::ZERO,
    };
    let start = Instant::now();
    for partition in &survey.partitions {
        runtime.block_on(reader.extract(&survey, partition, None, &mut measured))?;
    }
    let Measured { raw_rows, records, rejects, raw_bytes, record_bytes, transform, write, .. } = measured;
    let extract = start.elapsed().saturating_sub(transform + write);
    println!("survey    {surveyed:>10.3?}");
    println!("extract   {extract:>10.3?}  {raw_rows} source objects, {raw_bytes} bytes packed");
    println!("transform {transform:>10.3?}  {records} records, {rejects} rejects");
    println!("pack      {write:>10.3?}  {record_bytes} bytes packed");
    Ok(())
}
