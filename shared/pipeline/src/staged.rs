//! Canonical records as they are staged.
//!
//! A staged record leaves out what can be had again: its fingerprint follows from its content, its raw slice is
//! in the extract batch of the same name, at the lines its place names, and an id that is the number stands once.

use carry_model::{Body, Code, Entity, Fault, Place, Record, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::push_line;

#[derive(Serialize)]
struct Outgoing<'a> {
    entity: Entity,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
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
    /// Absent where it is the number.
    #[serde(default)]
    id: Option<SourceId>,
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
    let number = record.number.as_deref();
    let outgoing = Outgoing {
        entity: record.entity,
        id: Some(record.id.as_str()).filter(|id| number != Some(id)),
        number,
        created: record.created,
        modified: record.modified,
        implied: record.implied,
        body: &record.body,
        place: &record.place,
    };
    push_line(lines, &outgoing)
}

impl Staged {
    /// The record.
    pub(crate) fn into_record(self) -> Result<Record, Fault> {
        let id = self.id.or_else(|| self.number.as_deref().map(SourceId::from));
        let id =
            id.ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("a record without id and number"))?;
        let mut record = Record::new(self.entity, id, self.number, self.body)?;
        record.created = self.created;
        record.modified = self.modified;
        record.implied = self.implied;
        record.place = self.place;
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use carry_model::PaymentMethod;

    use super::*;
    use crate::store::parse_records;

    #[test]
    fn records_survive_staging() {
        let body = Body::PaymentMethod(PaymentMethod { name: "Cash".into() });
        let place = Place { file: "methods".into(), line: 3, last_line: 5 };
        let mut lines = Vec::new();
        let mut given = Vec::new();
        for (id, number) in [("7", Some("7")), ("7", Some("Cash")), ("", Some("")), ("7", None)] {
            let number = number.map(str::to_owned);
            let mut record = Record::new(Entity::PaymentMethod, id, number, body.clone()).unwrap();
            record.place = place.clone();
            record.created = Some(Timestamp::UNIX_EPOCH);
            push_record(&mut lines, &record).unwrap();
            given.push(record);
        }
        assert_eq!(parse_records(&lines).unwrap(), given);
        let first = lines.split(|b| *b == b'\n').next().unwrap();
        assert!(!std::str::from_utf8(first).unwrap().contains("\"id\""));
    }

    #[test]
    fn records_without_any_name_are_corrupt() {
        let line =
            br#"{"entity":"payment_method","body":{"payment_method":{"name":"x"}},"place":{"file":"f"}}"#;
        assert_eq!(parse_records(line).unwrap_err().code, Code::StagingCorrupt);
    }
}
