use async_trait::async_trait;
use carry_connector::{Request, Response};
use carry_model::{Code, Fault};

/// Sends one HTTP call to the connection's own host and bounds the size of the answer.
#[async_trait]
pub trait Transport: Send + Sync {
    /// The answer, of any status. A fault where there is none, with [`carry_model::Reach::NotSent`] where
    /// nothing left this machine and [`carry_model::Reach::Unknown`] where it may have been carried out.
    async fn send(&self, request: &Request) -> Result<Response, Fault>;

    /// Fetches a file from a whole address that the system gave, without anything of the connection: over HTTPS from a
    /// public host, or from the connection's own. A fault ([`Code::HostRefused`]) for any other address, and
    /// [`Code::FileTooLarge`] where it is more than `bytes_max`.
    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        let _ = (address, bytes_max);
        Err(Fault::new(Code::HostRefused))
    }
}
