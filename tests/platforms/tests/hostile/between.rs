//! Somebody between a connector and its company who changes the answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use carry_connector::{RawBatch, RawSink, Reader, Request, Response, Transformed};
use carry_model::Fault;
use carry_ports::Transport;
use serde_json::{Value, json};

/// Stands for what must not be quoted.
pub(crate) const MARK: &str = "Zaphod Beeblebrox";

type Change = dyn Fn(&Request, Result<Response, Fault>) -> Result<Response, Fault> + Send + Sync;

/// Changes answers from [`Between::begin`] to [`Between::end`].
#[derive(Clone)]
pub(crate) struct Between {
    begun: Arc<AtomicBool>,
    change: Arc<Change>,
}

impl Between {
    pub(crate) fn new(
        change: impl Fn(&Request, Result<Response, Fault>) -> Result<Response, Fault> + Send + Sync + 'static,
    ) -> Self {
        Self { begun: Arc::default(), change: Arc::new(change) }
    }

    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    /// Answers come as they are again.
    pub(crate) fn end(&self) {
        self.begun.store(false, Ordering::Relaxed);
    }

    /// Stands between a transport and whoever calls.
    pub(crate) fn over(&self) -> impl Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + use<> {
        let between = self.clone();
        move |inner| Arc::new(Changed { inner, between: between.clone() })
    }
}

struct Changed {
    inner: Arc<dyn Transport>,
    between: Between,
}

#[async_trait]
impl Transport for Changed {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        let answered = self.inner.send(request).await;
        let begun = self.between.begun.load(Ordering::Relaxed);
        if begun { (self.between.change)(request, answered) } else { answered }
    }

    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        self.inner.download(address, bytes_max).await
    }
}

/// The first page of each list that has rows, by the label of its calls.
pub(crate) type FirstPages = Mutex<BTreeMap<&'static str, Response>>;

/// The first page of a list in place of every later one; each seems to have a next.
pub(crate) fn first_page_again(kept: &FirstPages, request: &Request, answered: Response) -> Response {
    if request.path.contains("COUNT") {
        return answered;
    }
    let mut kept = kept.lock().unwrap();
    if let Some(first) = kept.get(request.label) {
        return first.clone();
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&answered.body) else { return answered };
    let Some(fields) = body.as_object_mut() else { return answered };
    if let Some(pagination) = fields.get_mut("pagination") {
        *pagination =
            json!({"page": 1, "pageSize": 1000, "pageCount": 1_000_000, "itemCount": 1_000_000_000});
    }
    let lists = match fields.get_mut("QueryResponse").and_then(Value::as_object_mut) {
        Some(response) => response,
        None => fields,
    };
    let mut has_rows = false;
    for rows in lists.values_mut().filter_map(Value::as_array_mut) {
        if let Some(row) = rows.first().cloned() {
            rows.resize(150, row);
            has_rows = true;
        }
    }
    let page = Response { body: body.to_string().into_bytes(), ..answered };
    if has_rows {
        kept.insert(request.label, page.clone());
    }
    page
}

/// The answer with one thing wrong in it.
pub(crate) fn mangled(answered: Response, seed: u64) -> Response {
    let mut dice = Dice(seed);
    let mut body = answered.body.clone();
    match dice.below(4) {
        0 => body.truncate(dice.below(body.len().max(1))),
        1 if !body.is_empty() => {
            let at = dice.below(body.len());
            body[at] = u8::try_from(dice.below(256)).unwrap_or_default();
        }
        _ => {
            let Ok(mut value) = serde_json::from_slice::<Value>(&body) else { return answered };
            let places = count(&value);
            let mut at = dice.below(places);
            let wrong = wrong(&mut dice);
            put(&mut value, &mut at, &wrong);
            body = value.to_string().into_bytes();
        }
    }
    Response { body, ..answered }
}

fn wrong(dice: &mut Dice) -> Value {
    match dice.below(9) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!(MARK),
        4 => json!({MARK: [MARK]}),
        5 => json!(true),
        6 => json!(-170_141_183_460_469_i64),
        7 => json!(MARK.repeat(10_000)),
        _ => (0..200).fold(json!(1), |inner, _| json!([inner])),
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts a value in the place of the one that many places on.
fn put(value: &mut Value, at: &mut usize, wrong: &Value) {
    if *at == 0 {
        *value = wrong.clone();
    }
    let Some(left) = at.checked_sub(1) else {
        *at = usize::MAX;
        return;
    };
    *at = left;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| put(item, at, wrong)),
        Value::Object(fields) => fields.values_mut().for_each(|field| put(field, at, wrong)),
        _ => {}
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end.max(1)
    }
}

#[derive(Default)]
struct Kept(Vec<RawBatch>);

#[async_trait]
impl RawSink for Kept {
    async fn accept(&mut self, batch: RawBatch, _: Option<String>) -> Result<(), Fault> {
        self.0.push(batch);
        Ok(())
    }
}

/// Surveys, extracts and transforms everything; the number of records.
pub(crate) async fn read_all(reader: &dyn Reader) -> Result<usize, Fault> {
    let survey = reader.survey().await?;
    let transformer = reader.transformer(&survey)?;
    let mut read = 0;
    for partition in &survey.partitions {
        let mut kept = Kept::default();
        reader.extract(&survey, partition, None, &mut kept).await?;
        for batch in &kept.0 {
            let mut out = Transformed::default();
            transformer.transform(batch, &mut out)?;
            read += out.records.len() + out.rejects.len();
        }
    }
    Ok(read)
}
