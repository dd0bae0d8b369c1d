//! Files of a source: documents that have some, each file with the content that was fetched for it.

use std::collections::BTreeMap;

use carry_connector::{
    BatchBuilder, BatchHeader, FILE_BYTES_MAX, FileContent, Pages, Partition, RawBatch, RawSink, Transformed,
    check_size,
};
use carry_model::{
    Attachment, Body, Code, Entity, Fault, Kind as FaultKind, Record, RecordKey, Reject, SourceId,
};
use serde::{Deserialize, Serialize};

use super::transform::filled;
use crate::client::{Page, Xero};
use crate::files::Attached;

/// The partition of files.
pub(super) const PARTITION: &str = "files";
/// Files of a raw batch: few, so that a run that is interrupted goes on close to where it was.
const BATCH_FILES: usize = 20;

/// A list whose records may have files.
struct Place {
    endpoint: &'static str,
    /// True where Xero can be asked for those that have.
    asked: bool,
}

/// Files of accounts, bank transfers and receipts are not read.
static PLACES: [Place; 7] = [
    Place { endpoint: "Contacts", asked: true },
    Place { endpoint: "Quotes", asked: false },
    Place { endpoint: "PurchaseOrders", asked: false },
    Place { endpoint: "Invoices", asked: true },
    Place { endpoint: "CreditNotes", asked: true },
    Place { endpoint: "BankTransactions", asked: true },
    Place { endpoint: "ManualJournals", asked: true },
];

/// A record that may have files.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Owner {
    #[serde(
        alias = "InvoiceID",
        alias = "CreditNoteID",
        alias = "QuoteID",
        alias = "PurchaseOrderID",
        alias = "BankTransactionID",
        alias = "ManualJournalID",
        alias = "ContactID"
    )]
    id: String,
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "Status")]
    status: String,
    #[serde(rename = "HasAttachments")]
    has_files: bool,
    #[serde(rename = "UpdatedDateUTC")]
    updated: String,
}

impl Owner {
    /// What it is read as; None for what is read as no record.
    fn entity(&self, endpoint: &str) -> Option<Entity> {
        Some(match endpoint {
            _ if self.status == "DELETED" => return None,
            "Contacts" => Entity::Contact,
            "Quotes" => Entity::Estimate,
            "PurchaseOrders" => Entity::PurchaseOrder,
            "Invoices" if self.kind == "ACCPAY" => Entity::Bill,
            "Invoices" => Entity::Invoice,
            "CreditNotes" if self.kind == "ACCPAYCREDIT" => Entity::BillCredit,
            "CreditNotes" => Entity::CreditNote,
            "ManualJournals" => Entity::Journal,
            _ if matches!(self.kind.as_str(), "SPEND" | "RECEIVE") => Entity::BankTransaction,
            _ => return None,
        })
    }
}

/// A file, what it is attached to, and its content, or why there is none.
#[derive(Serialize, Deserialize)]
struct Row {
    owner: RecordKey,
    endpoint: String,
    file: Attached,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<FileContent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing: Option<Fault>,
}

/// Where extraction goes on: a place, a page of it, and how many of the page's records are done.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Cursor(usize, usize, usize);

impl Xero {
    /// The partition of files; None where nothing has any. `there` are the partitions of records: where a list is
    /// empty, nobody is asked for its files.
    pub(super) async fn look_for_files(&self, there: &[Partition]) -> Result<Option<Partition>, Fault> {
        let holds = |endpoint: &str| {
            let of = |partition: &&Partition| {
                super::kinds::Kind::by_id(&partition.id).is_some_and(|kind| kind.endpoint == endpoint)
            };
            there.iter().filter(of).any(|partition| partition.rows > 0)
        };
        // Of what cannot be asked for, the number is found out by reading.
        let mut counts: BTreeMap<&str, Option<u64>> = BTreeMap::new();
        for place in PLACES.iter().filter(|place| holds(place.endpoint)) {
            let count = if place.asked { self.count_with_files(place.endpoint).await? } else { None };
            if count != Some(0) {
                counts.insert(place.endpoint, count);
            }
        }
        let spec = serde_json::to_value(&counts).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        let rows = counts.values().flatten().sum();
        let files = Partition { id: PARTITION.to_owned(), entity: Entity::Attachment, spec, rows };
        Ok((!counts.is_empty()).then_some(files))
    }

    async fn count_with_files(&self, endpoint: &'static str) -> Result<Option<u64>, Fault> {
        let query =
            [("where", WITH_FILES.to_owned()), ("page", "1".to_owned()), ("pageSize", "1".to_owned())];
        match self.get(endpoint, &query).await {
            Ok(page) => {
                Ok(page.pagination.map(|counted| u64::try_from(counted.item_count).unwrap_or(u64::MAX)))
            }
            // Of large organisations some questions are refused.
            Err(fault) if fault.kind() == FaultKind::Rejected => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Reads the files of everything, and fetches what was not fetched before. One file is held at a time.
    pub(super) async fn extract_files(
        &self,
        partition: &Partition,
        after: Option<&str>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        let broken = || Fault::new(Code::StagingCorrupt).detail("a cursor nobody wrote");
        let cursor = after.map(serde_json::from_str).transpose().map_err(|_| broken())?;
        let Cursor(first, mut page_number, mut done) = cursor.unwrap_or(Cursor(0, 1, 0));
        let mut batch = BatchBuilder::new(BatchHeader {
            entity: Entity::Attachment,
            partition: PARTITION.to_owned(),
            file: "Attachments".to_owned(),
            shape: serde_json::Value::Null,
        });
        let (mut line, mut in_batch) = (0, 0);
        for (at, place) in PLACES.iter().enumerate().skip(first) {
            let Some(count) = partition.spec.get(place.endpoint) else { continue };
            let mut pages = Pages::of(place.endpoint);
            loop {
                // Where they could be counted, they can be asked for.
                let page = self.page_with_files(place.endpoint, !count.is_null(), page_number).await?;
                pages.take(&page.rows)?;
                let owners: Vec<Owner> = page.read()?;
                for owner in owners.iter().skip(done) {
                    done += 1;
                    let Some(entity) = owner.entity(place.endpoint).filter(|_| owner.has_files) else {
                        continue;
                    };
                    for file in self.attached(place.endpoint, &owner.id).await? {
                        let row = self.row(place.endpoint, entity, owner, file, sink).await?;
                        line += 1;
                        in_batch += 1;
                        batch.push(line, line, &row)?;
                    }
                    if in_batch >= BATCH_FILES {
                        in_batch = 0;
                        let resume = serde_json::to_string(&Cursor(at, page_number, done));
                        let resume = resume.map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
                        sink.accept(batch.take(), Some(resume)).await?;
                    }
                }
                done = 0;
                if page.is_last(page_number) {
                    break;
                }
                page_number += 1;
            }
            page_number = 1;
        }
        if !batch.is_empty() {
            sink.accept(batch.take(), None).await?;
        }
        Ok(())
    }

    async fn page_with_files(
        &self,
        endpoint: &'static str,
        asked: bool,
        number: usize,
    ) -> Result<Page, Fault> {
        let query: &[(&str, String)] = if asked { &[("where", WITH_FILES.to_owned())] } else { &[] };
        self.page(endpoint, query, None, number).await
    }

    async fn row(
        &self,
        endpoint: &'static str,
        entity: Entity,
        owner: &Owner,
        file: Attached,
        sink: &mut dyn RawSink,
    ) -> Result<Row, Fault> {
        let (mut content, mut missing) = (None, None);
        match self.fetched(endpoint, owner, &file, sink).await {
            Ok(kept) => content = Some(kept),
            Err(fault) if fault.kind() == FaultKind::Rejected => missing = Some(fault),
            Err(fault) => return Err(fault),
        }
        let owner = RecordKey::new(entity, owner.id.as_str());
        Ok(Row { owner, endpoint: endpoint.to_owned(), file, content, missing })
    }

    async fn fetched(
        &self,
        endpoint: &'static str,
        owner: &Owner,
        file: &Attached,
        sink: &mut dyn RawSink,
    ) -> Result<FileContent, Fault> {
        // A file may be overwritten under its name: its size, or its document's time of change, then differs.
        let version = format!("{endpoint}/{}/{}/{}/{}", owner.id, owner.updated, file.id, file.size_bytes);
        if let Some(kept) = sink.kept(&version).await? {
            return Ok(kept);
        }
        check_size(file.size_bytes, FILE_BYTES_MAX)?;
        let content = self.content(endpoint, &owner.id, file).await?;
        sink.keep(&version, content).await
    }
}

const WITH_FILES: &str = "HasAttachments==true";

/// Rows of files into records: pure, and none vanishes.
pub(super) fn transform(batch: &RawBatch, out: &mut Transformed) -> Result<(), Fault> {
    for row in batch.rows() {
        let row = row?;
        let place = row.place(&batch.header.file);
        let raw = row.data.get().to_owned();
        let read = serde_json::from_str(&raw);
        let Row { owner, endpoint, file, content, missing } =
            read.map_err(|e| Fault::new(Code::StagingCorrupt).detail("a file's row").caused_by(e))?;
        if let Some(fault) = missing {
            out.rejects.push(Reject {
                entity: Entity::Attachment,
                id: Some(SourceId::from(file.id)),
                number: Some(file.name),
                place,
                fault: fault.field(&owner),
                raw,
            });
            continue;
        }
        let body = Attachment {
            location: format!("{endpoint}/{}/Attachments/{}", owner.id, file.id),
            of: owner,
            name: file.name.clone(),
            media_type: filled(Some(file.media_type)),
            size_bytes: Some(file.size_bytes),
            sha256: content.map(|content| content.sha256),
        };
        let mut record =
            Record::new(Entity::Attachment, file.id, Some(file.name), Body::Attachment(body.into()))?;
        record.place = place;
        record.raw = raw;
        out.records.push(record);
    }
    Ok(())
}
