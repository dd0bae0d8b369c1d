//! The files of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::FileError;
use crate::limits::{FILES_MAX, FOLDER_DEPTH_MAX};

/// Endings of files that are opened. `.xls` is opened to say what is wrong with it.
const TABLES: [&str; 7] = ["csv", "tsv", "tab", "txt", "xlsx", "xlsm", "xls"];

/// Tables in order of their names, and the names of all other files. A path to a file is a folder of one.
pub(super) fn tables(folder: &Path) -> Result<(Vec<PathBuf>, Vec<String>), FileError> {
    let io = |e| FileError::io(folder, e);
    if fs::metadata(folder).map_err(io)?.is_file() {
        return Ok((vec![folder.to_owned()], Vec::new()));
    }
    let (mut found, mut others) = (Vec::new(), Vec::new());
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((path, depth)) = folders.pop() {
        for entry in fs::read_dir(&path).map_err(|e| FileError::io(&path, e))? {
            let entry = entry.map_err(|e| FileError::io(&path, e))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // Hidden files, and the locks that spreadsheet programs leave beside an open file.
            if name.starts_with('.') || name.starts_with("~$") {
                continue;
            }
            let kind = fs::metadata(entry.path()).map_err(|e| FileError::io(entry.path(), e))?;
            if kind.is_dir() {
                if depth < FOLDER_DEPTH_MAX {
                    folders.push((entry.path(), depth + 1));
                } else {
                    others.push(format!("{name}/"));
                }
            } else if kind.is_file() && is_table(&name) {
                found.push(entry.path());
            } else {
                others.push(name);
            }
            if found.len() + others.len() + folders.len() > FILES_MAX {
                return Err(FileError::limit(
                    folder,
                    "the number of files",
                    format!("{FILES_MAX}"),
                    "give a folder that holds the exports only",
                ));
            }
        }
    }
    found.sort();
    others.sort();
    Ok((found, others))
}

fn is_table(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| TABLES.contains(&ending.as_str()))
}
