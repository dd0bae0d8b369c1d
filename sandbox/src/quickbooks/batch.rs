//! Batches: up to 30 items in one call, each with its own outcome.

use super::company::Company;
use super::kind::Kind;
use super::refusal::{Refusal, refusal, required, unsupported_operation};
use super::write::Operation;
use crate::json::{Json, object};

/// Items of a batch.
const ITEMS_MAX: usize = 30;
/// Characters of an item's id in a batch that has a request id.
const ID_MAX: usize = 10;

/// What an item asks for.
pub(super) enum Item<'a> {
    Query(&'a str),
    Report(&'a str),
    Write { kind: Kind, operation: Operation, object: &'a Json, may_repeat_number: bool },
}

/// How many items a batch's body holds.
pub(super) fn count(body: &Json) -> usize {
    body.get("BatchItemRequest").and_then(Json::as_array).map_or(1, <[Json]>::len)
}

/// Answers a batch.
pub(super) fn answer(company: &mut Company, body: &Json, has_request_id: bool) -> Result<Json, Refusal> {
    let items = body.get("BatchItemRequest").and_then(Json::as_array);
    let items = items.filter(|items| !items.is_empty()).ok_or_else(|| required("BatchItemRequest"))?;
    if items.len() > ITEMS_MAX {
        let text =
            format!("The maximum number of batch items is {ITEMS_MAX}, the request has {}", items.len());
        return Err(refusal("1040", "Maximum batch size exceeded", text));
    }
    let id = |item: &Json| item.get("bId").and_then(Json::as_str).unwrap_or_default().to_owned();
    if has_request_id && let Some(long) = items.iter().map(id).find(|id| id.chars().count() > ID_MAX) {
        return Err(super::refusal::too_long("bId", ID_MAX, long.chars().count()).on("bId"));
    }
    let mut answers: Vec<Json> = Vec::with_capacity(items.len());
    for item in items {
        let outcome = read(item).and_then(|read| company.item(&read));
        let mut answer = object! { "bId" => id(item) };
        match outcome {
            Ok((name, content)) => answer.set(name, content),
            Err(refusal) => answer.set("Fault", refusal.fault()),
        }
        answers.push(answer);
    }
    if company.books.switches.batch_answers_reversed {
        answers.reverse();
    }
    Ok(object! { "BatchItemResponse" => answers })
}

fn read(item: &Json) -> Result<Item<'_>, Refusal> {
    if let Some(query) = item.get("Query").and_then(Json::as_str) {
        return Ok(Item::Query(query));
    }
    if let Some(report) = item.get("Report").and_then(Json::as_str) {
        return Ok(Item::Report(report));
    }
    let fields = item.as_object().unwrap_or_default();
    let content = fields.iter().find_map(|(name, value)| Some((Kind::named(name)?, value)));
    let (kind, object) = content.ok_or_else(|| required("BatchItemRequest"))?;
    let options = item.get("optionsData").and_then(Json::as_str).unwrap_or_default();
    let has_id = object.get("Id").is_some();
    let operation = match item.get("operation").and_then(Json::as_str).unwrap_or_default() {
        "create" if !has_id => Operation::Write,
        "update" if has_id && options == "void" => Operation::Void,
        "update" if has_id => Operation::Write,
        "update" => return Err(required("Id")),
        "delete" => Operation::Delete,
        "void" => Operation::Void,
        other => return Err(unsupported_operation(other)),
    };
    Ok(Item::Write { kind, operation, object, may_repeat_number: options.contains("allowduplicatedocnum") })
}
