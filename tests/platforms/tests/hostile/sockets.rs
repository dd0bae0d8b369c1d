//! Over real sockets: redirects, answers without end, connections that are cut, and what is logged of it all.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use carry_connector::oauth::{App, Grant, Provider};
use carry_connector::{Limits, Wire};
use carry_http::{ANSWER_BYTES_MAX, HttpTransport};
use carry_model::{Action, Code, Fault, Timestamp};
use carry_pipeline::{AuthorizedWire, EngineWire, SignedIn};
use carry_ports::{MemoryTokens, SystemClock, Tokens};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::between::MARK;

const TOKEN: &str = "access-token-of-nobody-else";
const REFRESH: &str = "refresh-token-of-nobody-else";
const SECRET: &str = "secret-of-the-app";

/// A server that answers every call with the same bytes, so many times over, and counts connections.
struct Server {
    address: String,
    visits: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
}

impl Server {
    async fn answering(head: String, part: Vec<u8>, times: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (visits, sent) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, bytes) = (visits.clone(), sent.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let bytes = bytes.clone();
                let (head, part) = (head.clone(), part.clone());
                tokio::spawn(async move {
                    // Callers hang up on what they do not want.
                    let _ = serve(stream, &head, &part, times, &bytes).await;
                });
            }
        });
        Self { address, visits, sent }
    }

    async fn with(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\n{headers}content-type: application/json\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n"
        );
        Self::answering(head, body.as_bytes().to_vec(), 1).await
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::Relaxed)
    }
}

async fn serve(
    mut stream: TcpStream,
    head: &str,
    part: &[u8],
    times: usize,
    sent: &AtomicUsize,
) -> io::Result<()> {
    let mut asked = vec![0; 64 * 1024];
    // What is asked makes no difference.
    let _ = stream.read(&mut asked).await?;
    stream.write_all(head.as_bytes()).await?;
    for _ in 0..times {
        stream.write_all(part).await?;
        sent.fetch_add(part.len(), Ordering::Relaxed);
    }
    stream.shutdown().await
}

type Make = fn(&str) -> Provider;
const PLATFORMS: [(Make, &Limits); 2] = [
    (carry_quickbooks::provider, &carry_quickbooks::MANIFEST.limits),
    (carry_xero::provider, &carry_xero::MANIFEST.limits),
];

/// A wire that is signed in to `api`, with the tokens renewed at `token_host`.
async fn signed_in(
    make: Make,
    limits: &Limits,
    api: &str,
    token_host: &str,
    expires: Timestamp,
) -> Arc<dyn Wire> {
    let tokens = MemoryTokens::default();
    let grant = Grant {
        access_token: TOKEN.to_owned().into(),
        expires,
        refresh_token: Some(REFRESH.to_owned().into()),
        refresh_expires: None,
    };
    tokens.store("it", &grant).await.unwrap();
    let signed_in = SignedIn {
        provider: make(token_host),
        app: App { id: "app".to_owned(), secret: Some(SECRET.to_owned().into()) },
        connection: "it".to_owned(),
        tokens: Arc::new(tokens),
        token_host: Arc::new(HttpTransport::new(token_host).unwrap()),
        clock: Arc::new(SystemClock),
    };
    let engine = EngineWire::new(Arc::new(HttpTransport::new(api).unwrap()), limits);
    Arc::new(AuthorizedWire::new(Arc::new(engine), signed_in))
}

/// Connects and reads, whichever platform it is.
async fn look(make: Make, wire: Arc<dyn Wire>) -> Fault {
    let looked = match make("http://127.0.0.1").system {
        "xero" => carry_xero::tenants(&*wire).await.map(drop),
        _ => carry_quickbooks::QuickBooks::connect("9130357", wire).await.map(drop),
    };
    looked.expect_err("nobody answers well here")
}

fn keeps_secrets(told: &str) {
    for secret in [TOKEN, REFRESH, SECRET, MARK] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[tokio::test]
async fn a_redirect_leads_no_token_to_another_host() {
    for (make, limits) in PLATFORMS {
        for status in [
            "301 Moved Permanently",
            "302 Found",
            "303 See Other",
            "307 Temporary Redirect",
            "308 Permanent Redirect",
        ] {
            let thief = Server::with("200 OK", "", "{}").await;
            let headers = format!("location: {}/steal\r\n", thief.address);
            let platform = Server::with(status, &headers, "").await;
            let fresh = signed_in(make, limits, &platform.address, &platform.address, Timestamp::MAX).await;
            let fault = look(make, fresh).await;
            assert_eq!(fault.code, Code::HostRefused, "{fault:?}");
            // The same where the token has run out and is renewed.
            let stale =
                signed_in(make, limits, &platform.address, &platform.address, Timestamp::UNIX_EPOCH).await;
            let fault = look(make, stale).await;
            assert_eq!(fault.code, Code::HostRefused, "{fault:?}");
            assert!(!fault.remedy().is_empty());
            keeps_secrets(&format!("{fault:?}"));
            assert_eq!((platform.visits(), thief.visits()), (2, 0));
        }
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    for (make, limits) in PLATFORMS {
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n".to_owned();
        let part = vec![b' '; 1024 * 1024];
        let platform = Server::answering(head, part, 10_000).await;
        let wire = signed_in(make, limits, &platform.address, &platform.address, Timestamp::MAX).await;
        let fault = look(make, wire).await;
        assert_eq!((fault.code, fault.action()), (Code::AnswerTooLarge, Action::Stop), "{fault:?}");
        assert_eq!(platform.visits(), 1, "it is not asked for again");
        let sent = platform.sent.load(Ordering::Relaxed);
        assert!(sent < ANSWER_BYTES_MAX + 32 * 1024 * 1024, "{sent} bytes were taken");
    }
}

#[tokio::test]
async fn a_token_host_that_talks_nonsense_is_a_fault_and_keeps_the_grant() {
    let deep = "[".repeat(100_000);
    let echo = format!(r#"{{"error":"{MARK} {REFRESH}","error_description":"{SECRET}"}}"#);
    let split = r#"{"access_token":"a\r\nx-injected: 1","expires_in":9223372036854775807}"#;
    for (make, limits) in PLATFORMS {
        for (status, body) in [
            ("200 OK", ""),
            ("200 OK", "<html>Zaphod Beeblebrox"),
            ("200 OK", deep.as_str()),
            ("200 OK", r#"{"access_token":["Zaphod Beeblebrox"],"expires_in":"Zaphod Beeblebrox"}"#),
            ("200 OK", split),
            ("400 Bad Request", echo.as_str()),
            ("500 Internal Server Error", "<html>Zaphod Beeblebrox"),
        ] {
            let platform = Server::with(status, "", body).await;
            let wire =
                signed_in(make, limits, &platform.address, &platform.address, Timestamp::UNIX_EPOCH).await;
            let fault = look(make, wire).await;
            assert!(!fault.remedy().is_empty() && fault.code != Code::Bug, "{status} {fault:?}");
            keeps_secrets(&format!("{fault:?}"));
        }
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Even the most talkative log of every library has no token and nothing of an answer.
#[tokio::test]
async fn nothing_of_a_token_or_an_answer_is_logged() {
    let log = Log::default();
    let kept = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || kept.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    for (make, limits) in PLATFORMS {
        for (status, body) in [
            ("200 OK", format!(r#"{{"QueryResponse":"{MARK}"}}"#)),
            ("401 Unauthorized", format!(r#"{{"Detail":"{MARK} {TOKEN}"}}"#)),
            (
                "400 Bad Request",
                format!(r#"{{"Message":"{TOKEN}","Fault":{{"Error":[{{"Message":"{TOKEN}"}}]}}}}"#),
            ),
        ] {
            let platform = Server::with(status, "", &body).await;
            let wire = signed_in(make, limits, &platform.address, &platform.address, Timestamp::MAX).await;
            let fault = look(make, wire).await;
            assert!(!format!("{fault:?}").contains(TOKEN), "{fault:?}");
        }
    }
    drop(guard);
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.len() > 100, "something is logged: {logged}");
    keeps_secrets(&logged);
}
