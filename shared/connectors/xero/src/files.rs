//! Files attached to documents: which there are, and their content.

use carry_connector::{Effect, Method, Request, Response};
use carry_model::{Code, Fault, Reach};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::client::{Page, Xero, page};

/// Largest file that Xero takes, in bytes; one of its pages says 25 MB.
pub(crate) const BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Most files on one document.
pub(crate) const FILES_MAX: usize = 10;
/// Times a file is fetched whose content is not of the size that Xero states.
const FETCHES_MAX: usize = 3;
/// What logs call these calls.
const LABEL: &str = "Attachments";
/// What a file of no known kind is.
const ANY_KIND: &str = "application/octet-stream";

/// A file, as Xero lists it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attached {
    #[serde(rename = "AttachmentID")]
    pub(crate) id: String,
    #[serde(rename = "FileName")]
    pub(crate) name: String,
    #[serde(rename = "MimeType")]
    pub(crate) media_type: String,
    #[serde(rename = "ContentLength")]
    pub(crate) size_bytes: u64,
}

/// The path of a document's files.
fn path(endpoint: &str, owner: &str) -> String {
    format!("{endpoint}/{owner}/Attachments")
}

/// A segment of a path.
fn segment(text: &str) -> String {
    // In a path a plus is a plus.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

impl Xero {
    /// The files of a document.
    pub(crate) async fn attached(&self, endpoint: &str, owner: &str) -> Result<Vec<Attached>, Fault> {
        let request = self.request(Method::Get, &path(endpoint, owner), LABEL, &[], None, Effect::Read);
        let files: Vec<Attached> = page(&self.call(request).await?, LABEL)?.read()?;
        let ids: FxHashSet<&str> = files.iter().map(|file| file.id.as_str()).collect();
        if ids.len() < files.len() {
            return Err(Fault::new(Code::AnswerUnreadable).detail("Xero lists a file twice."));
        }
        Ok(files)
    }

    /// The content of a file. A fault ([`Code::FileGone`]) where there is none of the size that is listed.
    pub(crate) async fn content(
        &self,
        endpoint: &str,
        owner: &str,
        file: &Attached,
    ) -> Result<Vec<u8>, Fault> {
        let path = format!("{}/{}", path(endpoint, owner), segment(&file.id));
        let mut size = 0;
        for _ in 0..FETCHES_MAX {
            let request = self.request(Method::Get, &path, LABEL, &[], None, Effect::Read);
            let content = match self.call(accepting_anything(request)).await {
                Err(fault) if fault.code == Code::RecordGone => {
                    return Err(Fault::new(Code::FileGone).detail("Xero no longer has it.").raw(fault.raw));
                }
                answer => answer?.body,
            };
            size = u64::try_from(content.len()).unwrap_or(u64::MAX);
            if size == file.size_bytes {
                return Ok(content);
            }
        }
        let detail = format!("It has {size} bytes and not {}, as stated.", file.size_bytes);
        Err(Fault::new(Code::FileGone).detail(detail))
    }

    /// Attaches a file under a name; a file of the same name gives way to it.
    pub(crate) async fn attach(
        &self,
        endpoint: &str,
        owner: &str,
        name: &str,
        media_type: Option<&str>,
        content: Vec<u8>,
    ) -> Result<Attached, Fault> {
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let path = format!("{}/{}", path(endpoint, owner), segment(name));
        let mut request =
            self.request(Method::Put, &path, LABEL, &[], Some(content), Effect::IdempotentWrite);
        let plain = |kind: &&str| !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        let kind = media_type.filter(plain).unwrap_or(ANY_KIND);
        request.headers.push(("content-type".to_owned(), kind.to_owned()));
        let response: Response = self.call(request).await?;
        let there = page(&response, LABEL).and_then(|page: Page| page.read::<Attached>());
        let there = there.map_err(|fault| fault.reach(Reach::Unknown))?.into_iter().next();
        there.filter(|there| there.size_bytes == size && !there.id.is_empty()).ok_or_else(|| {
            Fault::new(Code::AnswerUnreadable)
                .reach(Reach::Unknown)
                .detail("Xero has something else than what was uploaded.")
        })
    }
}

fn accepting_anything(mut request: Request) -> Request {
    request.headers.retain(|(name, _)| name != "accept");
    request.headers.push(("accept".to_owned(), "*/*".to_owned()));
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_segment() {
        assert_eq!(segment("a b/ü#?.pdf"), "a%20b%2F%C3%BC%23%3F.pdf");
    }
}
