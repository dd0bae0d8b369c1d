//! A company as rows of its file: one per object, per attached file and per answer that is kept.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carry_model::Timestamp;

use super::books::Record;
use super::company::{Company, Kept};
use super::kind::Kind;
use crate::http::Response;
use crate::json::{Json, object};
use crate::platform::Change;

/// Rows that changed since this was last asked.
pub(super) fn changes(company: &mut Company) -> Vec<Change> {
    let mut changes = Vec::new();
    for (kind, id) in std::mem::take(&mut company.dirty) {
        let Some(record) = company.books.any(kind, &id) else { continue };
        let row = object! {
            "token" => record.token.to_string(),
            "created" => record.created.to_string(),
            "updated" => record.updated.to_string(),
            "deleted" => record.is_deleted,
            "body" => record.body.clone(),
        };
        if let Some(bytes) = company.books.files.get(&id).filter(|_| kind == Kind::Attachable) {
            changes.push((format!("file/{id}"), Some(bytes.to_vec())));
        }
        changes.push((format!("object/{}/{id}", kind.name()), Some(row.to_bytes())));
    }
    for id in std::mem::take(&mut company.dirty_answers) {
        let Some(kept) = company.answers.get(&id) else { continue };
        let row = object! {
            "at" => kept.at.to_string(),
            "status" => usize::from(kept.response.status),
            "body" => STANDARD.encode(&kept.response.body),
        };
        changes.push((format!("answer/{id}"), Some(row.to_bytes())));
    }
    changes
}

/// Takes a row up.
pub(super) fn take_up(company: &mut Company, key: &str, row: &[u8]) -> Result<(), String> {
    let wrong = |what: &str| format!("{key}: {what}");
    if let Some(id) = key.strip_prefix("file/") {
        company.books.files.insert(id.to_owned(), Arc::from(row));
        return Ok(());
    }
    let json = Json::parse(row).map_err(|e| wrong(&e.to_string()))?;
    let text = |name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default();
    let time = |name: &str| text(name).parse::<Timestamp>().map_err(|_| wrong("a time is missing"));
    if let Some(id) = key.strip_prefix("answer/") {
        let status =
            json.get("status").and_then(Json::as_decimal).and_then(|status| u16::try_from(status).ok());
        let body = STANDARD.decode(text("body")).map_err(|e| wrong(&e.to_string()))?;
        let response = Response::json(status.unwrap_or(200), body);
        company.answers.insert(id.to_owned(), Kept { at: time("at")?, response });
        return Ok(());
    }
    let place = key.strip_prefix("object/").and_then(|rest| rest.split_once('/'));
    let (name, id) = place.ok_or_else(|| wrong("it is no row of this platform"))?;
    company.books.put(Record {
        kind: Kind::named(name).ok_or_else(|| wrong("its kind is not known"))?,
        id: id.to_owned(),
        token: text("token").parse().map_err(|_| wrong("its token is missing"))?,
        created: time("created")?,
        updated: time("updated")?,
        is_deleted: json.get("deleted").and_then(Json::as_bool) == Some(true),
        body: json.get("body").cloned().ok_or_else(|| wrong("its body is missing"))?,
    });
    Ok(())
}
