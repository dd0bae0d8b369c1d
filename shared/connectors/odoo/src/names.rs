//! External ids, and names and codes made valid the same way every time.

use carry_model::{Entity, Record, SourceId, TargetId};
use rustc_hash::FxHashSet;

/// The module that external ids are filed under.
pub(crate) const MODULE: &str = "carryforward";

/// Longest code of a journal that every version takes.
const JOURNAL_CODE_MAX: usize = 5;

/// The external id of a record, below [`MODULE`]. The source id is hashed: it may hold any character and be of
/// any length.
pub(crate) fn external(entity: Entity, id: &SourceId) -> String {
    format!("{}_{}", entity.name(), digest(id.as_str(), 32))
}

/// The external id of a record.
pub(crate) fn external_for(record: &Record) -> String {
    external(record.entity, &record.id)
}

/// The first `digits` hexadecimal digits of a text's BLAKE3.
pub(crate) fn digest(text: &str, digits: usize) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(digits).collect()
}

/// A reference to a record: `account.move,42`.
pub(crate) fn target(model: &str, id: i64) -> TargetId {
    TargetId::new(format!("{model},{id}"))
}

/// The database id in a reference; a bare number is understood too, for mappings written by hand.
pub(crate) fn id_of(target: &TargetId) -> Option<i64> {
    target.as_str().rsplit(',').next()?.trim().parse().ok()
}

/// The model in a reference.
pub(crate) fn model_of(target: &TargetId) -> Option<&str> {
    target.as_str().split_once(',').map(|(model, _)| model)
}

/// An account code: Odoo takes letters, digits and dots. A source without codes gets one made of its id.
pub(crate) fn account_code(code: Option<&str>, id: &SourceId) -> String {
    let wanted: String = code
        .unwrap_or_default()
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '.' })
        .take(60)
        .collect();
    let wanted = wanted.trim_matches('.');
    if wanted.is_empty() { format!("CF{}", digest(id.as_str(), 6).to_uppercase()) } else { wanted.to_owned() }
}

/// The wanted name, or the first free one after it: `4000`, `4000.2`, `4000.3`.
pub(crate) fn unique(wanted: &str, separator: &str, taken: &mut FxHashSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut count = 1_u32;
    while !taken.insert(name.to_lowercase()) {
        count += 1;
        name = format!("{wanted}{separator}{count}");
    }
    name
}

/// A journal code of at most five letters and digits that is not taken.
pub(crate) fn journal_code(account_code: &str, account: i64, taken: &mut FxHashSet<String>) -> String {
    let wanted: String = account_code.chars().filter(char::is_ascii_alphanumeric).collect();
    let wanted = wanted.to_uppercase();
    if !wanted.is_empty() && wanted.len() <= JOURNAL_CODE_MAX && taken.insert(wanted.to_lowercase()) {
        return wanted;
    }
    let mut round = 0_u32;
    loop {
        let code = format!("B{}", digest(&format!("{account}/{round}"), JOURNAL_CODE_MAX - 1).to_uppercase());
        if taken.insert(code.to_lowercase()) {
            return code;
        }
        round += 1;
    }
}

/// Text for a field that holds HTML.
pub(crate) fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_valid_and_always_the_same() {
        let id = SourceId::from("Sales : Café");
        assert_eq!(account_code(Some(" 4000-10 "), &id), "4000.10");
        assert_eq!(account_code(None, &id), account_code(Some("--"), &id));
        assert_eq!(account_code(None, &id).len(), 8);
        let mut taken = FxHashSet::default();
        assert_eq!(unique("4000", ".", &mut taken), "4000");
        assert_eq!(unique("4000", ".", &mut taken), "4000.2");
        assert_eq!(journal_code("1010", 1, &mut taken), "1010");
        let code = journal_code("1010", 1, &mut taken);
        assert!(code.len() == 5 && code.starts_with('B'), "{code}");
    }

    #[test]
    fn references_lead_back() {
        let id = target("account.move", 42);
        assert_eq!(id.as_str(), "account.move,42");
        assert_eq!((id_of(&id), model_of(&id)), (Some(42), Some("account.move")));
        assert_eq!(id_of(&TargetId::from("7")), Some(7));
        assert_eq!(id_of(&TargetId::from("x")), None);
    }
}
