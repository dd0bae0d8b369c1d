use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use proptest::prelude::*;

use super::ahead::Ahead;
use super::*;
use crate::dialect::Dialect;
use crate::limits::ROW_BYTES_MAX;

type Seen = Vec<(u64, u64, Vec<String>)>;

fn read(text: &str) -> (Seen, Vec<Broken>) {
    let (mut seen, mut broken) = (Vec::new(), Vec::new());
    let mut rows = Rows::new(Cursor::new(text.as_bytes()), Path::new("t.csv"), Dialect::COMMA, 0, 1).unwrap();
    while let Some(step) = rows.advance().unwrap() {
        match step {
            Step::Row(row) => {
                seen.push((row.line_from, row.line_to, row.cells().map(str::to_owned).collect()));
            }
            Step::Broken(b) => broken.push(b),
        }
    }
    (seen, broken)
}

fn row(from: u64, to: u64, cells: &[&str]) -> (u64, u64, Vec<String>) {
    (from, to, cells.iter().map(|c| (*c).to_owned()).collect())
}

#[test]
fn lines_are_those_an_editor_shows() {
    for end in ["\n", "\r\n"] {
        let text = ["a,b", "", "\"x", "y\",1", "", "", "c,", ""].join(end);
        let (seen, broken) = read(&text);
        let inner = format!("x{end}y");
        assert_eq!(seen, vec![row(1, 1, &["a", "b"]), row(3, 4, &[&inner, "1"]), row(7, 7, &["c", ""])]);
        assert!(broken.is_empty());
    }
}

#[test]
fn a_stray_quote_costs_its_own_line_only() {
    let text = "n,m,a\n1,\"5 inch,10\n2,\"ok, ok\",20\n3,c,30\n";
    let (seen, broken) = read(text);
    assert_eq!(
        seen,
        vec![row(1, 1, &["n", "m", "a"]), row(3, 3, &["2", "ok, ok", "20"]), row(4, 4, &["3", "c", "30"])]
    );
    assert_eq!(
        (broken[0].line, broken[0].cause, broken[0].text.as_str()),
        (2, Cause::StrayQuote, "1,\"5 inch,10")
    );
}

#[test]
fn a_quote_open_to_the_end_of_the_file_loses_no_row() {
    let (seen, broken) = read("n,m\n1,\"open\n2,b\n3,c\n");
    assert_eq!(seen, vec![row(1, 1, &["n", "m"]), row(3, 3, &["2", "b"]), row(4, 4, &["3", "c"])]);
    assert_eq!(broken.len(), 1);
}

#[test]
fn over_long_rows_are_rejects() {
    let text = format!("n,m\n1,{}\n2,b\n", "x".repeat(ROW_BYTES_MAX * 3));
    let (seen, broken) = read(&text);
    assert_eq!(seen.len(), 2);
    assert_eq!((broken[0].line, broken[0].cause), (2, Cause::TooLong));
    assert_eq!(seen[1], row(3, 3, &["2", "b"]));
    let wide = format!("a\n{}\nb\n", ",".repeat(5000));
    let (seen, broken) = read(&wide);
    assert_eq!((seen.len(), broken[0].cause), (2, Cause::TooManyColumns));
}

#[test]
fn rows_can_be_read_again() {
    let text = "h\n".to_owned() + &(0..30_000).map(|n| format!("row {n},\"a\nb\"\n")).collect::<String>();
    let path = Path::new("t.csv");
    let mut rows = Rows::new(Cursor::new(text.as_bytes()), path, Dialect::COMMA, 0, 1).unwrap();
    let mut places = Vec::new();
    while let Some(Step::Row(row)) = rows.advance().unwrap() {
        places.push((row.offset, row.line_from, row.cell(0).to_owned()));
    }
    for (offset, line, first) in places.iter().rev().step_by(997) {
        rows.seek(*offset, *line).unwrap();
        let Some(Step::Row(row)) = rows.advance().unwrap() else { panic!("a row") };
        assert_eq!((row.line_from, row.cell(0)), (*line, first.as_str()));
    }
}

fn shown(step: Step<'_>) -> String {
    match step {
        Step::Row(row) => {
            let cells: Vec<_> = row.cells().collect();
            format!("{}-{} at {}: {:?} {cells:?}", row.line_from, row.line_to, row.offset, row.raw)
        }
        Step::Broken(broken) => format!("{broken:?}"),
    }
}

/// Everything that comes, to the end, with the places behind.
fn everything(mut next: impl FnMut() -> (Option<String>, u64, u64)) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let (row, offset, line) = next();
        seen.push(format!("{row:?}, then {offset} {line}"));
        if row.is_none() {
            return seen;
        }
    }
}

/// What is read with or without the shortcut for simple rows.
fn read_here(bytes: &[u8], dialect: Dialect, no_shortcut: bool) -> Vec<String> {
    let mut rows = Rows::new(Cursor::new(bytes), Path::new("t.csv"), dialect, 0, 1).unwrap();
    rows.no_shortcut = no_shortcut;
    everything(|| (rows.advance().unwrap().map(shown), rows.offset(), rows.line()))
}

/// What is read by a thread of its own.
fn read_ahead(bytes: &[u8], dialect: Dialect) -> Vec<String> {
    let path = Path::new("t.csv");
    let rows = Rows::new(Cursor::new(bytes.to_vec()), path, dialect, 0, 1).unwrap();
    let mut rows = Ahead::of(rows, path).unwrap();
    everything(|| (rows.advance().unwrap().map(shown), rows.offset(), rows.line()))
}

fn same_every_way(bytes: &[u8]) {
    for dialect in
        [Dialect::COMMA, Dialect::ROW_FILE, Dialect { delimiter: b';', quote: b'\'', numbered: false }]
    {
        let seen = read_here(bytes, dialect, false);
        assert_eq!(seen, read_here(bytes, dialect, true));
        assert_eq!(seen, read_ahead(bytes, dialect));
    }
}

#[test]
fn whole_files_read_the_same_every_way() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/data");
    let mut files = 0;
    for system in ["quickbooks", "xero"] {
        for entry in std::fs::read_dir(folder.join(system)).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_file() {
                same_every_way(&std::fs::read(path).unwrap());
                files += 1;
            }
        }
    }
    assert!(files > 10, "{files} files");
}

#[test]
fn rows_at_the_edge_of_the_window_read_the_same() {
    let row = "1234567,\"a, b\",,\"two\nlines\",x y,\"say \"\"so\"\"\"\r\n";
    for shift in (0..70).step_by(3) {
        same_every_way(format!("{}\n{}", "x".repeat(shift), row.repeat(1500)).as_bytes());
    }
}

proptest! {
    #[test]
    fn mangled_text_reads_the_same_every_way(text in "[ab,;\"'\n\r\u{feff}é]{0,200}") {
        same_every_way(text.as_bytes());
    }

    #[test]
    fn mangled_bytes_read_the_same_every_way(
        bytes in proptest::collection::vec(proptest::sample::select(b",;\"'\n\rab\xEF\xBB\xBF\xC3\xA9\x00".to_vec()), 0..200)
    ) {
        same_every_way(&bytes);
    }

    #[test]
    fn written_rows_read_back(table in proptest::collection::vec(proptest::collection::vec("[a-z,\"\n ]{0,8}", 2..5), 1..8)) {
        let mut out = csv::WriterBuilder::new().flexible(true).quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        for cells in &table {
            out.write_record(cells).unwrap();
        }
        let text = String::from_utf8(out.into_inner().unwrap()).unwrap();
        let (seen, broken) = read(&text);
        prop_assert!(broken.is_empty());
        prop_assert_eq!(seen.into_iter().map(|(_, _, cells)| cells).collect::<Vec<_>>(), table);
    }

    #[test]
    fn mangled_text_neither_panics_nor_hangs(text in "[ab,\"\n\r;]{0,400}") {
        let (seen, broken) = read(&text);
        let lines = text.matches('\n').count() + text.matches('\r').count() + 1;
        prop_assert!(seen.len() + broken.len() <= lines);
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut rows = Rows::new(Cursor::new(bytes), Path::new("t"), Dialect::COMMA, 0, 1).unwrap();
        while rows.advance().unwrap().is_some() {}
    }
}

#[test]
fn an_error_while_reading_ahead_is_the_last_thing_that_comes() {
    struct Failing(u32);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 > 3 {
                return Err(std::io::Error::other("gone"));
            }
            buffer.fill(b'\n');
            buffer[0] = b'x';
            Ok(buffer.len())
        }
    }
    impl Seek for Failing {
        fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
            Ok(0)
        }
    }
    let path = Path::new("t.csv");
    let rows = Rows::new(Failing(0), path, Dialect::COMMA, 0, 1).unwrap();
    let mut rows = Ahead::of(rows, path).unwrap();
    let error = std::iter::repeat_with(|| rows.advance().map(|step| step.is_some())).find(Result::is_err);
    assert!(error.unwrap().unwrap_err().to_string().contains("gone"));
}
