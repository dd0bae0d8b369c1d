use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use carry_connector::oauth::Grant;
use carry_model::Fault;

/// The right to renew a grant; given back when it is dropped.
pub type Lease = Box<dyn Send + Sync>;

/// What platforms granted, by connection (`quickbooks:9130357`), kept where only the service may read.
///
/// Refresh tokens are spent by their use: whoever renews a grant holds its lease, looks whether another one has done
/// so already, and stores the new grant before using it. A lease may lapse under a worker that stands still; so the new
/// grant takes the place of the one that was renewed, and of no other.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// The grant, or None where the connection was never made or was forgotten.
    async fn load(&self, connection: &str) -> Result<Option<Grant>, Fault>;

    /// Keeps the grant in place of any earlier one. Once this returns it survives a crash.
    async fn store(&self, connection: &str, grant: &Grant) -> Result<(), Fault>;

    /// Keeps the grant in place of the one that it renews. False, and nothing done, where another one stands there.
    async fn replace(&self, connection: &str, earlier: &Grant, grant: &Grant) -> Result<bool, Fault> {
        let stands = self.load(connection).await?.is_some_and(|stored| stored.is_same(earlier));
        if stands {
            self.store(connection, grant).await?;
        }
        Ok(stands)
    }

    /// Deletes the grant. Forgetting what is not there is no fault.
    async fn forget(&self, connection: &str) -> Result<(), Fault>;

    /// Waits until nobody else renews this grant.
    async fn lease(&self, connection: &str) -> Result<Lease, Fault>;
}

/// Grants in memory.
#[derive(Debug, Default)]
pub struct MemoryTokens {
    grants: Mutex<BTreeMap<String, Grant>>,
    leases: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl MemoryTokens {
    fn grants(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Grant>> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Tokens for MemoryTokens {
    async fn load(&self, connection: &str) -> Result<Option<Grant>, Fault> {
        Ok(self.grants().get(connection).cloned())
    }

    async fn store(&self, connection: &str, grant: &Grant) -> Result<(), Fault> {
        self.grants().insert(connection.to_owned(), grant.clone());
        Ok(())
    }

    async fn replace(&self, connection: &str, earlier: &Grant, grant: &Grant) -> Result<bool, Fault> {
        let mut grants = self.grants();
        let stands = grants.get(connection).is_some_and(|stored| stored.is_same(earlier));
        if stands {
            grants.insert(connection.to_owned(), grant.clone());
        }
        Ok(stands)
    }

    async fn forget(&self, connection: &str) -> Result<(), Fault> {
        self.grants().remove(connection);
        Ok(())
    }

    async fn lease(&self, connection: &str) -> Result<Lease, Fault> {
        let lock = {
            let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
            leases.entry(connection.to_owned()).or_default().clone()
        };
        Ok(Box::new(lock.lock_owned().await))
    }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn in_memory() {
        crate::contract::tokens(&super::MemoryTokens::default()).await;
    }
}
