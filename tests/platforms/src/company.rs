//! A company of a platform in a sandbox, and migrations from and to it.

use std::sync::Arc;

use carry_connector::{Manifest, Reader, Writer};
use carry_model::{Fault, MigrationId, Timestamp};
use carry_pipeline::{Cancel, Connection, Engine, NoProgress, Shared};
use carry_ports::{
    Clock, MemoryJobs, MemoryQuota, MemoryStaging, MemoryTokens, Migration, Tokens, Transport,
};
use carry_sandbox::quickbooks::QuickBooks;
use carry_sandbox::xero::{Region, Xero};
use carry_sandbox::{Control, Options, Request, Response, Sandbox};

use crate::link::{Between, Recorded, SandboxClock, Sent, connection, link, sign_in};
use crate::trouble::{Trouble, Troubled};

/// The sandbox's time at the start.
const BEGUN: &str = "2026-06-30T12:00:00Z";

/// When sandboxes begin.
pub fn begun() -> Timestamp {
    BEGUN.parse().unwrap()
}

/// A connector signed in to a company, as one process has it.
#[derive(Clone)]
pub struct Side {
    /// As a source.
    pub reader: Arc<dyn Reader>,
    /// As a target.
    pub writer: Arc<dyn Writer>,
    /// The sandbox's clock.
    pub clock: SandboxClock,
}

/// A company in a sandbox of its own, with the platform's documented limits.
pub struct Company {
    /// Steers the sandbox.
    pub control: Control,
    clock: SandboxClock,
    tenant: String,
    tokens: Arc<MemoryTokens>,
    quota: Arc<MemoryQuota>,
    /// Whose it is.
    pub platform: Platform,
}

/// Whose sandbox it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// QuickBooks Online.
    QuickBooks,
    /// Xero.
    Xero,
}

impl Company {
    /// An empty Xero organisation with these foreign currencies.
    pub async fn xero(region: Region, currencies: &[&str]) -> Self {
        let company = Self::of(Platform::Xero, Options::new(Xero::empty(region, 7, begun())));
        for code in currencies {
            let body = format!(r#"{{"Code":"{code}"}}"#);
            company.ask("PUT", &company.path("Currencies"), &body).await;
        }
        company.pause(60);
        company
    }

    /// An empty QuickBooks company with these foreign currencies.
    pub async fn quickbooks(region: Region, currencies: &[&str]) -> Self {
        let company = Self::of(Platform::QuickBooks, Options::new(QuickBooks::empty(region, 7, begun())));
        for code in currencies {
            let body = format!(r#"{{"Code":"{code}"}}"#);
            company.ask("POST", &company.path("companycurrency"), &body).await;
        }
        // A process does not know of the calls that somebody else made in its minute.
        company.pause(60);
        company
    }

    /// An empty company of a platform, with the currencies of the samples of its region.
    pub async fn empty(platform: Platform, region: Region) -> Self {
        let currencies: &[&str] = match region {
            Region::Us => &[],
            Region::Uk => &["EUR", "USD"],
            Region::Au => &["NZD", "USD"],
            Region::Global => &["USD", "GBP", "CHF", "SEK"],
        };
        match platform {
            Platform::QuickBooks => Self::quickbooks(region, currencies).await,
            Platform::Xero => Self::xero(region, currencies).await,
        }
    }

    /// A sample company of a platform with about so many invoices, and all that goes with them.
    pub fn sample(platform: Platform, region: Region, seed: u64, invoices: usize) -> Self {
        let options = match platform {
            Platform::QuickBooks => {
                Options::new(QuickBooks::sample(region, seed, invoices, begun()).unwrap())
            }
            Platform::Xero => Options::new(Xero::sample(region, seed, invoices, begun()).unwrap()),
        };
        Self::of(platform, options)
    }

    fn of(platform: Platform, options: Options) -> Self {
        let control = Sandbox::in_process(Options { now: begun(), speed: 0, ..options }).unwrap();
        let tenant = control.tenants()[0].id.clone();
        let clock = SandboxClock::new(&control);
        let quota = Arc::new(MemoryQuota::new(Arc::new(clock.clone())));
        Self { control, clock, tenant, platform, tokens: Arc::default(), quota }
    }

    /// The path of something of this company.
    pub fn path(&self, of: &str) -> String {
        match self.platform {
            Platform::QuickBooks => format!("/v3/company/{}/{of}", self.tenant),
            Platform::Xero => format!("/api.xro/2.0/{of}"),
        }
    }

    /// Sends a call past the connectors, as somebody else at the platform; it succeeds.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> Response {
        self.ask_with(method, path, "application/json", body.as_bytes().to_vec()).await
    }

    /// Attaches a file past the connectors: to the object of a kind (`Invoice`, `Invoices`) and id.
    pub async fn attach(&self, to: (&str, &str), name: &str, content: &[u8]) {
        self.pause(2);
        let (kind, id) = to;
        if self.platform == Platform::Xero {
            let path = self.path(&format!("{kind}/{id}/Attachments/{name}"));
            self.ask_with("PUT", &path, "text/plain", content.to_vec()).await;
            return;
        }
        let about = format!(
            r#"{{"FileName":"{name}","AttachableRef":[{{"EntityRef":{{"type":"{kind}","value":"{id}"}}}}]}}"#
        );
        let part = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        let mut form = format!("--b\r\n{}{about}\r\n--b\r\n", part("file_metadata_01")).into_bytes();
        form.extend_from_slice(part("file_content_01").as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n--b--\r\n");
        self.ask_with("POST", &self.path("upload"), "multipart/form-data; boundary=b", form).await;
    }

    async fn ask_with(&self, method: &str, path: &str, kind: &str, body: Vec<u8>) -> Response {
        let mut request = Request::new(method, path);
        let token = self.control.grant(&[], self.platform.provider().scope).access;
        for (name, value) in [
            ("authorization", format!("Bearer {token}")),
            ("xero-tenant-id", self.tenant.clone()),
            ("accept", "application/json".to_owned()),
            ("content-type", kind.to_owned()),
        ] {
            request.headers.push((name.to_owned(), value));
        }
        request.body = body;
        let response = self.control.send(request).await.unwrap();
        assert!(response.status < 300, "{} {}", response.status, String::from_utf8_lossy(&response.body));
        response
    }

    /// Signs in, as a person does in the browser.
    pub async fn sign_in(&self) {
        self.sign_in_to(&*self.tokens).await;
    }

    /// The same, with the tokens kept elsewhere.
    pub async fn sign_in_to(&self, tokens: &dyn Tokens) {
        sign_in(&self.control, &self.platform.provider(), tokens).await;
    }

    /// The access token that signing in left.
    pub async fn token(&self) -> String {
        let grant = self.tokens.load(&connection(&self.platform.provider())).await.unwrap().unwrap();
        grant.header().1.trim_start_matches("Bearer ").to_owned()
    }

    /// A connector as a new process makes it: signed in anew, knowing nothing.
    pub async fn open(&self) -> Side {
        self.sign_in().await;
        self.try_open(None).await.unwrap()
    }

    /// The same, with what it sends to change something written down.
    pub async fn open_recorded(&self) -> (Side, Sent) {
        self.sign_in().await;
        let sent = Sent::default();
        let record = |inner| Arc::new(Recorded { inner, sent: sent.clone() }) as Arc<dyn Transport>;
        (self.open_through(&record).await.unwrap(), sent.clone())
    }

    /// The same with the tokens that are there, where calls may meet with trouble.
    pub async fn try_open(&self, trouble: Option<Arc<Trouble>>) -> Result<Side, Fault> {
        self.open_through(&|calm| match &trouble {
            Some(trouble) => self.troubled(calm, trouble),
            None => calm,
        })
        .await
    }

    fn troubled(&self, calm: Arc<dyn Transport>, trouble: &Arc<Trouble>) -> Arc<dyn Transport> {
        Arc::new(Troubled::new(calm, self.control.clone(), trouble.clone()))
    }

    /// The same as one of several workers, which together keep to the platform's limits.
    pub async fn try_open_beside(&self, trouble: &Arc<Trouble>, workers: u32) -> Result<Side, Fault> {
        let (quota, connection) = (self.quota.clone(), "company".to_owned());
        let shared = Shared { quota, connection, app: None, workers };
        self.open_as(self.tokens.clone(), Some(&shared), &|calm| self.troubled(calm, trouble)).await
    }

    /// The same with something between the connector and the company.
    pub async fn open_through(&self, between: Between<'_>) -> Result<Side, Fault> {
        self.open_from(self.tokens.clone(), between).await
    }

    /// The same with tokens that are kept elsewhere.
    pub async fn open_from(&self, tokens: Arc<dyn Tokens>, between: Between<'_>) -> Result<Side, Fault> {
        self.open_as(tokens, None, between).await
    }

    async fn open_as(
        &self,
        tokens: Arc<dyn Tokens>,
        shared: Option<&Shared>,
        between: Between<'_>,
    ) -> Result<Side, Fault> {
        let limits = &self.platform.manifest().limits;
        let clock = self.clock.clone();
        let wire = link(&clock, self.platform.provider(), limits, tokens, shared, between);
        Ok(match self.platform {
            Platform::QuickBooks => {
                let quickbooks = Arc::new(carry_quickbooks::QuickBooks::connect(&self.tenant, wire).await?);
                Side { reader: quickbooks.clone(), writer: quickbooks, clock }
            }
            Platform::Xero => {
                let tenants = carry_xero::tenants(&*wire).await?;
                let xero = Arc::new(carry_xero::Xero::new(&tenants[0].id, wire));
                Side { reader: xero.clone(), writer: xero, clock }
            }
        })
    }

    /// No call was one too many.
    pub fn kept_limits(&self) {
        let counters = self.control.counters();
        assert!(counters.exceeded.is_empty(), "{counters:?}");
    }
}

impl Platform {
    fn provider(self) -> carry_connector::oauth::Provider {
        match self {
            Self::QuickBooks => carry_quickbooks::provider("http://127.0.0.1"),
            Self::Xero => carry_xero::provider("http://127.0.0.1"),
        }
    }

    fn manifest(self) -> &'static Manifest {
        match self {
            Self::QuickBooks => &carry_quickbooks::MANIFEST,
            Self::Xero => &carry_xero::MANIFEST,
        }
    }
}

/// A migration's state, which outlives the processes that work on it.
pub struct Move {
    /// The journal.
    pub jobs: Arc<MemoryJobs>,
    staging: Arc<MemoryStaging>,
    /// What it is.
    pub migration: Migration,
}

impl Move {
    /// A migration of that name, not begun.
    pub fn named(name: &str) -> Self {
        let migration = Migration {
            id: MigrationId::from(name),
            source: "source".into(),
            target: "target".into(),
            created: begun(),
        };
        Self { jobs: Arc::default(), staging: Arc::default(), migration }
    }

    /// A process that works on it.
    pub fn engine(
        &self,
        reader: Arc<dyn Reader>,
        writer: Arc<dyn Writer>,
        clock: impl Clock + 'static,
    ) -> Engine {
        Engine {
            connection: Connection { reader, writer },
            jobs: self.jobs.clone(),
            staging: self.staging.clone(),
            clock: Arc::new(clock),
            progress: Arc::new(NoProgress),
            cancel: Cancel::default(),
            workers: 2,
        }
    }
}
