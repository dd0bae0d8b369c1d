//! Runs a folder through survey, extraction, staging form and transformation.

use std::path::Path;

use async_trait::async_trait;
use carry_connector::{RawBatch, RawSink, Reader, Survey, Transformed};
use carry_files::{FilesOptions, FilesReader};
use carry_model::Fault;

#[derive(Default)]
pub struct Kept {
    pub batches: Vec<(Vec<u8>, Option<String>)>,
}

#[async_trait]
impl RawSink for Kept {
    async fn accept(&mut self, batch: RawBatch, resume: Option<String>) -> Result<(), Fault> {
        self.batches.push((batch.jsonl().to_vec(), resume));
        Ok(())
    }
}

pub fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub struct Books {
    pub survey: Survey,
    pub out: Transformed,
}

pub fn read(folder: &Path) -> Books {
    read_with(folder, FilesOptions::default()).unwrap()
}

pub fn read_with(folder: &Path, options: FilesOptions) -> Result<Books, Fault> {
    block(async {
        let reader = FilesReader::new(folder, options);
        let survey = reader.survey().await?;
        // The survey travels as JSON between processes.
        let survey: Survey = serde_json::from_str(&serde_json::to_string(&survey).unwrap()).unwrap();
        let mut kept = Kept::default();
        for partition in &survey.partitions {
            reader.extract(&survey, partition, None, &mut kept).await?;
        }
        let transformer = reader.transformer(&survey)?;
        let mut out = Transformed::default();
        for (jsonl, _) in &kept.batches {
            transformer.transform(&RawBatch::from_jsonl(jsonl)?, &mut out)?;
        }
        Ok(Books { survey, out })
    })
}
