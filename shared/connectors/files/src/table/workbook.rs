//! Workbooks (.xlsx), turned sheet by sheet into row files: rows of text, each led by its row number.
//!
//! After that a sheet is read exactly as a CSV file is, and can be returned to by byte offset.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read};
use std::path::Path;

use calamine::{CellErrorType, DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError, open_workbook};

use super::text::{Sheet, sheet_of_workbook};
use crate::error::FileError;
use crate::limits::{
    COLUMNS_MAX, ROW_BYTES_MAX, SHEETS_MAX, XLSX_BYTES_MAX, XLSX_INFLATED_BYTES_MAX, XLSX_RATIO_FLOOR_BYTES,
    XLSX_RATIO_MAX, XLSX_RESIDENT_BYTES_MAX,
};

const REMEDY: &str = "save the sheet as CSV and use that";

/// Opens every sheet that holds a cell.
pub(super) fn open(path: &Path) -> Result<Vec<Sheet>, FileError> {
    check_size(path)?;
    let mut book: Xlsx<BufReader<File>> = open_workbook(path).map_err(|e| refused(path, &e))?;
    let names = book.sheet_names();
    if names.len() > SHEETS_MAX {
        return Err(FileError::limit(path, "the number of sheets", format!("{SHEETS_MAX}"), REMEDY));
    }
    let several = names.len() > 1;
    let mut sheets = Vec::new();
    for name in names {
        if let Some(store) = row_file(path, &mut book, &name)? {
            sheets.push(sheet_of_workbook(path, several.then_some(name), store));
        }
    }
    Ok(sheets)
}

/// Inflates every part once and counts, before any of it is kept: what the directory of the archive says
/// about sizes can be made up.
fn check_size(path: &Path) -> Result<(), FileError> {
    let file = File::open(path).map_err(|e| FileError::io(path, e))?;
    let size = file.metadata().map_err(|e| FileError::io(path, e))?.len();
    if size > XLSX_BYTES_MAX {
        return Err(FileError::limit(path, "the size of the workbook", "256 MiB", REMEDY));
    }
    let damaged = |e: &dyn std::fmt::Display| {
        FileError::not_a_table(path, format!("the workbook is damaged ({e})"), "export it again")
    };
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|e| damaged(&e))?;
    let mut total = 0_u64;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|e| damaged(&e))?;
        let (packed, name) =
            (part.compressed_size().max(1), part.name().map_err(|e| damaged(&e))?.to_lowercase());
        let resident = !name.contains("worksheets/");
        let left = XLSX_INFLATED_BYTES_MAX - total;
        let allowed = (packed.saturating_mul(XLSX_RATIO_MAX)).max(XLSX_RATIO_FLOOR_BYTES).min(left);
        // Pictures and the like are not read at all, but are counted like the rest.
        let inflated =
            std::io::copy(&mut part.take(allowed + 1), &mut std::io::sink()).map_err(|e| damaged(&e))?;
        total += inflated;
        if inflated > allowed {
            let what = format!("the inflated size of its part {name}");
            return Err(FileError::limit(path, what, "200 times its packed size or 2 GiB in all", REMEDY));
        }
        if resident && name.ends_with(".xml") && inflated > XLSX_RESIDENT_BYTES_MAX {
            let what = format!("the inflated size of its part {name}");
            return Err(FileError::limit(path, what, "64 MiB", REMEDY));
        }
    }
    Ok(())
}

fn refused(path: &Path, error: &XlsxError) -> FileError {
    match error {
        XlsxError::Password => FileError::not_a_table(
            path,
            "the workbook is protected by a password",
            "remove the password and run again",
        ),
        other => FileError::not_a_table(
            path,
            format!("the workbook cannot be read ({other})"),
            "open it in a spreadsheet program and save it again as .xlsx or .csv",
        ),
    }
}

/// Streams the cells of a sheet into a row file. Nothing for a chart or an empty sheet.
fn row_file(path: &Path, book: &mut Xlsx<BufReader<File>>, name: &str) -> Result<Option<File>, FileError> {
    let mut cells = match book.worksheet_cells_reader(name) {
        Ok(cells) => cells,
        Err(XlsxError::NotAWorksheet(_)) => return Ok(None),
        Err(e) => return Err(refused(path, &e)),
    };
    let store = tempfile::tempfile().map_err(|e| FileError::io(path, e))?;
    let mut out = csv::WriterBuilder::new().flexible(true).from_writer(BufWriter::new(&store));
    let mut row = RowBuffer::default();
    let mut any = false;
    loop {
        let next = cells.next_cell_with_style_id().map_err(|e| refused(path, &e))?;
        let Some((cell, style)) = next else { break };
        let (number, column) = cell.get_position();
        if row.number != Some(number) {
            row.write(path, &mut out)?;
            if row.number.is_some_and(|before| before > number) {
                let what = format!("the rows of sheet \"{name}\" are out of order");
                let remedy = "open it in a spreadsheet program and save it again";
                return Err(FileError::not_a_table(path, what, remedy));
            }
            row.number = Some(number);
        }
        if matches!(cell.get_value(), DataRef::Empty) {
            continue;
        }
        let format = cells.styles().get(style).and_then(|s| s.number_format.as_ref());
        let zeros = format.and_then(|f| leading_zeros(&f.format_code)).unwrap_or(0);
        row.put(path, column, &text_of(cell.get_value(), zeros))?;
        any = true;
    }
    row.write(path, &mut out)?;
    out.flush().map_err(|e| FileError::io(path, e))?;
    drop(out);
    Ok(any.then_some(store))
}

/// The cells of the row being read; buffers are used again for the next.
#[derive(Default)]
struct RowBuffer {
    number: Option<u32>,
    cells: Vec<String>,
    filled: usize,
    bytes: usize,
}

impl RowBuffer {
    fn put(&mut self, path: &Path, column: u32, text: &str) -> Result<(), FileError> {
        let place = || format!("row {}", self.number.map_or(0, |n| n + 1));
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= COLUMNS_MAX {
            return Err(FileError::limit(path, format!("the columns of {}", place()), "1,024", REMEDY));
        }
        self.bytes += text.len();
        if self.bytes > ROW_BYTES_MAX / 2 {
            return Err(FileError::limit(path, format!("the text of {}", place()), "512 KiB", REMEDY));
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.filled = self.filled.max(column + 1);
        if let Some(cell) = self.cells.get_mut(column) {
            cell.push_str(text);
        }
        Ok(())
    }

    /// Writes the row, if it has any cell, and empties the buffers.
    fn write<W: std::io::Write>(&mut self, path: &Path, out: &mut csv::Writer<W>) -> Result<(), FileError> {
        let Some(number) = self.number.filter(|_| self.filled > 0) else { return Ok(()) };
        let io = |e: csv::Error| FileError::io(path, std::io::Error::other(e));
        out.write_field((u64::from(number) + 1).to_string()).map_err(io)?;
        for cell in self.cells.iter_mut().take(self.filled) {
            out.write_field(cell.as_str()).map_err(io)?;
            cell.clear();
        }
        (self.filled, self.bytes) = (0, 0);
        out.write_record(None::<&[u8]>).map_err(io)
    }
}

/// Width of a number format that pads with zeros, such as `00000` for a document number or a postal code.
fn leading_zeros(format: &str) -> Option<usize> {
    (format.len() > 1 && format.bytes().all(|b| b == b'0')).then_some(format.len().min(30))
}

/// The text of a cell.
fn text_of<'a>(value: &'a DataRef<'_>, zeros: usize) -> Cow<'a, str> {
    match value {
        DataRef::Empty => Cow::Borrowed(""),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Cow::Borrowed(text)
        }
        DataRef::SharedString(text) => Cow::Borrowed(text),
        DataRef::Bool(true) => Cow::Borrowed("TRUE"),
        DataRef::Bool(false) => Cow::Borrowed("FALSE"),
        DataRef::Int(number) => Cow::Owned(format!("{number:0zeros$}")),
        DataRef::Float(number) => Cow::Owned(float_text(*number, zeros)),
        DataRef::DateTime(moment) => Cow::Owned(moment_text(moment)),
        DataRef::Error(error) => Cow::Borrowed(error_text(error)),
    }
}

/// The shortest decimal that reads back as the same binary number.
///
/// A workbook stores numbers as binary floats written in up to 17 digits, so that 0.1 + 0.2 stands in the
/// file as 0.30000000000000004 and a typed 1234.1 may stand as 1234.0999999999999. The shortest decimal is
/// the number as it was typed for every amount of up to 15 digits, which is what spreadsheet programs
/// themselves keep. Sums computed by a formula may carry a float's dust beyond the fifteenth digit; rounding to
/// 15 significant digits, as these programs do when they show a number, takes it off.
#[allow(clippy::disallowed_types, reason = "the workbook format and its reader give binary floats")]
fn float_text(number: f64, zeros: usize) -> String {
    let shortest = number.to_string();
    let digits = shortest.bytes().filter(u8::is_ascii_digit).count();
    let text = if digits <= 15 {
        shortest
    } else {
        // Through scientific notation, which states significant digits, and back to plain digits.
        let rounded = format!("{number:.14e}").parse::<f64>().unwrap_or(number);
        rounded.to_string()
    };
    if zeros > 0 && !text.contains(['.', '-']) { format!("{text:0>zeros$}") } else { text }
}

/// A date as `2021-01-28`, with its time only if it has one.
fn moment_text(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        return float_text(moment.as_f64(), 0);
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    if (hour, minute, second) == (0, 0, 0) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// Failed formulas are shown as the spreadsheet shows them, and fail as amounts later, with their place.
fn error_text(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}
