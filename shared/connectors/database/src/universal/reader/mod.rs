mod extract;
mod survey;

use async_trait::async_trait;
use carry_connector::{Manifest, Partition, RawSink, Reader, Survey, Transformer};
use carry_model::Fault;

use super::MANIFEST;
use super::decode::UniversalTransformer;
use crate::conn::Database;

/// Reads the universal database, without loss of what its writer was given.
///
/// Rows that people added with SQL are read too: they need a `source_id` and what the schema demands; place and raw
/// slice are then the row itself.
pub struct UniversalReader {
    database: Database,
}

impl UniversalReader {
    /// A reader of that database.
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Opens the database at `sqlite:PATH`, a plain path or `postgres://...`, read-only.
    pub async fn open(url: &str) -> Result<Self, Fault> {
        Ok(Self::new(Database::open(url).await?))
    }

    /// True where a database is a universal one, of whatever version.
    pub async fn recognises(database: &Database) -> Result<bool, Fault> {
        let Some(books) = database.table("books").await? else { return Ok(false) };
        let documents = database.table("document_kinds").await?;
        Ok(books.has(&["schema_version", "home_currency", "as_of"]) && documents.is_some())
    }
}

#[async_trait]
impl Reader for UniversalReader {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn survey(&self) -> Result<Survey, Fault> {
        survey::survey(&self.database).await
    }

    async fn extract(
        &self,
        _survey: &Survey,
        partition: &Partition,
        after: Option<String>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        extract::extract(&self.database, partition, after, sink).await
    }

    fn transformer(&self, survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
        transformer(survey)
    }
}

/// What makes sense of raw rows, by the survey alone.
pub fn transformer(_survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
    Ok(Box::new(UniversalTransformer))
}
