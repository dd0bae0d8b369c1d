//! Times the three steps of the source on a folder, each in one thread:
//! `cargo run --release -p carry-files --example throughput -- FOLDER`.
#![allow(clippy::print_stdout, reason = "the result of a measurement")]

use std::time::Instant;

use async_trait::async_trait;
use carry_connector::{RawBatch, RawSink, Reader, Transformed};
use carry_files::{FilesOptions, FilesReader};
use carry_model::Fault;

#[derive(Default)]
struct Kept {
    batches: Vec<RawBatch>,
}

#[async_trait]
impl RawSink for Kept {
    async fn accept(&mut self, batch: RawBatch, _resume: Option<String>) -> Result<(), Fault> {
        self.batches.push(batch);
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
    let start = Instant::now();
    let mut kept = Kept::default();
    for partition in &survey.partitions {
        runtime.block_on(reader.extract(&survey, partition, None, &mut kept))?;
    }
    let extracted = start.elapsed();
    let rows: usize = kept.batches.iter().map(|batch| batch.rows).sum();
    let transformer = reader.transformer(&survey)?;
    let (mut transform, mut write) = (std::time::Duration::ZERO, std::time::Duration::ZERO);
    let (mut bytes, mut records, mut rejects) = (0, 0, 0);
    let packed = |out: &Transformed, bytes: &mut usize| -> Result<(), Box<dyn std::error::Error>> {
        let mut lines = Vec::new();
        for record in &out.records {
            serde_json::to_writer(&mut lines, record)?;
            lines.push(b'\n');
        }
        *bytes += zstd::encode_all(lines.as_slice(), 1)?.len();
        Ok(())
    };
    for batch in &kept.batches {
        let start = Instant::now();
        let mut out = Transformed::default();
        transformer.transform(batch, &mut out)?;
        transform += start.elapsed();
        let start = Instant::now();
        packed(&out, &mut bytes)?;
        write += start.elapsed();
        records += out.records.len();
        rejects += out.rejects.len();
    }
    println!("survey    {surveyed:>10.3?}");
    println!("extract   {extracted:>10.3?}  {rows} records");
    println!("transform {transform:>10.3?}  {records} records, {rejects} rejects");
    println!("write     {write:>10.3?}  {bytes} bytes packed");
    Ok(())
}
