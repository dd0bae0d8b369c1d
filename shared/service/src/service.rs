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
    /// Sets a migration up on behalf of a customer; one that exists with the same id stays as it is. `who` is `api`,
    /// `shop`, or an operator's name.
    pub async fn create(&self, customer: &str, migration: &Migration, who: &str) -> Result<(), Fault> {
        let header = Header {
            migration: migration.id.clone(),
            customer: customer.to_owned(),
            created: migration.created,
            by: who.to_owned(),
            support: false,
            purges: Vec::new(),
        };
        self.headers.create(&header).await?;
        self.jobs.create_migration(migration).await
    }

    /// A migration that is there. A fault ([`Code::MigrationUnknown`]) for any other, one whose time is over too.
    pub async fn migration(&self, id: &MigrationId) -> Result<Migration, Fault> {
        self.jobs.migration(id).await?.ok_or_else(|| Fault::new(Code::MigrationUnknown))
    }

    /// Says that support may look at the books of a migration, or that it may no longer.
    pub async fn allow_support(&self, id: &MigrationId, allowed: bool, who: &str) -> Result<(), Fault> {
        self.migration(id).await?;
        self.headers.allow_support(id, allowed).await?;
        let what = if allowed { "support access allowed" } else { "support access withdrawn" };
        self.note(id, who, what, "").await
    }

    /// Notes that somebody who works for the service looks at a customer's books, before they do. A fault
    /// ([`Code::ConsentMissing`]) unless the customer allows it, or they set the migration up themselves.
    pub async fn look(&self, id: &MigrationId, who: &str, what: &str) -> Result<(), Fault> {
        let header = self.headers.get(id).await?.ok_or_else(|| Fault::new(Code::MigrationUnknown))?;
        if !header.support && header.by != who {
            return Err(Fault::new(Code::ConsentMissing).detail(id));
        }
        self.note(id, who, what, "").await
    }

    /// Adds to the audit trail: who did what, and why where it needs a reason.
    pub async fn note(&self, migration: &MigrationId, who: &str, what: &str, why: &str) -> Result<(), Fault> {
        let deed =
            Deed { at: self.clock.now(), who: who.to_owned(), what: what.to_owned(), why: why.to_owned() };
        self.headers.note(migration, &deed).await
    }
}
