//! Lists whose objects stand below each other: full names, and how deep they may nest.

use super::books::{Books, Key, reference};
use super::kind::Kind;
use super::refusal::{Refusal, refusal};
use crate::json::Json;

/// How many levels a list may have.
const LEVELS_MAX: usize = 5;

/// Sets an object's full name by its parent, and the flag that says that it has one.
pub(super) fn place(books: &Books, kind: Kind, body: &mut Json, flag: &str) {
    let field = if kind.is_name() { "DisplayName" } else { "Name" };
    let name = body.get(field).and_then(Json::as_str).unwrap_or_default().to_owned();
    let parent = reference(body, "ParentRef").and_then(|id| books.get(kind, id));
    body.set(flag, parent.is_some());
    let full = match parent.and_then(|parent| parent.text("FullyQualifiedName")) {
        Some(parent) => format!("{parent}:{name}"),
        None => name,
    };
    body.set("FullyQualifiedName", full);
}

/// Refuses an object that would stand below itself, or too deep.
pub(super) fn check(books: &Books, kind: Kind, body: &Json, own: Option<&Key>) -> Result<(), Refusal> {
    let mut at = reference(body, "ParentRef");
    let mut level = 1;
    while let Some(id) = at {
        level += 1;
        if level > LEVELS_MAX || own.is_some_and(|(_, own)| own == id) {
            let text = format!("A {} can be nested at most {LEVELS_MAX} levels deep", kind.name());
            return Err(refusal("6180", "Nesting level exceeded", text));
        }
        at = books.get(kind, id).and_then(|parent| parent.reference("ParentRef"));
    }
    Ok(())
}
