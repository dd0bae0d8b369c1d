//! One company's API: calls as values out, answers decoded in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use carry_connector::{Effect, Method, Pages, Request, Response, Wire};
use carry_model::{Code, Fault};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fault::{self, FaultBody};
use crate::kinds::Kind;
use crate::objects::{Attachable, TaxRate};

/// Rows of a page, the most QuickBooks gives.
pub(crate) const PAGE: usize = 1_000;
/// Items of a batch, the most QuickBooks takes.
pub(crate) const BATCH: usize = 30;
/// QuickBooks may cut a page short for its size. One of fewer rows than were asked for and fewer bytes than this was not:
/// it is the last.
const WHOLE_PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Ids asked for in one query.
const IDS_AT_ONCE: usize = 500;
/// Queries longer than this go as a body: addresses have a limit of their own.
const QUERY_IN_ADDRESS_MAX: usize = 1_500;
/// Times the throttled items of a batch are sent.
const SENDS_MAX: usize = 5;

/// A company, reached over a wire that signs calls in.
pub(crate) struct Company {
    wire: Arc<dyn Wire>,
    realm: String,
    /// Makes request ids: the same content sent again by this object has the same id, until something is removed.
    session: Uuid,
    removals: AtomicU64,
}

/// What a batch's item does.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// `create`, `update` or `delete`.
    pub(crate) verb: &'static str,
    /// Of what.
    pub(crate) kind: Kind,
    /// The object.
    pub(crate) body: Value,
}

/// A part of a form with a file.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) file_name: Option<String>,
    /// Media type.
    pub(crate) kind: String,
    pub(crate) bytes: Vec<u8>,
}

impl Part {
    fn head(&self) -> String {
        // The name is told whole beside the content; here it must not end its quotation or its line.
        let quoted =
            |name: &String| name.replace(|c: char| c.is_control() || matches!(c, '"' | '\\' | ';'), "_");
        let file = self.file_name.as_ref().map(|name| format!("; filename=\"{}\"", quoted(name)));
        let (name, file, kind) = (self.name, file.unwrap_or_default(), &self.kind);
        format!("Content-Disposition: form-data; name=\"{name}\"{file}\r\nContent-Type: {kind}\r\n\r\n")
    }
}

#[derive(Deserialize)]
struct UploadAnswer {
    #[serde(rename = "AttachableResponse")]
    items: Vec<BTreeMap<String, Box<RawValue>>>,
}

/// The outcome of each item, in order.
pub(crate) type Outcomes = Vec<Result<Box<RawValue>, Fault>>;

#[derive(Deserialize)]
struct QueryAnswer {
    #[serde(rename = "QueryResponse")]
    response: BTreeMap<String, Box<RawValue>>,
}

#[derive(Deserialize)]
struct BatchAnswer {
    #[serde(rename = "BatchItemResponse")]
    items: Vec<BTreeMap<String, Box<RawValue>>>,
}

impl Company {
    pub(crate) fn new(realm: String, wire: Arc<dyn Wire>) -> Self {
        Self { wire, realm, session: Uuid::now_v7(), removals: AtomicU64::new(0) }
    }

    /// Rows of a kind that meet a condition, from a position (from 1) on.
    pub(crate) async fn page(
        &self,
        kind: Kind,
        condition: &str,
        start: usize,
    ) -> Result<Vec<Box<RawValue>>, Fault> {
        self.rows(kind.name(), kind.label(), condition, start).await
    }

    async fn rows(
        &self,
        name: &str,
        label: &'static str,
        condition: &str,
        start: usize,
    ) -> Result<Vec<Box<RawValue>>, Fault> {
        let clause = if condition.is_empty() { String::new() } else { format!(" WHERE {condition}") };
        let select =
            format!("SELECT * FROM {name}{clause} ORDERBY Id STARTPOSITION {start} MAXRESULTS {PAGE}");
        let mut response = self.query(&select, label).await?;
        match response.remove(name) {
            Some(rows) => decode(&rows, Effect::Read),
            None => Ok(Vec::new()),
        }
    }

    /// All tax rates; they are read with the codes that are made of them.
    pub(crate) async fn rates(&self) -> Result<Vec<TaxRate>, Fault> {
        self.others("TaxRate", "query/taxrate").await
    }

    /// All rows, inactive ones included, of a list that is never carried by itself.
    pub(crate) async fn others<T: DeserializeOwned>(
        &self,
        name: &str,
        label: &'static str,
    ) -> Result<Vec<T>, Fault> {
        let mut all = Vec::new();
        let mut pages = Pages::of(label);
        loop {
            let page = self.rows(name, label, "Active IN (true,false)", all.len() + 1).await?;
            pages.take(&page)?;
            for row in &page {
                all.push(decode(row, Effect::Read)?);
            }
            if is_last(&page) {
                return Ok(all);
            }
        }
    }

    /// An object that there is one of, by its path.
    pub(crate) async fn object<T: DeserializeOwned>(
        &self,
        path: &str,
        name: &str,
        label: &'static str,
    ) -> Result<T, Fault> {
        let response = self.get(path, label).await?;
        let answer: BTreeMap<String, Box<RawValue>> = read(&response, Effect::Read, "an object")?;
        let object = answer.get(name).ok_or_else(|| fault::unreadable(Effect::Read, "an object"))?;
        decode(object, Effect::Read)
    }

    /// How many of a kind meet a condition, by QuickBooks' own count.
    pub(crate) async fn count(&self, kind: Kind, condition: &str) -> Result<u64, Fault> {
        let clause = if condition.is_empty() { String::new() } else { format!(" WHERE {condition}") };
        let select = format!("SELECT COUNT(*) FROM {}{clause}", kind.name());
        let response = self.query(&select, kind.label()).await?;
        let total = response.get("totalCount").ok_or_else(|| fault::unreadable(Effect::Read, "a count"))?;
        decode(total, Effect::Read)
    }

    /// All rows of a kind that meet a condition.
    pub(crate) async fn all<T: DeserializeOwned>(
        &self,
        kind: Kind,
        condition: &str,
    ) -> Result<Vec<T>, Fault> {
        decode_all(&self.all_rows(kind, condition, 0).await?)
    }

    /// The same as they were sent, where there are at least so many.
    pub(crate) async fn all_rows(
        &self,
        kind: Kind,
        condition: &str,
        counted: u64,
    ) -> Result<Vec<Box<RawValue>>, Fault> {
        let mut all = Vec::new();
        let mut pages = Pages::of(kind.name());
        loop {
            let page = self.page(kind, condition, all.len() + 1).await?;
            pages.take(&page)?;
            let (is_empty, is_last) = (page.is_empty(), is_last(&page));
            all.extend(page);
            let are_all = u64::try_from(all.len()).unwrap_or(u64::MAX) >= counted;
            if is_empty || (is_last && are_all) {
                return Ok(all);
            }
        }
    }

    /// The objects of these ids, those that are not there left out, inactive ones included.
    pub(crate) async fn by_ids<T: DeserializeOwned>(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<Vec<T>, Fault> {
        let mut found = Vec::new();
        for ids in ids.chunks(IDS_AT_ONCE) {
            let list: Vec<_> = ids.iter().map(|id| format!("'{}'", escape(id))).collect();
            let active = if kind.is_list() { " AND Active IN (true,false)" } else { "" };
            let condition = format!("Id IN ({}){active}", list.join(","));
            let mut start = 1;
            while start <= ids.len() {
                let page = self.page(kind, &condition, start).await?;
                start += page.len();
                for row in &page {
                    found.push(decode(row, Effect::Read)?);
                }
                if is_last(&page) {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Anything that is read by its path.
    pub(crate) async fn get(&self, path: &str, label: &'static str) -> Result<Response, Fault> {
        let call = self.request(Method::Get, path, None, Effect::Read, label);
        answered(self.wire.call(call).await?, Effect::Read)
    }

    /// Creates or changes one object outside of a batch; gives the object as QuickBooks shows it.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &Value,
        label: &'static str,
    ) -> Result<BTreeMap<String, Box<RawValue>>, Fault> {
        let id = self.request_id(&body.to_string());
        let join = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{join}requestid={id}");
        let call = self.request(Method::Post, &path, Some(body.to_string()), Effect::Write, label);
        let response = answered(self.wire.call(call).await?, Effect::Write)?;
        read(&response, Effect::Write, "an object")
    }

    /// Fetches a file from the address that QuickBooks gave for it.
    pub(crate) async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        self.wire.download(address, bytes_max).await
    }

    /// Uploads a file and gives it as QuickBooks shows it. `name` tells uploads of the same content apart.
    pub(crate) async fn upload(&self, parts: &[Part], name: &str) -> Result<Attachable, Fault> {
        // Nothing holds its own hash.
        let mut hasher = blake3::Hasher::new();
        parts.iter().for_each(|part| {
            hasher.update(&part.bytes);
        });
        let boundary = hasher.finalize().to_hex();
        let size: usize = parts.iter().map(|part| part.bytes.len()).sum();
        let mut form = Vec::with_capacity(size + 2_048);
        for part in parts {
            form.extend_from_slice(format!("--{boundary}\r\n{}", part.head()).as_bytes());
            form.extend_from_slice(&part.bytes);
            form.extend_from_slice(b"\r\n");
        }
        form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let id = self.request_id(&format!("{name}/{boundary}"));
        let path = format!("upload?requestid={id}");
        let mut call = self.request(Method::Post, &path, None, Effect::Write, "upload");
        call.headers.retain(|(name, _)| name != "content-type");
        let kind = format!("multipart/form-data; boundary={boundary}");
        call.headers.push(("content-type".to_owned(), kind));
        call.body = Some(form);
        let response = answered(self.wire.call(call).await?, Effect::Write)?;
        let answer: UploadAnswer = read(&response, Effect::Write, "an upload")?;
        let none = || fault::unreadable(Effect::Write, "an upload without a file");
        let item = answer.items.into_iter().next().ok_or_else(none)?;
        match (item.get("Fault"), item.get(Kind::Attachable.name())) {
            (Some(body), _) => Err(serde_json::from_str::<FaultBody>(body.get())
                .map_or_else(|_| fault::unreadable(Effect::Write, "a fault"), |body| fault::of_body(&body))),
            (None, Some(object)) => decode(object, Effect::Write),
            (None, None) => Err(none()),
        }
    }

    /// Carries operations out, as many at once as QuickBooks takes; one outcome each. A fault of the whole call means
    /// that the outcome of every operation not yet answered is the fault's reach.
    pub(crate) async fn batch(&self, operations: &[Operation]) -> Result<Outcomes, Fault> {
        let mut outcomes: Vec<Option<Result<Box<RawValue>, Fault>>> =
            operations.iter().map(|_| None).collect();
        if operations.iter().any(|operation| operation.verb == "delete") {
            self.removals.fetch_add(1, Ordering::Relaxed);
        }
        for sent in 1..=SENDS_MAX {
            let open: Vec<_> = (0..operations.len())
                .filter(|index| match outcomes.get(*index) {
                    Some(None) => sent == 1,
                    Some(Some(Err(fault))) => fault.code == Code::RateLimited,
                    _ => false,
                })
                .collect();
            for chunk in open.chunks(BATCH) {
                for (index, outcome) in self.send(operations, chunk).await? {
                    if let Some(slot) = outcomes.get_mut(index) {
                        *slot = Some(outcome);
                    }
                }
            }
        }
        let missing = || Err(fault::unreadable(Effect::Write, "a batch left an item unanswered"));
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(missing)).collect())
    }

    async fn send(
        &self,
        operations: &[Operation],
        chunk: &[usize],
    ) -> Result<Vec<(usize, Result<Box<RawValue>, Fault>)>, Fault> {
        let items: Vec<Value> = chunk
            .iter()
            .filter_map(|index| Some((index, operations.get(*index)?)))
            .map(|(index, operation)| {
                let mut item = json!({"bId": index.to_string(), "operation": operation.verb});
                if let Value::Object(fields) = &mut item {
                    fields.insert(operation.kind.name().to_owned(), operation.body.clone());
                }
                item
            })
            .collect();
        let body = json!({ "BatchItemRequest": items }).to_string();
        let path = format!("batch?requestid={}", self.request_id(&body));
        let call = self.request(Method::Post, &path, Some(body), Effect::Write, "batch");
        let response = answered(self.wire.call(call).await?, Effect::Write)?;
        let answer: BatchAnswer = read(&response, Effect::Write, "a batch")?;
        let outcome = |item: BTreeMap<String, Box<RawValue>>| {
            let id: String = serde_json::from_str(item.get("bId")?.get()).ok()?;
            let index: usize = id.parse().ok()?;
            let kind = operations.get(index)?.kind;
            let outcome = match (item.get("Fault"), item.get(kind.name())) {
                (Some(body), _) => Err(serde_json::from_str::<FaultBody>(body.get()).map_or_else(
                    |_| fault::unreadable(Effect::Write, "a fault"),
                    |body| fault::of_body(&body),
                )),
                (None, Some(object)) => Ok(object.clone()),
                (None, None) => Err(fault::unreadable(Effect::Write, "an item without an object")),
            };
            Some((index, outcome))
        };
        Ok(answer.items.into_iter().filter_map(outcome).collect())
    }

    async fn query(
        &self,
        select: &str,
        label: &'static str,
    ) -> Result<BTreeMap<String, Box<RawValue>>, Fault> {
        let encoded: String = form_urlencoded::byte_serialize(select.as_bytes()).collect();
        let call = if encoded.len() <= QUERY_IN_ADDRESS_MAX {
            self.request(Method::Get, &format!("query?query={encoded}"), None, Effect::Read, label)
        } else {
            let body = Some(select.to_owned());
            let mut call = self.request(Method::Post, "query", body, Effect::Read, label);
            call.headers.retain(|(name, _)| name != "content-type");
            call.headers.push(("content-type".to_owned(), "application/text".to_owned()));
            call
        };
        let response = answered(self.wire.call(call).await?, Effect::Read)?;
        let answer: QueryAnswer = read(&response, Effect::Read, "a query")?;
        Ok(answer.response)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        effect: Effect,
        label: &'static str,
    ) -> Request {
        let join = if path.contains('?') { '&' } else { '?' };
        let path = format!("/v3/company/{}/{path}{join}minorversion=75", self.realm);
        let headers = [("accept", "application/json"), ("content-type", "application/json")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Request { method, path, headers, body: body.map(String::into_bytes), effect, label }
    }

    /// At most 36 characters. What is sent again after a removal is meant anew, so its id differs.
    fn request_id(&self, body: &str) -> String {
        let removals = self.removals.load(Ordering::Relaxed);
        let text = format!("{}/{removals}/{body}", self.session);
        blake3::hash(text.as_bytes()).to_hex().chars().take(32).collect()
    }
}

fn answered(response: Response, effect: Effect) -> Result<Response, Fault> {
    if response.is_success() { Ok(response) } else { Err(fault::of_status(&response, effect)) }
}

/// Reads an answer.
pub(crate) fn read<T: DeserializeOwned>(
    response: &Response,
    effect: Effect,
    what: &'static str,
) -> Result<T, Fault> {
    serde_json::from_slice(&response.body).map_err(|e| fault::unparsed(effect, what, &e))
}

/// Reads a part of an answer.
pub(crate) fn decode<T: DeserializeOwned>(raw: &RawValue, effect: Effect) -> Result<T, Fault> {
    serde_json::from_str(raw.get()).map_err(|e| fault::unparsed(effect, "an object", &e))
}

/// Reads rows.
pub(crate) fn decode_all<T: DeserializeOwned>(rows: &[Box<RawValue>]) -> Result<Vec<T>, Fault> {
    rows.iter().map(|row| decode(row, Effect::Read)).collect()
}

/// True where no page comes after this one.
pub(crate) fn is_last(page: &[Box<RawValue>]) -> bool {
    page.len() < PAGE && page.iter().map(|row| row.get().len()).sum::<usize>() < WHOLE_PAGE_BYTES_MAX
}

/// For a literal in single quotes.
pub(crate) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}
