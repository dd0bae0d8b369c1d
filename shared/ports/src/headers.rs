use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use carry_model::{Fault, MigrationId, Timestamp};
use serde::{Deserialize, Serialize};

/// What stays of a migration for good: ids, dates and counts, no customer's books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The migration.
    pub migration: MigrationId,
    /// Whose it is: the id by which the shop or the operator knows the customer.
    pub customer: String,
    /// When it was set up.
    pub created: Timestamp,
    /// Who set it up: `api`, `shop`, or an operator's name.
    #[serde(default)]
    pub by: String,
    /// Whether the customer allows support to look at the books.
    #[serde(default)]
    pub support: bool,
    /// Proof of each purge, oldest first.
    #[serde(default)]
    pub purges: Vec<Receipt>,
}

/// What a purge deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When.
    pub at: Timestamp,
    /// Why: `retention`, or who asked for it.
    pub why: String,
    /// Staged objects, uploads and reports.
    pub objects: u64,
    /// Links between source and target.
    pub links: u64,
    /// Credentials.
    pub secrets: u64,
    /// Schedules.
    pub schedules: u64,
}

/// One line of the audit trail: who did what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who: `api`, `shop`, or an operator's name.
    pub who: String,
    /// What, as a stable word: `run started`, `window overridden`, `report read`.
    pub what: String,
    /// Why, where it needs a reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// The bare headers of migrations and the audit trail: what is never purged.
#[async_trait]
pub trait Headers: Send + Sync {
    /// Notes a header; one that exists stays as it is.
    async fn create(&self, header: &Header) -> Result<(), Fault>;

    /// The header, or None.
    async fn get(&self, migration: &MigrationId) -> Result<Option<Header>, Fault>;

    /// A customer's, oldest first.
    async fn of_customer(&self, customer: &str) -> Result<Vec<Header>, Fault>;

    /// Migrations that are to be purged now: their time is over, or nothing was done with them for long.
    async fn due(&self) -> Result<Vec<MigrationId>, Fault>;

    /// Says that a migration's time is over: nothing of it is to be seen any more, and the next sweep purges it.
    async fn expire(&self, migration: &MigrationId) -> Result<(), Fault>;

    /// Says whether support may look at the books of a migration that is there.
    async fn allow_support(&self, migration: &MigrationId, allowed: bool) -> Result<(), Fault>;

    /// Adds the proof of a purge.
    async fn purged(&self, migration: &MigrationId, receipt: &Receipt) -> Result<(), Fault>;

    /// Adds a line to the audit trail.
    async fn note(&self, migration: &MigrationId, deed: &Deed) -> Result<(), Fault>;

    /// The audit trail, oldest first.
    async fn trail(&self, migration: &MigrationId) -> Result<Vec<Deed>, Fault>;

    /// Takes a name for a value, once and for all: hands back the value that was first. So the same event, delivered
    /// twice, is one.
    async fn claim(&self, name: &str, value: &str) -> Result<String, Fault>;
}

/// Headers in memory.
#[derive(Debug, Default)]
pub struct MemoryHeaders(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    headers: Vec<Header>,
    due: Vec<MigrationId>,
    deeds: Vec<(MigrationId, Deed)>,
    claims: BTreeMap<String, String>,
}

impl MemoryHeaders {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a migration's time is over.
    pub fn make_due(&self, migration: &MigrationId) {
        self.state().due.push(migration.clone());
    }
}

#[async_trait]
impl Headers for MemoryHeaders {
    async fn create(&self, header: &Header) -> Result<(), Fault> {
        let mut state = self.state();
        if state.headers.iter().all(|known| known.migration != header.migration) {
            state.headers.push(header.clone());
        }
        Ok(())
    }

    async fn get(&self, migration: &MigrationId) -> Result<Option<Header>, Fault> {
        Ok(self.state().headers.iter().find(|header| header.migration == *migration).cloned())
    }

    async fn of_customer(&self, customer: &str) -> Result<Vec<Header>, Fault> {
        let state = self.state();
        let mut theirs: Vec<_> =
            state.headers.iter().filter(|header| header.customer == customer).cloned().collect();
        theirs.sort_by_key(|header| header.created);
        Ok(theirs)
    }

    async fn due(&self) -> Result<Vec<MigrationId>, Fault> {
        Ok(self.state().due.clone())
    }

    async fn expire(&self, migration: &MigrationId) -> Result<(), Fault> {
        self.make_due(migration);
        Ok(())
    }

    async fn allow_support(&self, migration: &MigrationId, allowed: bool) -> Result<(), Fault> {
        let mut state = self.state();
        if let Some(header) = state.headers.iter_mut().find(|header| header.migration == *migration) {
            header.support = allowed;
        }
        Ok(())
    }

    async fn purged(&self, migration: &MigrationId, receipt: &Receipt) -> Result<(), Fault> {
        let mut state = self.state();
        state.due.retain(|due| due != migration);
        if let Some(header) = state.headers.iter_mut().find(|header| header.migration == *migration) {
            header.purges.push(receipt.clone());
        }
        Ok(())
    }

    async fn note(&self, migration: &MigrationId, deed: &Deed) -> Result<(), Fault> {
        self.state().deeds.push((migration.clone(), deed.clone()));
        Ok(())
    }

    async fn trail(&self, migration: &MigrationId) -> Result<Vec<Deed>, Fault> {
        let state = self.state();
        let of_migration = state.deeds.iter().filter(|(of, _)| of == migration);
        Ok(of_migration.map(|(_, deed)| deed.clone()).collect())
    }

    async fn claim(&self, name: &str, value: &str) -> Result<String, Fault> {
        Ok(self.state().claims.entry(name.to_owned()).or_insert_with(|| value.to_owned()).clone())
    }
}
