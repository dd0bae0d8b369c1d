//! The transport port over a real HTTP client.
//!
//! Redirects are not followed (credentials would travel to another host), answers are bounded, and nothing of a
//! call is ever logged here.

use std::time::Duration;

use async_trait::async_trait;
use carry_connector::{Method, Request, Response};
use carry_model::{Code, Fault, Reach};
use carry_ports::Transport;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

/// Largest answer taken, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const CALL_TIMEOUT: Duration = Duration::from_secs(120);

/// Sends calls to one base address.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: Client,
    base: Url,
}

impl HttpTransport {
    /// For the system at `base` (`https://books.example.com`). Plain HTTP is taken for loopback addresses only.
    pub fn new(base: &str) -> Result<Self, Fault> {
        let invalid = |why: &str| Fault::new(Code::ConfigInvalid).field("address").detail(why);
        let base: Url = base.trim_end_matches('/').parse().map_err(|_| invalid("It is no web address."))?;
        let loopback = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        match base.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(invalid("Only https is taken, for credentials travel with every call.")),
        }
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|e| Fault::new(Code::Bug).caused_by(e.without_url()))?;
        Ok(Self { client, base })
    }

    fn url(&self, path: &str) -> Result<Url, Fault> {
        let text = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let url: Url = text.parse().map_err(|_| Fault::new(Code::Bug).detail("a call's path"))?;
        if url.origin() != self.base.origin() {
            return Err(Fault::new(Code::HostRefused));
        }
        Ok(url)
    }
}

/// A header's value that no library prints: it may hold a credential.
fn unprinted(value: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Fault::new(Code::AnswerUnreadable)
            .reach(Reach::NotSent)
            .detail("What was granted, or an id, holds signs that cannot be sent.")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn unsent_or_unknown(error: reqwest::Error) -> Fault {
    let code = if error.is_timeout() { Code::TimedOut } else { Code::ConnectionFailed };
    let reach = if error.is_connect() { Reach::NotSent } else { Reach::Unknown };
    Fault::new(code).reach(reach).caused_by(error.without_url())
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut call = self.client.request(method, self.url(&request.path)?);
        for (name, value) in &request.headers {
            call = call.header(name, unprinted(value)?);
        }
        if let Some(body) = &request.body {
            let named = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            if !named {
                call = call.header("content-type", "application/json");
            }
            call = call.body(body.clone());
        }
        let mut answer = call.send().await.map_err(unsent_or_unknown)?;
        let status = answer.status().as_u16();
        if (300..400).contains(&status) {
            return Err(Fault::new(Code::HostRefused).reach(Reach::Unknown).detail(format!("HTTP {status}")));
        }
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers =
            answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let mut body = Vec::new();
        while let Some(chunk) =
            answer.chunk().await.map_err(|e| unsent_or_unknown(e).reach(Reach::Unknown))?
        {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Fault::new(Code::AnswerUnreadable)
                    .reach(Reach::Unknown)
                    .detail("The answer is too large."));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body })
    }
}

#[cfg(test)]
mod tests {
    use carry_connector::Effect;
    use wiremock::matchers::{header, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    fn request(path: &str) -> Request {
        Request {
            method: Method::Post,
            path: path.to_owned(),
            headers: vec![("authorization".to_owned(), "bearer key".to_owned())],
            body: Some(b"{}".to_vec()),
            effect: Effect::Write,
            label: "test",
        }
    }

    #[tokio::test]
    async fn sends_and_answers() {
        let server = MockServer::start().await;
        Mock::given(path("/json/2/x"))
            .and(header("authorization", "bearer key"))
            .respond_with(ResponseTemplate::new(422).set_body_string("[1]").insert_header("Retry-After", "7"))
            .mount(&server)
            .await;
        let answer = HttpTransport::new(&server.uri()).unwrap().send(&request("/json/2/x")).await.unwrap();
        assert_eq!((answer.status, answer.header("retry-after")), (422, Some("7")));
        assert_eq!(answer.json::<Vec<u8>>().unwrap(), [1]);
    }

    #[tokio::test]
    async fn redirects_are_refused() {
        let server = MockServer::start().await;
        Mock::given(path("/x"))
            .respond_with(ResponseTemplate::new(307).insert_header("Location", "http://127.0.0.1:1/steal"))
            .mount(&server)
            .await;
        let fault = HttpTransport::new(&server.uri()).unwrap().send(&request("/x")).await.err().unwrap();
        assert_eq!(fault.code, Code::HostRefused);
    }

    #[tokio::test]
    async fn nothing_listening_is_not_sent() {
        let fault =
            HttpTransport::new("http://127.0.0.1:9").unwrap().send(&request("/x")).await.err().unwrap();
        assert_eq!((fault.code, fault.reach), (Code::ConnectionFailed, Reach::NotSent));
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert!(HttpTransport::new("http://books.example.com").is_err());
        assert!(HttpTransport::new("https://books.example.com").is_ok());
        assert!(HttpTransport::new("file:///etc/passwd").is_err());
    }
}
