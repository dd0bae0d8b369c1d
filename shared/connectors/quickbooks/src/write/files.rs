//! Files attached to what was written: uploaded one by one, each with its reference and its hash in the note, so that
//! it is found again and told from an earlier version.

use carry_connector::{
    Found, WriteBatch, WriteItem, Written, file_id, file_not_taken, outgoing_file, own, owner_and_file,
};
use carry_model::{Attachment, Body, Code, Entity, Fault, Reach, Record, TargetId};
use serde_json::{Value, json};

use super::remove::default_kind;
use super::target::{Parts, clip, marked, marker, marker_in, target};
use super::{Results, is_update};
use crate::company::{Part, escape};
use crate::kinds::Kind;
use crate::objects::Attachable;
use crate::session::QuickBooks;

/// Longest file name.
const NAME_MAX: usize = 1_000;
/// Stands for the company, to which files belong that are attached to nothing.
const COMPANY: &str = "company";
/// What a file of no known kind is.
const ANY_KIND: &str = "application/octet-stream";

/// A file to upload.
struct Outgoing<'a> {
    file: &'a Attachment,
    sha256: &'a str,
    marker: String,
    /// The target id of what it is attached to.
    owner: &'a str,
    /// The object, in QuickBooks; None for the company.
    object: Option<(Kind, String)>,
}

impl QuickBooks {
    pub(super) async fn write_files(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let mut results = Vec::with_capacity(batch.items.len());
        for item in &batch.items {
            let written = match outgoing(batch, &item.record) {
                Ok(file) => self.write_file(batch, item, &file).await,
                Err(fault) => Err(fault),
            };
            results.push(own(written)?);
        }
        Ok(results)
    }

    async fn write_file(
        &self,
        batch: &WriteBatch,
        item: &WriteItem,
        file: &Outgoing<'_>,
    ) -> Result<Written, Fault> {
        let earlier = is_update(item).and_then(owner_and_file).map(|(_, id)| id);
        let mut stale: Vec<String> = earlier
            .and_then(|id| Parts::of(&id.into(), Kind::Attachable).id(Kind::Attachable))
            .into_iter()
            .collect();
        if batch.verify_first {
            for there in self.attached_as(&file.name(), &file.marker).await? {
                if file.is(&there) {
                    stale.retain(|id| *id != there.id);
                    self.remove_files(&stale).await?;
                    return Ok(written(file, &there));
                }
                stale.push(there.id);
            }
        }
        self.remove_files(&stale).await?;
        let content = batch.files.read(file.sha256).await?;
        let uploaded = self.company.upload(&file.parts(content), &file.marker).await?;
        if !file.is(&uploaded) {
            let detail = "QuickBooks has something else than what was uploaded.";
            return Err(Fault::new(Code::AnswerUnreadable).reach(Reach::Unknown).detail(detail));
        }
        Ok(written(file, &uploaded))
    }

    async fn remove_files(&self, ids: &[String]) -> Result<(), Fault> {
        if ids.is_empty() {
            return Ok(());
        }
        self.remove_of(Kind::Attachable, ids).await?.into_iter().collect()
    }

    /// Files of a name that carry a reference.
    async fn attached_as(&self, name: &str, marker: &str) -> Result<Vec<Attachable>, Fault> {
        let condition = format!("FileName = '{}'", escape(name));
        let mut files: Vec<Attachable> = self.company.all(Kind::Attachable, &condition).await?;
        files.retain(|file| file.note.as_deref().and_then(marker_in) == Some(marker));
        Ok(files)
    }

    pub(super) async fn find_file(&self, record: &Record) -> Result<Option<Found>, Fault> {
        let Body::Attachment(file) = &record.body else { return Ok(None) };
        let name = clip(&file.name, NAME_MAX);
        let found = self.attached_as(&name, &marker(record.entity, &record.id)).await?;
        Ok(found.into_iter().next().map(|file| {
            let to = file.attachable_ref.iter().filter_map(|to| to.entity_ref.as_ref()).next();
            let kind = to.and_then(|to| Kind::named(to.kind.as_deref()?));
            let owner = match (kind, to) {
                (Some(kind), Some(to)) => target(kind, &to.value),
                _ => TargetId::from(COMPANY),
            };
            let id = file_id(owner.as_str(), target(Kind::Attachable, &file.id).as_str());
            Found { id, number: file.file_name }
        }))
    }
}

fn outgoing<'a>(batch: &'a WriteBatch, record: &'a Record) -> Result<Outgoing<'a>, Fault> {
    let (file, sha256) = outgoing_file(record)?;
    let not_taken = |why| file_not_taken(file, why);
    let (owner, object) = match (file.of.entity, batch.links.get(file.of.entity, &file.of.id)) {
        (Entity::Company, _) => (COMPANY, None),
        (entity, Some(id)) => {
            let parts = Parts::of(id, default_kind(entity));
            let object = parts.all().first().filter(|(kind, _)| *kind != Kind::TaxCode).cloned();
            (id.as_str(), Some(object.ok_or_else(|| not_taken("It has no place for files."))?))
        }
        (_, None) => return Err(not_taken("QuickBooks does not hold what it is attached to.")),
    };
    Ok(Outgoing { file, sha256, marker: marker(record.entity, &record.id), owner, object })
}

fn written(file: &Outgoing<'_>, uploaded: &Attachable) -> Written {
    let id = target(Kind::Attachable, &uploaded.id);
    Written { number: uploaded.file_name.clone(), ..Written::new(file_id(file.owner, id.as_str())) }
}

impl Outgoing<'_> {
    fn name(&self) -> String {
        clip(&self.file.name, NAME_MAX)
    }

    fn note(&self) -> String {
        format!("SHA-256 {} {}", self.sha256, marked(&self.marker))
    }

    /// True for what is this file, with this content, attached where it belongs.
    fn is(&self, there: &Attachable) -> bool {
        let of =
            |object: &(Kind, String)| {
                there.attachable_ref.iter().filter_map(|to| to.entity_ref.as_ref()).any(|to| {
                    to.value == object.1 && to.kind.as_deref().and_then(Kind::named) == Some(object.0)
                })
            };
        there.note.as_deref() == Some(&self.note())
            && there.size_bytes() == self.file.size_bytes
            && self.object.as_ref().is_none_or(of)
    }

    /// The form of an upload: what is said of the file, then its content.
    fn parts(&self, content: Vec<u8>) -> [Part; 2] {
        let name = self.name();
        let plain = |kind: &&str| !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        let kind = self.file.media_type.as_deref().filter(plain).unwrap_or(ANY_KIND).to_owned();
        let to = |(kind, id): &(Kind, String)| json!([{"EntityRef": {"type": kind.name(), "value": id}, "IncludeOnSend": false}]);
        let mut about = json!({"FileName": name, "ContentType": kind, "Note": self.note()});
        super::set_some(&mut about, "AttachableRef", self.object.as_ref().map(to));
        let json = Value::to_string(&about).into_bytes();
        [
            Part {
                name: "file_metadata_01",
                file_name: None,
                kind: "application/json".to_owned(),
                bytes: json,
            },
            Part { name: "file_content_01", file_name: Some(name), kind, bytes: content },
        ]
    }
}
