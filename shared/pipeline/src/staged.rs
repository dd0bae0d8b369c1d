//! Canonical records as they are staged.
//!
//! A staged record leaves out what can be had again: its fingerprint follows from its content, and its raw slice is
//! in the extract batch of the same name, at the lines its place names.

use carry_model::{Body, Entity, Fault, Fingerprint, Place, Record, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::push_line;

#[derive(Serialize)]
struct Outgoing<'a> {
    entity: Entity,
    id: &'a SourceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<Timestamp>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    implied: bool,
    body: &'a Body,
    place: &'a Place,
}

/// A record as a staged line holds it.
#[derive(Deserialize)]
pub(crate) struct Staged {
    entity: Entity,
    id: SourceId,
    #[serde(default)]
    number: Option<String>,
    #[serde(default)]
    created: Option<Timestamp>,
    #[serde(default)]
    modified: Option<Timestamp>,
    #[serde(default)]
    implied: bool,
    body: Body,
    place: Place,
}

/// Adds a record to JSON Lines.
pub(crate) fn push_record(lines: &mut Vec<u8>, record: &Record) -> Result<(), Fault> {
    let Record { entity, id, number, created, modified, implied, body, place, .. } = record;
    let outgoing = Outgoing {
        entity: *entity,
        id,
        number: number.as_deref(),
        created: *created,
        modified: *modified,
        implied: *implied,
        body,
        place,
    };
    push_line(lines, &outgoing)
}

impl Staged {
    /// The record, its fingerprint worked out again.
    pub(crate) fn into_record(self) -> Result<Record, Fault> {
        let Self { entity, id, number, created, modified, implied, body, place } = self;
        let fingerprint = Fingerprint::of(number.as_deref(), &body)?;
        Ok(Record {
            entity,
            id,
            number,
            fingerprint,
            created,
            modified,
            implied,
            body,
            place,
            raw: String::new(),
        })
    }
}
