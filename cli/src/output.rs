//! Where output goes: data to stdout, everything else to stderr.

use std::io::{IsTerminal, Write};
use std::sync::LazyLock;

use carry_model::{Code, Fault};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};
use serde::Serialize;

/// Widest output where the terminal does not say, in columns.
const WIDTH_DEFAULT: usize = 110;

/// True where a person reads stderr.
pub(crate) fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Columns of the terminal.
pub(crate) fn width() -> usize {
    Table::new().width().map_or(WIDTH_DEFAULT, usize::from).clamp(60, 140)
}

/// Writes a line of data.
pub(crate) fn line(text: &str) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    done(writeln!(out, "{text}"))
}

/// Writes data as one JSON value.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Fault> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
    line(&text)
}

/// The bars on the terminal, so that a line told meanwhile does not tear them.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Puts a bar on the terminal.
pub(crate) fn bar(bar: ProgressBar) -> ProgressBar {
    BARS.add(bar)
}

/// Takes every bar off the terminal for good: what follows is the end.
pub(crate) fn end_bars() {
    // A terminal that cannot be cleared keeps a line too many; nothing is lost.
    let _ = BARS.clear();
    BARS.set_draw_target(ProgressDrawTarget::hidden());
}

/// Tells the person at the terminal something that is no data.
pub(crate) fn note(text: &str) {
    // Nobody is left to tell where stderr is gone.
    BARS.suspend(|| {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    });
}

/// A reader that has seen enough (`| head`) is no fault.
pub(crate) fn done(result: std::io::Result<()>) -> Result<(), Fault> {
    match result {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|e| Fault::new(Code::FileUnreadable).detail("stdout").caused_by(e)),
    }
}

/// A table for people: `right` names the columns of figures.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>, right: &[usize]) -> String {
    const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    let mut table = Table::new();
    table.load_style(RULED).set_header(header.iter().copied());
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width()).unwrap_or(110));
    for row in rows {
        table.add_row(row);
    }
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(6)));
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// 1234567 as "1,234,567".
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "1 record", "2 records".
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Text broken at blanks to fit the terminal, every line after the first one indented.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width() {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// Text from the books on one line of a terminal: no line breaks, no control characters, bounded.
pub(crate) fn cell(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let short: String = plain.clone().take(CHARS_MAX).collect();
    if plain.count() > CHARS_MAX { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), text);
        }
    }

    #[test]
    fn long_sentences_hang_below_their_first_line() {
        let text = wrapped(&"word ".repeat(60), 4);
        assert!(text.lines().count() > 1);
        assert!(text.lines().all(|line| line.chars().count() <= width()));
        assert!(text.lines().skip(1).all(|line| line.starts_with("    word")));
    }

    #[test]
    fn cells_cannot_drive_the_terminal() {
        assert_eq!(cell("a\u{1b}[31mb\nc"), "a [31mb c");
        assert_eq!(cell(&"x".repeat(100)).chars().count(), 61);
    }
}
