use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use carry_model::Fault;

/// A message in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address it goes to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// Sends mail from the service's own address.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a message over for delivery. A message may arrive twice where an answer was lost.
    async fn send(&self, mail: &Mail) -> Result<(), Fault>;
}

/// Keeps what was sent.
#[derive(Debug, Default)]
pub struct MemoryMailer(Mutex<Vec<Mail>>);

impl MemoryMailer {
    /// What was sent, in order.
    pub fn sent(&self) -> Vec<Mail> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Mailer for MemoryMailer {
    async fn send(&self, mail: &Mail) -> Result<(), Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
        Ok(())
    }
}
