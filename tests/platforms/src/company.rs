//! A company of a platform in a sandbox, and migrations from and to it.

use std::sync::Arc;

use carry_connector::{Manifest, Reader, Writer};
use carry_model::{Fault, MigrationId, Timestamp};
use carry_pipeline::{Cancel, Connection, Engine, NoProgress};
use carry_ports::{Clock, MemoryJobs, MemoryStaging, Migration};
use carry_sandbox::quickbooks::QuickBooks;
use carry_sandbox::xero::{Region, Xero};
use carry_sandbox::{Control, Options, Request, Response, Sandbox};

use crate::link::{SandboxClock, link};

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
    token: String,
    tenant: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    QuickBooks,
    Xero,
}

impl Company {
    /// An empty Xero organisation with these foreign currencies.
    pub async fn xero(region: Region, currencies: &[&str]) -> Self {
        let company =
            Self::of(Kind::Xero, Options { now: begun(), ..Options::new(Xero::empty(region, 7, begun())) });
        for code in currencies {
            let body = format!(r#"{{"Code":"{code}"}}"#);
            company.ask("PUT", "/api.xro/2.0/Currencies", &body).await;
        }
        company
    }

    /// An empty QuickBooks company with these foreign currencies.
    pub async fn quickbooks(region: Region, currencies: &[&str]) -> Self {
        let quickbooks = QuickBooks::empty(region, 7, begun());
        let company = Self::of(Kind::QuickBooks, Options { now: begun(), ..Options::new(quickbooks) });
        for code in currencies {
            let path = format!("/v3/company/{}/companycurrency", company.tenant);
            company.ask("POST", &path, &format!(r#"{{"Code":"{code}"}}"#)).await;
        }
        company
    }

    fn of(kind: Kind, options: Options) -> Self {
        let control = Sandbox::in_process(options).unwrap();
        let tenant = control.tenants()[0].id.clone();
        let token = control.grant(&[], kind.provider().scope).access;
        Self { control, token, tenant, kind }
    }

    /// Sends a call past the connectors, as somebody else at the platform; it succeeds.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> Response {
        let mut request = Request::new(method, path);
        for (name, value) in [
            ("authorization", format!("Bearer {}", self.token)),
            ("xero-tenant-id", self.tenant.clone()),
            ("accept", "application/json".to_owned()),
            ("content-type", "application/json".to_owned()),
        ] {
            request.headers.push((name.to_owned(), value));
        }
        request.body = body.as_bytes().to_vec();
        let response = self.control.send(request).await.unwrap();
        assert!(response.status < 300, "{} {}", response.status, String::from_utf8_lossy(&response.body));
        response
    }

    /// A connector as a new process makes it: signed in anew, knowing nothing.
    pub async fn open(&self) -> Side {
        self.try_open().await.unwrap()
    }

    /// The same, where the company may not answer.
    pub async fn try_open(&self) -> Result<Side, Fault> {
        let limits = &self.kind.manifest().limits;
        let (wire, clock) = link(&self.control, self.kind.provider(), limits).await;
        Ok(match self.kind {
            Kind::QuickBooks => {
                let quickbooks = Arc::new(carry_quickbooks::QuickBooks::connect(&self.tenant, wire).await?);
                Side { reader: quickbooks.clone(), writer: quickbooks, clock }
            }
            Kind::Xero => {
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

impl Kind {
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
