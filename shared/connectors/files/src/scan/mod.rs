//! One pass over every file of the folder: what the tables are, how their columns are written, which documents
//! lie scattered, and which names occur that no list holds. Memory grows with the number of documents (a few
//! bytes each), not with their content.

mod documents;
mod folder;
mod mention;
mod names;
mod section;

use std::path::Path;

pub(crate) use documents::Documents;
pub(crate) use names::{Implied, Names, Role};
pub(crate) use section::{Column, Section};

use crate::error::FileError;
use crate::formats::count_known;
use crate::table::{OpenOptions, Sheet, open};

/// Something about a file as a whole that the user should know.
#[derive(Debug)]
pub(crate) enum Note {
    /// The file could not be read.
    Unreadable(FileError),
    /// A file that is no table by its name.
    PassedOver(String),
    /// No header row of a known format was found.
    Unrecognised {
        file: String,
        /// The format that comes nearest and the columns it lacks.
        nearest: Option<(&'static str, Vec<&'static str>)>,
    },
}

/// What the folder holds.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) sheets: Vec<Sheet>,
    pub(crate) sections: Vec<Section>,
    pub(crate) documents: Documents,
    pub(crate) names: Names,
    pub(crate) notes: Vec<Note>,
}

impl Scan {
    /// Looks at every file. An error only where the folder itself cannot be read.
    pub(crate) fn of(folder: &Path, options: OpenOptions) -> Result<Self, FileError> {
        let mut scan = Self {
            sheets: Vec::new(),
            sections: Vec::new(),
            documents: Documents::default(),
            names: Names::default(),
            notes: Vec::new(),
        };
        let (files, passed_over) = folder::tables(folder)?;
        scan.notes.extend(passed_over.into_iter().map(Note::PassedOver));
        for path in files {
            match open(&path, options, &count_known) {
                Ok(sheets) => scan.sheets.extend(sheets),
                Err(error) => scan.notes.push(Note::Unreadable(error)),
            }
        }
        // Lists first: names that they hold need not be remembered when documents mention them.
        let mut order: Vec<usize> = (0..scan.sheets.len()).collect();
        order.sort_by_key(|index| {
            scan.sheets.get(*index).is_none_or(|sheet| !section::begins_with_list(sheet))
        });
        let mut found = Vec::new();
        for index in order {
            let Some(sheet) = scan.sheets.get(index) else { continue };
            let file = file_name(folder, sheet);
            match section::scan_sheet(sheet, index, &file, &mut scan.names, &mut scan.documents) {
                Ok(Ok(sections)) => found.extend(sections),
                Ok(Err(nearest)) => scan.notes.push(Note::Unrecognised { file, nearest }),
                Err(error) => scan.notes.push(Note::Unreadable(error)),
            }
        }
        found.sort_by_key(|section: &Section| (section.sheet, section.begin.0));
        scan.documents.renumber(&found);
        scan.sections = found;
        scan.documents.settle(&scan.sheets, &mut scan.sections)?;
        scan.names.settle();
        Ok(scan)
    }

    /// The file a section is in, for people.
    pub(crate) fn sheet(&self, section: &Section) -> Option<&Sheet> {
        self.sheets.get(section.sheet)
    }
}

/// File name relative to the folder, with `/` between folders and the sheet in brackets.
fn file_name(folder: &Path, sheet: &Sheet) -> String {
    let relative = sheet.path.strip_prefix(folder).unwrap_or(&sheet.path);
    let parts: Vec<_> = relative.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    let mut name = parts.join("/");
    if name.is_empty() {
        name = sheet.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    }
    match &sheet.name {
        Some(sheet) => format!("{name} [{sheet}]"),
        None => name,
    }
}
