//! Which encoding a text file is written in, and its way to UTF-8.
//!
//! A file that is UTF-8 already is only validated and then read in place. Any other is decoded once, as a
//! stream, into a temporary file without a name, so that every later step sees UTF-8 and byte offsets that
//! can be returned to.

use std::io::{self, Read, Write};

use encoding_rs::{Decoder, Encoding as Label, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes that are decoded at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Bytes of the beginning in which UTF-16 without a mark and binary content are looked for.
const PROBE_BYTES: usize = 4096;

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 throughout; a byte order mark takes the first three bytes.
    Utf8 {
        /// Whether the file begins with a byte order mark.
        mark: bool,
    },
    /// UTF-8 with some bytes that are not: mended by reading those bytes as Windows-1252. Seen when texts
    /// of two programs were joined in one file.
    Utf8Mended {
        /// Whether the file begins with a byte order mark.
        mark: bool,
        /// How many bytes were not UTF-8.
        bytes_mended: u64,
    },
    /// Any other encoding, by its WHATWG name: UTF-16 or Windows-1252 when found by evidence, any when the
    /// user named it.
    Other {
        /// The decoder.
        label: &'static Label,
        /// Whether the file begins with a byte order mark.
        mark: bool,
    },
}

impl Encoding {
    /// Bytes of the byte order mark, which is not content.
    pub fn mark_bytes(self) -> usize {
        match self {
            Self::Utf8 { mark: true } | Self::Utf8Mended { mark: true, .. } => 3,
            Self::Other { mark: true, .. } => 2,
            _ => 0,
        }
    }

    /// Name for people, for example `UTF-16LE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 { .. } | Self::Utf8Mended { .. } => UTF_8.name(),
            Self::Other { label, .. } => label.name(),
        }
    }
}

/// What a look at the whole file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detected {
    /// The encoding, or nothing when the file holds binary data.
    pub encoding: Option<Encoding>,
    /// Lines end in a lone carriage return, as old Macintosh programs write; such a file is converted, since
    /// line numbers would be meaningless.
    pub lone_carriage_returns: bool,
}

/// Finds the encoding from every byte of the file: one accented letter in the last row decides as well as one
/// in the first. Streaming; memory is one chunk.
pub fn detect(mut input: impl Read) -> io::Result<Detected> {
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    let mut filled = fill(&mut input, &mut chunk)?;
    let head = chunk.get(..filled).unwrap_or_default();
    let lone = memchr::memchr(b'\n', head).is_none() && memchr::memchr(b'\r', head).is_some();
    if let Some(encoding) = of_head(head) {
        return Ok(Detected { encoding, lone_carriage_returns: false });
    }
    let mark = head.starts_with(b"\xEF\xBB\xBF");
    let mut tally = Utf8Tally::default();
    loop {
        let at_end = filled < chunk.len();
        let bytes = chunk.get(..filled).unwrap_or_default();
        let carried = tally.take(bytes, at_end);
        if at_end {
            break;
        }
        // The cut sequence at the end of this chunk becomes the beginning of the next.
        chunk.copy_within(filled - carried..filled, 0);
        let fresh = chunk.get_mut(carried..).unwrap_or_default();
        filled = carried + fill(&mut input, fresh)?;
    }
    Ok(Detected { encoding: Some(tally.verdict(mark)), lone_carriage_returns: lone })
}

/// Marks, UTF-16 without a mark, and binary content show in the first bytes. The outer nothing means
/// "look at all of it".
fn of_head(head: &[u8]) -> Option<Option<Encoding>> {
    if head.starts_with(b"\xFF\xFE") {
        return Some(Some(Encoding::Other { label: UTF_16LE, mark: true }));
    }
    if head.starts_with(b"\xFE\xFF") {
        return Some(Some(Encoding::Other { label: UTF_16BE, mark: true }));
    }
    let probe = head.get(..head.len().min(PROBE_BYTES)).unwrap_or_default();
    let zeros_at = |parity: usize| probe.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros_at(0), zeros_at(1));
    if even + odd == 0 {
        return None;
    }
    // Text of Latin letters, digits and delimiters has a zero in nearly every second byte.
    let half = probe.len() / 2;
    if odd * 10 >= half * 7 && even * 10 < half {
        return Some(Some(Encoding::Other { label: UTF_16LE, mark: false }));
    }
    if even * 10 >= half * 7 && odd * 10 < half {
        return Some(Some(Encoding::Other { label: UTF_16BE, mark: false }));
    }
    Some(None)
}

/// Counts of UTF-8 sequences, over chunks.
#[derive(Default)]
struct Utf8Tally {
    good_sequences: u64,
    bad_bytes: u64,
}

impl Utf8Tally {
    /// Counts one chunk and says how many bytes at its end are the beginning of a sequence that goes on.
    fn take(&mut self, mut bytes: &[u8], at_end: bool) -> usize {
        loop {
            let valid = Label::utf8_valid_up_to(bytes);
            let (good, rest) = bytes.split_at(valid);
            if self.bad_bytes > 0 || !rest.is_empty() {
                // Only a file with trouble pays for counting.
                self.good_sequences += good.iter().filter(|b| **b >= 0xC0).count() as u64;
            }
            if rest.is_empty() {
                return 0;
            }
            match std::str::from_utf8(rest) {
                Err(e) if e.error_len().is_none() && !at_end => return rest.len(),
                _ => {
                    self.bad_bytes += 1;
                    bytes = rest.get(1..).unwrap_or_default();
                }
            }
        }
    }

    /// UTF-8 when clean; mended UTF-8 when sequences that can hardly arise by chance outweigh the bad
    /// bytes; else Windows-1252, the encoding of exports made on Windows.
    fn verdict(&self, mark: bool) -> Encoding {
        match (self.bad_bytes, self.good_sequences) {
            (0, _) => Encoding::Utf8 { mark },
            (bad, good) if mark || good > bad => Encoding::Utf8Mended { mark, bytes_mended: bad },
            _ => Encoding::Other { label: WINDOWS_1252, mark: false },
        }
    }
}

/// Decodes a file, its byte order mark left out, to UTF-8. `lone_carriage_returns` turns every carriage
/// return into a line feed.
pub fn decode(
    mut input: impl Read,
    mut output: impl Write,
    encoding: Encoding,
    lone_carriage_returns: bool,
) -> io::Result<()> {
    let mut skip = [0_u8; 3];
    if let Some(mark) = skip.get_mut(..encoding.mark_bytes()) {
        input.read_exact(mark)?;
    }
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    let mut text = vec![0_u8; CHUNK_BYTES * 3 + 16];
    let mut decoder = match encoding {
        Encoding::Other { label, .. } => Some(label.new_decoder_without_bom_handling()),
        Encoding::Utf8 { .. } | Encoding::Utf8Mended { .. } => None,
    };
    let mut kept = 0;
    loop {
        let fresh = chunk.get_mut(kept..).unwrap_or_default();
        let fresh_len = fresh.len();
        let got = fill(&mut input, fresh)?;
        let at_end = got < fresh_len;
        let filled = kept + got;
        let bytes = chunk.get(..filled).unwrap_or_default();
        let (read, written) = match decoder.as_mut() {
            Some(decoder) => step(decoder, bytes, &mut text, at_end),
            None => mend(bytes, &mut text, at_end),
        };
        let out = text.get_mut(..written).unwrap_or_default();
        if lone_carriage_returns {
            out.iter_mut().filter(|b| **b == b'\r').for_each(|b| *b = b'\n');
        }
        output.write_all(out)?;
        if at_end {
            return output.flush();
        }
        chunk.copy_within(read..filled, 0);
        kept = filled - read;
    }
}

/// One chunk through a decoder; the buffer holds three bytes for each byte read, the most any encoding asks.
fn step(decoder: &mut Decoder, bytes: &[u8], text: &mut [u8], at_end: bool) -> (usize, usize) {
    let (_, read, written, _) = decoder.decode_to_utf8(bytes, text, at_end);
    (read, written)
}

/// Copies UTF-8 and reads every byte that is not as Windows-1252.
fn mend(bytes: &[u8], text: &mut [u8], at_end: bool) -> (usize, usize) {
    let (mut read, mut written) = (0, 0);
    loop {
        let rest = bytes.get(read..).unwrap_or_default();
        let valid = Label::utf8_valid_up_to(rest);
        if let (Some(to), Some(from)) = (text.get_mut(written..written + valid), rest.get(..valid)) {
            to.copy_from_slice(from);
        }
        read += valid;
        written += valid;
        let rest = bytes.get(read..).unwrap_or_default();
        let Some(bad) = rest.get(..1) else { return (read, written) };
        let cut = std::str::from_utf8(rest).is_err_and(|e| e.error_len().is_none());
        if cut && !at_end {
            return (read, written);
        }
        let (letter, _, _) = WINDOWS_1252.decode(bad);
        if let Some(to) = text.get_mut(written..written + letter.len()) {
            to.copy_from_slice(letter.as_bytes());
        }
        read += 1;
        written += letter.len();
    }
}

/// Reads until the buffer is full or the input ends.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(bytes: &[u8]) -> (Option<Encoding>, String) {
        let found = detect(bytes).unwrap();
        let mut out = Vec::new();
        if let Some(encoding) = found.encoding {
            decode(bytes, &mut out, encoding, found.lone_carriage_returns).unwrap();
        }
        (found.encoding, String::from_utf8(out).unwrap())
    }

    fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
        let text = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
        text.encode_utf16().flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    }

    #[test]
    fn every_encoding_reads_as_the_same_text() {
        let text = "Name,Betrag\nMüller & Söhne,\"1.234,50 €\"\n".repeat(5000);
        assert_eq!(round(text.as_bytes()), (Some(Encoding::Utf8 { mark: false }), text.clone()));
        let marked = format!("\u{feff}{text}");
        assert_eq!(round(marked.as_bytes()), (Some(Encoding::Utf8 { mark: true }), text.clone()));
        for (little, mark) in [(true, true), (true, false), (false, true), (false, false)] {
            let label = if little { UTF_16LE } else { UTF_16BE };
            let expected = (Some(Encoding::Other { label, mark }), text.clone());
            assert_eq!(round(&utf16(&text, little, mark)), expected, "little {little} mark {mark}");
        }
        let (windows, _, _) = WINDOWS_1252.encode(&text);
        let expected = Encoding::Other { label: WINDOWS_1252, mark: false };
        assert_eq!(round(&windows), (Some(expected), text));
    }

    #[test]
    fn an_accent_in_the_last_row_decides() {
        let mut bytes = "a,b\n".repeat(100_000).into_bytes();
        bytes.extend_from_slice(b"Caf\xE9,1\n");
        let (encoding, text) = round(&bytes);
        assert_eq!(encoding, Some(Encoding::Other { label: WINDOWS_1252, mark: false }));
        assert!(text.ends_with("Café,1\n"));
    }

    #[test]
    fn few_bad_bytes_in_utf8_are_mended() {
        let mut bytes = "Zoë,Ødegård,Müller\n".repeat(10).into_bytes();
        bytes.extend_from_slice(b"Caf\xE9\n");
        let (encoding, text) = round(&bytes);
        assert_eq!(encoding, Some(Encoding::Utf8Mended { mark: false, bytes_mended: 1 }));
        assert!(text.starts_with("Zoë") && text.ends_with("Café\n"));
    }

    #[test]
    fn binary_is_told_apart() {
        let bytes: Vec<u8> = (0..=255_u8).cycle().take(9000).collect();
        assert_eq!(detect(bytes.as_slice()).unwrap().encoding, None);
    }

    #[test]
    fn old_line_ends_become_line_feeds() {
        assert_eq!(round(b"a,b\r1,2\r").1, "a,b\n1,2\n");
    }

    proptest! {
        #[test]
        fn any_bytes_decode_without_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            round(&bytes);
        }

        #[test]
        fn utf8_is_never_changed(text in "[^\u{0}\u{feff}\r]{0,200}") {
            let text = format!("head\n{text}");
            prop_assert_eq!(round(text.as_bytes()).1, text);
        }
    }
}
