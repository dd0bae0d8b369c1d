use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use carry_model::{Code, Fault};
use carry_ports::{Mail, Mailer};

use crate::fault::fault;

/// Mail by Amazon SES.
#[derive(Clone, Debug)]
pub struct SesMailer {
    client: Client,
    from: String,
}

impl SesMailer {
    /// From that address, which SES must have verified.
    pub fn new(client: Client, from: impl Into<String>) -> Self {
        Self { client, from: from.into() }
    }
}

fn content(text: &str) -> Result<Content, Fault> {
    Content::builder().data(text).charset("UTF-8").build().map_err(|e| Fault::new(Code::Bug).caused_by(e))
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, mail: &Mail) -> Result<(), Fault> {
        let body = Body::builder().text(content(&mail.text)?).build();
        let message = Message::builder().subject(content(&mail.subject)?).body(body).build();
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(&mail.to).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await;
        sent.map(|_| ()).map_err(|e| fault("SES SendEmail", &e))
    }
}
