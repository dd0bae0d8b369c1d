//! Staged objects: where they lie and how they are written.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use carry_model::{Code, Entity, Fault, MigrationId, Record, RunId};
use carry_ports::{Run, Stage, StagedFiles, Staging, places};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use crate::staged::parse_records;

/// zstd level of staged batches: with it small books, too, are staged in less than half their size.
const ZSTD_LEVEL: i32 = 3;

/// What suits JSON Lines of a megabyte better than what the level comes with: an eighth less time, and no larger.
const ZSTD_TUNING: [CParameter; 3] =
    [CParameter::MinMatch(6), CParameter::HashLog(16), CParameter::ChainLog(14)];

/// zstd level where time counts more than size.
const ZSTD_QUICK: i32 = 1;

/// Largest staged object once decompressed, in bytes: a batch is far below it.
const OBJECT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The staged objects of one run, under `migrations/<id>/runs/<run>/`.
#[derive(Clone)]
pub struct RunStore {
    staging: Arc<dyn Staging>,
    migration: MigrationId,
    root: String,
}

impl RunStore {
    /// Of that run.
    pub fn new(staging: Arc<dyn Staging>, run: &Run) -> Self {
        Self::of(staging, &run.migration, &run.id)
    }

    /// Of the run of that id.
    pub fn of(staging: Arc<dyn Staging>, migration: &MigrationId, run: &RunId) -> Self {
        Self { staging, migration: migration.clone(), root: places::run(migration, run) }
    }

    /// The migration's attached files: what one run fetched, another need not.
    pub(crate) fn files(&self) -> StagedFiles {
        StagedFiles::of(self.staging.clone(), &self.migration)
    }

    /// The key of a batch: `<stage>/<entity>/<part>.jsonl.zst`.
    pub fn batch_key(stage: Stage, entity: Entity, part: &str) -> String {
        format!("{}/{}/{part}.jsonl.zst", stage.name(), entity.name())
    }

    /// Stages a small JSON object once; one that exists stays.
    pub async fn create_json(&self, key: &str, value: &impl Serialize) -> Result<(), Fault> {
        let bytes = serde_json::to_vec(value).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        self.staging.create(&self.whole_key(key), bytes).await?;
        Ok(())
    }

    /// A small JSON object, or None.
    pub async fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Fault> {
        let Some(bytes) = self.staging.get(&self.whole_key(key)).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|e| corrupt(key).caused_by(e))
    }

    /// A small JSON object that must be there.
    pub async fn need_json<T: DeserializeOwned>(&self, key: &str) -> Result<T, Fault> {
        self.get_json(key).await?.ok_or_else(|| corrupt(key))
    }

    /// A key as the staging store knows it.
    pub fn whole_key(&self, key: &str) -> String {
        format!("{}{key}", self.root)
    }

    /// Stages JSON Lines, compressed, once.
    pub async fn create_lines(&self, key: &str, lines: &[u8]) -> Result<(), Fault> {
        self.create_packed(key, compress(lines, ZSTD_LEVEL)?).await
    }

    /// The same for rows of the report, which are read once more and soon.
    pub(crate) async fn create_list(&self, key: &str, lines: &[u8]) -> Result<(), Fault> {
        self.create_packed(key, compress(lines, ZSTD_QUICK)?).await
    }

    /// The same with lines in a [`buffer`], which is used again.
    pub(crate) async fn create_buffered(&self, key: &str, lines: Vec<u8>) -> Result<(), Fault> {
        let packed = compress(&lines, ZSTD_LEVEL)?;
        buffers().push(lines);
        self.create_packed(key, packed).await
    }

    async fn create_packed(&self, key: &str, packed: Vec<u8>) -> Result<(), Fault> {
        self.staging.create(&self.whole_key(key), packed).await?;
        Ok(())
    }

    /// Staged JSON Lines, decompressed.
    pub async fn get_lines(&self, key: &str) -> Result<Vec<u8>, Fault> {
        let bytes = self.staging.get(&self.whole_key(key)).await?.ok_or_else(|| corrupt(key))?;
        decompress(&bytes).map_err(|fault| fault.detail(key))
    }

    /// Staged JSON Lines as text.
    pub(crate) async fn get_text(&self, key: &str) -> Result<String, Fault> {
        String::from_utf8(self.get_lines(key).await?).map_err(|e| corrupt(key).caused_by(e))
    }

    /// Staged JSON Lines, each line read.
    pub async fn get_rows<T: DeserializeOwned>(&self, key: &str) -> Result<Vec<T>, Fault> {
        parse_lines(&self.get_lines(key).await?).map_err(|fault| fault.detail(key))
    }

    /// The canonical records of a part.
    pub async fn get_records(&self, entity: Entity, part: &str) -> Result<Vec<Record>, Fault> {
        let key = Self::batch_key(Stage::Transform, entity, part);
        parse_records(&self.get_lines(&key).await?).map_err(|fault| fault.detail(key))
    }

    /// Keys below a prefix, without the run's root, sorted.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let keys = self.staging.list(&self.whole_key(prefix)).await?;
        Ok(keys.iter().filter_map(|key| key.strip_prefix(&self.root)).map(str::to_owned).collect())
    }
}

/// A short, stable name for content: 12 hexadecimal digits of its BLAKE3.
pub(crate) fn content_name(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().chars().take(12).collect()
}

thread_local! {
    /// Making one costs more than the compression of a small batch, so each thread keeps its own.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Memory that was written before is quicker to write than fresh memory.
static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn buffers() -> MutexGuard<'static, Vec<Vec<u8>>> {
    BUFFERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An empty buffer for lines, for [`RunStore::create_buffered`].
pub(crate) fn buffer() -> Vec<u8> {
    let mut buffer = buffers().pop().unwrap_or_default();
    buffer.clear();
    buffer
}

/// Gives back the memory of buffers that nobody uses.
pub(crate) fn free_buffers() {
    *buffers() = Vec::new();
}

/// Compresses JSON Lines as staging keeps them.
pub(crate) fn compress(lines: &[u8], level: i32) -> Result<Vec<u8>, Fault> {
    let bug = |e: io::Error| Fault::new(Code::Bug).detail("zstd").caused_by(e);
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => {
                let mut made = Compressor::new(level).map_err(bug)?;
                ZSTD_TUNING.into_iter().try_for_each(|tuning| made.set_parameter(tuning)).map_err(bug)?;
                kept.insert(made)
            }
        };
        compressor.set_compression_level(level).map_err(bug)?;
        compressor.compress(lines).map_err(bug)
    })
}

/// Reads what [`compress`] wrote; refuses what would grow past the limit.
pub fn decompress(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    // Every object is written with its size, so one without is broken.
    let size = Decompressor::upper_bound(bytes)
        .filter(|size| !bytes.is_empty() && *size <= OBJECT_BYTES_MAX)
        .ok_or_else(|| Fault::new(Code::StagingCorrupt))?;
    let corrupt = |e: io::Error| Fault::new(Code::StagingCorrupt).caused_by(e);
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new().map_err(corrupt)?),
        };
        decompressor.decompress(bytes, size).map_err(corrupt)
    })
}

/// Reads JSON Lines.
pub fn parse_lines<T: DeserializeOwned>(lines: &[u8]) -> Result<Vec<T>, Fault> {
    each_line(lines)?.collect()
}

/// Reads JSON Lines one by one.
pub(crate) fn each_line<T: DeserializeOwned>(
    lines: &[u8],
) -> Result<impl Iterator<Item = Result<T, Fault>>, Fault> {
    Ok(text_lines(lines)?.map(parse_line))
}

/// The lines of JSON Lines as text, empty ones left out.
pub(crate) fn text_lines(lines: &[u8]) -> Result<impl Iterator<Item = &str>, Fault> {
    // That it is text is checked once for all of it, not for every string in it.
    let text = std::str::from_utf8(lines).map_err(|e| Fault::new(Code::StagingCorrupt).caused_by(e))?;
    Ok(text.split('\n').filter(|line| !line.is_empty()))
}

/// Reads a line.
pub(crate) fn parse_line<T: DeserializeOwned>(line: &str) -> Result<T, Fault> {
    serde_json::from_str(line).map_err(|e| Fault::new(Code::StagingCorrupt).caused_by(e))
}

/// Adds a row to JSON Lines.
pub(crate) fn push_line(lines: &mut Vec<u8>, row: &impl Serialize) -> Result<(), Fault> {
    serde_json::to_writer(&mut *lines, row).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
    lines.push(b'\n');
    Ok(())
}

fn corrupt(key: &str) -> Fault {
    Fault::new(Code::StagingCorrupt).detail(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_objects_are_faults() {
        let good = compress(&b"{\"a\":1}\n".repeat(100), ZSTD_LEVEL).unwrap();
        assert_eq!(decompress(&good).unwrap().len(), 800);
        for cut in [0, 1, good.len() / 2, good.len() - 1] {
            assert_eq!(decompress(&good[..cut]).unwrap_err().code, Code::StagingCorrupt);
        }
        assert!(parse_lines::<serde_json::Value>(b"{\"a\":1}\n{\"a\":").is_err());
    }
}
