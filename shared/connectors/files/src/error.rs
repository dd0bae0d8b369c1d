//! What can go wrong with a whole file. Troubles of single rows are [`crate::table::Broken`] instead.

use std::path::PathBuf;

use carry_model::{Code, Fault};

/// A file, or a sheet of it, that cannot be read at all.
///
/// Messages name the file and what to do; they hold no cell of the file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A stated limit was passed.
    #[error("{}: {what} is over the limit of {limit}; {remedy}", file.display())]
    Limit {
        /// The file or folder.
        file: PathBuf,
        /// What is too large, for example `the row that starts in line 7`.
        what: String,
        /// The limit, with its unit.
        limit: String,
        /// What the user can do.
        remedy: &'static str,
    },
    /// The content is not what this source reads.
    #[error("{}: {what}; {remedy}", file.display())]
    NotATable {
        /// The file.
        file: PathBuf,
        /// What it seems to be.
        what: String,
        /// What the user can do.
        remedy: &'static str,
    },
}

impl FileError {
    /// Wraps an error of the operating system.
    pub fn io(file: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { file: file.into(), source }
    }

    /// A passed limit.
    pub fn limit(
        file: impl Into<PathBuf>,
        what: impl Into<String>,
        limit: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        Self::Limit { file: file.into(), what: what.into(), limit: limit.into(), remedy }
    }

    /// Content that is no table.
    pub fn not_a_table(file: impl Into<PathBuf>, what: impl Into<String>, remedy: &'static str) -> Self {
        Self::NotATable { file: file.into(), what: what.into(), remedy }
    }

    /// As a fault of the run.
    pub fn into_fault(self) -> Fault {
        let code = match &self {
            Self::Io { .. } => Code::FileUnreadable,
            Self::Limit { .. } => Code::InputTooLarge,
            Self::NotATable { .. } => Code::FileBroken,
        };
        Fault::new(code).detail(&self).hint(self.remedy())
    }

    /// What the user can do about it, when the message alone does not say it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Io { .. } => "check that the file exists and may be read",
            Self::Limit { remedy, .. } | Self::NotATable { remedy, .. } => remedy,
        }
    }
}
