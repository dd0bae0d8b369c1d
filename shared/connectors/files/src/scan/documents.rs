//! Where documents begin: to find those whose rows lie apart, numbers that several bear, and documents that
//! payments name.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use carry_model::Entity;
use rustc_hash::{FxHashMap, FxHasher};

use super::section::Section;
use crate::error::FileError;
use crate::formats::Field;
use crate::limits::{SCATTERED_MAX, SHARED_NUMBERS_MAX};
use crate::profile::Bearer;
use crate::table::{Sheet, Step};

/// Identity of a document as its first row states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) number: String,
    pub(crate) contact: String,
    pub(crate) date: String,
}

/// Beginning of a document, or of a part of one: 24 bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    key: u64,
    offset: u64,
    line: u32,
    section: u32,
}

/// All beginnings.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    starts: Vec<Start>,
    /// Keys in order, once settled.
    keys: Vec<u64>,
    /// Numbers that several documents bear.
    pub(crate) shared: BTreeMap<Entity, BTreeMap<String, Vec<Bearer>>>,
    /// Such numbers beyond [`SHARED_NUMBERS_MAX`].
    pub(crate) shared_dropped: u64,
    /// Documents that stand in two files.
    pub(crate) repeated: Vec<(Entity, String)>,
}

impl Documents {
    /// A record with that number begins. `supplier` is the contact where numbers are unique per contact only.
    pub(crate) fn begin(
        &mut self,
        entity: Entity,
        number: &str,
        supplier: &str,
        section: u32,
        offset: u64,
        line: u64,
    ) {
        if number.is_empty() {
            return;
        }
        self.starts.push(Start {
            key: key(entity, number, supplier),
            offset,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            section,
        });
    }

    /// Whether a document of that number is in some file.
    pub(crate) fn has(&self, entity: Entity, number: &str, supplier: &str) -> bool {
        is_among(&self.keys, key(entity, number, supplier))
    }

    /// Sections were given numbers as they were found; this gives them those of their final order.
    pub(crate) fn renumber(&mut self, order: &[Section]) {
        let mut places = FxHashMap::default();
        for (index, section) in order.iter().enumerate() {
            places.insert(section.number, u32::try_from(index).unwrap_or(u32::MAX));
        }
        for start in &mut self.starts {
            start.section = places.get(&start.section).copied().unwrap_or(u32::MAX);
        }
    }

    /// Looks at the numbers that begin more than once and frees what is no longer needed.
    pub(crate) fn settle(&mut self, sheets: &[Sheet], sections: &mut [Section]) -> Result<(), FileError> {
        let mut starts = std::mem::take(&mut self.starts);
        starts.sort_unstable_by_key(|s| (s.key, s.section, s.offset));
        for same in starts.chunk_by(|a, b| a.key == b.key) {
            if same.len() > 1 {
                self.settle_number(same, sheets, sections)?;
            }
        }
        self.keys = starts.iter().map(|start| start.key).collect();
        self.keys.dedup();
        Ok(())
    }

    fn settle_number(
        &mut self,
        same: &[Start],
        sheets: &[Sheet],
        sections: &mut [Section],
    ) -> Result<(), FileError> {
        let mut bearers: Vec<(Start, Head)> = Vec::new();
        let mut entity = None;
        for start in same {
            let Some(section) = sections.get_mut(start.section as usize) else { continue };
            let Some((head, kind)) = read_head(section, sheets, start)? else { continue };
            entity = entity.or(Some(kind));
            let known = bearers.iter_mut().find(|(_, known)| continues(known, &head));
            match known {
                Some((first, known)) if first.section == start.section => {
                    known.complete(&head);
                    let parts = section.scattered.entry(first.offset).or_default();
                    parts.push((start.offset, u64::from(start.line)));
                    section.leave_out(start.offset, kind);
                }
                Some(_) => {
                    self.repeated.push((kind, head.number.clone()));
                    section.leave_out(start.offset, kind);
                }
                None => bearers.push((*start, head)),
            }
            if section.left_out.len() > SCATTERED_MAX {
                let path = sheets.get(section.sheet).map(|s| s.path.clone()).unwrap_or_default();
                return Err(FileError::limit(
                    path,
                    "the number of documents whose rows lie apart, or that stand in another file too",
                    format!("{SCATTERED_MAX}"),
                    "sort the file by document number, remove what is in it twice, and run again",
                ));
            }
        }
        // Equal keys of different numbers are a coincidence of hashes, not a shared number.
        bearers.sort_by(|(_, a), (_, b)| a.number.cmp(&b.number));
        for bearers in bearers.chunk_by(|(_, a), (_, b)| a.number == b.number) {
            if let (Some(entity), [(_, first), _, ..]) = (entity, bearers) {
                let shared = self.shared.entry(entity).or_default();
                if shared.len() >= SHARED_NUMBERS_MAX {
                    self.shared_dropped += 1;
                    continue;
                }
                let heads = bearers.iter().map(|(_, head)| head);
                let list = heads.map(|h| Bearer { contact: h.contact.clone(), date: h.date.clone() });
                shared.insert(first.number.clone(), list.collect());
            }
        }
        Ok(())
    }
}

impl Head {
    /// A part that came first may lack what a later one states.
    fn complete(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.contact, &other.contact), (&mut self.date, &other.date)] {
            if mine.is_empty() {
                mine.clone_from(theirs);
            }
        }
    }
}

/// Rows belong to a document if they say nothing else, or the same.
fn continues(known: &Head, head: &Head) -> bool {
    let agrees = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
    known.number == head.number && agrees(&known.contact, &head.contact) && agrees(&known.date, &head.date)
}

fn read_head(
    section: &Section,
    sheets: &[Sheet],
    start: &Start,
) -> Result<Option<(Head, Entity)>, FileError> {
    let Some(sheet) = sheets.get(section.sheet) else { return Ok(None) };
    let mut rows = sheet.rows_from(start.offset, u64::from(start.line))?;
    let Some(Step::Row(row)) = rows.advance()? else { return Ok(None) };
    let cell = |field| section.rules.at.cell(&row, field).to_owned();
    let head =
        Head { number: section.number_of(&row), contact: cell(Field::Contact), date: cell(Field::Date) };
    Ok(Some((head, section.entity_of(&row))))
}

/// Whether a key is among sorted keys. Hashes are spread evenly, so that a key's value tells about where it stands.
fn is_among(keys: &[u64], key: u64) -> bool {
    let near = (u128::from(key) * keys.len() as u128) >> 64;
    let (mut at, mut step) = (usize::try_from(near).unwrap_or(0), 8);
    // The stretch is widened until it holds the key's place.
    let from = loop {
        at = at.saturating_sub(step);
        if at == 0 || keys.get(at).is_some_and(|first| *first <= key) {
            break at;
        }
        step *= 2;
    };
    let mut to = from + step * 2;
    while keys.get(to).is_some_and(|last| *last <= key) {
        step *= 2;
        to += step;
    }
    keys.get(from..to.min(keys.len())).is_some_and(|stretch| stretch.binary_search(&key).is_ok())
}

fn key(entity: Entity, number: &str, supplier: &str) -> u64 {
    let mut hasher = FxHasher::default();
    (entity as u8).hash(&mut hasher);
    number.hash(&mut hasher);
    supplier.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_found_wherever_they_stand(
            mut keys in proptest::collection::vec(prop_oneof![any::<u64>(), 0_u64..40, (u64::MAX - 40)..], 0..300),
            others in proptest::collection::vec(prop_oneof![any::<u64>(), 0_u64..40, (u64::MAX - 40)..], 0..50),
        ) {
            keys.sort_unstable();
            keys.dedup();
            for key in keys.iter().chain(&others) {
                prop_assert_eq!(is_among(&keys, *key), keys.binary_search(key).is_ok());
            }
        }
    }
}
