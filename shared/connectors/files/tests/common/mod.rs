//! Runs a folder through survey, extraction, staging form and transformation, and looks at what came of it.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use carry_connector::{RawBatch, RawSink, Reader, Severity, Survey, Transformed};
use carry_files::{FilesOptions, FilesReader};
use carry_model::{Body, Contact, Document, Entity, Fault, Journal, Record};
use tempfile::TempDir;

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

pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

pub fn books(files: &[(&str, &str)]) -> Books {
    read(folder(files).path())
}

pub fn with(files: &[(&str, &str)], settings: &[(&str, &str)]) -> Books {
    let settings: BTreeMap<String, String> =
        settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    read_with(folder(files).path(), FilesOptions::from_settings(&settings).unwrap()).unwrap()
}

pub fn record<'a>(books: &'a Books, entity: Entity, id: &str) -> &'a Record {
    let found = books.out.records.iter().find(|r| r.entity == entity && r.id.as_str() == id);
    found.unwrap_or_else(|| {
        let known: Vec<_> = books.out.records.iter().map(|r| r.key().to_string()).collect();
        panic!("no {entity} {id} in {known:#?}; rejects {:#?}", books.out.rejects)
    })
}

pub fn document<'a>(books: &'a Books, entity: Entity, id: &str) -> &'a Document {
    record(books, entity, id).document().unwrap()
}

pub fn contact<'a>(books: &'a Books, id: &str) -> &'a Contact {
    match &record(books, Entity::Contact, id).body {
        Body::Contact(contact) => contact,
        other => panic!("{other:?}"),
    }
}

pub fn journal<'a>(books: &'a Books, id: &str) -> &'a Journal {
    match &record(books, Entity::Journal, id).body {
        Body::Journal(journal) => journal,
        other => panic!("{other:?}"),
    }
}

pub fn finding(books: &Books, severity: Severity, part: &str) -> bool {
    books
        .survey
        .findings
        .iter()
        .any(|f| f.severity == severity && (f.text.contains(part) || f.place.contains(part)))
}
