//! Canonical records as they are staged.
//!
//! A staged record leaves out what can be had again: its fingerprint follows from its content, its raw slice is
//! in the extract batch of the same name, at the lines its place names, an id that is the number stands once, and a
//! place that follows the place of the record before needs no more than how many lines it takes.

use std::num::NonZero;

use carry_model::{Body, Code, Entity, Fault, Place, Record, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::{parse_line, push_line, text_lines};

/// A record as a staged line holds it.
#[derive(Serialize, Deserialize)]
struct Line<Id, Number, Content, Where> {
    entity: Entity,
    /// Absent where it is the number.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    id: Option<Id>,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    number: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    implied: bool,
    /// Absent where it is right behind the record before, in the same file.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    place: Option<Where>,
    /// Where `place` is absent: how many lines it takes, unless that is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lines: Option<NonZero<u64>>,
    /// Last, so that its text can be told without reading the line: see [`body_of`].
    body: Content,
}

const BODY: &str = ",\"body\":";

/// The text of a line's body. Within a string a quote has a backslash before it, so the first such key is the line's.
fn body_of(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(BODY)?;
    rest.strip_suffix('}')
}

/// Writes records as JSON Lines.
pub(crate) struct StagedWriter {
    lines: Vec<u8>,
    /// Where the last record stands.
    before: Option<Place>,
}

impl StagedWriter {
    /// Adds to `lines`.
    pub(crate) fn new(lines: Vec<u8>) -> Self {
        Self { lines, before: None }
    }

    /// What was written.
    pub(crate) fn lines(self) -> Vec<u8> {
        self.lines
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, record: Record) -> Result<(), Fault> {
        let follows = self.before.as_ref().is_some_and(|before| is_behind(before, &record.place));
        let taken = if follows { last_of(&record.place) - record.place.line + 1 } else { 1 };
        let number = record.number.as_deref();
        let line = Line {
            entity: record.entity,
            id: Some(record.id.as_str()).filter(|id| number != Some(id)),
            number,
            created: record.created,
            modified: record.modified,
            implied: record.implied,
            place: Some(&record.place).filter(|_| !follows),
            lines: NonZero::new(taken).filter(|lines| lines.get() > 1),
            body: &record.body,
        };
        push_line(&mut self.lines, &line)?;
        self.before = Some(record.place);
        Ok(())
    }
}

fn last_of(place: &Place) -> u64 {
    place.last_line.max(place.line)
}

/// True where a place begins in the line after another's last, and is written as places are.
fn is_behind(before: &Place, place: &Place) -> bool {
    let is_plain = place.last_line == 0 || place.last_line > place.line;
    is_plain && Some(place.line) == last_of(before).checked_add(1) && place.file == before.file
}

/// Reads the canonical records of a staged batch.
pub fn parse_records(lines: &[u8]) -> Result<Vec<Record>, Fault> {
    let mut records: Vec<Record> = Vec::with_capacity(lines.iter().filter(|byte| **byte == b'\n').count());
    for text in text_lines(lines)? {
        let line: Line<SourceId, String, Body, Place> = parse_line(text)?;
        let corrupt = |what: &str| Fault::new(Code::StagingCorrupt).detail(what);
        let id = line.id.or_else(|| line.number.as_deref().map(SourceId::from));
        let id = id.ok_or_else(|| corrupt("a record without id and number"))?;
        let place = match (line.place, records.last()) {
            (Some(place), _) => place,
            (None, Some(before)) => behind(&before.place, line.lines.map_or(1, NonZero::get)),
            (None, None) => return Err(corrupt("a record without a place")),
        };
        let mut record = Record::new(line.entity, id, line.number, line.body)?;
        record.created = line.created;
        record.modified = line.modified;
        record.implied = line.implied;
        record.place = place;
        if let Some(body) = body_of(text) {
            record.learn_fingerprint(body);
        }
        records.push(record);
    }
    Ok(records)
}

fn behind(before: &Place, lines: u64) -> Place {
    let line = last_of(before).saturating_add(1);
    let last_line = if lines > 1 { line.saturating_add(lines - 1) } else { 0 };
    Place { file: before.file.clone(), line, last_line }
}

#[cfg(test)]
mod tests {
    use carry_model::PaymentMethod;
    use proptest::prelude::*;

    use super::*;

    fn record(id: &str, number: Option<&str>, place: Place) -> Record {
        let body = Body::PaymentMethod(PaymentMethod { name: "Cash".into() });
        let mut record = Record::new(Entity::PaymentMethod, id, number.map(str::to_owned), body).unwrap();
        record.place = place;
        record
    }

    fn staged(records: &[Record]) -> Vec<u8> {
        let mut writer = StagedWriter::new(Vec::new());
        records.iter().for_each(|record| writer.push(record.clone()).unwrap());
        writer.lines()
    }

    #[test]
    fn what_can_be_had_again_is_left_out() {
        let at = |line, last_line| Place { file: "methods".into(), line, last_line };
        let lines = staged(&[record("7", Some("7"), at(3, 5)), record("8", None, at(6, 0))]);
        let expected = concat!(
            r#"{"entity":"payment_method","number":"7","place":{"file":"methods","line":3,"last_line":5},"#,
            r#""body":{"payment_method":{"name":"Cash"}}}"#,
            "\n",
            r#"{"entity":"payment_method","id":"8","body":{"payment_method":{"name":"Cash"}}}"#,
            "\n"
        );
        assert_eq!(std::str::from_utf8(&lines).unwrap(), expected);
    }

    #[test]
    fn records_without_any_name_or_place_are_corrupt() {
        for line in [
            r#"{"entity":"payment_method","body":{"payment_method":{"name":"x"}},"place":{"file":"f"}}"#,
            r#"{"entity":"payment_method","id":"1","body":{"payment_method":{"name":"x"}}}"#,
            r#"{"entity":"payment_method","id":"1","body":{"account":{}},"place":{"file":"f"}}"#,
        ] {
            assert_eq!(parse_records(line.as_bytes()).unwrap_err().code, Code::StagingCorrupt);
        }
    }

    proptest! {
        #[test]
        fn records_survive_staging(
            given in proptest::collection::vec(("[ab]?", proptest::option::of("(,\"body\":|[ab\"])?"), "[fg]", 0_u64..4, 0_u64..6), 1..20)
        ) {
            let records: Vec<_> = given
                .iter()
                .map(|(id, number, file, line, last_line)| {
                    let place = Place { file: file.clone(), line: *line, last_line: *last_line };
                    record(id, number.as_deref(), place)
                })
                .collect();
            let parsed = parse_records(&staged(&records)).unwrap();
            prop_assert_eq!(&parsed, &records);
            for (parsed, record) in parsed.iter().zip(&records) {
                prop_assert_eq!(parsed.fingerprint(), record.fingerprint());
            }
        }
    }
}
