//! Notes and files attached to objects.

use std::sync::Arc;

use super::books::{Books, Record};
use super::kind::Kind;
use super::refusal::{Refusal, bad_choice, invalid_reference, refusal, required};
use super::render;
use crate::http::Request;
use crate::json::{Json, object};

/// Largest upload.
const BYTES_MAX: usize = 100 * 1024 * 1024;

/// Checks a note, or what is said about a file.
pub(super) fn check(books: &Books, body: &mut Json, old: Option<&Record>) -> Result<(), Refusal> {
    let has = |name: &str| body.get(name).and_then(Json::as_str).is_some_and(|text| !text.is_empty());
    if !has("Note") && !has("FileName") && old.is_none_or(|old| old.text("FileName").is_none()) {
        return Err(required("Note"));
    }
    let refs = body.get("AttachableRef").and_then(Json::as_array).unwrap_or_default();
    for attached in refs {
        let Some(entity) = attached.get("EntityRef") else { continue };
        let name = entity.get("type").and_then(Json::as_str).unwrap_or_default();
        let kind = Kind::named(name).ok_or_else(|| bad_choice("type", name))?;
        let id = entity.get("value").and_then(Json::as_str).unwrap_or_default();
        books.get(kind, id).ok_or_else(|| invalid_reference(&kind.plural(), id))?;
    }
    if let Some(size) = old.and_then(|old| old.body.get("Size")) {
        body.set("Size", size.clone());
    }
    Ok(())
}

/// One part of a form with files.
struct Part {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
    bytes: Vec<u8>,
}

/// Answers `POST /upload`: pairs of metadata and content.
pub(super) fn upload(books: &mut Books, request: &Request) -> Result<Json, Refusal> {
    if request.body.len() > BYTES_MAX {
        return Err(refusal("10100", "Request too large", "The request is larger than 100 MB"));
    }
    let parts = parts(request).ok_or_else(|| required("file_content_01"))?;
    let contents = parts.iter().filter(|part| part.name.starts_with("file_content"));
    let mut answers = Vec::new();
    for content in contents {
        let suffix = content.name.trim_start_matches("file_content");
        let metadata = parts.iter().find(|part| part.name == format!("file_metadata{suffix}"));
        let sent = match metadata {
            Some(part) => {
                Json::parse(&part.bytes).map_err(|e| refusal("2010", "Invalid request", e.to_string()))?
            }
            None => object! {},
        };
        let (name, kind) = (content.file_name.as_deref(), content.content_type.as_deref());
        let id = attach(books, &sent, name, kind, &content.bytes)?;
        let record = books.get(Kind::Attachable, &id).map(|record| render::record(books, record));
        answers.push(object! { "Attachable" => record });
    }
    if answers.is_empty() {
        return Err(required("file_content_01"));
    }
    Ok(object! { "AttachableResponse" => answers })
}

/// Keeps a file and what is said of it, and gives its id. Name and kind are the form's, where nothing else is said.
pub(super) fn attach(
    books: &mut Books,
    about: &Json,
    name: Option<&str>,
    kind: Option<&str>,
    bytes: &[u8],
) -> Result<String, Refusal> {
    let mut body = super::schema::writable(Kind::Attachable, about)?;
    if body.get("FileName").is_none() {
        body.set("FileName", name.unwrap_or("file"));
    }
    if body.get("ContentType").is_none() {
        body.set("ContentType", kind.map(str::to_owned));
    }
    check(books, &mut body, None)?;
    body.set("Size", bytes.len());
    let id = books.add(Kind::Attachable, body);
    books.files.insert(id.clone(), Arc::from(bytes));
    Ok(id)
}

/// Takes a deleted object off the files that are attached to it; a file attached to nothing else goes with it.
pub(super) fn detach(books: &mut Books, kind: Kind, id: &str) {
    let is_it = |attached: &Json| {
        attached.at("EntityRef.value").and_then(Json::as_str) == Some(id)
            && attached.at("EntityRef.type").and_then(Json::as_str).and_then(Kind::named) == Some(kind)
    };
    let refs = |record: &Record| {
        record.body.get("AttachableRef").and_then(Json::as_array).unwrap_or_default().to_vec()
    };
    let of_it: Vec<Record> =
        books.live(Kind::Attachable).filter(|record| refs(record).iter().any(is_it)).cloned().collect();
    for record in of_it {
        let left: Vec<Json> = refs(&record).into_iter().filter(|attached| !is_it(attached)).collect();
        if left.is_empty() {
            books.delete(Kind::Attachable, &record.id);
            continue;
        }
        let mut body = record.body.clone();
        body.set("AttachableRef", left);
        books.put(Record { body, token: record.token + 1, updated: books.now, ..record });
    }
}

/// The parts of a form, if the body is one.
fn parts(request: &Request) -> Option<Vec<Part>> {
    let kind = request.header_value("content-type")?;
    let boundary = kind.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?.trim_matches('"');
    let delimiter = format!("--{boundary}");
    let mut rest = after(&request.body, delimiter.as_bytes())?;
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let end = format!("\r\n{delimiter}");
        let (part, next) = split(rest, end.as_bytes())?;
        let (head, bytes) = split(part, b"\r\n\r\n")?;
        parts.push(read(&String::from_utf8_lossy(head), bytes)?);
        rest = next;
    }
    Some(parts)
}

fn read(head: &str, bytes: &[u8]) -> Option<Part> {
    let value = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let disposition = value("content-disposition")?;
    let parameter = |name: &str| {
        let found = disposition.split(';').find_map(|part| part.trim().strip_prefix(&format!("{name}=")));
        found.map(|text| text.trim_matches('"').to_owned())
    };
    Some(Part {
        name: parameter("name")?,
        file_name: parameter("filename"),
        content_type: value("content-type"),
        bytes: bytes.to_vec(),
    })
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(by.len()).position(|window| window == by)?;
    Some((bytes.get(..at)?, bytes.get(at + by.len()..)?))
}

fn after<'a>(bytes: &'a [u8], by: &[u8]) -> Option<&'a [u8]> {
    split(bytes, by).map(|(_, rest)| rest)
}
