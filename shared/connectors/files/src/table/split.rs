//! Taking rows apart where that is simple, as it nearly always is.
//!
//! The rules are those of `csv-core`: a quote opens a cell only at its beginning, a line feed or a carriage return
//! ends a row. A row that needs more than that (a doubled quote, text behind a closing quote) is left to it.

use memchr::{memchr, memchr3};

use crate::dialect::Dialect;
use crate::limits::COLUMNS_MAX;

/// Bytes of a cell that are looked at one by one before a search begins; most cells are shorter.
const SHORT_CELL_BYTES: usize = 16;

/// Where a cell stands in the text of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    from: u32,
    to: u32,
}

impl Span {
    fn new(from: usize, to: usize) -> Option<Self> {
        Some(Self { from: u32::try_from(from).ok()?, to: u32::try_from(to).ok()? })
    }

    /// The cell in its row's text.
    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.from as usize..self.to as usize).unwrap_or_default()
    }

    /// Spans of cells that follow one another, given where each ends.
    pub(crate) fn between(ends: &[usize], spans: &mut Vec<Self>) {
        spans.clear();
        let mut from = 0;
        for end in ends {
            spans.extend(Self::new(from, *end));
            from = *end;
        }
    }
}

/// A row that was taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Split {
    /// Its bytes, without its line end.
    pub(crate) len: usize,
    /// Line feeds inside its cells.
    pub(crate) breaks: u64,
}

/// Takes the row apart that `bytes` begin with; it ends with a line end, or with `bytes` where they are the last.
/// Nothing where the row is not simple, or goes on behind `bytes`.
pub(crate) fn split(bytes: &[u8], dialect: Dialect, last: bool, spans: &mut Vec<Span>) -> Option<Split> {
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    let Dialect { delimiter, quote, .. } = dialect;
    spans.clear();
    if matches!(bytes.first(), None | Some(b'\n' | b'\r')) || bytes.starts_with(MARK) {
        return None;
    }
    let (mut at, mut breaks) = (0, 0);
    loop {
        let rest = bytes.get(at..)?;
        let next = match rest.split_first() {
            Some((first, quoted)) if *first == quote => {
                let len = memchr(quote, quoted)?;
                let cell = quoted.get(..len)?;
                breaks += cell.iter().filter(|byte| **byte == b'\n').count() as u64;
                spans.push(Span::new(at + 1, at + 1 + len)?);
                at + len + 2
            }
            _ => {
                let len = plain_len(rest, delimiter).or(last.then_some(rest.len()))?;
                spans.push(Span::new(at, at + len)?);
                at + len
            }
        };
        match bytes.get(next) {
            Some(byte) if *byte == delimiter => at = next + 1,
            Some(b'\n' | b'\r') => return Some(Split { len: next, breaks }),
            None if last => return Some(Split { len: next, breaks }),
            _ => return None,
        }
        if spans.len() > COLUMNS_MAX {
            return None;
        }
    }
}

/// Length of a cell without quotes, if it ends here.
fn plain_len(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let ends = |byte: &u8| *byte == delimiter || *byte == b'\n' || *byte == b'\r';
    let (near, far) = bytes.split_at_checked(SHORT_CELL_BYTES).unwrap_or((bytes, &[]));
    near.iter().position(ends).or_else(|| Some(near.len() + memchr3(delimiter, b'\n', b'\r', far)?))
}
