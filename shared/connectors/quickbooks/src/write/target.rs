//! Target ids, external references, and names and numbers made valid the same way every time.

use carry_model::{Entity, SourceId, TargetId};

use crate::kinds::Kind;
use crate::lists::Lists;

/// Longest document number.
pub(super) const NUMBER_MAX: usize = 21;
/// Longest private note.
const NOTE_MAX: usize = 4_000;
/// Marks an id of something that was in the target before.
const BEFORE: &str = "before";

/// The objects a target id names: `invoice:145`, `customer:12+vendor:13`, `term:3:before`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts(Vec<(Kind, String)>, bool);

impl Parts {
    /// Reads a target id; a bare id, as mappings hold them, is of the kind that is looked for.
    pub(super) fn of(id: &TargetId, default: Kind) -> Self {
        let mut before = false;
        let part = |text: &str| {
            let mut pieces = text.split(':');
            match (pieces.next(), pieces.next()) {
                (Some(kind), Some(id)) => Kind::named(kind).map(|kind| (kind, id.to_owned())),
                (Some(id), None) => Some((default, id.to_owned())),
                _ => None,
            }
        };
        let parts = id.as_str().split('+').filter_map(part).collect();
        before |= id.as_str().ends_with(&format!(":{BEFORE}"));
        Self(parts, before)
    }

    /// The object of that kind among them.
    pub(super) fn id(&self, kind: Kind) -> Option<String> {
        self.0.iter().find(|(of, _)| *of == kind).map(|(_, id)| id.clone())
    }

    /// All of them.
    pub(super) fn all(&self) -> &[(Kind, String)] {
        &self.0
    }

    /// True for what was in the target before: it is left there.
    pub(super) fn was_before(&self) -> bool {
        self.1
    }
}

/// The id of one object.
pub(super) fn target(kind: Kind, id: &str) -> TargetId {
    TargetId::new(format!("{}:{id}", kind.path()))
}

/// The id of an object that was there before.
pub(super) fn target_before(kind: Kind, id: &str) -> TargetId {
    TargetId::new(format!("{}:{id}:{BEFORE}", kind.path()))
}

fn digest(text: &str, digits: usize) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(digits).collect()
}

/// The external reference of a record: 18 hexadecimal digits of its entity and source id.
pub(super) fn marker(entity: Entity, id: &SourceId) -> String {
    digest(&format!("{}/{id}", entity.name()), 18)
}

/// The external reference as it stands in a text.
pub(super) fn marked(marker: &str) -> String {
    format!("[cf:{marker}]")
}

/// The external reference in a text.
pub(crate) fn marker_in(text: &str) -> Option<&str> {
    let (_, rest) = text.rsplit_once("[cf:")?;
    let (marker, _) = rest.split_once(']')?;
    marker.chars().all(|c| c.is_ascii_hexdigit()).then_some(marker)
}

/// A text of at most so many characters with the reference at its end.
pub(super) fn note(text: &str, marker: &str, chars_max: usize) -> String {
    let reference = marked(marker);
    let room = chars_max.min(NOTE_MAX).saturating_sub(reference.chars().count() + 1);
    let text: String = text.chars().take(room).collect();
    if text.is_empty() { reference } else { format!("{text}\n{reference}") }
}

/// A text of at most so many characters.
pub(super) fn clip(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

/// A number that fits, and what to say where it had to be shortened: its beginning and a digest of the whole.
pub(super) fn document_number(number: &str) -> (String, Option<String>) {
    if number.chars().count() <= NUMBER_MAX {
        return (number.to_owned(), None);
    }
    let short = format!("{}~{}", clip(number, NUMBER_MAX - 7), digest(number, 6));
    let note = format!("Number {number} is longer than {NUMBER_MAX} characters and became {short}.");
    (short, Some(note))
}

/// A name without the characters that QuickBooks keeps for itself, of at most so many.
pub(super) fn valid_name(name: &str, chars_max: usize) -> String {
    let spaced = |c: char| if c.is_control() { ' ' } else { c };
    let plain: String = name.replace(':', " - ").chars().map(spaced).collect();
    clip(plain.trim(), chars_max).trim_end().to_owned()
}

/// The same for a kind of list: accounts may not bear double quotes either.
pub(super) fn valid_name_of(kind: Kind, name: &str, chars_max: usize) -> String {
    let name = valid_name(name, chars_max);
    if kind == Kind::Account { name.replace('"', "'") } else { name }
}

/// The wanted name, or where it is taken, one with a suffix that is the same every time.
pub(super) fn unique(lists: &Lists, kind: Kind, wanted: &str, marker: &str, chars_max: usize) -> String {
    if !lists.is_taken(kind, wanted) {
        return wanted.to_owned();
    }
    let suffix = format!(" (cf {})", clip(marker, 6));
    format!("{}{suffix}", clip(wanted, chars_max - suffix.chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_name_one_object_or_both_sides_of_a_contact() {
        let both = Parts::of(&TargetId::from("customer:12+vendor:13"), Kind::Customer);
        assert_eq!((both.id(Kind::Customer), both.id(Kind::Vendor)), (Some("12".into()), Some("13".into())));
        assert_eq!(Parts::of(&TargetId::from("7"), Kind::TaxCode).id(Kind::TaxCode), Some("7".into()));
        let before = Parts::of(&target_before(Kind::Term, "3"), Kind::Term);
        assert!(before.was_before() && before.id(Kind::Term) == Some("3".into()));
        assert!(!both.was_before());
    }

    #[test]
    fn references_are_found_at_the_end_of_any_text() {
        let marker = marker(Entity::Invoice, &SourceId::from("INV/1 é"));
        let text = note(&"ü".repeat(5_000), &marker, 4_000);
        assert_eq!((text.chars().count(), marker_in(&text)), (4_000, Some(marker.as_str())));
        assert_eq!(marker_in(&note("", &marker, 100)), Some(marker.as_str()));
        assert_eq!(marker_in("[cf:not ours] [x]"), None);
    }

    #[test]
    fn long_numbers_keep_their_beginning_and_stay_apart() {
        let (short, note) = document_number("2026/PROJECT-ALPHA/000123");
        assert!(short.len() == NUMBER_MAX && short.starts_with("2026/PROJECT-A~") && note.is_some());
        assert_ne!(short, document_number("2026/PROJECT-ALPHA/000124").0);
        assert_eq!(document_number("000123456789012345678"), ("000123456789012345678".to_owned(), None));
    }

    #[test]
    fn taken_names_get_the_same_suffix_every_time() {
        let mut lists = Lists::default();
        assert_eq!(unique(&lists, Kind::Vendor, "Acme", "abcdef012", 100), "Acme");
        lists.learn(Kind::Customer, "ACME", "1");
        assert_eq!(unique(&lists, Kind::Vendor, "Acme", "abcdef012", 100), "Acme (cf abcdef)");
        assert_eq!(valid_name("A:B\t\"C\"", 100), "A - B \"C\"");
        assert_eq!(valid_name_of(Kind::Account, "A:B\t\"C\"", 100), "A - B 'C'");
    }
}
