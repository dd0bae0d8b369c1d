use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use carry_model::{Code, Fault};

/// Objects under keys such as `migrations/<id>/runs/<run>/<stage>/<entity>/<part>.jsonl.zst`.
///
/// An object is created once and never changed; keys hold no customer data.
#[async_trait]
pub trait Staging: Send + Sync {
    /// Creates an object. False, and nothing done, where the key exists already.
    async fn create(&self, key: &str, bytes: Vec<u8>) -> Result<bool, Fault>;

    /// The object, or None.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault>;

    /// Creates an object from a file, for what is too large to hold in memory. False where the key exists.
    async fn create_from(&self, key: &str, file: &Path) -> Result<bool, Fault> {
        self.create(key, std::fs::read(file).map_err(|e| unreadable(file, &e))?).await
    }

    /// Writes an object to a file that is made anew. False, and no file, where there is no such object.
    async fn copy_to(&self, key: &str, file: &Path) -> Result<bool, Fault> {
        let Some(bytes) = self.get(key).await? else { return Ok(false) };
        std::fs::write(file, bytes).map_err(|e| unreadable(file, &e))?;
        Ok(true)
    }

    /// Every key that starts with the prefix, sorted.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault>;

    /// Deletes every object whose key starts with the prefix and says how many there were.
    async fn delete_prefix(&self, prefix: &str) -> Result<u64, Fault>;
}

fn unreadable(file: &Path, error: &std::io::Error) -> Fault {
    Fault::new(Code::FileUnreadable).detail(file.display()).caused_by(error)
}

/// Objects in memory.
#[derive(Debug, Default)]
pub struct MemoryStaging(Mutex<BTreeMap<String, Vec<u8>>>);

impl MemoryStaging {
    fn objects(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Staging for MemoryStaging {
    async fn create(&self, key: &str, bytes: Vec<u8>) -> Result<bool, Fault> {
        if key.is_empty() {
            return Err(Fault::new(Code::Bug).detail("an object needs a key"));
        }
        match self.objects().entry(key.to_owned()) {
            std::collections::btree_map::Entry::Occupied(_) => Ok(false),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(bytes);
                Ok(true)
            }
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.objects().get(key).cloned())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let objects = self.objects();
        Ok(objects
            .range(prefix.to_owned()..)
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(prefix))
            .cloned()
            .collect())
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<u64, Fault> {
        let mut objects = self.objects();
        let before = objects.len();
        objects.retain(|key, _| !key.starts_with(prefix));
        Ok(u64::try_from(before - objects.len()).unwrap_or(u64::MAX))
    }
}
