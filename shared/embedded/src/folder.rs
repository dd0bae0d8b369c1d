use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use carry_model::{Code, Fault};
use carry_ports::Staging;

/// Objects as files below a folder. An object appears whole or not at all: it is written beside its place and
/// linked there, which fails where it exists already.
#[derive(Debug)]
pub struct FolderStaging {
    root: PathBuf,
}

impl FolderStaging {
    /// Opens the folder, and makes it where there is none.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Fault> {
        let root = root.into();
        let opened = std::fs::create_dir_all(&root).and_then(|()| std::path::absolute(&root));
        Ok(Self { root: opened.map_err(|e| unreadable(&root, &e))? })
    }

    /// Where an object lies. Keys that would leave the folder are refused.
    fn path(&self, key: &str) -> Result<PathBuf, Fault> {
        let relative = Path::new(key);
        let plain = !key.is_empty()
            && !key.contains("//")
            && relative.components().all(|part| matches!(part, Component::Normal(_)));
        if plain {
            Ok(self.root.join(relative))
        } else {
            Err(Fault::new(Code::Bug).detail(format!("'{key}' is no object key")))
        }
    }

    fn walk(&self, folder: &Path, prefix: &str, keys: &mut Vec<String>) -> Result<(), Fault> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(unreadable(folder, &e)),
        };
        for entry in entries {
            let entry = entry.map_err(|e| unreadable(folder, &e))?;
            let path = entry.path();
            let Some(key) = path.strip_prefix(&self.root).ok().and_then(Path::to_str) else { continue };
            if entry.file_type().map_err(|e| unreadable(&path, &e))?.is_dir() {
                let below = format!("{key}/");
                if below.starts_with(prefix) || prefix.starts_with(&below) {
                    self.walk(&path, prefix, keys)?;
                }
            } else if key.starts_with(prefix) && !key.contains("/.new-") {
                keys.push(key.to_owned());
            }
        }
        Ok(())
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(Code::FileUnreadable).detail(path.display()).caused_by(error)
}

#[async_trait]
impl Staging for FolderStaging {
    async fn create(&self, key: &str, bytes: Vec<u8>) -> Result<bool, Fault> {
        let path = self.path(key)?;
        let folder = path.parent().unwrap_or(&self.root);
        let new = || tempfile::Builder::new().prefix(".new-").tempfile_in(folder);
        let made = match new() {
            Err(e) if e.kind() == ErrorKind::NotFound => std::fs::create_dir_all(folder).and_then(|()| new()),
            made => made,
        };
        let mut file = made.map_err(|e| unreadable(folder, &e))?;
        file.write_all(&bytes).map_err(|e| unreadable(&path, &e))?;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(true),
            Err(e) if e.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(unreadable(&path, &e.error)),
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.path(key)?;
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(e) => Err(unreadable(&path, &e)),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let mut keys = Vec::new();
        self.walk(&self.root, prefix, &mut keys)?;
        keys.sort_unstable();
        Ok(keys)
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<u64, Fault> {
        let keys = self.list(prefix).await?;
        for key in &keys {
            let path = self.path(key)?;
            std::fs::remove_file(&path).map_err(|e| unreadable(&path, &e))?;
        }
        if prefix.ends_with('/')
            && let Ok(folder) = self.path(prefix.trim_end_matches('/'))
        {
            match std::fs::remove_dir_all(&folder) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(unreadable(&folder, &e)),
                _ => {}
            }
        }
        Ok(u64::try_from(keys.len()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let staging = FolderStaging::open(folder.path().join("staging")).unwrap();
        carry_ports::contract::staging(&staging).await;
        carry_ports::contract::files(std::sync::Arc::new(staging)).await;
    }

    #[tokio::test]
    async fn keys_never_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let staging = FolderStaging::open(folder.path().join("staging")).unwrap();
        for key in ["../x", "/etc/passwd", "a/../../x", ""] {
            assert!(staging.create(key, vec![1]).await.is_err(), "{key}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
