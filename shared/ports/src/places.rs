//! Where things of a migration lie: keys of staged objects and names of secrets. Nothing else spells them.

use carry_model::{MigrationId, RunId};

/// How a run is to be done, below its root.
pub const SETTINGS: &str = "settings.json";

/// What a run takes out of the target, below its root; everything that can be where there is no such object.
pub const ENTITIES: &str = "entities.json";

/// Below which everything of a migration is staged: `migrations/<id>/`.
pub fn migration(migration: &MigrationId) -> String {
    format!("migrations/{migration}/")
}

/// Below which what a customer uploaded lies: `migrations/<id>/uploads/`.
pub fn uploads(of: &MigrationId) -> String {
    format!("{}uploads/", migration(of))
}

/// Below which the content of attached files lies: `migrations/<id>/files/`.
pub fn files(of: &MigrationId) -> String {
    format!("{}files/", migration(of))
}

/// Below which a run's objects lie: `migrations/<id>/runs/<run>/`.
pub fn run(of: &MigrationId, run: &RunId) -> String {
    format!("{}runs/{run}/", migration(of))
}

/// Below which an attempt's report lies, below the root of its run: `report/00001/`.
pub fn report(attempt: u32) -> String {
    format!("{REPORTS}{attempt:05}/")
}

/// Below which the reports of all attempts lie, below the root of their run.
pub const REPORTS: &str = "report/";

/// Begins the names of the secrets of a stack's migrations: `<stack>/migrations`.
pub fn secrets_of_stack(stack: &str) -> String {
    format!("{stack}/migrations")
}

/// Begins the names of a migration's secrets, `prefix` being those of its stack: `<stack>/migrations/<id>`.
pub fn secrets(prefix: &str, migration: &MigrationId) -> String {
    format!("{prefix}/{migration}")
}
