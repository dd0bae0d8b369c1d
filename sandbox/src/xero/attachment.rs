//! Files attached to documents, and notes in a document's history.

use std::sync::Arc;

use uuid::Uuid;

use super::books::Books;
use super::input::Input;
use super::refusal::{Refusal, refused};
use super::when;
use crate::json::{Json, object};

/// Files of a document, and bytes of a file.
const FILES_MAX: usize = 10;
const BYTES_MAX: usize = 10 * 1024 * 1024;
/// Characters of a note.
const NOTE_MAX: usize = 2500;
pub(super) const FORBIDDEN: [char; 11] = ['<', '>', ':', '"', '/', '\\', '|', '?', '*', '+', '\0'];

/// An attached file.
#[derive(Clone, Debug)]
pub(super) struct Attached {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) mime_type: String,
    is_online: bool,
    pub(super) bytes: Arc<[u8]>,
}

impl Attached {
    fn json(&self, endpoint: &str, owner: Uuid) -> Json {
        object! {
            "AttachmentID" => self.id,
            "FileName" => &self.name,
            "Url" => format!("https://api.xero.com/api.xro/2.0/{endpoint}/{owner}/Attachments/{}", self.name),
            "MimeType" => &self.mime_type,
            "ContentLength" => self.bytes.len(),
            "IncludeOnline" => self.is_online,
        }
    }
}

pub(super) fn list(books: &Books, endpoint: &str, owner: Uuid) -> Vec<Json> {
    let files = books.attachments.get(&owner).map(|files| files.as_slice()).unwrap_or_default();
    files.iter().map(|file| file.json(endpoint, owner)).collect()
}

/// A file by its id or name.
pub(super) fn one<'a>(books: &'a Books, owner: Uuid, name: &str) -> Result<&'a Attached, Refusal> {
    let files = books.attachments.get(&owner).ok_or(Refusal::NotFound)?;
    let is_named = |file: &&Attached| file.name == name || file.id.to_string() == name;
    files.iter().find(is_named).ok_or(Refusal::NotFound)
}

/// Attaches a file; one of the same name is overwritten.
pub(super) fn attach(
    books: &mut Books,
    endpoint: &str,
    owner: Uuid,
    name: &str,
    mime_type: &str,
    is_online: bool,
    bytes: &[u8],
) -> Result<Json, Refusal> {
    if name.is_empty() || name.contains(FORBIDDEN) {
        return Err(Refusal::Rule("The file name holds characters that are not allowed".to_owned()));
    }
    if bytes.is_empty() || bytes.len() > BYTES_MAX {
        return Err(Refusal::Rule("The file must be between 1 byte and 10 MB".to_owned()));
    }
    let id = books.ids.next();
    let files = Arc::make_mut(books.attachments.entry(owner).or_default());
    let known = files.iter().position(|file| file.name == name);
    if known.is_none() && files.len() >= FILES_MAX {
        return Err(Refusal::Rule("A maximum of 10 files can be attached".to_owned()));
    }
    let file = Attached {
        id,
        name: name.to_owned(),
        mime_type: mime_type.to_owned(),
        is_online,
        bytes: bytes.into(),
    };
    let file = match known.and_then(|at| files.get(at)) {
        Some(old) => Attached { id: old.id, ..file },
        None => file,
    };
    let json = file.json(endpoint, owner);
    match known.and_then(|at| files.get_mut(at)) {
        Some(old) => *old = file,
        None => files.push(file),
    }
    Ok(json)
}

pub(super) fn history(books: &Books, owner: Uuid) -> Vec<Json> {
    books.history.get(&owner).map(|notes| notes.as_slice()).unwrap_or_default().to_vec()
}

/// Adds a note to a document's history, for good.
pub(super) fn note(books: &mut Books, owner: Uuid, sent: &Json) -> Result<Json, Refusal> {
    let mut input = Input::new(sent);
    let details = input.text_max("Details", NOTE_MAX);
    if details.is_none() {
        input.problem("Details must be specified");
    }
    input.check().map_err(|messages| Refusal::Elements(vec![refused(sent, "Details", &messages)]))?;
    let record = object! {
        "Changes" => "Note",
        "DateUTCString" => when::iso_time(books.now),
        "DateUTC" => when::wire_time(books.now),
        "User" => "System Generated",
        "Details" => details,
    };
    Arc::make_mut(books.history.entry(owner).or_default()).push(record.clone());
    Ok(record)
}
