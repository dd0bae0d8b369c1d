//! Source of files: folders of CSV and XLSX as accounting software exports them.
//!
//! From the bottom up: [`encoding`] brings text to UTF-8, [`dialect`] finds delimiter and quoting, [`table`]
//! streams rows of CSV and XLSX with their line numbers, [`written`] reads amounts and dates told how they
//! are written, and [`evidence`] finds from whole columns how that is. Nothing here guesses silently: what the
//! evidence leaves open ends in an assumption that is stated.

pub mod dialect;
pub mod encoding;
pub mod error;
pub mod evidence;
mod extract;
mod findings;
pub mod formats;
mod group;
mod ids;
mod kinds;
pub mod limits;
mod manifest;
mod options;
pub mod profile;
mod reader;
mod scan;
mod survey;
pub mod table;
mod transform;
mod unit;
mod ways;
pub mod written;

pub use manifest::MANIFEST;
pub use options::FilesOptions;
pub use reader::{FilesReader, transformer};
