use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use carry_connector::oauth::Grant;
use carry_model::{Code, Fault};
use carry_ports::{Lease, Tokens};

const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Grants as files below a folder, readable by their owner only.
#[derive(Debug)]
pub struct FileTokens {
    root: PathBuf,
}

impl FileTokens {
    /// Keeps grants in that folder, which is made with the first of them.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn make(&self) -> Result<(), Fault> {
        std::fs::create_dir_all(&self.root).map_err(|e| unusable(&self.root, &e))?;
        protect(&self.root, 0o700)
    }

    /// Where a connection's file lies; every character that could leave the folder becomes a dash.
    fn path(&self, connection: &str, ending: &str) -> PathBuf {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = connection.chars().map(plain).collect();
        self.root.join(format!("{name}.{ending}"))
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(Code::FileUnreadable).detail(path.display()).caused_by(error)
}

#[cfg(unix)]
fn protect(path: &Path, mode: u32) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).map_err(|e| unusable(path, &e))
}

#[cfg(not(unix))]
fn protect(_: &Path, _: u32) -> Result<(), Fault> {
    // The folder is the user's own; other systems protect it by its place.
    Ok(())
}

#[async_trait]
impl Tokens for FileTokens {
    async fn load(&self, connection: &str) -> Result<Option<Grant>, Fault> {
        let path = self.path(connection, "json");
        match std::fs::read(&path) {
            Ok(bytes) => Grant::restore(&bytes).map(Some),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(unusable(&path, &e)),
        }
    }

    async fn store(&self, connection: &str, grant: &Grant) -> Result<(), Fault> {
        self.make()?;
        let path = self.path(connection, "json");
        // Temporary files are made readable by their owner only, and take the place of the earlier one whole.
        let mut file = tempfile::NamedTempFile::new_in(&self.root).map_err(|e| unusable(&self.root, &e))?;
        protect(file.path(), 0o600)?;
        file.write_all(&grant.expose()?).map_err(|e| unusable(&path, &e))?;
        file.as_file().sync_all().map_err(|e| unusable(&path, &e))?;
        file.persist(&path).map_err(|e| unusable(&path, &e.error))?;
        Ok(())
    }

    async fn forget(&self, connection: &str) -> Result<(), Fault> {
        let path = self.path(connection, "json");
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(unusable(&path, &e)),
            _ => Ok(()),
        }
    }

    async fn lease(&self, connection: &str) -> Result<Lease, Fault> {
        self.make()?;
        let path = self.path(connection, "lock");
        let lock: File = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| unusable(&path, &e))?;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Box::new(lock)),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK_AGAIN).await,
                Err(TryLockError::Error(e)) => return Err(unusable(&path, &e)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn in_files() {
        let folder = tempfile::tempdir().unwrap();
        carry_ports::contract::tokens(&FileTokens::new(folder.path().join("tokens"))).await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_may_read_and_no_name_leaves_the_folder() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokens::new(folder.path().join("tokens"));
        let grant = Grant::restore(
            br#"{"access_token":"a","expires":"2026-01-01T00:00:00Z","refresh_token":null,"refresh_expires":null}"#,
        );
        store.store("books:../../x", &grant.unwrap()).await.unwrap();
        let path = folder.path().join("tokens/books-------x.json");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let tokens = std::fs::metadata(folder.path().join("tokens")).unwrap();
        assert_eq!(tokens.permissions().mode() & 0o777, 0o700);
    }
}
