//! The ports on one machine: staging in a folder, jobs in an SQLite file, nothing to install.
//!
//! A state folder holds `staging/` (objects as files under their keys) and `state.db`.

mod folder;
mod jobs;
mod rows;

pub use folder::FolderStaging;
pub use jobs::SqliteJobs;
