use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use carry_model::RecordKey;
use rusqlite::Connection;
use rustc_hash::FxHasher;

/// Bits of the filter, a power of two: one megabyte. At 1,000,000 links two in a hundred keys are looked for in vain.
const BITS: u64 = 1 << 23;

/// Bits of a key.
const PROBES: u64 = 4;

/// Tells keys that surely have no link, so that the first run of a migration, where nearly every record is new, does
/// not look each of them up.
///
/// A Bloom filter of all links. It holds while the journal began empty and nobody but one connection writes; others may
/// ask it meanwhile.
#[derive(Debug)]
pub(crate) struct Absent {
    holds: AtomicBool,
    words: Vec<AtomicU64>,
    /// SQLite's count of what connections other than the one that writes have written.
    version: i64,
}

impl Absent {
    /// Of the journal as it is now, of which that connection writes.
    pub(crate) fn new(connection: &Connection) -> rusqlite::Result<Self> {
        let version = version(connection)?;
        let any: bool = connection.query_row("select exists (select 1 from links)", [], |row| row.get(0))?;
        let words = if any { 0 } else { usize::try_from(BITS / 64).unwrap_or_default() };
        let words = std::iter::repeat_with(AtomicU64::default).take(words).collect();
        Ok(Self { holds: AtomicBool::new(!any), words, version })
    }

    /// Holds no longer where another connection has written; called in a transaction of the one that writes.
    pub(crate) fn check(&self, connection: &Connection) -> rusqlite::Result<()> {
        if self.holds.load(Ordering::Acquire) && version(connection)? != self.version {
            self.holds.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// A link of the key is about to be written.
    pub(crate) fn note(&self, migration: i64, key: &RecordKey) {
        if !self.holds.load(Ordering::Acquire) {
            return;
        }
        for (word, bit) in places(migration, key) {
            if let Some(word) = self.words.get(word) {
                word.fetch_or(bit, Ordering::Release);
            }
        }
    }

    /// True where the key has no link.
    pub(crate) fn is_sure(&self, migration: i64, key: &RecordKey) -> bool {
        let lacks =
            |(word, bit)| self.words.get::<usize>(word).is_some_and(|w| w.load(Ordering::Acquire) & bit == 0);
        self.holds.load(Ordering::Acquire) && places(migration, key).any(lacks)
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("pragma data_version")?.query_row([], |row| row.get(0))
}

/// The words and bits of a key.
fn places(migration: i64, key: &RecordKey) -> impl Iterator<Item = (usize, u64)> {
    let mut hasher = FxHasher::default();
    (migration, key).hash(&mut hasher);
    let hash = hasher.finish();
    let step = hash.rotate_left(32) | 1;
    (0..PROBES).map(move |probe| {
        let at = hash.wrapping_add(step.wrapping_mul(probe)) % BITS;
        (usize::try_from(at / 64).unwrap_or_default(), 1 << (at % 64))
    })
}

#[cfg(test)]
mod tests {
    use carry_model::Entity;

    use super::*;

    fn empty() -> Absent {
        let words = usize::try_from(BITS / 64).unwrap();
        Absent {
            holds: AtomicBool::new(true),
            words: std::iter::repeat_with(AtomicU64::default).take(words).collect(),
            version: 0,
        }
    }

    #[test]
    fn a_key_that_was_noted_is_never_sure_and_few_others_are_not() {
        let key = |n: u32| RecordKey::new(Entity::Invoice, format!("{n:07}"));
        let absent = empty();
        (0..200_000).for_each(|n| absent.note(1, &key(n)));
        assert!((0..200_000).all(|n| !absent.is_sure(1, &key(n))));
        let doubtful = (200_000..300_000).filter(|n| !absent.is_sure(1, &key(*n))).count();
        assert!(doubtful < 1_000, "{doubtful}");
        let doubtful = (0..100_000).filter(|n| !absent.is_sure(2, &key(*n))).count();
        assert!(doubtful < 1_000, "{doubtful}");
    }
}
