//! What can go wrong while books are generated.

use std::path::{Path, PathBuf};

/// A generation that did not finish; the folder then lacks `expected.json`.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The asked number of invoices lies outside what the name lists can name uniquely.
    #[error("cannot generate {asked} invoices: ask for 1 to {most}")]
    Size {
        /// What was asked for.
        asked: u64,
        /// The most that can be generated.
        most: u64,
    },
    /// A file of the folder could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A control total left the range of a decimal.
    #[error("a control total does not fit a decimal number")]
    Overflow,
}

impl GenerateError {
    pub(crate) fn write(path: &Path, source: impl Into<std::io::Error>) -> Self {
        Self::Write { path: path.to_path_buf(), source: source.into() }
    }
}
