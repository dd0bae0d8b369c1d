//! Rows of tables, streamed: CSV in place, workbooks by way of a row file.

mod ahead;
mod rows;
mod split;
mod text;
mod workbook;

pub use rows::{Broken, Cause, Row, Rows, Step};
pub(crate) use split::{Span, split};
pub use text::{Content, Input, OpenOptions, Sheet, open};

#[cfg(test)]
mod tests;
