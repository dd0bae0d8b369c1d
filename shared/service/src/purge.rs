//! The end of a migration: everything of it is deleted at its time, and a receipt says what.

use carry_model::{Fault, MigrationId};
use carry_ports::{Receipt, places};

use crate::{Service, booking};

impl Service {
    /// Purges every migration whose time is over, and says which, each with its receipt or its fault: one that cannot
    /// be purged now does not keep the others.
    pub async fn sweep(&self) -> Result<Vec<(MigrationId, Result<Receipt, Fault>)>, Fault> {
        self.sweep_of(|_| true).await
    }

    /// The same, of those among the due that were asked for.
    pub async fn sweep_of(
        &self,
        asked_for: impl Fn(&MigrationId) -> bool,
    ) -> Result<Vec<(MigrationId, Result<Receipt, Fault>)>, Fault> {
        let mut purged = Vec::new();
        for migration in self.headers.due().await?.into_iter().filter(asked_for) {
            let receipt = self.purge(&migration, "retention").await;
            purged.push((migration, receipt));
        }
        Ok(purged)
    }

    /// Ends a migration before its time: what runs is stopped, nothing of it is to be seen any more, and the next sweep
    /// purges it.
    pub async fn end(&self, migration: &MigrationId, who: &str) -> Result<(), Fault> {
        self.migration(migration).await?;
        for run in self.jobs.runs(migration).await?.iter().filter(|run| run.state.is_active()) {
            self.cancel(migration, &run.id, who).await?;
        }
        self.headers.expire(migration).await?;
        self.note(migration, who, "migration ended", "").await
    }

    /// Deletes everything of a migration but its bare header and its audit trail.
    ///
    /// What runs is stopped first, then nothing can start any more, then credentials go, then data. Interrupted
    /// anywhere it is simply done again; the receipt then counts what was left.
    pub async fn purge(&self, migration: &MigrationId, why: &str) -> Result<Receipt, Fault> {
        for run in self.jobs.runs(migration).await? {
            if run.state.is_active() {
                self.cancel(migration, &run.id, why).await?;
            }
        }
        let schedules = self.scheduler.names(&booking::prefix(migration)).await?;
        for name in &schedules {
            self.scheduler.delete(name).await?;
        }
        let secrets =
            self.secrets.names(&format!("{}/", places::secrets(&self.secret_prefix, migration))).await?;
        for name in &secrets {
            self.secrets.delete(name).await?;
        }
        let objects = self.staging.delete_prefix(&places::migration(migration)).await?;
        let links = self.jobs.purge(migration).await?;
        let count = |names: &[String]| u64::try_from(names.len()).unwrap_or(u64::MAX);
        let receipt = Receipt {
            at: self.clock.now(),
            why: why.to_owned(),
            objects,
            links,
            secrets: count(&secrets),
            schedules: count(&schedules),
        };
        self.headers.purged(migration, &receipt).await?;
        self.note(migration, "service", "purged", why).await?;
        tracing::info!(%migration, objects, links, secrets = receipt.secrets, "a migration was purged");
        Ok(receipt)
    }
}
