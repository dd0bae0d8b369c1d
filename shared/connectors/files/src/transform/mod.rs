//! From raw records to canonical ones: pure, a record or a reject for each.

mod balances;
mod cells;
mod contacts;
mod documents;
mod expenses;
mod implied;
mod journals;
mod lists;
mod payments;

use std::sync::Arc;

use carry_connector::{RawBatch, RawRow, Transformed, Transformer};
use carry_model::{Body, Code, Entity, Fault, Record, Reject, SourceId};
use serde::{Deserialize, Serialize};

use crate::formats::{Field, Shape};
use crate::profile::Profile;
use crate::unit::{Unit, UnitParser};
use cells::{Layout, Outcome};

pub(crate) use implied::{ImpliedRow, account_class_of};

/// What the rows of a batch are: rows of a table, or names that only documents mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BatchShape {
    /// Index of the table in the profile.
    Section(usize),
    /// Names that no list holds.
    Implied,
}

/// A record on its way: what it is, its id, its number, what it says.
pub(crate) struct Draft {
    pub(crate) entity: Entity,
    pub(crate) id: SourceId,
    pub(crate) number: Option<String>,
    pub(crate) body: Body,
}

/// Transformer for one survey.
pub(crate) struct FilesTransformer {
    sections: Vec<Layout>,
}

impl FilesTransformer {
    pub(crate) fn new(profile: Profile) -> Result<Self, Fault> {
        let profile = Arc::new(profile);
        let sections = (0..profile.sections.len()).map(|index| Layout::new(&profile, index));
        Ok(Self { sections: sections.collect::<Result<_, _>>()? })
    }
}

impl Transformer for FilesTransformer {
    fn transform(&self, batch: &RawBatch, out: &mut Transformed) -> Result<(), Fault> {
        let corrupt =
            |e: serde_json::Error| Fault::new(Code::StagingCorrupt).detail("a raw record").caused_by(e);
        let shape: BatchShape = serde_json::from_value(batch.header.shape.clone()).map_err(corrupt)?;
        let mut layout = match shape {
            BatchShape::Implied => None,
            BatchShape::Section(index) => {
                let unknown = || Fault::new(Code::StagingCorrupt).detail("an unknown table");
                let layout = self.sections.get(index).ok_or_else(unknown)?;
                Some((layout, UnitParser::new(layout.section.dialect)))
            }
        };
        out.records.reserve(batch.rows);
        for row in batch.rows() {
            let row = row?;
            match layout.as_mut() {
                None => {
                    let named: ImpliedRow = serde_json::from_str(row.data.get()).map_err(corrupt)?;
                    out.records.push(named.into_record()?);
                }
                Some((layout, parser)) => {
                    let unit = parser.parse(row.line, row.data.get()).map_err(corrupt)?;
                    record(layout, &unit, &row, out)?;
                    parser.reuse(unit);
                }
            }
        }
        Ok(())
    }
}

/// Turns one raw record into a canonical one or a reject.
fn record(layout: &Layout, unit: &Unit<'_>, row: &RawRow<'_>, out: &mut Transformed) -> Result<(), Fault> {
    let drafted = draft(layout, unit);
    let raw = row.data.get();
    let file = &layout.section.file;
    match drafted {
        Ok(draft) => {
            let mut record = Record::new(draft.entity, draft.id, draft.number, draft.body)?;
            record.place = row.place(file);
            if !out.without_raw {
                record.raw = raw.to_owned();
            }
            out.records.push(record);
        }
        Err(problem) => {
            let mut place = row.place(file);
            if problem.line > 0 {
                (place.line, place.last_line) = (problem.line, 0);
            }
            let number = unit.rows.first().and_then(|head| number_of(layout, head));
            out.rejects.push(Reject {
                entity: entity_of(layout, unit),
                id: None,
                number,
                place,
                fault: problem.fault,
                raw: raw.to_owned(),
            });
        }
    }
    Ok(())
}

fn number_of(layout: &Layout, head: &crate::unit::UnitRow<'_>) -> Option<String> {
    if head.broken().is_some() {
        return None;
    }
    let field = if layout.format.is_list() { Field::Name } else { Field::Number };
    layout.owned(head, field)
}

fn draft(layout: &Layout, unit: &Unit<'_>) -> Outcome<Draft> {
    if layout.format.is_list() && unit.note == "!" {
        let head = layout.head(unit)?;
        let detail = "An earlier row of a list has the same name or code.";
        return Err(layout.problem(head, Field::Name, Code::IdTwice, detail));
    }
    match layout.format.shape {
        Shape::Documents(rules) => documents::document(layout, rules, unit),
        Shape::Payments(ledger) => payments::payment(layout, ledger, unit),
        Shape::Contacts(role) => contacts::contact(layout, role, unit),
        Shape::Accounts => lists::account(layout, unit),
        Shape::Items => lists::item(layout, unit),
        Shape::TaxRates => lists::tax_rate(layout, unit),
        Shape::Balances(ledger) => balances::open_balance(layout, ledger, unit),
        Shape::JournalReport => journals::transaction(layout, unit),
        Shape::Postings => journals::postings(layout, unit),
    }
}

/// What a refused record would have been.
fn entity_of(layout: &Layout, unit: &Unit<'_>) -> Entity {
    let kind = unit.rows.first().map_or("", |row| layout.text(row, Field::Kind));
    match layout.format.shape {
        Shape::Documents(_) => crate::kinds::document_kind(kind).unwrap_or(layout.format.entity),
        Shape::JournalReport => match crate::kinds::journal_kind(kind) {
            crate::kinds::JournalKind::Carried(entity) => entity,
            crate::kinds::JournalKind::Elsewhere => layout.format.entity,
        },
        _ => layout.format.entity,
    }
}

/// What raw records of one table say, each with the line it begins in; rejects are left out.
pub(crate) fn drafts_of(
    profile: &Profile,
    section: usize,
    records: impl Iterator<Item = (u64, String)>,
) -> Result<Vec<(SourceId, Body)>, Fault> {
    let layout = Layout::new(&Arc::new(profile.clone()), section)?;
    let corrupt = |e: serde_json::Error| Fault::new(Code::StagingCorrupt).detail("a raw record").caused_by(e);
    let mut found = Vec::new();
    let mut parser = UnitParser::new(layout.section.dialect);
    for (line, json) in records {
        let unit = parser.parse(line, &json).map_err(corrupt)?;
        found.extend(draft(&layout, &unit).ok().map(|draft| (draft.id, draft.body)));
    }
    Ok(found)
}
