//! Rows that a query, or a question for changes, asks for.

use std::cmp::Ordering;

use carry_model::Timestamp;
use jiff::SignedDuration;

use super::books::{Books, Record};
use super::kind::Kind;
use super::query::{Query, compare_texts};
use super::refusal::{Refusal, bad_date, refusal, required, unsupported_operation};
use super::render;
use crate::json::{Json, object};

/// Objects in an answer about changes.
const CHANGES_MAX: usize = 1000;
/// How far back changes are kept.
const CHANGES_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Rows of a page that is cut short for its size.
const SHORT_PAGE: usize = 250;

/// A field of an object, by its dotted path.
fn field(books: &Books, record: &Record, path: &str) -> Option<Json> {
    let lower = path.to_ascii_lowercase();
    match lower.as_str() {
        "id" => Some(record.id.clone().into()),
        "synctoken" => Some(record.token.to_string().into()),
        "metadata.createtime" => Some(books.time(record.created).into()),
        "metadata.lastupdatedtime" => Some(books.time(record.updated).into()),
        "active" if record.body.get("Active").is_none() => Some(true.into()),
        "balance" | "currentbalance" | "balancewithjobs" if !record.kind.is_transaction() => {
            render::record(books, record).at(path).cloned()
        }
        _ => record.body.at(path).cloned(),
    }
}

/// Answers a query.
pub(super) fn query(books: &Books, query: &Query) -> Json {
    let kind = query.kind;
    let hides = kind.is_list() && !query.names_active();
    let rows = books.live(kind).filter(|record| !hides || record.is_active()).filter(|record| {
        query
            .conditions
            .iter()
            .all(|condition| condition.holds(field(books, record, &condition.field).as_ref()))
    });
    if query.is_count {
        return object! { "totalCount" => rows.count() };
    }
    let max = if books.switches.pages_cut_short { query.max.min(SHORT_PAGE) } else { query.max };
    let is_by_id = query.order.iter().all(|(field, is_down)| field.eq_ignore_ascii_case("Id") && !is_down);
    let page: Vec<&Record> = if is_by_id {
        rows.skip(query.start - 1).take(max).collect()
    } else {
        sorted(books, rows.collect(), &query.order).into_iter().skip(query.start - 1).take(max).collect()
    };
    let shown: Vec<Json> = page.into_iter().map(|record| render::record(books, record)).collect();
    if shown.is_empty() {
        return object! {};
    }
    let count = shown.len();
    object! { kind.name() => shown, "startPosition" => query.start, "maxResults" => count, "totalCount" => count }
}

fn sorted<'a>(books: &Books, mut rows: Vec<&'a Record>, order: &[(String, bool)]) -> Vec<&'a Record> {
    rows.sort_by(|a, b| {
        let mut by_field = order.iter().map(|(name, is_down)| {
            let ordering = compare(field(books, a, name), field(books, b, name));
            if *is_down { ordering.reverse() } else { ordering }
        });
        by_field.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    });
    rows
}

/// Absent values come first.
fn compare(a: Option<Json>, b: Option<Json>) -> Ordering {
    match (a, b) {
        (Some(Json::Number(a)), Some(Json::Number(b))) => a.cmp(&b),
        (Some(Json::Bool(a)), Some(Json::Bool(b))) => a.cmp(&b),
        (Some(Json::Text(a)), Some(Json::Text(b))) => compare_texts(&a, &b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// Answers `GET /cdc`: what changed and what was deleted since a moment.
pub(super) fn changes(books: &Books, entities: &str, since: &str) -> Result<Json, Refusal> {
    if entities.trim().is_empty() {
        return Err(required("entities"));
    }
    let moment = since.parse::<Timestamp>().ok().or_else(|| {
        let date: carry_model::Date = since.get(..10)?.parse().ok()?;
        Some(date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    });
    let moment = moment.ok_or_else(|| bad_date("changedSince", since))?;
    if books.now.duration_since(moment) > CHANGES_KEPT {
        let text = "changedSince lies more than 30 days back";
        return Err(refusal("2070", "Invalid Date Range", text).on("changedSince"));
    }
    let mut left = CHANGES_MAX;
    let mut answers = Vec::new();
    for name in entities.split(',').map(str::trim) {
        let kind = Kind::named(name).filter(|kind| kind.is_in_cdc());
        let kind = kind.ok_or_else(|| unsupported_operation(&format!("cdc of {name}")))?;
        let changed = changed(books, kind, moment, left);
        left -= changed.len();
        answers.push(if changed.is_empty() {
            object! {}
        } else {
            let count = changed.len();
            object! { kind.name() => changed, "startPosition" => 1_usize, "maxResults" => count }
        });
    }
    let answer = object! { "QueryResponse" => answers };
    Ok(object! { "CDCResponse" => vec![answer] })
}

/// Objects of a kind that changed, then those that were deleted, each by time.
fn changed(books: &Books, kind: Kind, since: Timestamp, max: usize) -> Vec<Json> {
    let mut rows: Vec<&Record> = books.all(kind).filter(|record| record.updated >= since).collect();
    rows.sort_by_key(|record| (record.is_deleted, record.updated));
    let shown = |record: &Record| {
        if record.is_deleted { render::tombstone(books, record) } else { render::record(books, record) }
    };
    rows.into_iter().take(max).map(shown).collect()
}
