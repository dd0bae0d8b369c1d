//! Content of attached files in staging: under the hash of its bytes, below the migration, so that it leaves with
//! everything else of it. The same content is there once, however many records name it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use carry_connector::{FileContent, Files, sha256};
use carry_model::{Code, Fault, MigrationId};

use crate::{Staging, places};

/// The files of one migration.
#[derive(Clone)]
pub struct StagedFiles {
    staging: Arc<dyn Staging>,
    root: String,
}

impl StagedFiles {
    /// Those of that migration.
    pub fn of(staging: Arc<dyn Staging>, migration: &MigrationId) -> Self {
        Self { staging, root: places::files(migration) }
    }

    /// What was kept under the reader's name for a file and its state, if anything was.
    pub async fn kept(&self, version: &str) -> Result<Option<FileContent>, Fault> {
        let Some(bytes) = self.staging.get(&self.version_key(version)).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|e| corrupt().caused_by(e))
    }

    /// Keeps content, and notes it under that name. Doing it again changes nothing.
    pub async fn keep(&self, version: &str, content: Vec<u8>) -> Result<FileContent, Fault> {
        let kept = FileContent::of(&content);
        self.staging.create(&format!("{}{}", self.root, kept.sha256), content).await?;
        let note = serde_json::to_vec(&kept).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        self.staging.create(&self.version_key(version), note).await?;
        Ok(kept)
    }

    /// The name is the source's own: the key holds only its hash.
    fn version_key(&self, version: &str) -> String {
        format!("{}versions/{}.json", self.root, sha256(version.as_bytes()))
    }
}

impl fmt::Debug for StagedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StagedFiles").finish_non_exhaustive()
    }
}

#[async_trait]
impl Files for StagedFiles {
    async fn read(&self, hash: &str) -> Result<Vec<u8>, Fault> {
        let content = self.staging.get(&format!("{}{hash}", self.root)).await?.ok_or_else(corrupt)?;
        if sha256(&content) == hash { Ok(content) } else { Err(corrupt()) }
    }
}

fn corrupt() -> Fault {
    Fault::new(Code::StagingCorrupt).detail("a file's content")
}
