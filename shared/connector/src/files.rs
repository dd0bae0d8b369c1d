//! Content of attached files on its way from source to target: staged under its hash, one file in memory at a time.

use std::fmt::{self, Write};

use async_trait::async_trait;
use carry_model::{Attachment, Body, Code, Fault, Record};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Largest file that is carried, in bytes: no target takes more. A larger one is listed, without being held.
pub const FILE_BYTES_MAX: u64 = 25 * 1024 * 1024;

/// What a file holds, by which it is found in staging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileContent {
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// How many they are.
    pub size_bytes: u64,
}

impl FileContent {
    /// Of these bytes.
    pub fn of(content: &[u8]) -> Self {
        Self { sha256: sha256(content), size_bytes: u64::try_from(content.len()).unwrap_or(u64::MAX) }
    }
}

/// Hands out the content of staged files.
#[async_trait]
pub trait Files: fmt::Debug + Send + Sync {
    /// The bytes of that SHA-256. A fault ([`Code::StagingCorrupt`]) where they are not there or not those.
    async fn read(&self, sha256: &str) -> Result<Vec<u8>, Fault>;
}

/// No files at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

#[async_trait]
impl Files for NoFiles {
    async fn read(&self, _sha256: &str) -> Result<Vec<u8>, Fault> {
        Err(Fault::new(Code::StagingCorrupt).detail("a file's content"))
    }
}

/// The attachment that a record is, with the SHA-256 of its content, for a target to upload. A fault
/// ([`Code::FileNotTaken`]) where the source gave no content.
pub fn outgoing_file(record: &Record) -> Result<(&Attachment, &str), Fault> {
    let Body::Attachment(file) = &record.body else {
        return Err(Fault::new(Code::Bug).detail("a file that is none"));
    };
    let sha256 = file.sha256.as_deref();
    Ok((file, sha256.ok_or_else(|| file_not_taken(file, "The source gave a name, and no content."))?))
}

/// Why a target does not take a file.
pub fn file_not_taken(file: &Attachment, why: impl fmt::Display) -> Fault {
    Fault::new(Code::FileNotTaken).field(&file.of).detail(why)
}

/// A fault where a file is larger than is carried.
pub fn check_size(size_bytes: u64, bytes_max: u64) -> Result<(), Fault> {
    if size_bytes <= bytes_max {
        return Ok(());
    }
    let detail = format!("It has {size_bytes} bytes, and at most {bytes_max} are taken.");
    Err(Fault::new(Code::FileTooLarge).detail(detail))
}

/// The SHA-256 of bytes, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Text takes everything.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Between the target id of a record and the id of a file attached to it.
const OWNED: char = '#';

/// The target id of a file: whoever reads it sees which record it is attached to.
pub fn file_id(owner: &str, file: &str) -> carry_model::TargetId {
    carry_model::TargetId::new(format!("{owner}{OWNED}{file}"))
}

/// The target ids of the record and of the file that [`file_id`] put together; None for any other id.
pub fn owner_and_file(id: &carry_model::TargetId) -> Option<(&str, &str)> {
    id.as_str().rsplit_once(OWNED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_its_owner() {
        let id = file_id("invoice:7", "attachable:9");
        assert_eq!(owner_and_file(&id), Some(("invoice:7", "attachable:9")));
        assert_eq!(owner_and_file(&"7".into()), None);
    }

    #[test]
    fn the_largest_file_is_the_last_that_goes() {
        assert!(check_size(FILE_BYTES_MAX, FILE_BYTES_MAX).is_ok());
        assert_eq!(check_size(FILE_BYTES_MAX + 1, FILE_BYTES_MAX).unwrap_err().code, Code::FileTooLarge);
    }
}
