use std::time::Duration;

use async_trait::async_trait;
use carry_model::Fault;

/// Addresses under which one staged object can be read or written for a while, without any other credential.
#[async_trait]
pub trait Doors: Send + Sync {
    /// Where the object can be put.
    async fn upload(&self, key: &str, open_for: Duration) -> Result<String, Fault>;

    /// Where the object can be read.
    async fn download(&self, key: &str, open_for: Duration) -> Result<String, Fault>;
}

/// Addresses that lead nowhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryDoors;

#[async_trait]
impl Doors for MemoryDoors {
    async fn upload(&self, key: &str, _: Duration) -> Result<String, Fault> {
        Ok(format!("memory:upload/{key}"))
    }

    async fn download(&self, key: &str, _: Duration) -> Result<String, Fault> {
        Ok(format!("memory:download/{key}"))
    }
}
