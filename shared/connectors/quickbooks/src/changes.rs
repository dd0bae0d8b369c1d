//! What changed since a time: changed rows by their time of change, deletions by QuickBooks' list of changes.

use std::collections::BTreeMap;

use carry_connector::Effect;
use carry_model::{Entity, Fault, RecordKey, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::company::{decode, read};
use crate::kinds::Kind;
use crate::session::QuickBooks;

/// Objects that QuickBooks' list of changes holds at most; it has no second page.
const LISTED_MAX: usize = 1_000;

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "CDCResponse")]
    responses: Vec<Response>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "QueryResponse", default)]
    lists: Vec<BTreeMap<String, Box<RawValue>>>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "Id")]
    id: String,
    #[serde(default)]
    status: Option<String>,
}

/// The condition of a query for what changed, beside the one that leaves nothing out.
pub(crate) fn condition(kind: Kind, since: Option<Timestamp>) -> String {
    let own = kind.condition();
    match since.filter(|_| is_filtered(kind)) {
        None => own.to_owned(),
        Some(since) => {
            let changed = format!("MetaData.LastUpdatedTime >= '{since}'");
            if own.is_empty() { changed } else { format!("{own} AND {changed}") }
        }
    }
}

/// Short lists whose members only make sense together are always read whole; so are the names of files and time, whose
/// deletions QuickBooks does not list.
const fn is_filtered(kind: Kind) -> bool {
    !matches!(kind, Kind::TaxCode | Kind::Class | Kind::Department | Kind::Attachable | Kind::TimeActivity)
}

/// What is not there any more when it is read whole was deleted; lists never are.
pub(crate) const WHOLE: [Entity; 2] = [Entity::TimeActivity, Entity::Attachment];

/// As what a deleted transaction may have been read: of a purchase that is no more, nobody says whether it was a credit
/// to a card.
fn read_as(kind: Kind, id: &str) -> Vec<RecordKey> {
    let credit = (kind == Kind::Purchase).then_some(Entity::BankTransaction);
    std::iter::once(kind.entity()).chain(credit).map(|entity| RecordKey::new(entity, id)).collect()
}

impl QuickBooks {
    /// Transactions that were deleted since then; None where QuickBooks does not list all of them, because it is too
    /// long ago or too much happened. Lists are never deleted.
    pub(crate) async fn gone(&self, since: Timestamp) -> Result<Option<Vec<RecordKey>>, Fault> {
        let mut gone = Vec::new();
        let listed = |kind: &&Kind| !kind.is_list() && !matches!(kind, Kind::TimeActivity | Kind::Attachable);
        for kind in Kind::ALL.iter().filter(listed) {
            let path = format!("cdc?entities={}&changedSince={since}", kind.name());
            let response = match self.company.get(&path, "cdc").await {
                Ok(response) => response,
                // Longer ago than it reaches back.
                Err(fault) if fault.kind() == carry_model::Kind::Rejected => return Ok(None),
                Err(fault) => return Err(fault),
            };
            let answer: Answer = read(&response, Effect::Read, "a list of changes")?;
            let lists = answer.responses.into_iter().flat_map(|response| response.lists);
            for rows in lists.filter_map(|mut list| list.remove(kind.name())) {
                let rows: Vec<Row> = decode(&rows, Effect::Read)?;
                if rows.len() >= LISTED_MAX {
                    return Ok(None);
                }
                let deleted = rows.into_iter().filter(|row| row.status.as_deref() == Some("Deleted"));
                gone.extend(deleted.flat_map(|row| read_as(*kind, &row.id)));
            }
        }
        Ok(Some(gone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purchase_that_is_gone_may_have_been_a_credit() {
        let keys: Vec<_> = read_as(Kind::Purchase, "7").into_iter().map(|key| key.entity).collect();
        assert_eq!(keys, [Entity::Expense, Entity::BankTransaction]);
        assert_eq!(read_as(Kind::Invoice, "7").len(), 1);
    }
}
