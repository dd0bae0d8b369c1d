//! What all lists (accounts, contacts, items, ...) have in common: imported by external id, updated in place.

use carry_connector::{Operation, WriteBatch, WriteItem, Written};
use carry_model::{Code, Fault};

use crate::names::{external_for, id_of, target};
use crate::session::Odoo;
use crate::sheet::Row;

/// What becomes of each record of a batch.
pub(crate) type Results = Vec<Result<Written, Fault>>;

/// A record of a list on its way.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// What is imported.
    pub(crate) row: Row,
    /// Name or code it gets.
    pub(crate) number: Option<String>,
    /// What a person should know.
    pub(crate) notes: Vec<String>,
}

/// Where a record of a batch goes.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its external id, below our module.
    pub(crate) external: String,
    /// Its id, where it is there already.
    pub(crate) existing: Option<i64>,
}

impl Place {
    /// The row to fill.
    pub(crate) fn row(&self) -> Row {
        match self.existing {
            Some(id) => Row::update(id),
            None => Row::create(&self.external),
        }
    }
}

impl Odoo {
    /// Where the records of a batch go: an update to its id, a new one to whatever its external id names already.
    pub(crate) async fn places(&self, items: &[WriteItem]) -> Result<Vec<Place>, Fault> {
        let names: Vec<String> = items.iter().map(|item| external_for(&item.record)).collect();
        let located = self.locate(&names).await?;
        let place = |(item, external): (&WriteItem, String)| {
            let existing = match &item.operation {
                Operation::Update(id) => id_of(id),
                Operation::Create => located.get(&external).map(|found| found.id),
            };
            Place { external, existing }
        };
        Ok(items.iter().zip(names).map(place).collect())
    }

    /// Imports the drafts of a batch and marks those that got in as finished.
    pub(crate) async fn import_list(
        &self,
        label: &'static str,
        batch: &WriteBatch,
        places: &[Place],
        drafts: Vec<Result<Draft, Fault>>,
    ) -> Result<Results, Fault> {
        let model = label.split_once('/').map_or(label, |(model, _)| model);
        let rows: Vec<Row> =
            drafts.iter().filter_map(|draft| draft.as_ref().ok()).map(|draft| draft.row.clone()).collect();
        let mut outcomes = self.load_idempotent(label, &rows).await?.into_iter();
        let mut results = Results::with_capacity(batch.items.len());
        let mut finished = Vec::new();
        for (draft, place) in drafts.into_iter().zip(places) {
            let written = draft.and_then(|draft| {
                let lost = || Err(Fault::new(Code::Bug).detail("a record without an outcome"));
                let id = outcomes.next().unwrap_or_else(lost)?;
                finished.push(place.external.clone());
                Ok(Written { number: draft.number, notes: draft.notes, ..Written::new(target(model, id)) })
            });
            results.push(written);
        }
        self.mark_finished(&finished).await?;
        Ok(results)
    }
}
