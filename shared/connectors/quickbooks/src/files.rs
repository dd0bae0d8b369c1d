//! Attached files of a source: the rows that name them, each with the content that was fetched for it.
//!
//! QuickBooks keeps content on another host and gives an address that is good for a quarter of an hour. The engine
//! fetches it without the token; where it is good no more, QuickBooks is asked for a new one.

use std::collections::BTreeMap;

use carry_connector::{
    BatchBuilder, FILE_BYTES_MAX, FileContent, Finding, Pages, RawSink, Severity, check_size,
};
use carry_model::{Code, Fault, Kind as FaultKind};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::company::decode;
use crate::kinds::Kind;
use crate::objects::Attachable;
use crate::session::QuickBooks;

/// Files of a raw batch: few, so that a run that is interrupted goes on close to where it was.
const BATCH_FILES: usize = 20;
/// Times a file is fetched whose content is not of the size that QuickBooks states.
const FETCHES_MAX: usize = 3;
/// Most files on one document elsewhere (Xero).
const FILES_ELSEWHERE_MAX: usize = 10;

/// A row that names a file, and its content, or why there is none.
#[derive(Serialize, Deserialize)]
pub(crate) struct Fetched<Row> {
    pub(crate) attachable: Row,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<FileContent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) missing: Option<Fault>,
}

impl QuickBooks {
    /// Reads all rows from a position (from 1) on, and fetches what was not fetched before. One file is held at a time.
    pub(crate) async fn extract_files(
        &self,
        mut next: usize,
        batch: &mut BatchBuilder,
        sink: &mut dyn RawSink,
    ) -> Result<usize, Fault> {
        let mut pages = Pages::of(Kind::Attachable.name());
        let mut in_batch = 0;
        loop {
            let page = self.company.page(Kind::Attachable, "", next).await?;
            if page.is_empty() {
                break;
            }
            pages.take(&page)?;
            for row in page {
                let fetched = self.fetched(row, sink).await?;
                let line = u64::try_from(next).unwrap_or_default();
                batch.push(line, line, &fetched)?;
                next += 1;
                in_batch += 1;
                if in_batch == BATCH_FILES {
                    in_batch = 0;
                    sink.accept(batch.take(), Some(next.to_string())).await?;
                }
            }
        }
        if !batch.is_empty() {
            sink.accept(batch.take(), None).await?;
        }
        Ok(next - 1)
    }

    async fn fetched(
        &self,
        row: Box<RawValue>,
        sink: &mut dyn RawSink,
    ) -> Result<Fetched<Box<RawValue>>, Fault> {
        let (mut content, mut missing) = (None, None);
        // What cannot be read is rejected by the transformer, with its place; a note has no file.
        if let Ok(file) = serde_json::from_str::<Attachable>(row.get())
            && file.is_file()
        {
            match self.content(&file, sink).await {
                Ok(kept) => content = Some(kept),
                Err(fault) if fault.kind() == FaultKind::Rejected => missing = Some(fault),
                Err(fault) => return Err(fault),
            }
        }
        Ok(Fetched { attachable: without_address(row)?, content, missing })
    }

    async fn content(&self, file: &Attachable, sink: &mut dyn RawSink) -> Result<FileContent, Fault> {
        // An object's file is never exchanged for another.
        let version = format!("attachable/{}", file.id);
        if let Some(kept) = sink.kept(&version).await? {
            return Ok(kept);
        }
        let stated = file.size_bytes();
        check_size(stated.unwrap_or_default(), FILE_BYTES_MAX)?;
        let mut why = String::new();
        for fetch in 0..FETCHES_MAX {
            let given = file.temp_download_uri.clone().filter(|_| fetch == 0);
            let address = match given {
                Some(address) => address,
                None => self.address(&file.id).await?,
            };
            let answer = match self.company.download(&address, FILE_BYTES_MAX).await {
                Err(fault) if fault.code == Code::HostRefused => {
                    return Err(gone("QuickBooks gave an address for it that is not asked."));
                }
                answer => answer?,
            };
            let size = u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
            if !answer.is_success() {
                why = format!("HTTP {}.", answer.status);
            } else if stated.is_some_and(|stated| stated != size) {
                why = format!("It has {size} bytes and not {}, as stated.", stated.unwrap_or_default());
            } else {
                return sink.keep(&version, answer.body).await;
            }
        }
        Err(gone(&why))
    }

    /// Where the content is now.
    async fn address(&self, id: &str) -> Result<String, Fault> {
        let answer = self.company.get(&format!("download/{id}"), "download").await;
        let answer = answer.map_err(|fault| match (fault.kind(), fault.code) {
            // Of an address that is not there, QuickBooks may say so without a number.
            (FaultKind::Rejected, _) | (_, Code::ConfigInvalid) => {
                gone("QuickBooks no longer has it.").raw(fault.raw)
            }
            _ => fault,
        })?;
        Ok(String::from_utf8_lossy(&answer.body).trim().to_owned())
    }

    /// What is known of the files before any is fetched.
    pub(crate) async fn look_at_files(&self) -> Result<Vec<Finding>, Fault> {
        let rows: Vec<Box<RawValue>> = self.company.all(Kind::Attachable, "").await?;
        let files: Vec<Attachable> =
            rows.iter().filter_map(|row| decode(row, carry_connector::Effect::Read).ok()).collect();
        let mut of_object: FxHashMap<(&str, &str), usize> = FxHashMap::default();
        for reference in files.iter().flat_map(|file| &file.attachable_ref) {
            let Some(to) = &reference.entity_ref else { continue };
            *of_object.entry((to.kind.as_deref().unwrap_or_default(), &to.value)).or_default() += 1;
        }
        let too_large = |file: &&Attachable| file.size_bytes().is_some_and(|size| size > FILE_BYTES_MAX);
        let large = files.iter().filter(too_large).count();
        let crowded = of_object.values().filter(|count| **count > FILES_ELSEWHERE_MAX).count();
        let notes = files.iter().filter(|file| !file.is_file()).count();
        let findings = [
            (Severity::Warning, large, "Files larger than 25 MB are not carried; each is listed."),
            (Severity::Warning, notes, "Notes without a file are not carried; each is listed."),
            (
                Severity::Info,
                crowded,
                "Records with more than ten files: Xero takes ten, the others are listed.",
            ),
        ];
        let told = findings.into_iter().filter(|(_, count, _)| *count > 0);
        Ok(told
            .map(|(severity, count, text)| Finding {
                severity,
                place: "files".to_owned(),
                text: text.to_owned(),
                hint: String::new(),
                count: u64::try_from(count).ok(),
            })
            .collect())
    }
}

/// A row without the address, which is another one each time and opens the file to anybody who reads it.
fn without_address(row: Box<RawValue>) -> Result<Box<RawValue>, Fault> {
    let Ok(mut fields) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(row.get()) else {
        return Ok(row);
    };
    fields.remove("TempDownloadUri");
    serde_json::value::to_raw_value(&fields).map_err(|e| Fault::new(Code::Bug).caused_by(e))
}

fn gone(why: &str) -> Fault {
    Fault::new(Code::FileGone).detail(why)
}
