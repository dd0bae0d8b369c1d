//! References from one object to another: they must lead to something, and come back with its name.

use super::books::{Books, reference};
use super::kind::Kind;
use super::refusal::{Refusal, invalid_reference, not_found, required};
use super::schema;
use crate::json::{Json, object};

/// Makes sure that `id` leads to an object that is in use, and gives the reference with its name.
///
/// What a transaction named when it was written it may go on naming: `is_new` says whether it is written first.
pub(super) fn resolve(books: &Books, kind: Kind, id: &str, is_new: bool) -> Result<Json, Refusal> {
    let record = books.get(kind, id).ok_or_else(|| invalid_reference(&kind.plural(), id))?;
    if is_new && !record.is_active() {
        return Err(not_found());
    }
    let name = record
        .text("FullyQualifiedName")
        .or_else(|| record.text("DisplayName"))
        .or_else(|| record.text("Name"));
    Ok(object! { "value" => id, "name" => name })
}

/// Resolves the references that the fields of a kind may hold.
pub(super) fn resolve_fields(
    books: &Books,
    kind: Kind,
    body: &mut Json,
    is_new: bool,
) -> Result<(), Refusal> {
    for (field, target) in schema::references(kind) {
        resolve_field(books, body, field, target, is_new)?;
    }
    Ok(())
}

/// Resolves one field, if it is there; an empty reference is none.
pub(super) fn resolve_field(
    books: &Books,
    body: &mut Json,
    field: &str,
    target: Kind,
    is_new: bool,
) -> Result<(), Refusal> {
    match reference(body, field).map(str::to_owned) {
        None => {
            body.remove(field);
        }
        Some(id) => body.set(field, resolve(books, target, &id, is_new).map_err(|e| e.on(field))?),
    }
    Ok(())
}

/// The id in a reference that must be there.
pub(super) fn demanded<'a>(body: &'a Json, name: &str) -> Result<&'a str, Refusal> {
    reference(body, name).ok_or_else(|| required(name))
}
