use async_trait::async_trait;
use carry_model::{Code, Fault};
use serde::de::DeserializeOwned;

/// HTTP methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Create or call.
    Post,
    /// Create or replace.
    Put,
    /// Change.
    Patch,
    /// Remove.
    Delete,
}

/// Whether a call changes the far side: decides whether it may be sent again when its outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing: may be sent again at any time.
    Read,
    /// Changes something; sending it twice is the same as once (idempotency key, write of the same values).
    IdempotentWrite,
    /// Changes something each time it is sent.
    Write,
}

/// A call to a platform, as a value. Header values may hold credentials, so it has no `Debug`.
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path and query below the connection's base address, starting with `/`.
    pub path: String,
    /// Headers, credentials among them.
    pub headers: Vec<(String, String)>,
    /// JSON body.
    pub body: Option<Vec<u8>>,
    /// What it does to the far side.
    pub effect: Effect,
    /// What it is, for logs and metrics, free of customer data: `account.move/create`.
    pub label: &'static str,
}

/// The platform's answer. Bodies hold customer data, so it has no `Debug`.
#[derive(Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, as received, bounded by the engine.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// True for 2xx.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The body as JSON; a fault (reach left to the caller) where it is none of the expected shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|e| {
            let place = crate::json::place(&e);
            Fault::new(Code::AnswerUnreadable).detail(format!("HTTP {}, {place}.", self.status))
        })
    }
}

/// Sends calls for a connector. The engine's implementation paces, retries what is safe to send again, bounds
/// the answer's size, refuses other hosts, and never logs a header or body.
#[async_trait]
pub trait Wire: Send + Sync {
    /// The platform's answer, of any status but those the engine retried in vain (429, 5xx), which come back
    /// as faults with their reach.
    async fn call(&self, request: Request) -> Result<Response, Fault>;

    /// Fetches what the platform keeps elsewhere, by the whole address it gave for it: without credentials, from no
    /// host that a stranger may not name, and at most `bytes_max` bytes.
    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        let _ = (address, bytes_max);
        Err(Fault::new(Code::HostRefused))
    }
}
