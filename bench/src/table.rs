//! One CSV file of the export, written field by field into one reused row.

use std::fmt::{Display, Write as _};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::error::GenerateError;
use crate::money::Minor;

/// The company the books belong to; the first title row of each list.
pub(crate) const COMPANY: &str = "Northwind Trade Supply";

/// A CSV file under construction.
pub(crate) struct Table {
    path: PathBuf,
    out: csv::Writer<BufWriter<File>>,
    row: csv::ByteRecord,
    text: String,
    failed: bool,
}

impl Table {
    /// Creates the file. With a `title` it begins with the three rows QuickBooks puts above a list: company,
    /// title, blank.
    pub(crate) fn create(
        folder: &Path,
        name: &str,
        title: Option<&str>,
        header: &[&str],
    ) -> Result<Self, GenerateError> {
        let path = folder.join(name);
        let file = File::create(&path).map_err(|source| GenerateError::write(&path, source))?;
        let mut buffer = BufWriter::with_capacity(1 << 18, file);
        if let Some(title) = title {
            // Written past the CSV writer, which would quote an empty row to keep it visible.
            writeln!(buffer, "{COMPANY}\n{title}\n").map_err(|source| GenerateError::write(&path, source))?;
        }
        let mut out = csv::Writer::from_writer(buffer);
        out.write_record(header).map_err(|source| GenerateError::write(&path, source))?;
        Ok(Self { path, out, row: csv::ByteRecord::new(), text: String::new(), failed: false })
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.row.push_field(value.as_bytes());
        self
    }

    pub(crate) fn show(&mut self, value: impl Display) -> &mut Self {
        self.text.clear();
        self.failed |= write!(self.text, "{value}").is_err();
        self.row.push_field(self.text.as_bytes());
        self
    }

    /// A date as QuickBooks writes it for a company in the United States: mm/dd/yyyy.
    pub(crate) fn date(&mut self, date: Date) -> &mut Self {
        self.show(format_args!("{:02}/{:02}/{:04}", date.month(), date.day(), date.year()))
    }

    pub(crate) fn amount(&mut self, amount: Minor) -> &mut Self {
        self.show(amount)
    }

    pub(crate) fn blank(&mut self, fields: usize) -> &mut Self {
        (0..fields).for_each(|_| self.row.push_field(b""));
        self
    }

    /// Writes the row and begins the next.
    pub(crate) fn end_row(&mut self) -> Result<(), GenerateError> {
        if self.failed {
            let source = std::io::Error::other("a value could not be formatted");
            return Err(GenerateError::write(&self.path, source));
        }
        self.out.write_byte_record(&self.row).map_err(|source| GenerateError::write(&self.path, source))?;
        self.row.clear();
        Ok(())
    }

    /// Brings everything to the file.
    pub(crate) fn finish(mut self) -> Result<(), GenerateError> {
        self.out.flush().map_err(|source| GenerateError::write(&self.path, source))
    }
}
