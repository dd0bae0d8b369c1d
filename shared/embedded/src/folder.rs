use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use carry_model::{Code, Fault};
use carry_ports::Staging;

use crate::notes::Notes;

/// The file of small objects. No key begins a name with a dot.
const NOTES: &str = ".notes.db";

/// Objects as files below a folder; those that are JSON, small and many, as rows of one file ([`Notes`]). An object appears
/// whole or not at all: a file is written beside its place and linked there, which fails where it exists already.
#[derive(Debug)]
pub struct FolderStaging {
    root: PathBuf,
    notes: Notes,
}

impl FolderStaging {
    /// Opens the folder, and makes it where there is none.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Fault> {
        let root = root.into();
        let opened = std::fs::create_dir_all(&root).and_then(|()| std::path::absolute(&root));
        let root = opened.map_err(|e| unreadable(&root, &e))?;
        Ok(Self { notes: Notes::open(&root.join(NOTES))?, root })
    }

    /// Where an object lies. Keys that would leave the folder are refused.
    fn path(&self, key: &str) -> Result<PathBuf, Fault> {
        let relative = Path::new(key);
        let plain = !key.is_empty()
            && !key.contains("//")
            && !is_hidden(key)
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
            } else if key.starts_with(prefix) && !is_hidden(key) {
                keys.push(key.to_owned());
            }
        }
        Ok(())
    }
}

/// True for what is no object: the notes, and what is still being written.
fn is_hidden(key: &str) -> bool {
    key.starts_with('.') || key.contains("/.")
}

fn is_note(key: &str) -> bool {
    Path::new(key).extension().is_some_and(|extension| extension == "json")
}

fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(Code::FileUnreadable).detail(path.display()).caused_by(error)
}

#[async_trait]
impl Staging for FolderStaging {
    async fn create(&self, key: &str, bytes: Vec<u8>) -> Result<bool, Fault> {
        let path = self.path(key)?;
        if is_note(key) {
            return self.notes.create(key, &bytes);
        }
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
        if is_note(key) {
            return self.notes.get(key);
        }
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(e) => Err(unreadable(&path, &e)),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let mut keys = self.notes.keys(prefix)?;
        self.walk(&self.root, prefix, &mut keys)?;
        keys.sort_unstable();
        Ok(keys)
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<u64, Fault> {
        let keys = self.list(prefix).await?;
        self.notes.delete(prefix)?;
        for key in keys.iter().filter(|key| !is_note(key)) {
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
        for key in ["../x", "/etc/passwd", "a/../../x", "", "../x.json", ".notes.db", "a/.new-x"] {
            assert!(staging.create(key, vec![1]).await.is_err(), "{key}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn notes_are_no_files_and_leave_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let staging = FolderStaging::open(folder.path()).unwrap();
        for key in ["m/a/1.json", "m/a/1.zst", "n/a.json"] {
            assert!(staging.create(key, b"Larkspur".to_vec()).await.unwrap(), "{key}");
            assert!(!staging.create(key, b"another".to_vec()).await.unwrap(), "{key}");
        }
        assert!(!folder.path().join("m/a/1.json").exists());
        let beside = FolderStaging::open(folder.path()).unwrap();
        assert_eq!(beside.get("m/a/1.json").await.unwrap().as_deref(), Some(&b"Larkspur"[..]));
        assert_eq!(beside.get("m/a/2.json").await.unwrap(), None);
        assert_eq!(beside.list("").await.unwrap(), ["m/a/1.json", "m/a/1.zst", "n/a.json"]);
        assert_eq!(beside.delete_prefix("m/").await.unwrap(), 2);
        assert_eq!(beside.delete_prefix("n/").await.unwrap(), 1);
        assert_eq!(staging.list("").await.unwrap(), Vec::<String>::new());
        for file in std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()) {
            let bytes = if file.is_file() { std::fs::read(&file).unwrap() } else { Vec::new() };
            assert!(!bytes.windows(8).any(|bytes| bytes == b"Larkspur"), "{}", file.display());
        }
    }
}
