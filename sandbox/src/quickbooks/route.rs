//! What a call to a company asks for.

use super::batch;
use super::books::Books;
use super::kind::Kind;
use super::query::Query;
use super::refusal::{Refusal, deleted, not_found, refusal, required, unsupported_operation};
use super::write::{Operation, Wishes};
use super::{attachable, currency, render, report, select, tax, write};
use crate::http::Request;
use crate::json::{Json, object};
use crate::ledger::Ledger;

/// A reply's content, less the time.
pub(super) enum Reply {
    Object(Json),
    Text(String),
}

/// The segments of a path below the company.
pub(super) fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

/// The operation that a call's parameters name.
pub(super) fn operation(request: &Request) -> Result<Operation, Refusal> {
    match (request.parameter("operation"), request.parameter("include")) {
        (Some("delete"), _) => Ok(Operation::Delete),
        (Some("void"), _) | (Some("update") | None, Some("void")) => Ok(Operation::Void),
        (None | Some("update" | "create"), _) => Ok(Operation::Write),
        (Some(other), _) => Err(unsupported_operation(other)),
    }
}

fn wishes(request: &Request) -> Wishes {
    let include = request.parameter("include").unwrap_or_default();
    Wishes { may_repeat_number: include.split(',').any(|word| word == "allowduplicatedocnum") }
}

/// Answers a call that reads.
pub(super) fn read(
    books: &Books,
    ledger: &Ledger,
    request: &Request,
    path: &[&str],
) -> Result<Reply, Refusal> {
    match path {
        ["query"] => {
            let text = match request.parameter("query") {
                Some(text) => text.to_owned(),
                None => String::from_utf8_lossy(&request.body).into_owned(),
            };
            let rows = select::query(books, &Query::parse(&text)?);
            Ok(Reply::Object(object! { "QueryResponse" => rows }))
        }
        ["cdc"] => {
            let parameter = |name: &str| request.parameter(name).ok_or_else(|| required(name));
            select::changes(books, parameter("entities")?, parameter("changedSince")?).map(Reply::Object)
        }
        ["reports", name] => report::answer(books, ledger, name, request).map(Reply::Object),
        ["exchangerate"] => {
            let source =
                request.parameter("sourcecurrencycode").ok_or_else(|| required("sourcecurrencycode"))?;
            let as_of = request.parameter("asofdate").and_then(|text| text.parse().ok());
            let rate = currency::exchange_rate(books, source, as_of);
            Ok(Reply::Object(object! { "ExchangeRate" => rate }))
        }
        ["download", id] => one(books, Kind::Attachable, id).map(|json| {
            Reply::Text(json.get("TempDownloadUri").and_then(Json::as_str).unwrap_or_default().to_owned())
        }),
        ["preferences"] => object_of(books, Kind::Preferences, "1"),
        ["companyinfo", _] | ["companyinfo"] => object_of(books, Kind::CompanyInfo, "1"),
        [name, id] => {
            let kind = Kind::at_path(name).ok_or_else(|| unsupported_operation(name))?;
            object_of(books, kind, id)
        }
        _ => Err(unsupported_operation("Read")),
    }
}

fn object_of(books: &Books, kind: Kind, id: &str) -> Result<Reply, Refusal> {
    Ok(Reply::Object(object! { kind.name() => one(books, kind, id)? }))
}

fn one(books: &Books, kind: Kind, id: &str) -> Result<Json, Refusal> {
    let record = books.any(kind, id).ok_or_else(not_found)?;
    if record.is_deleted { Err(deleted()) } else { Ok(render::record(books, record)) }
}

/// Answers a call that may change something.
pub(super) fn change(books: &mut Books, request: &Request, path: &[&str]) -> Result<Reply, Refusal> {
    if path == ["upload"] {
        return attachable::upload(books, request).map(Reply::Object);
    }
    let sent = body(request)?;
    match path {
        ["taxservice", "taxcode"] => tax::serve(books, &sent).map(Reply::Object),
        [name] => {
            let kind = Kind::at_path(name).ok_or_else(|| unsupported_operation(name))?;
            let object = write::write(books, kind, operation(request)?, &sent, wishes(request))?;
            Ok(Reply::Object(object! { kind.name() => object }))
        }
        _ => Err(unsupported_operation("Create")),
    }
}

/// The body of a call, read.
pub(super) fn body(request: &Request) -> Result<Json, Refusal> {
    if std::str::from_utf8(&request.body).is_err() {
        return Err(unsupported_operation("with a body that is not UTF-8"));
    }
    Json::parse(&request.body).map_err(|e| {
        refusal("2010", "Request has invalid or unsupported property", format!("Unreadable: {e}"))
    })
}

/// Carries out one item of a batch and gives its answer's name and content.
pub(super) fn item(
    books: &mut Books,
    ledger: &Ledger,
    item: &batch::Item<'_>,
) -> Result<(&'static str, Json), Refusal> {
    match item {
        batch::Item::Query(text) => {
            let rows = select::query(books, &Query::parse(text)?);
            Ok(("QueryResponse", rows))
        }
        batch::Item::Report(name) => {
            report::answer(books, ledger, name, &Request::default()).map(|report| ("Report", report))
        }
        batch::Item::Write { kind, operation, object, may_repeat_number } => {
            let wishes = Wishes { may_repeat_number: *may_repeat_number };
            let object = write::write(books, *kind, *operation, object, wishes)?;
            Ok((kind.name(), object))
        }
    }
}
