//! The transport port over a real HTTP client.
//!
//! Redirects are not followed (credentials would travel to another host), answers are bounded, and nothing of a
//! call is ever logged here. Files that a system keeps elsewhere are fetched without anything of the connection, and
//! from public hosts only.

mod public;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use carry_connector::{Method, Request, Response};
use carry_model::{Code, Fault, Reach};
use carry_ports::Transport;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};

use public::PublicHosts;

/// Largest answer taken, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const CALL_TIMEOUT: Duration = Duration::from_secs(120);

/// Sends calls to one base address.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: Client,
    /// For files on other hosts: made for the first of them, as few systems have any.
    elsewhere: OnceLock<Client>,
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
        Ok(Self { client: built(careful())?, elsewhere: OnceLock::new(), base })
    }

    /// A whole address that a system gave for a file, and the client to fetch it with.
    fn file(&self, address: &str) -> Result<(Url, &Client), Fault> {
        let url: Url = address.parse().map_err(|_| Fault::new(Code::HostRefused))?;
        if url.origin() == self.base.origin() {
            return Ok((url, &self.client));
        }
        // Without a name there is nothing to resolve, and nothing to hold back.
        let named = url.domain().is_some_and(|name| name.contains('.'));
        if url.scheme() == "https" && named {
            Ok((url, self.elsewhere()?))
        } else {
            Err(Fault::new(Code::HostRefused))
        }
    }

    fn elsewhere(&self) -> Result<&Client, Fault> {
        if let Some(client) = self.elsewhere.get() {
            return Ok(client);
        }
        let client = built(careful().https_only(true).dns_resolver(Arc::new(PublicHosts)))?;
        Ok(self.elsewhere.get_or_init(|| client))
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

fn careful() -> ClientBuilder {
    let builder = Client::builder().redirect(Policy::none()).no_proxy();
    builder.connect_timeout(CONNECT_TIMEOUT).timeout(CALL_TIMEOUT)
}

fn built(builder: ClientBuilder) -> Result<Client, Fault> {
    builder.build().map_err(|e| Fault::new(Code::Bug).caused_by(e.without_url()))
}

/// An answer, its body not larger than `bytes_max`.
async fn bounded(
    mut answer: reqwest::Response,
    bytes_max: usize,
    too_large: impl Fn() -> Fault + Send,
) -> Result<Response, Fault> {
    let status = answer.status().as_u16();
    if (300..400).contains(&status) {
        return Err(Fault::new(Code::HostRefused).reach(Reach::Unknown).detail(format!("HTTP {status}")));
    }
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers =
        answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| unsent_or_unknown(e).reach(Reach::Unknown))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
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
        let answer = call.send().await.map_err(unsent_or_unknown)?;
        let too_large = || Fault::new(Code::AnswerTooLarge).reach(Reach::Unknown);
        bounded(answer, ANSWER_BYTES_MAX, too_large).await
    }

    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        let (url, client) = self.file(address)?;
        let answer = client.get(url).send().await.map_err(unsent_or_unknown)?;
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        bounded(answer, bytes_max, || Fault::new(Code::FileTooLarge)).await
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

    #[tokio::test]
    async fn a_file_comes_without_the_key_and_bounded() {
        let server = MockServer::start().await;
        Mock::given(path("/file"))
            .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![7; 1_000]))
            .mount(&server)
            .await;
        let transport = HttpTransport::new(&server.uri()).unwrap();
        let address = format!("{}/file?signature=x", server.uri());
        assert_eq!(transport.download(&address, 1_000).await.unwrap().body, [7; 1_000]);
        assert_eq!(transport.download(&address, 999).await.err().unwrap().code, Code::FileTooLarge);
        for sent in server.received_requests().await.unwrap() {
            assert!(sent.headers.get("authorization").is_none());
        }
    }

    #[tokio::test]
    async fn files_are_fetched_from_public_hosts_only() {
        let server = MockServer::start().await;
        let transport = HttpTransport::new("https://books.example.com").unwrap();
        let own = format!("{}/file", server.uri());
        let addresses = [
            own.as_str(),
            "http://files.example.com/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://169.254.169.254/latest/meta-data",
            "https://2130706433/x",
            "https://localhost/x",
            "file:///etc/passwd",
            "x",
        ];
        for address in addresses {
            let fault = transport.download(address, 10).await.err().unwrap();
            assert_eq!(fault.code, Code::HostRefused, "{address}");
        }
        assert!(server.received_requests().await.unwrap().is_empty());
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert!(HttpTransport::new("http://books.example.com").is_err());
        assert!(HttpTransport::new("https://books.example.com").is_ok());
        assert!(HttpTransport::new("file:///etc/passwd").is_err());
    }
}
