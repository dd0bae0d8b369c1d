//! Files and their sheets, opened as UTF-8 content that rows can be read from, and read again.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::Encoding as Label;

use super::ahead::Ahead;
use super::rows::Rows;
use super::workbook;
use crate::dialect::{self, Dialect};
use crate::encoding::{self, Encoding};
use crate::error::FileError;
use crate::limits::SAMPLE_BYTES;

/// What the user may fix by hand, when the evidence would say otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenOptions {
    /// Encoding of text files, instead of the one found.
    pub encoding: Option<&'static Label>,
}

/// Where the UTF-8 content of a sheet is.
#[derive(Debug)]
enum Store {
    /// The file itself is clean UTF-8.
    InPlace,
    /// A temporary file without a name: it is gone when it is closed, even if the process is killed.
    Converted(Arc<File>),
}

/// Reads a file from a position of its own, so that several readers can share the handle.
#[derive(Debug)]
pub struct Input {
    file: Arc<File>,
    position: u64,
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let got = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.position)?;
        #[cfg(windows)]
        let got = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.position)?;
        self.position += got as u64;
        Ok(got)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

/// UTF-8 content of one table.
#[derive(Debug)]
pub struct Content {
    path: PathBuf,
    store: Store,
    /// Byte offset at which the content begins, after a byte order mark.
    begin: u64,
}

impl Content {
    fn reader(&self) -> Result<Input, FileError> {
        let file = match &self.store {
            Store::InPlace => Arc::new(File::open(&self.path).map_err(|e| FileError::io(&self.path, e))?),
            Store::Converted(file) => Arc::clone(file),
        };
        Ok(Input { file, position: 0 })
    }

    /// The beginning, at most [`SAMPLE_BYTES`], cut after a line end if longer.
    fn sample(&self) -> Result<String, FileError> {
        let mut bytes = Vec::new();
        let input = Input { position: self.begin, ..self.reader()? };
        input.take(SAMPLE_BYTES as u64).read_to_end(&mut bytes).map_err(|e| FileError::io(&self.path, e))?;
        if bytes.len() == SAMPLE_BYTES {
            bytes.truncate(memchr::memrchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A table of a file: the file itself for CSV, a sheet for a workbook.
#[derive(Debug)]
pub struct Sheet {
    /// The file.
    pub path: PathBuf,
    /// Name of the sheet, for a workbook with several.
    pub name: Option<String>,
    /// Delimiter and quoting.
    pub dialect: Dialect,
    /// Encoding of a text file; nothing for a workbook.
    pub encoding: Option<Encoding>,
    content: Content,
}

impl Sheet {
    /// Byte offset at which the rows begin.
    pub fn begin(&self) -> u64 {
        self.content.begin
    }

    /// Size of the file now, in bytes.
    pub fn file_bytes(&self) -> Result<u64, FileError> {
        let metadata = std::fs::metadata(&self.path).map_err(|e| FileError::io(&self.path, e))?;
        Ok(metadata.len())
    }

    /// Whether it comes from a workbook.
    pub fn is_workbook(&self) -> bool {
        self.dialect.numbered
    }

    /// Rows from the beginning.
    pub fn rows(&self) -> Result<Rows<Input>, FileError> {
        self.rows_from(self.content.begin, 1)
    }

    /// The same, taken apart by a thread of their own.
    pub(crate) fn rows_ahead(&self) -> Result<Ahead, FileError> {
        Ahead::of(self.rows()?, &self.path)
    }

    /// Rows from a place that was read before: its byte offset and line.
    pub fn rows_from(&self, offset: u64, line: u64) -> Result<Rows<Input>, FileError> {
        Rows::new(self.content.reader()?, &self.path, self.dialect, offset, line)
    }
}

/// Opens a file and finds encoding and dialect, or the sheets of a workbook. `known` counts the column names
/// of known formats in a row.
pub fn open(
    path: &Path,
    options: OpenOptions,
    known: &dyn Fn(&[&str]) -> usize,
) -> Result<Vec<Sheet>, FileError> {
    let io = |e| FileError::io(path, e);
    let mut file = File::open(path).map_err(io)?;
    let mut magic = [0_u8; 512];
    let got = file.read(&mut magic).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let magic = magic.get(..got).unwrap_or_default();
    if magic.starts_with(b"PK\x03\x04") {
        return workbook::open(path);
    }
    refuse_lookalikes(path, magic)?;
    open_text(path, file, options, known).map(|sheet| vec![sheet])
}

/// Files that bear the name of a table and are something else.
fn refuse_lookalikes(path: &Path, magic: &[u8]) -> Result<(), FileError> {
    const SAVE_AS: &str = "open it in a spreadsheet program and save it as .xlsx or .csv";
    if magic.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(FileError::not_a_table(path, "this is a workbook of the old .xls kind", SAVE_AS));
    }
    if magic.starts_with(b"%PDF") {
        return Err(FileError::not_a_table(
            path,
            "this is a PDF",
            "export the report as CSV or Excel instead",
        ));
    }
    let head = String::from_utf8_lossy(magic).trim_start_matches('\u{feff}').trim_start().to_lowercase();
    if head.starts_with("<!doctype") || head.starts_with("<html") || head.starts_with("<table") {
        return Err(FileError::not_a_table(path, "this is a web page", SAVE_AS));
    }
    if head.starts_with("<?xml") {
        return Err(FileError::not_a_table(path, "this is an XML file", SAVE_AS));
    }
    Ok(())
}

fn open_text(
    path: &Path,
    mut file: File,
    options: OpenOptions,
    known: &dyn Fn(&[&str]) -> usize,
) -> Result<Sheet, FileError> {
    let io = |e| FileError::io(path, e);
    let found = encoding::detect(&mut file).map_err(io)?;
    let named = options.encoding.map(|label| {
        let mark = matches!(found.encoding, Some(e) if e.mark_bytes() == 2 && e.name() == label.name());
        Encoding::Other { label, mark }
    });
    // A byte order mark or clean UTF-8 with accents proves more than an option that was set for other files.
    let encoding = match (found.encoding, named) {
        (Some(proven @ Encoding::Utf8 { .. }), _) => proven,
        (Some(proven @ Encoding::Other { mark: true, .. }), _) => proven,
        (_, Some(named)) => named,
        (Some(found), None) => found,
        (None, None) => {
            let remedy = "export the table as CSV or .xlsx";
            return Err(FileError::not_a_table(path, "this file holds binary data", remedy));
        }
    };
    let converted = found.lone_carriage_returns || !matches!(encoding, Encoding::Utf8 { .. });
    let content = if converted {
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        let store = tempfile::tempfile().map_err(io)?;
        let mut out = BufWriter::new(&store);
        encoding::decode(BufReader::new(file), &mut out, encoding, found.lone_carriage_returns)
            .map_err(io)?;
        drop(out);
        Content { path: path.to_owned(), store: Store::Converted(Arc::new(store)), begin: 0 }
    } else {
        Content { path: path.to_owned(), store: Store::InPlace, begin: encoding.mark_bytes() as u64 }
    };
    let dialect = dialect::detect(&content.sample()?, known);
    Ok(Sheet { path: path.to_owned(), name: None, dialect, encoding: Some(encoding), content })
}

/// A sheet of a workbook, already turned into a row file.
pub(super) fn sheet_of_workbook(path: &Path, name: Option<String>, store: File) -> Sheet {
    Sheet {
        path: path.to_owned(),
        name,
        dialect: Dialect::ROW_FILE,
        encoding: None,
        content: Content { path: path.to_owned(), store: Store::Converted(Arc::new(store)), begin: 0 },
    }
}
