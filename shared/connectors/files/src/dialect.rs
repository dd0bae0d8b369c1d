//! Delimiter and quoting, found from a sample.

use std::io::Cursor;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::limits::SAMPLE_ROWS;
use crate::table::{Rows, Step};

/// How cells are separated and quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// Byte between cells.
    pub delimiter: u8,
    /// Byte around cells that hold delimiters or line breaks; doubled inside.
    pub quote: u8,
    /// Whether the first cell of every row is its row number, which is not shown. So are the row files that
    /// workbooks are turned into.
    pub numbered: bool,
}

impl Dialect {
    /// Comma and double quotes.
    pub const COMMA: Self = Self { delimiter: b',', quote: b'"', numbered: false };
    /// The row files that workbooks are turned into.
    pub const ROW_FILE: Self = Self { delimiter: b',', quote: b'"', numbered: true };

    /// Name of the delimiter, for people.
    pub fn delimiter_name(self) -> &'static str {
        match self.delimiter {
            b',' => "comma",
            b';' => "semicolon",
            b'\t' => "tab",
            _ => "pipe",
        }
    }
}

/// Delimiters that are tried. Of two that fit equally well the earlier wins: a tab, a semicolon or a pipe
/// hardly ever occurs as often in every row by chance, a comma does (texts, decimal commas).
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];

/// How well a delimiter explains the sample; compared field by field.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Best count of known column names in one row.
    known: usize,
    /// Whether a row of texts with as many cells as most rows have comes first, as a header does.
    has_header: bool,
    /// Tenths of the rows that have the most frequent number of cells (two or more).
    regular_tenths: usize,
}

/// Finds the dialect of `sample`, the beginning of a file in UTF-8. `known` says how many of the cells of a
/// row are column names of a known format; it outweighs all else.
pub fn detect(sample: &str, known: &dyn Fn(&[&str]) -> usize) -> Dialect {
    if let Some(delimiter) = declared(sample) {
        return Dialect { delimiter, quote: quote_of(sample), numbered: false };
    }
    let quote = quote_of(sample);
    let mut best: Option<(Fit, Dialect)> = None;
    for delimiter in DELIMITERS {
        let dialect = Dialect { delimiter, quote, numbered: false };
        let fit = fit(&sample_rows(sample, dialect), known);
        if fit.regular_tenths > 0 && best.as_ref().is_none_or(|(champion, _)| fit > *champion) {
            best = Some((fit, dialect));
        }
    }
    best.map_or(Dialect { quote, ..Dialect::COMMA }, |(_, dialect)| dialect)
}

/// The line `sep=;` that spreadsheet programs put first.
fn declared(sample: &str) -> Option<u8> {
    let line = sample.lines().next()?.trim_start_matches('\u{feff}').trim_end();
    match line.strip_prefix("sep=").map(str::as_bytes) {
        Some([delimiter]) if DELIMITERS.contains(delimiter) => Some(*delimiter),
        _ => None,
    }
}

/// Single quotes only where there is no double quote and they enclose cells time and again.
fn quote_of(sample: &str) -> u8 {
    if sample.contains('"') {
        return b'"';
    }
    let edges = |open: char| {
        DELIMITERS
            .iter()
            .map(|d| {
                let (opening, closing) = ([char::from(*d), open], [open, char::from(*d)]);
                sample
                    .matches(opening.iter().collect::<String>().as_str())
                    .count()
                    .min(sample.matches(closing.iter().collect::<String>().as_str()).count())
            })
            .max()
            .unwrap_or(0)
    };
    if edges('\'') > sample.lines().count() / 2 { b'\'' } else { b'"' }
}

/// The first rows of a sample as owned cells; at most [`SAMPLE_ROWS`], broken rows left out.
pub fn sample_rows(sample: &str, dialect: Dialect) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let Ok(mut rows) = Rows::new(Cursor::new(sample.as_bytes()), Path::new("sample"), dialect, 0, 1) else {
        return found;
    };
    while let Ok(Some(step)) = rows.advance() {
        if let Step::Row(row) = step {
            found.push(row.cells().map(str::to_owned).collect());
        }
        if found.len() == SAMPLE_ROWS {
            break;
        }
    }
    found
}

fn fit(rows: &[Vec<String>], known: &dyn Fn(&[&str]) -> usize) -> Fit {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    for row in rows {
        if row.len() >= 2 {
            *counts.entry(row.len()).or_default() += 1;
        }
    }
    let (columns, regular) = counts.into_iter().max_by_key(|(_, rows)| *rows).unwrap_or((0, 0));
    let first = rows.iter().find(|row| row.len() == columns);
    let names: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    Fit {
        known: names.iter().map(|row| known(row)).max().unwrap_or(0),
        has_header: first.is_some_and(|row| is_wordy(row)),
        regular_tenths: (regular * 10).div_ceil(rows.len().max(1)),
    }
}

/// A row that could be a header: no cell is a number, and most hold something.
fn is_wordy(row: &[String]) -> bool {
    let filled = row.iter().filter(|cell| !cell.trim().is_empty());
    let words = filled.clone().filter(|cell| cell.chars().any(char::is_alphabetic)).count();
    words == filled.count() && words * 2 >= row.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn delimiter(sample: &str) -> char {
        char::from(detect(sample, &|_| 0).delimiter)
    }

    #[test]
    fn delimiters_are_found_by_evidence() {
        assert_eq!(delimiter("Name,Total\nA,1\nB,2\n"), ',');
        assert_eq!(delimiter("Name;Netto;Brutto\nA;1,5;2,5\nB;2,5;3,5\n"), ';');
        assert_eq!(delimiter("Name\tTotal\nMiller, Ann\t1\nSmith, Bob\t2\n"), '\t');
        assert_eq!(delimiter("Name|Total\nA, B|1\nC; D|2\n"), '|');
        assert_eq!(delimiter("Name,Note\nA,x;y\nB,z;w\nC,1;2\n"), ',');
        assert_eq!(delimiter("sep=;\nA;1,5\nB;2,5\n"), ';');
    }

    #[test]
    fn titles_above_the_header_do_not_mislead() {
        let report = "Craig's Design, Inc; Ltd\nCustomer Balance Detail\nAll Dates\n\n,Date,Num,Amount\n\
                      Amy,,,\n,01/02/2021,12,\"1,020.00\"\nTotal for Amy,,,\"$1,020.00\"\n";
        assert_eq!(delimiter(report), ',');
    }

    #[test]
    fn known_names_outweigh_regularity() {
        let known = |row: &[&str]| usize::from(row.contains(&"Customer") && row.contains(&"Num"));
        let sample = "Customer;Num\na,b;1\nc,d;2\ne,f;3\ng,h;4\ni,j;5\nk,l;6\n";
        assert_eq!(detect(sample, &known).delimiter, b';');
    }

    #[test]
    fn single_quotes_need_proof() {
        assert_eq!(detect("a,b,c\n1,'x, y',2\n3,'z, w',4\n5,'q',6\n", &|_| 0).quote, b'\'');
        assert_eq!(detect("a,b\n1,O'Neil\n2,'tis\n", &|_| 0).quote, b'"');
    }

    proptest! {
        #[test]
        fn any_sample_gives_a_dialect(sample in "[a-c0-9,;|\t\"'\n\r ]{0,300}") {
            let dialect = detect(&sample, &|_| 0);
            prop_assert!(DELIMITERS.contains(&dialect.delimiter));
        }
    }
}
