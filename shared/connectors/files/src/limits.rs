//! Limits of the reading core.
//!
//! Every limit is a named constant, so that a file can ask for no more memory or time than stated here,
//! whatever it holds. `docs/sources-files.md` lists them for the user; the faults that they raise name the
//! limit and what to do.

/// Longest row, in bytes of UTF-8 with its delimiters. A row beyond it is nearly always a quote that is
/// opened and never closed; such a row becomes a reject and reading goes on at the next line.
pub const ROW_BYTES_MAX: usize = 1024 * 1024;

/// Most columns of a row.
pub const COLUMNS_MAX: usize = 1024;

/// Most files of a folder, subfolders included.
pub const FILES_MAX: usize = 2_000;

/// Deepest level of subfolders that is looked into.
pub const FOLDER_DEPTH_MAX: usize = 4;

/// Bytes of a file read twice in order to go on after broken quotes. Beyond it the file is refused as a
/// whole: its quoting cannot be trusted.
pub const RECOVERY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes of the beginning of a file from which delimiter and quoting are found.
pub const SAMPLE_BYTES: usize = 256 * 1024;

/// Rows of a sample that are looked at for the delimiter and the header row.
pub const SAMPLE_ROWS: usize = 200;

/// Rows above the first header row (titles, company name, blank rows).
pub const PREAMBLE_ROWS_MAX: usize = 60;

/// Most sheets of a workbook.
pub const SHEETS_MAX: usize = 64;

/// Size of a workbook on disk, in bytes.
pub const XLSX_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Size of all parts of a workbook once inflated, in bytes.
pub const XLSX_INFLATED_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// Size of one inflated part that has to be held in memory (shared strings, styles), in bytes.
pub const XLSX_RESIDENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Inflated bytes per compressed byte of a workbook. Real workbooks stay under 30; a part of less than
/// [`XLSX_RATIO_FLOOR_BYTES`] is exempt, because tiny parts may compress well.
pub const XLSX_RATIO_MAX: u64 = 200;

/// Inflated size under which the compression ratio is not looked at, in bytes.
pub const XLSX_RATIO_FLOOR_BYTES: u64 = 4 * 1024 * 1024;

/// Longest text that is looked at as an amount or a date, in bytes. Longer texts are neither.
pub const WRITTEN_BYTES_MAX: usize = 64;

/// Most documents that are spread over a file, their rows apart from each other.
pub const SCATTERED_MAX: usize = 100_000;

/// Most numbers that are borne by several documents.
pub const SHARED_NUMBERS_MAX: usize = 20_000;

/// Most names of one kind that occur on documents only (contacts, items, accounts that no list holds).
pub const IMPLIED_MAX: usize = 500_000;

/// Rows of one record. Longer ones (a journal entry of a whole year) are rejects.
pub const UNIT_ROWS_MAX: usize = 100_000;

/// Bytes of one record; the row that passes it is the last that is taken.
pub const UNIT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Rows after which a new partition begins, so that a large file can be extracted in parallel.
pub const PARTITION_ROWS: u64 = 40_000;

/// Most accounts, tax rates and the like that the survey lists for the mapping, of each kind.
pub const CATALOG_MAX: usize = 5_000;

/// Most tables of a file.
pub const SECTIONS_MAX: usize = 4_000;
