//! Uploaded exports, laid out in a folder.

use std::path::{Component, Path, PathBuf};

use carry_model::{Code, Fault, MigrationId};
use carry_ports::{Staging, places};

/// Copies what was uploaded for a migration into the folder, which is made anew. A fault ([`Code::ConfigInvalid`])
/// where nothing was.
pub(crate) async fn lay_out(
    staging: &dyn Staging,
    migration: &MigrationId,
    folder: &Path,
) -> Result<(), Fault> {
    let unwritable = |e: std::io::Error| Fault::new(Code::FileUnreadable).detail("uploads").caused_by(e);
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(unwritable)?;
    }
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    let prefix = places::uploads(migration);
    let keys = staging.list(&prefix).await?;
    if keys.is_empty() {
        return Err(Fault::new(Code::ConfigInvalid)
            .detail("No export was uploaded.")
            .hint("Upload the exported files, then start the run."));
    }
    for key in keys {
        let Some(file) = key.strip_prefix(&prefix).map(Path::new).filter(|file| is_below(file)) else {
            return Err(
                Fault::new(Code::ConfigInvalid).detail("An uploaded file has a name that leads elsewhere.")
            );
        };
        let file = folder.join(file);
        if let Some(subfolder) = file.parent() {
            std::fs::create_dir_all(subfolder).map_err(unwritable)?;
        }
        staging.copy_to(&key, &file).await?;
    }
    Ok(())
}

/// True for the name of a file in a folder or in one of its subfolders.
fn is_below(file: &Path) -> bool {
    let is_name = |part| matches!(part, Component::Normal(_));
    file.file_name().is_some() && file.components().all(is_name)
}

/// A folder of this process, so that a container that is used again finds what it laid out.
pub(crate) fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("carryforward-{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use carry_ports::MemoryStaging;

    use super::*;

    #[tokio::test]
    async fn what_was_laid_out_before_is_gone() {
        let (staging, migration) = (MemoryStaging::default(), MigrationId::from("m"));
        let folder = tempfile::tempdir().unwrap().path().join("uploads");
        assert_eq!(lay_out(&staging, &migration, &folder).await.unwrap_err().code, Code::ConfigInvalid);
        std::fs::write(folder.join("old.csv"), "old").unwrap();
        for (key, text) in [("migrations/m/uploads/a.csv", "a"), ("migrations/mm/uploads/b.csv", "b")] {
            staging.create(key, text.as_bytes().to_vec()).await.unwrap();
        }
        lay_out(&staging, &migration, &folder).await.unwrap();
        let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().file_name()).collect();
        assert_eq!(names, ["a.csv"]);
    }

    #[tokio::test]
    async fn subfolders_are_laid_out_too_and_nothing_beside_them() {
        let (staging, migration) = (MemoryStaging::default(), MigrationId::from("m"));
        let folder = tempfile::tempdir().unwrap().path().join("uploads");
        staging.create("migrations/m/uploads/2025/q4/a.csv", b"a".to_vec()).await.unwrap();
        lay_out(&staging, &migration, &folder).await.unwrap();
        assert_eq!(std::fs::read(folder.join("2025/q4/a.csv")).unwrap(), b"a");
        staging.create("migrations/m/uploads/../../b.csv", b"b".to_vec()).await.unwrap();
        assert_eq!(lay_out(&staging, &migration, &folder).await.unwrap_err().code, Code::ConfigInvalid);
    }
}
