//! Any SQL schema as a source, by a mapping file with queries.
//!
//! The mapping file is TOML: one section for each entity with a query whose columns are called like the fields of
//! the canonical record, and sections for the rows that belong to it (lines, allocations, ...). The queries are the
//! mapping; there is no other language to learn. `docs/sources-database.md` describes it, and [`UNIVERSAL`] is a
//! complete example.

mod file;
mod pages;
mod record;
mod shape;
mod sql;
mod survey;

use async_trait::async_trait;
use carry_connector::home::HomeRounding;
use carry_connector::{
    BatchHeader, EntitySupport, Limits, Manifest, Partition, RawSink, Reader, Support, Survey, Transformer,
};
use carry_model::{Code, Entity, Fault};

use crate::conn::Database;

pub use file::{MAPPING_BYTES_MAX, Mapping, QUERIES_MAX};
pub use pages::{PAGE_ROWS, PART_ROWS_MAX};

const READ_ONLY: &str = "a mapped database is a source only";

const IN_SURVEY: &str = "told by the survey, not a record of its own";

const fn readable() -> [EntitySupport; Entity::ALL.len()] {
    // The company is the first entity.
    let mut all = [EntitySupport::none(Entity::Company, IN_SURVEY); Entity::ALL.len()];
    let mut at = 1;
    while at < Entity::ALL.len() {
        #[expect(clippy::indexing_slicing, reason = "bounded by the loop, and evaluated at compile time")]
        {
            all[at] = EntitySupport::read_only(Entity::ALL[at], READ_ONLY);
        }
        at += 1;
    }
    all
}

const ENTITIES: &[EntitySupport] = &readable();

/// The mapping file of the universal database: the built-in example, complete and tested. The universal database's
/// own reader reads it without loss; this one leaves out what no query can give (the file says what).
pub const UNIVERSAL: &str = include_str!("universal.toml");

/// What can be read by a mapping file: everything that a query can give.
pub static MANIFEST: Manifest = Manifest {
    system: "database",
    title: "Database with a mapping file",
    source: Support::Yes,
    target: Support::No(READ_ONLY),
    entities: ENTITIES,
    home: HomeRounding::Unknown,
    limits: Limits::NONE,
};

/// A database read by a mapping file.
#[derive(Debug)]
pub struct MappedDatabase {
    database: Database,
    mapping: Mapping,
}

impl MappedDatabase {
    /// The database as that mapping reads it.
    pub const fn new(database: Database, mapping: Mapping) -> Self {
        Self { database, mapping }
    }
}

#[async_trait]
impl Reader for MappedDatabase {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn survey(&self) -> Result<Survey, Fault> {
        survey::survey(&self.database, &self.mapping).await
    }

    async fn extract(
        &self,
        _survey: &Survey,
        partition: &Partition,
        after: Option<String>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        let query = self.mapping.queries.iter().find(|query| query.id == partition.id);
        let query = query.ok_or_else(|| {
            Fault::new(Code::MappingInvalid).detail(format!("It has no section '{}' any more.", partition.id))
        })?;
        let header = BatchHeader {
            entity: query.entity,
            partition: query.id.clone(),
            file: query.id.clone(),
            shape: serde_json::Value::Null,
        };
        pages::extract(&self.database, query, header, after, sink).await
    }

    fn transformer(&self, survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
        transformer(survey)
    }
}

/// What makes sense of raw rows, by the survey alone: it holds the mapping.
pub fn transformer(survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
    let text = survey.profile.as_str();
    let text = text.ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("a survey without its mapping"))?;
    Ok(Box::new(record::Mapped { mapping: Mapping::parse(text)?, home: survey.company.home_currency }))
}
