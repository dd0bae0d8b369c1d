//! Numbers given twice. QuickBooks refuses the second one unless it is told, in a call of its own, that it is meant.

use std::hash::{Hash, Hasher};

use carry_model::Fault;
use rustc_hash::{FxHashSet, FxHasher};
use serde_json::Value;

use super::Draft;
use crate::kinds::Kind;

/// Numbers that were written over this connection, each by a hash: where two of them fall together, a record goes in a
/// call of its own without need.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    given: FxHashSet<u64>,
    /// Kinds of which a second record of the same number was refused.
    unique: FxHashSet<Kind>,
}

impl Numbers {
    /// Notes that QuickBooks wants to be told of a number given twice.
    pub(super) fn refused(&mut self, kind: Kind) {
        self.unique.insert(kind);
    }

    /// Which of these new records would surely be refused for their numbers; notes all numbers.
    pub(super) fn given_before(&mut self, drafts: &[Result<Draft, Fault>]) -> Vec<bool> {
        drafts.iter().map(|draft| draft.as_ref().is_ok_and(|draft| self.is_given_before(draft))).collect()
    }

    fn is_given_before(&mut self, draft: &Draft) -> bool {
        let Some(number) = draft.body.get("DocNumber").and_then(Value::as_str) else { return false };
        let mut hasher = FxHasher::default();
        (draft.kind, number).hash(&mut hasher);
        !self.given.insert(hasher.finish()) && self.unique.contains(&draft.kind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_goes_by_itself_once_its_kind_was_refused() {
        let drafts = |kind| -> Vec<Result<Draft, Fault>> {
            ["1", "2", "1"].map(|number| Ok(Draft::new(kind, json!({ "DocNumber": number })))).into()
        };
        let mut numbers = Numbers::default();
        assert_eq!(numbers.given_before(&drafts(Kind::Bill)), [false; 3]);
        numbers.refused(Kind::Bill);
        assert_eq!(numbers.given_before(&drafts(Kind::Bill)), [true; 3]);
        assert_eq!(numbers.given_before(&drafts(Kind::Invoice)), [false; 3], "not of another kind");
    }
}
