//! What the tests of database sources share.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::path::PathBuf;

use async_trait::async_trait;
use carry_connector::{RawBatch, RawSink, Reader, Survey, Transformed};
use carry_model::Fault;

/// A file of the sample data.
pub(crate) fn data(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/data").join(path)
}

/// Keeps what a reader extracts.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) batches: Vec<RawBatch>,
    pub(crate) resume: Option<String>,
}

impl Kept {
    /// Every raw object.
    pub(crate) fn rows(&self) -> Vec<serde_json::Value> {
        let parse = |batch: &RawBatch| {
            let rows = batch.rows().map(|row| serde_json::from_str(row.unwrap().data.get()).unwrap());
            rows.collect::<Vec<serde_json::Value>>()
        };
        self.batches.iter().flat_map(parse).collect()
    }
}

#[async_trait]
impl RawSink for Kept {
    async fn accept(&mut self, batch: RawBatch, resume: Option<String>) -> Result<(), Fault> {
        // Through its staged form, as a run has it.
        self.batches.push(RawBatch::from_jsonl(batch.jsonl())?);
        self.resume = resume;
        Ok(())
    }
}

/// Surveys, extracts and transforms everything, or stops at the first fault.
pub(crate) async fn try_read(reader: &dyn Reader) -> Result<(Survey, Transformed), Fault> {
    let survey = reader.survey().await?;
    let transformer = reader.transformer(&survey)?;
    let mut out = Transformed::default();
    for partition in &survey.partitions {
        let mut kept = Kept::default();
        reader.extract(&survey, partition, None, &mut kept).await?;
        for batch in &kept.batches {
            let before = out.records.len() + out.rejects.len();
            transformer.transform(batch, &mut out)?;
            assert!(out.records.len() + out.rejects.len() >= before + batch.rows, "no row vanishes");
        }
    }
    Ok((survey, out))
}

/// The same, where nothing may fail.
pub(crate) async fn read(reader: &dyn Reader) -> (Survey, Transformed) {
    try_read(reader).await.unwrap()
}
