//! Files and what they are attached to.

use carry_connector::{RawRow, Transformed};
use carry_model::{Attachment, Body, Fault, Place, Record, RecordKey, Reject, SourceId};
use carry_model::{Code, Entity};
use serde_json::value::RawValue;

use super::{QuickBooksTransformer, text};
use crate::files::Fetched;
use crate::kinds::Kind;
use crate::objects::{Attachable, AttachableRef, Head};

impl QuickBooksTransformer {
    /// One record for each object that a file is attached to, or a reject for each where there is no content; files
    /// attached to nothing belong to the company.
    pub(super) fn files(&self, row: &RawRow<'_>, place: &Place, out: &mut Transformed) -> Result<(), Fault> {
        let raw = row.data.get();
        let read = serde_json::from_str::<Fetched<&RawValue>>(raw);
        let fetched =
            read.map_err(|e| Fault::new(Code::StagingCorrupt).detail("a file's row").caused_by(e))?;
        let head: Option<Head> = serde_json::from_str(fetched.attachable.get()).ok();
        let reject = |id: Option<SourceId>, number: Option<String>, fault: Fault| Reject {
            entity: Entity::Attachment,
            id,
            number,
            place: place.clone(),
            fault,
            raw: raw.to_owned(),
        };
        let file = match serde_json::from_str::<Attachable>(fetched.attachable.get()) {
            Ok(file) => file,
            Err(e) => {
                let what = "QuickBooks sent an object that is not built as documented.";
                let fault = Fault::new(Code::RowMalformed).detail(what).caused_by(e);
                out.rejects.push(reject(head.map(|head| head.id.into()), None, fault));
                return Ok(());
            }
        };
        let mut owners: Vec<RecordKey> = file.attachable_ref.iter().filter_map(|to| self.owner(to)).collect();
        if owners.is_empty() {
            owners.push(RecordKey::new(Entity::Company, "company"));
        }
        let size_bytes = file.size_bytes();
        let name = text(file.file_name).or_else(|| text(file.note));
        let name = name.unwrap_or_else(|| format!("Attachment {}", file.id));
        for (index, of) in owners.into_iter().enumerate() {
            let id = if index == 0 { file.id.clone() } else { format!("{}:{index}", file.id) };
            if let Some(missing) = &fetched.missing {
                let fault = missing.clone().field(&of);
                out.rejects.push(reject(Some(id.into()), Some(name.clone()), fault));
                continue;
            }
            let content = fetched.content.as_ref();
            let body = Attachment {
                of,
                name: name.clone(),
                media_type: text(file.content_type.clone()),
                size_bytes: content.map(|content| content.size_bytes).or(size_bytes),
                sha256: content.map(|content| content.sha256.clone()),
                location: format!("download/{}", file.id),
            };
            let mut record =
                Record::new(Entity::Attachment, id, Some(name.clone()), Body::Attachment(body.into()))?;
            record.created = head.as_ref().and_then(|head| head.meta_data.create_time);
            record.modified = head.as_ref().and_then(|head| head.meta_data.last_updated_time);
            record.place = place.clone();
            record.raw = raw.to_owned();
            out.records.push(record);
        }
        Ok(())
    }

    fn owner(&self, attached: &AttachableRef) -> Option<RecordKey> {
        let reference = attached.entity_ref.as_ref()?;
        Some(self.key_of(Kind::named(reference.kind.as_deref()?)?, &reference.value))
    }
}
