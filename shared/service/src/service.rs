use std::sync::Arc;

use carry_model::{Code, Fault, MigrationId};
use carry_ports::{
    Clock, Deed, Doors, Flow, Header, Headers, Jobs, Mailer, Migration, Scheduler, Secrets, Staging,
};

use crate::Window;

/// The service: everything that can be done with migrations, over the ports.
#[derive(Clone)]
pub struct Service {
    /// Migrations, runs, links.
    pub jobs: Arc<dyn Jobs>,
    /// Staged objects, uploads, reports.
    pub staging: Arc<dyn Staging>,
    /// Addresses of uploads and reports.
    pub doors: Arc<dyn Doors>,
    /// Credentials.
    pub secrets: Arc<dyn Secrets>,
    /// Bare headers and the audit trail.
    pub headers: Arc<dyn Headers>,
    /// Sets runs going.
    pub flow: Arc<dyn Flow>,
    /// Keeps what is booked.
    pub scheduler: Arc<dyn Scheduler>,
    /// Sends mail; none where the operator named no address to send it from.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// When deltas can be booked.
    pub window: Window,
    /// Before the names of a migration's secrets: `<stack>/migrations`.
    pub secret_prefix: String,
}

impl Service {
    /// Sets a migration up; one that exists with the same id stays as it is.
    pub async fn create(&self, customer: &str, migration: &Migration) -> Result<(), Fault> {
        let header = Header {
            migration: migration.id.clone(),
            customer: customer.to_owned(),
            created: migration.created,
            purges: Vec::new(),
        };
        self.headers.create(&header).await?;
        self.jobs.create_migration(migration).await
    }

    /// A migration that is there. A fault ([`Code::MigrationUnknown`]) for any other, one whose time is over too.
    pub async fn migration(&self, id: &MigrationId) -> Result<Migration, Fault> {
        self.jobs.migration(id).await?.ok_or_else(|| Fault::new(Code::MigrationUnknown))
    }

    /// Adds to the audit trail: who did what, and why where it needs a reason.
    pub async fn note(&self, migration: &MigrationId, who: &str, what: &str, why: &str) -> Result<(), Fault> {
        let deed =
            Deed { at: self.clock.now(), who: who.to_owned(), what: what.to_owned(), why: why.to_owned() };
        self.headers.note(migration, &deed).await
    }
}
