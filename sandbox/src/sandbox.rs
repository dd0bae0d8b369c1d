//! A sandbox from the outside: how it is started, steered and stopped.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::{Engine, Outcome};
use crate::faults::Injection;
use crate::http::{Request, Response};
use crate::limits::Counters;
use crate::oauth::{App, Issued, OauthRules};
use crate::platform::{Platform, Tenant};
use crate::server::Server;

/// How a sandbox is started.
pub struct Options {
    /// The platform with its companies.
    pub platform: Box<dyn Platform>,
    /// Port on the loopback address; 0 takes a free one.
    pub port: u16,
    /// Seeds tokens.
    pub seed: u64,
    /// The sandbox's time at the start.
    pub now: Timestamp,
    /// How many times as fast as the machine's clock the sandbox's runs; 0 stands still.
    pub speed: u32,
    /// How long a call takes, in the sandbox's time.
    pub latency: Duration,
    /// Whether the consent page answers itself, for runs without a person.
    pub consent: bool,
    /// Whether the documented limits are enforced.
    pub limits: bool,
    /// A company file: taken up when it holds something, and kept up to date. In memory only when `None`.
    pub file: Option<PathBuf>,
    /// The app that may connect.
    pub app: App,
}

impl Options {
    /// A free port, the machine's time, the documented limits, nothing kept.
    pub fn new(platform: impl Platform + 'static) -> Self {
        let local = |host: &str| format!("http://{host}/callback");
        let redirects = vec![local("localhost"), local("127.0.0.1")];
        Self {
            app: App {
                id: format!("{}-app", platform.name()),
                secret: "sandbox-secret".to_owned(),
                redirects,
            },
            platform: Box::new(platform),
            port: 0,
            seed: 1,
            now: Timestamp::now(),
            speed: 1,
            latency: Duration::ZERO,
            consent: false,
            limits: true,
            file: None,
        }
    }
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port could not be had.
    #[error("the port could not be opened: {0}")]
    Port(#[from] std::io::Error),
    /// The company file could not be read or written.
    #[error("the company file could not be used: {0}")]
    File(#[from] rusqlite::Error),
    /// The company file holds something else.
    #[error("the company file is not of this platform: {0}")]
    Content(String),
}

/// The call got no answer, or only a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection was closed before the answer was complete")]
pub struct Lost;

/// The sandbox.
pub struct Sandbox;

impl Sandbox {
    /// Starts a server on the loopback address.
    ///
    /// # Errors
    /// The port or the company file could not be had.
    pub async fn start(options: Options) -> Result<Handle, StartError> {
        let port = options.port;
        let engine = Arc::new(Engine::new(options)?);
        let server = Server::start(Arc::clone(&engine), port).await?;
        Ok(Handle { base_url: format!("http://{}", server.address()), control: Control { engine }, server })
    }

    /// A sandbox without a server: calls go through [`Control::send`].
    ///
    /// # Errors
    /// The company file could not be had.
    pub fn in_process(options: Options) -> Result<Control, StartError> {
        Ok(Control { engine: Arc::new(Engine::new(options)?) })
    }
}

/// A running sandbox; it stops when this is dropped.
pub struct Handle {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub base_url: String,
    /// Steers it.
    pub control: Control,
    server: Server,
}

impl Handle {
    /// Stops the server and closes its connections.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// Steers a sandbox: time, faults, limits, switches, tokens, counters.
#[derive(Clone)]
pub struct Control {
    engine: Arc<Engine>,
}

impl Control {
    /// Sends a call without a socket.
    ///
    /// # Errors
    /// An injected fault closed the connection.
    pub async fn send(&self, request: Request) -> Result<Response, Lost> {
        match self.engine.answer(request).await {
            Outcome::Answered(response) => Ok(response),
            Outcome::Truncated(_) | Outcome::Dropped => Err(Lost),
        }
    }

    /// The sandbox's time.
    pub fn now(&self) -> Timestamp {
        self.engine.state().clock.now()
    }

    /// Sets the sandbox's time.
    pub fn set_time(&self, now: Timestamp) {
        self.engine.state().clock.set(now);
    }

    /// Moves the sandbox's time on.
    pub fn advance(&self, by: Duration) {
        self.engine.state().clock.advance(by);
    }

    /// Changes how fast the sandbox's clock runs.
    pub fn set_speed(&self, speed: u32) {
        self.engine.state().clock.set_speed(speed);
    }

    /// Lets something go wrong; false when too much is waiting already.
    pub fn inject(&self, injection: Injection) -> bool {
        self.engine.state().faults.add(injection)
    }

    /// Takes injections back.
    pub fn clear_faults(&self) {
        self.engine.state().faults.clear();
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        self.engine.state().limits.counters.clone()
    }

    /// Counts anew.
    pub fn reset_counters(&self) {
        self.engine.state().limits.counters = Counters::default();
    }

    /// Sets a switch; false when there is none of that name.
    pub fn set_switch(&self, name: &str, on: bool) -> bool {
        self.engine.state().platform.set_switch(name, on)
    }

    /// Changes a limit, or takes it away with `None`; false when there is none of that name.
    pub fn set_limit(&self, name: &str, max: Option<u64>) -> bool {
        self.engine.state().limits.set(name, max)
    }

    /// The companies.
    pub fn tenants(&self) -> Vec<Tenant> {
        self.engine.state().platform.tenants()
    }

    /// The app.
    pub fn app(&self) -> App {
        self.engine.state().oauth.app().clone()
    }

    /// Tokens for companies without a person's consent; for all companies when none is named.
    pub fn grant(&self, tenants: &[&str], scope: &str) -> Issued {
        self.engine.grant(tenants.iter().map(|&id| id.to_owned()).collect(), scope)
    }

    /// Makes every access token expire.
    pub fn expire_tokens(&self) {
        let mut state = self.engine.state();
        let now = state.clock.now();
        state.oauth.expire_all(now);
    }

    /// Changes lifetimes and rotation.
    pub fn change_oauth(&self, change: impl FnOnce(&mut OauthRules)) {
        change(self.engine.state().oauth.rules_mut());
    }

    /// How long a call takes from now on, in the sandbox's time.
    pub fn set_latency(&self, latency: Duration) {
        self.engine.state().latency = latency;
    }
}
