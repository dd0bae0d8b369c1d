//! Calls to one organisation: how they are built, and how answers are taken apart.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use carry_connector::{Effect, Method, Pages, Request, Response, Wire, json};
use carry_model::{Code, Fault, Reach, Timestamp};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use crate::fault;
use crate::write::{Index, OnDocuments, Settled, Target};

/// Below the connection's base address.
const API: &str = "/api.xro/2.0";

/// Rows of a page: the most that Xero gives.
pub(crate) const PAGE_ROWS: usize = 1_000;

/// One Xero organisation.
pub struct Xero {
    wire: Arc<dyn Wire>,
    tenant: String,
    /// Short lists that the survey read, by their partitions, until they are extracted.
    pub(crate) surveyed: Mutex<FxHashMap<&'static str, Page>>,
    /// What is known of the organisation as a target.
    pub(crate) target: Mutex<Option<Arc<Target>>>,
    /// What stands there, by endpoint, once it was asked for.
    pub(crate) indexes: Mutex<FxHashMap<&'static str, Index>>,
    /// Codes of the items that stand there by their marks, once they were asked for.
    pub(crate) items: Mutex<Option<FxHashMap<String, String>>>,
    /// Payments and overpayments that stand there, once they were asked for.
    pub(crate) settled: Mutex<Option<Settled>>,
    /// Files that stand on documents, where they were asked for.
    pub(crate) on_documents: Mutex<OnDocuments>,
}

/// What Xero says of a list that it gives in pages.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Pagination {
    pub(crate) page_count: usize,
    pub(crate) item_count: usize,
}

/// Rows of an answer, as text.
pub(crate) struct Page {
    pub(crate) rows: Vec<Box<RawValue>>,
    /// None where the list is not paged.
    pub(crate) pagination: Option<Pagination>,
}

impl Page {
    /// The rows, read.
    pub(crate) fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<Vec<T>, Fault> {
        self.rows.iter().map(|row| parse(row.get().as_bytes())).collect()
    }
}

impl Xero {
    /// The organisation of that tenant id, over a wire to the API's host. Sends nothing yet.
    pub fn new(tenant: &str, wire: Arc<dyn Wire>) -> Self {
        Self {
            wire,
            tenant: tenant.to_owned(),
            surveyed: Mutex::default(),
            target: Mutex::new(None),
            indexes: Mutex::default(),
            items: Mutex::default(),
            settled: Mutex::default(),
            on_documents: Mutex::default(),
        }
    }

    /// A list or a part of it: `Invoices`, with query parameters.
    pub(crate) async fn get(&self, endpoint: &'static str, query: &[(&str, String)]) -> Result<Page, Fault> {
        self.get_changed(endpoint, query, None).await
    }

    /// The same, of what changed since a time.
    pub(crate) async fn get_changed(
        &self,
        endpoint: &'static str,
        query: &[(&str, String)],
        since: Option<Timestamp>,
    ) -> Result<Page, Fault> {
        let mut request = self.request(Method::Get, endpoint, endpoint, query, None, Effect::Read);
        if let Some(since) = since {
            let since = since.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            request.headers.push(("if-modified-since".to_owned(), since));
        }
        let response = self.call(request).await?;
        // The one endpoint whose list is not called like it.
        page(&response, if endpoint == "Organisation" { "Organisations" } else { endpoint })
    }

    /// A report.
    pub(crate) async fn get_report(&self, name: &str, query: &[(&str, String)]) -> Result<Page, Fault> {
        let path = format!("Reports/{name}");
        let response = self.send(Method::Get, &path, "Reports", query, None, Effect::Read).await?;
        page(&response, "Reports")
    }

    /// One record by its id; None where there is none.
    pub(crate) async fn get_one(&self, endpoint: &'static str, id: &str) -> Result<Option<Page>, Fault> {
        let path = format!("{endpoint}/{id}");
        match self.send(Method::Get, &path, endpoint, &[], None, Effect::Read).await {
            Ok(response) => page(&response, endpoint).map(Some),
            Err(fault) if fault.code == Code::RecordGone => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Every row of a paged list.
    pub(crate) async fn each_page(
        &self,
        endpoint: &'static str,
        query: &[(&str, String)],
        take: impl FnMut(Page) -> Result<(), Fault> + Send,
    ) -> Result<(), Fault> {
        self.each_changed_page(endpoint, query, None, take).await
    }

    /// Every row of a paged list that changed since a time.
    pub(crate) async fn each_changed_page(
        &self,
        endpoint: &'static str,
        query: &[(&str, String)],
        since: Option<Timestamp>,
        mut take: impl FnMut(Page) -> Result<(), Fault> + Send,
    ) -> Result<(), Fault> {
        let mut pages = Pages::of(endpoint);
        for number in 1.. {
            let page = self.page(endpoint, query, since, number).await?;
            pages.take(&page.rows)?;
            let is_last = page.is_last(number);
            take(page)?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// One page of a list, or of what changed in it since a time.
    pub(crate) async fn page(
        &self,
        endpoint: &'static str,
        query: &[(&str, String)],
        since: Option<Timestamp>,
        number: usize,
    ) -> Result<Page, Fault> {
        let mut query = query.to_vec();
        query.push(("page", number.to_string()));
        query.push(("pageSize", PAGE_ROWS.to_string()));
        self.get_changed(endpoint, &query, since).await
    }

    /// Writes elements and gives them back as Xero has them now, in order, each with its own outcome.
    pub(crate) async fn put(
        &self,
        method: Method,
        path: &str,
        endpoint: &'static str,
        elements: &(impl Serialize + Sync),
        query: &[(&str, String)],
    ) -> Result<Page, Fault> {
        let body = serde_json::to_vec(&BTreeMap::from([(endpoint, elements)]))
            .map_err(|e| Fault::new(Code::Bug).detail("a call's body").caused_by(e))?;
        let response = self.send(method, path, endpoint, query, Some(body), Effect::IdempotentWrite).await?;
        page(&response, endpoint).map_err(|fault| fault.reach(Reach::Unknown))
    }

    /// Writes one element and gives it back as Xero has it now.
    pub(crate) async fn put_one<T: for<'de> Deserialize<'de>>(
        &self,
        method: Method,
        path: &str,
        endpoint: &'static str,
        element: &(impl Serialize + Sync),
    ) -> Result<T, Fault> {
        let page = self.put(method, path, endpoint, &[element], &[]).await?;
        let none = || Fault::new(Code::AnswerUnreadable).detail(format!("No {endpoint} came back."));
        let back = page.read().and_then(|rows: Vec<T>| rows.into_iter().next().ok_or_else(none));
        back.map_err(|fault| fault.reach(Reach::Unknown))
    }

    /// Removes what stands at a path.
    pub(crate) async fn delete(&self, path: &str, label: &'static str) -> Result<(), Fault> {
        self.send(Method::Delete, path, label, &[], None, Effect::IdempotentWrite).await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        label: &'static str,
        query: &[(&str, String)],
        body: Option<Vec<u8>>,
        effect: Effect,
    ) -> Result<Response, Fault> {
        self.call(self.request(method, path, label, query, body, effect)).await
    }

    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        label: &'static str,
        query: &[(&str, String)],
        body: Option<Vec<u8>>,
        effect: Effect,
    ) -> Request {
        let mut headers = vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("xero-tenant-id".to_owned(), self.tenant.clone()),
        ];
        if body.is_some() {
            // Fresh for each call, the same for each time the wire sends it.
            headers.push(("idempotency-key".to_owned(), uuid::Uuid::now_v7().to_string()));
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("{API}/{path}{mark}{query}");
        Request { method, path, headers, body, effect, label }
    }

    pub(crate) async fn call(&self, request: Request) -> Result<Response, Fault> {
        let response = self.wire.call(request).await?;
        if response.is_success() { Ok(response) } else { Err(fault::of_response(&response)) }
    }
}

impl Page {
    /// The elements of a write's answer, in order: each as Xero has it now, or why it was refused.
    pub(crate) fn outcomes<T: for<'de> Deserialize<'de>>(
        &self,
        sent: usize,
    ) -> Result<Vec<Result<T, Fault>>, Fault> {
        if self.rows.len() != sent {
            // Nobody knows which is which.
            return Err(Fault::new(Code::AnswerUnreadable)
                .detail(format!("Xero answered for {} of {sent} elements.", self.rows.len()))
                .reach(Reach::Unknown));
        }
        let outcome = |row: &RawValue| match fault::of_element(row.get())? {
            Some(refusal) => Ok(Err(refusal)),
            None => parse(row.get().as_bytes()).map(Ok),
        };
        let outcomes = self.rows.iter().map(|row| outcome(row)).collect::<Result<_, Fault>>();
        outcomes.map_err(|fault| fault.reach(Reach::Unknown))
    }

    /// True where no page comes after this one, the `number`th.
    pub(crate) fn is_last(&self, number: usize) -> bool {
        match self.pagination {
            Some(pagination) => self.rows.is_empty() || number >= pagination.page_count,
            None => self.rows.is_empty(),
        }
    }
}

/// Reads one JSON value.
pub(crate) fn parse<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, Fault> {
    serde_json::from_slice(text).map_err(|e| {
        Fault::new(Code::AnswerUnreadable).detail(format!("Xero's answer, {}.", json::place(&e)))
    })
}

pub(crate) fn page(response: &Response, endpoint: &str) -> Result<Page, Fault> {
    let envelope: BTreeMap<Cow<'_, str>, &RawValue> = parse(&response.body)?;
    let missing = || Fault::new(Code::AnswerUnreadable).detail(format!("No {endpoint} in Xero's answer."));
    let rows = envelope.get(endpoint).ok_or_else(missing)?;
    let pagination = envelope.get("pagination").map(|raw| parse(raw.get().as_bytes())).transpose()?;
    Ok(Page { rows: parse(rows.get().as_bytes())?, pagination })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Result<Page, Fault> {
        page(&Response { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() }, "Invoices")
    }

    #[test]
    fn an_envelope_is_opened() {
        let page = answer(r#"{"Id":"x","pagination":{"page":1,"pageSize":100,"pageCount":3,"itemCount":250},"Invoices":[{"a":1},{"b":1.10}]}"#).unwrap();
        assert_eq!(page.rows[1].get(), r#"{"b":1.10}"#, "rows stay as they were written");
        assert!(!page.is_last(2));
        assert!(page.is_last(3));
    }

    #[test]
    fn anything_else_is_a_fault_that_quotes_nothing() {
        for body in ["", "<html>secret", "[]", r#"{"Contacts":[]}"#, r#"{"Invoices":{"secret":1}}"#] {
            let fault = answer(body).err().unwrap();
            assert_eq!(fault.code, Code::AnswerUnreadable, "{}", body.get(..20).unwrap_or(body));
            assert!(!format!("{fault:?}").contains("secret"));
        }
    }

    #[test]
    fn deep_nesting_is_a_fault_and_no_overflow() {
        let deep = format!(r#"{{"Invoices":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        let fault = answer(&deep).unwrap().read::<crate::shapes::Doc>().unwrap_err();
        assert_eq!(fault.code, Code::AnswerUnreadable);
    }
}
