//! Reports of what is open: what the source states to be still to be paid on a document.

use carry_model::{Body, Code, Ledger, OpenBalance, RecordKey};

use super::Draft;
use super::cells::{Layout, Outcome};
use crate::formats::Field;
use crate::ids::{self, Lookup};
use crate::kinds::document_kind;
use crate::unit::Unit;

/// The note is the contact of the row's group, after `=`, or after `!` where no file holds the document.
pub(super) fn open_balance(layout: &Layout, ledger: Ledger, unit: &Unit<'_>) -> Outcome<Draft> {
    let row = layout.head(unit)?;
    let number = layout.required(row, Field::Number)?;
    let entity = document_kind(layout.text(row, Field::Kind))
        .ok_or_else(|| layout.problem(row, Field::Kind, Code::ValueUnknown, ""))?;
    let there = unit.note.starts_with('=');
    let contact = unit.note.trim_start_matches(['=', '!']);
    if !there {
        let detail = format!("No file holds a {} of that number.", entity.singular());
        return Err(layout.problem(row, Field::Number, Code::ReferenceMissing, &detail));
    }
    let missing = || layout.problem(row, Field::Open, Code::FieldMissing, "");
    let open = layout.number(row, Field::Open)?.ok_or_else(missing)?;
    let lowers = entity.ledger().is_some_and(|(_, effect)| effect < 0);
    // A report shows credits with a minus; the record is positive in the credit's own sense.
    let outstanding = if lowers && !open.is_zero() { -open } else { open };
    let id = match ids::referred(&layout.profile, entity, ledger == Ledger::Payable, number, contact) {
        Lookup::Id(id) => id,
        Lookup::Several => {
            let detail = format!("Several {} bear that number.", entity.plural());
            return Err(layout.problem(row, Field::Number, Code::ReferenceMissing, &detail));
        }
    };
    let body = OpenBalance { document: RecordKey::new(entity, id.as_str()), outstanding, currency: None };
    Ok(Draft {
        entity: carry_model::Entity::OpenBalance,
        id: format!("{}/{id}", entity.name()).into(),
        number: Some(number.to_owned()),
        body: Body::OpenBalance(body),
    })
}
