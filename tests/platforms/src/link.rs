use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use async_trait::async_trait;
use carry_connector::oauth::{App, Grant, Provider};
use carry_connector::{Effect, Limits, Method, Request, Response, Wire};
use carry_model::{Code, Fault, Reach, Timestamp};
use carry_pipeline::{AuthorizedWire, EngineWire, Shared, SignedIn};
use carry_ports::{Clock, Tokens, Transport};
use carry_sandbox::Control;
use carry_sandbox::http;
use tokio::time::Instant;

/// The sandbox's time follows tokio's, so that a paused test clock is the sandbox's clock too. Processes are threads:
/// where one stands still, its time does, and that of the others goes on.
#[derive(Clone)]
pub struct SandboxClock {
    control: Control,
    reached: Arc<Mutex<HashMap<ThreadId, Instant>>>,
}

impl SandboxClock {
    pub(crate) fn new(control: &Control) -> Self {
        control.set_speed(0);
        Self { control: control.clone(), reached: Arc::default() }
    }

    fn keep_up(&self) -> Timestamp {
        let mut reached = self.reached.lock().unwrap();
        let now = Instant::now();
        let before = reached.insert(std::thread::current().id(), now).unwrap_or(now);
        self.control.advance(now.saturating_duration_since(before));
        self.control.now()
    }
}

impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        self.keep_up()
    }
}

/// Calls go straight into the sandbox; an answer that is lost is of unknown outcome, as over a socket.
struct InProcess(SandboxClock);

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        self.0.keep_up();
        let mut sent = http::Request::new(method(request.method), &request.path);
        sent.headers =
            request.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        sent.body = request.body.clone().unwrap_or_default();
        let lost = Fault::new(Code::ConnectionFailed).reach(Reach::Unknown);
        let answer = self.0.control.send(sent).await.map_err(|_| lost)?;
        Ok(Response { status: answer.status, headers: answer.headers, body: answer.body })
    }

    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        let path = address.strip_prefix(ORIGIN).ok_or_else(|| Fault::new(Code::HostRefused))?;
        let request = Request {
            method: Method::Get,
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
            effect: Effect::Read,
            label: "file",
        };
        let answer = self.send(&request).await?;
        assert!(answer.body.len() as u64 <= bytes_max);
        Ok(answer)
    }
}

/// What the sandbox takes for its own address where nobody says another.
const ORIGIN: &str = "http://localhost";

/// Calls as they were sent: method and path, and the body.
pub type Sent = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Writes down what changes something.
pub(crate) struct Recorded {
    pub(crate) inner: Arc<dyn Transport>,
    pub(crate) sent: Sent,
}

#[async_trait]
impl Transport for Recorded {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        if request.method != Method::Get {
            let line = format!("{} {}", method(request.method), request.path);
            self.sent.lock().unwrap().push((line, request.body.clone().unwrap_or_default()));
        }
        self.inner.send(request).await
    }

    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        self.inner.download(address, bytes_max).await
    }
}

/// Tokens of a connection to a sandbox, as signing in leaves them.
pub(crate) async fn sign_in(control: &Control, provider: &Provider, tokens: &dyn Tokens) {
    let issued = control.grant(&[], provider.scope);
    let grant = Grant {
        access_token: issued.access.into(),
        expires: control.now().checked_add(jiff::SignedDuration::from_secs(issued.expires_s)).unwrap(),
        refresh_token: Some(issued.refresh.into()),
        refresh_expires: None,
    };
    tokens.store(&connection(provider), &grant).await.unwrap();
}

pub(crate) fn connection(provider: &Provider) -> String {
    format!("{}:sandbox", provider.system)
}

/// What stands between a connector and its sandbox.
pub type Between<'a> = &'a (dyn Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync);

/// A process's wire to a sandbox, inside `limits` that it may share with others, with the tokens that signing in left
/// and something in between.
pub(crate) fn link(
    clock: &SandboxClock,
    provider: Provider,
    limits: &Limits,
    tokens: Arc<dyn Tokens>,
    shared: Option<&Shared>,
    between: Between<'_>,
) -> Arc<dyn Wire> {
    let transport = between(Arc::new(InProcess(clock.clone())));
    let app = clock.control.app();
    let signed_in = SignedIn {
        connection: connection(&provider),
        provider,
        app: App { id: app.id, secret: Some(app.secret.into()) },
        tokens,
        token_host: transport.clone(),
        clock: Arc::new(clock.clone()),
    };
    let engine = match shared {
        Some(shared) => EngineWire::sharing(transport, limits, shared),
        None => EngineWire::new(transport, limits),
    };
    Arc::new(AuthorizedWire::new(Arc::new(engine), signed_in))
}
