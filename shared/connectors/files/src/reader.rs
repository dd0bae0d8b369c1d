//! The source as the engine sees it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use carry_connector::{BatchBuilder, BatchHeader, Manifest, Partition, RawSink, Reader, Survey, Transformer};
use carry_model::{Code, Entity, Fault};

use crate::error::FileError;
use crate::extract::Extraction;
use crate::manifest::MANIFEST;
use crate::options::FilesOptions;
use crate::profile::Profile;
use crate::scan::Scan;
use crate::survey::{Spec, bug, implied_rows, survey};
use crate::table::{OpenOptions, Sheet};
use crate::transform::{BatchShape, FilesTransformer};

/// A folder of exported files, or a single file.
#[derive(Debug)]
pub struct FilesReader {
    folder: PathBuf,
    options: FilesOptions,
    /// The last look at the folder. Extraction in another process looks again and finds the same.
    scan: Mutex<Option<Arc<Scan>>>,
}

impl FilesReader {
    /// Reads from that folder or file.
    pub fn new(folder: impl Into<PathBuf>, options: FilesOptions) -> Self {
        Self { folder: folder.into(), options, scan: Mutex::new(None) }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn look(&self) -> Result<Arc<Scan>, Fault> {
        let options = OpenOptions { encoding: self.options.encoding };
        Scan::of(&self.folder, options).map(Arc::new).map_err(FileError::into_fault)
    }

    /// The scan that a survey was made from.
    fn scan_for(&self, profile: &Profile) -> Result<Arc<Scan>, Fault> {
        let mut held = self.scan.lock().map_err(bug)?;
        let scan = match held.as_ref() {
            Some(scan) => Arc::clone(scan),
            None => {
                let scan = self.look()?;
                *held = Some(Arc::clone(&scan));
                scan
            }
        };
        let same = scan.sections.len() == profile.sections.len()
            && scan
                .sections
                .iter()
                .zip(&profile.sections)
                .all(|(found, known)| found.file == known.file && found.names == known.names);
        if same {
            return Ok(scan);
        }
        *held = None;
        Err(changed("The folder holds other tables than the survey found."))
    }
}

fn changed(detail: &str) -> Fault {
    Fault::new(Code::FileUnreadable)
        .detail(detail)
        .hint("Leave the folder unchanged during a run, and start a new run.")
}

#[async_trait]
impl Reader for FilesReader {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn survey(&self) -> Result<Survey, Fault> {
        let scan = self.look()?;
        if scan.sections.is_empty() {
            let found = scan.notes.len();
            return Err(Fault::new(Code::SourceUnrecognised)
                .detail(format!("{found} files were looked at in {}.", self.folder.display())));
        }
        let survey = survey(&self.folder, &scan, &self.options)?;
        *self.scan.lock().map_err(bug)? = Some(scan);
        Ok(survey)
    }

    async fn extract(
        &self,
        survey: &Survey,
        partition: &Partition,
        after: Option<String>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        let profile: Profile = parse(&survey.profile)?;
        let scan = self.scan_for(&profile)?;
        match parse(&partition.spec)? {
            Spec::Implied(entity) => extract_implied(&scan, partition, entity, sink).await,
            Spec::Rows { section, offset, line, end } => {
                let (Some(found), Some(own)) = (scan.sections.get(section), profile.sections.get(section))
                else {
                    return Err(Fault::new(Code::StagingCorrupt).detail("a partition of an unknown table"));
                };
                let bytes =
                    scan.sheet(found).map(Sheet::file_bytes).transpose().map_err(FileError::into_fault)?;
                if bytes != Some(own.bytes) {
                    return Err(changed(&format!("{} was changed after the survey.", own.file)));
                }
                let (resume, resume_line) = match after.as_deref() {
                    Some(cursor) => parse_cursor(cursor)?,
                    None => (offset, line),
                };
                // Reports are read from their beginning: a row's contact stands above it.
                let from = if found.needs_context() { (offset, line) } else { (resume, resume_line) };
                if resume >= end {
                    return Ok(());
                }
                let extraction = Extraction::new(&scan, found, own, from, end, resume)?;
                let batch = BatchBuilder::new(header(partition, &own.file, BatchShape::Section(section))?);
                extraction.run(batch, sink).await
            }
        }
    }

    fn forget(&self) {
        self.scan.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn transformer(&self, survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
        transformer(survey)
    }
}

/// What makes sense of raw rows, by the survey alone.
pub fn transformer(survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
    Ok(Box::new(FilesTransformer::new(parse(&survey.profile)?)?))
}

fn parse<T: serde::de::DeserializeOwned>(value: &serde_json::Value) -> Result<T, Fault> {
    T::deserialize(value)
        .map_err(|e| Fault::new(Code::StagingCorrupt).detail("a survey of another version").caused_by(e))
}

fn parse_cursor(cursor: &str) -> Result<(u64, u64), Fault> {
    let parts =
        cursor.split_once(':').and_then(|(offset, line)| Some((offset.parse().ok()?, line.parse().ok()?)));
    parts.ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("a cursor cannot be read"))
}

fn header(partition: &Partition, file: &str, shape: BatchShape) -> Result<BatchHeader, Fault> {
    Ok(BatchHeader {
        entity: partition.entity,
        partition: partition.id.clone(),
        file: file.to_owned(),
        shape: serde_json::to_value(shape).map_err(bug)?,
    })
}

/// Names are few; they are handed on without a cursor and begun again after an interruption.
async fn extract_implied(
    scan: &Scan,
    partition: &Partition,
    entity: Entity,
    sink: &mut dyn RawSink,
) -> Result<(), Fault> {
    let mut batch = BatchBuilder::new(header(partition, "", BatchShape::Implied)?);
    for row in implied_rows(scan, entity) {
        batch.push(row.line, row.line, &row)?;
        if batch.is_full() {
            sink.accept(batch.take(), None).await?;
        }
    }
    if !batch.is_empty() {
        sink.accept(batch.take(), None).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_connector::RawBatch;

    #[derive(Default)]
    struct Kept(Vec<Vec<u8>>);

    #[async_trait]
    impl RawSink for Kept {
        async fn accept(&mut self, batch: RawBatch, _: Option<String>) -> Result<(), Fault> {
            self.0.push(batch.jsonl().to_vec());
            Ok(())
        }
    }

    async fn rows(reader: &FilesReader, survey: &Survey) -> Vec<Vec<u8>> {
        let mut kept = Kept::default();
        for partition in &survey.partitions {
            reader.extract(survey, partition, None, &mut kept).await.unwrap();
        }
        kept.0
    }

    #[tokio::test]
    async fn what_is_forgotten_takes_no_memory_and_is_found_again() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/data/quickbooks");
        let reader = FilesReader::new(folder, FilesOptions::default());
        let survey = reader.survey().await.unwrap();
        let first = rows(&reader, &survey).await;
        reader.forget();
        assert!(reader.scan.lock().unwrap().is_none());
        assert!(!first.is_empty());
        assert_eq!(rows(&reader, &survey).await, first);
    }
}
