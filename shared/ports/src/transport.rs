use async_trait::async_trait;
use carry_connector::{Request, Response};
use carry_model::Fault;

/// Sends one HTTP call to the connection's own host and bounds the size of the answer.
#[async_trait]
pub trait Transport: Send + Sync {
    /// The answer, of any status. A fault where there is none, with [`carry_model::Reach::NotSent`] where
    /// nothing left this machine and [`carry_model::Reach::Unknown`] where it may have been carried out.
    async fn send(&self, request: &Request) -> Result<Response, Fault>;
}
