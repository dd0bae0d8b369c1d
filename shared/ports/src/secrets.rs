use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use carry_model::Fault;
use secrecy::{ExposeSecret, SecretString};

/// Credentials under names such as `<prefix>/<migration>/source`, kept where only the service may read. Names hold no
/// customer data; values appear in no log.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret, or None.
    async fn get(&self, name: &str) -> Result<Option<SecretString>, Fault>;

    /// True where there is one of that name; its value is not read.
    async fn has(&self, name: &str) -> Result<bool, Fault>;

    /// Keeps a secret in place of any earlier one. Once this returns it survives a crash.
    async fn put(&self, name: &str, secret: &SecretString) -> Result<(), Fault>;

    /// Deletes a secret for good. Deleting what is not there is no fault.
    async fn delete(&self, name: &str) -> Result<(), Fault>;

    /// The names that start with the prefix, sorted.
    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault>;
}

/// Secrets in memory.
#[derive(Debug, Default)]
pub struct MemorySecrets(Mutex<BTreeMap<String, SecretString>>);

impl MemorySecrets {
    fn secrets(&self) -> MutexGuard<'_, BTreeMap<String, SecretString>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Secrets for MemorySecrets {
    async fn get(&self, name: &str) -> Result<Option<SecretString>, Fault> {
        Ok(self.secrets().get(name).map(|secret| secret.expose_secret().into()))
    }

    async fn has(&self, name: &str) -> Result<bool, Fault> {
        Ok(self.secrets().contains_key(name))
    }

    async fn put(&self, name: &str, secret: &SecretString) -> Result<(), Fault> {
        self.secrets().insert(name.to_owned(), secret.clone());
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), Fault> {
        self.secrets().remove(name);
        Ok(())
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        Ok(self.secrets().keys().filter(|name| name.starts_with(prefix)).cloned().collect())
    }
}
