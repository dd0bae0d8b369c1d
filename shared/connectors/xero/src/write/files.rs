//! Files attached to what was written: one after the other, each under a name that no other file of its document has,
//! because a file of the same name would give way to it.

use carry_connector::{
    WriteBatch, WriteItem, Written, check_size, file_id, file_not_taken, outgoing_file, own, owner_and_file,
};
use carry_model::{Attachment, Code, Entity, Fault, Record, SourceId};
use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::Results;
use super::index::{endpoint_of, uuid};
use crate::client::Xero;
use crate::files::{Attached, BYTES_MAX, FILES_MAX};
use crate::mark;

/// Characters of a name.
const NAME_MAX: usize = 200;
const FORBIDDEN: &[char] = &['<', '>', ':', '"', '/', '\\', '|', '?', '*', '+', '%', '#', '&'];
/// Ids asked for in one call.
const IDS_AT_ONCE: usize = 40;

/// A file that stands in Xero, and which record it is of, where this process wrote it.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    file: Attached,
    of: Option<SourceId>,
}

/// Whether an invoice has files.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Flag {
    #[serde(rename = "InvoiceID")]
    id: String,
    #[serde(rename = "HasAttachments")]
    has_files: Option<bool>,
}

/// What stands on documents, by endpoint and id, once it was asked for.
pub(crate) type OnDocuments = FxHashMap<(&'static str, String), Vec<Standing>>;

/// A file to upload.
struct Outgoing<'a> {
    record: &'a Record,
    file: &'a Attachment,
    sha256: &'a str,
    endpoint: &'static str,
    owner: &'a str,
}

impl Xero {
    pub(super) async fn write_files(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let outgoing: Vec<_> = batch.items.iter().map(|item| outgoing(batch, &item.record)).collect();
        self.note_bare(outgoing.iter().flatten()).await?;
        let mut results = Vec::with_capacity(batch.items.len());
        for (item, file) in batch.items.iter().zip(outgoing) {
            let written = match file {
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
        let standing = self.on_document(file.endpoint, file.owner).await?;
        let earlier = match &item.operation {
            carry_connector::Operation::Update(id) => owner_and_file(id).map(|(_, id)| id),
            carry_connector::Operation::Create => None,
        };
        let name = match standing.iter().find(|known| Some(known.file.id.as_str()) == earlier) {
            Some(known) => known.file.name.clone(),
            None => match self.place(file, &standing).await? {
                Place::There(there) => return Ok(self.noted(file, there).await),
                Place::Free(name) => name,
            },
        };
        let content = batch.files.read(file.sha256).await?;
        let kind = file.file.media_type.as_deref();
        let there = self.attach(file.endpoint, file.owner, &name, kind, content).await?;
        Ok(self.noted(file, there).await)
    }

    /// The name that a file gets, or the file itself where it stands there already.
    async fn place(&self, file: &Outgoing<'_>, standing: &[Standing]) -> Result<Place, Fault> {
        let is =
            |name: &str| standing.iter().find(|known| known.file.name.to_lowercase() == name.to_lowercase());
        let plain = valid(&file.file.name);
        let apart = apart(&plain, file.record);
        let free = match is(&plain) {
            // Under the name that tells it apart nobody else's file stands.
            _ if is(&apart).is_some() => return Ok(Place::Free(apart)),
            None => plain,
            Some(known) if self.is_same(file, known).await? => return Ok(Place::There(known.file.clone())),
            Some(_) => apart,
        };
        if standing.len() >= FILES_MAX {
            let detail = format!("{FILES_MAX} files are attached to it, which is all that Xero takes.");
            return Err(file_not_taken(file.file, detail));
        }
        Ok(Place::Free(free))
    }

    /// True for a file that an attempt of unknown outcome, or somebody else, left there with the same content.
    async fn is_same(&self, file: &Outgoing<'_>, known: &Standing) -> Result<bool, Fault> {
        match &known.of {
            Some(of) => return Ok(*of == file.record.id),
            None if Some(known.file.size_bytes) != file.file.size_bytes => return Ok(false),
            None => {}
        }
        let content = self.content(file.endpoint, file.owner, &known.file).await.map_err(|fault| {
            // Only a file that is read whole tells whether it is this one.
            if fault.code == Code::FileGone { Fault::new(Code::AnswerUnreadable) } else { fault }
        })?;
        Ok(carry_connector::sha256(&content) == file.sha256)
    }

    /// What stands on a document.
    async fn on_document(&self, endpoint: &'static str, owner: &str) -> Result<Vec<Standing>, Fault> {
        let key = (endpoint, owner.to_owned());
        if let Some(known) = self.on_documents.lock().await.get(&key) {
            return Ok(known.clone());
        }
        let files = self.attached(endpoint, owner).await?;
        let standing: Vec<_> = files.into_iter().map(|file| Standing { file, of: None }).collect();
        self.on_documents.lock().await.insert(key, standing.clone());
        Ok(standing)
    }

    /// Asks in one go which invoices have no files yet, so that nobody asks each.
    async fn note_bare<'a>(&self, files: impl Iterator<Item = &'a Outgoing<'a>> + Send) -> Result<(), Fault> {
        let mut ids: Vec<&str> = Vec::new();
        {
            let known = self.on_documents.lock().await;
            for file in files.filter(|file| file.endpoint == "Invoices") {
                if !known.contains_key(&(file.endpoint, file.owner.to_owned())) {
                    ids.push(file.owner);
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        for ids in ids.chunks(IDS_AT_ONCE) {
            let query = [("IDs", ids.join(",")), ("page", "1".to_owned())];
            let found: Vec<Flag> = self.get("Invoices", &query).await?.read()?;
            let mut known = self.on_documents.lock().await;
            for bare in found.into_iter().filter(|found| found.has_files == Some(false)) {
                known.insert(("Invoices", bare.id), Vec::new());
            }
        }
        Ok(())
    }

    async fn noted(&self, file: &Outgoing<'_>, there: Attached) -> Written {
        let mut known = self.on_documents.lock().await;
        let standing = known.entry((file.endpoint, file.owner.to_owned())).or_default();
        standing.retain(|known| known.file.id != there.id);
        standing.push(Standing { file: there.clone(), of: Some(file.record.id.clone()) });
        let mut written = Written::new(file_id(file.owner, &there.id));
        if there.name != file.file.name {
            written.notes.push(format!("The file '{}' became '{}'.", file.file.name, there.name));
        }
        written.number = Some(there.name);
        written
    }
}

enum Place {
    /// It is there.
    There(Attached),
    /// Under that name it goes.
    Free(String),
}

fn outgoing<'a>(batch: &'a WriteBatch, record: &'a Record) -> Result<Outgoing<'a>, Fault> {
    let (file, sha256) = outgoing_file(record)?;
    let not_taken = |why| file_not_taken(file, why);
    check_size(file.size_bytes.unwrap_or_default(), BYTES_MAX).map_err(|fault| fault.field(&file.of))?;
    let endpoint = endpoint(file.of.entity).ok_or_else(|| not_taken("Xero keeps no files there."))?;
    let owner = batch.links.get(file.of.entity, &file.of.id).map(|id| id.as_str());
    let owner = owner.filter(|id| uuid(id).is_some());
    let owner = owner.ok_or_else(|| not_taken("Xero does not hold what it is attached to as one record."))?;
    Ok(Outgoing { record, file, sha256, endpoint, owner })
}

/// Where files of an entity's records stand; None where Xero keeps none.
const fn endpoint(of: Entity) -> Option<&'static str> {
    match of {
        Entity::Account => Some("Accounts"),
        Entity::Contact
        | Entity::Estimate
        | Entity::PurchaseOrder
        | Entity::Invoice
        | Entity::Bill
        | Entity::SalesReceipt
        | Entity::Expense
        | Entity::CreditNote
        | Entity::BillCredit
        | Entity::Refund
        | Entity::Transfer
        | Entity::BankTransaction
        | Entity::Journal => Some(endpoint_of(of)),
        _ => None,
    }
}

/// A name without the characters that Xero or an address keeps for itself.
fn valid(name: &str) -> String {
    let plain = |c: char| if c.is_control() || FORBIDDEN.contains(&c) { '_' } else { c };
    let name: String = name.trim().chars().map(plain).collect();
    let (stem, ending) = parted(&name);
    let room = NAME_MAX.saturating_sub(ending.chars().count());
    let name = format!("{}{ending}", stem.chars().take(room).collect::<String>());
    // A dot or two would lead to another place.
    if name.trim_matches('.').is_empty() { format!("file{name}") } else { name }
}

/// The same name with the file's own mark, which no other file has.
fn apart(name: &str, record: &Record) -> String {
    let (stem, ending) = parted(name);
    format!("{stem} {}{ending}", mark::of(&record.key()))
}

/// A name and its ending, if it has one.
fn parted(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= 10 => name.split_at(at),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_valid_the_same_way_every_time() {
        assert_eq!(valid("Receipt 7/2026: \"taxi\" a+b?.pdf"), "Receipt 7_2026_ _taxi_ a_b_.pdf");
        assert_eq!(valid(".."), "file..");
        assert_eq!(valid(""), "file");
        assert_eq!(valid(&format!("{}.jpeg", "ü".repeat(300))).chars().count(), NAME_MAX);
        assert!(valid(&format!("{}.jpeg", "ü".repeat(300))).ends_with("ü.jpeg"));
        assert_eq!(parted("scan.pdf"), ("scan", ".pdf"));
        assert_eq!(parted(".bashrc"), (".bashrc", ""));
    }
}
