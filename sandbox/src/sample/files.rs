//! Files attached to a sample company's documents: small, and the same in every run of a seed.

use super::book::{Document, File};
use super::dice::Dice;

/// Chance that comes after the book, so that files change nothing else of it.
const SALT: u64 = 0x00f1_1e5a;
/// Documents out of a hundred that have files, and of these those that have a second one.
const WITH_FILES: usize = 25;
const WITH_TWO: usize = 30;
/// A document that has files of one name, which only some platforms keep apart.
const SAME_NAME: &str = "scan.pdf";
/// Most files of a company, however large: each takes calls of its own, which the limits let through one by one.
const FILES_MAX: usize = 30;
const BYTES_MIN: usize = 40;
const BYTES_MAX: usize = 4_000;

/// What a file is: its name, its media type, and how its bytes begin.
const KINDS: [(&str, &str, &[u8]); 5] = [
    ("Receipt 7/2026: taxi.pdf", "application/pdf", b"%PDF-1.4\n"),
    ("Lieferschein \u{dc}nal & S\u{f6}hne.pdf", "application/pdf", b"%PDF-1.7\n"),
    ("IMG_2044.jpeg", "image/jpeg", &[0xff, 0xd8, 0xff, 0xe0]),
    ("hours.csv", "text/csv", b"day,hours\r\n"),
    ("no ending", "text/plain", b""),
];

/// Draws the files of documents that stand, the oldest ones first.
pub(super) fn draw<'a>(seed: u64, documents: impl Iterator<Item = &'a Document>) -> Vec<File> {
    let mut dice = Dice::new(seed ^ SALT);
    let mut files = Vec::new();
    let mut has_same = false;
    for (document, _) in documents.enumerate().filter(|(_, document)| !document.is_voided) {
        if files.len() >= FILES_MAX {
            break;
        }
        if !has_same {
            has_same = true;
            let kind = (SAME_NAME, "application/pdf", &b"%PDF-1.4\n"[..]);
            files.extend([file(&mut dice, document, kind), file(&mut dice, document, kind)]);
        } else if dice.chance(WITH_FILES) {
            let first = dice.below(KINDS.len());
            let count = if dice.chance(WITH_TWO) { 2 } else { 1 };
            // Two kinds that follow one another have two names.
            let kinds = KINDS.iter().cycle().skip(first).take(count);
            files.extend(kinds.map(|kind| file(&mut dice, document, *kind)));
        }
    }
    files
}

fn file(dice: &mut Dice, document: usize, kind: (&str, &'static str, &[u8])) -> File {
    let (name, media_type, begins) = kind;
    let mut bytes = begins.to_vec();
    let size = BYTES_MIN + dice.below(BYTES_MAX - BYTES_MIN);
    // Lines that end in a carriage return, zeros and all else that text has not.
    bytes.extend((0..size).map(|_| u8::try_from(dice.below(256)).unwrap_or_default()));
    File { document, name: name.to_owned(), media_type, bytes }
}
