//! The ports on one machine: staging in a folder, jobs in an SQLite file, nothing to install.
//!
//! A state folder holds `staging/` (objects as files under their keys, small ones in one file), `state.db`, and `tokens/`, where
//! only its owner may read.

mod absent;
mod body;
mod folder;
mod jobs;
mod names;
mod notes;
mod numbered;
mod open;
mod rows;
mod tokens;

pub use folder::FolderStaging;
pub use jobs::SqliteJobs;
pub use tokens::FileTokens;
