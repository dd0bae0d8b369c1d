//! Every call to a platform, as far as counting needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use carry_connector::{Effect, Request, Response};
use carry_model::Fault;
use carry_ports::Transport;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

/// How long a platform takes to answer, by the clock that waiting moves.
const LATENCY: Duration = Duration::from_millis(250);

/// Elements that QuickBooks takes in a batch, and Xero in a call.
const QUICKBOOKS_BATCH: usize = 30;
const XERO_BATCH: usize = 50;

/// A gap between calls as long as this is a pause of the run, not a wait.
const PAUSE: Duration = Duration::from_secs(120);

/// A call that was made.
struct Made {
    at: Instant,
    label: &'static str,
    writes: bool,
}

/// What a batch of elements is of, and how many of it fit into one call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    label: &'static str,
    kind: String,
    batch: usize,
}

/// Calls of one label: made, and the least possible number.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Count {
    /// Made.
    pub made: usize,
    /// The least possible number.
    pub least: usize,
}

#[derive(Default)]
struct Kept {
    made: Vec<Made>,
    elements: BTreeMap<Group, usize>,
    /// Each different thing that was asked and answered with rows.
    asked: BTreeSet<(&'static str, [u8; 16])>,
}

/// Records the calls of one side.
#[derive(Clone, Default)]
pub(crate) struct Record(Arc<Mutex<Kept>>);

/// What a side's calls came to.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    /// Calls that read, by label.
    pub(crate) reads: BTreeMap<&'static str, Count>,
    /// Calls that write, by label.
    pub(crate) writes: BTreeMap<&'static str, Count>,
    /// From the first write to the last one, pauses left out.
    pub(crate) loading: Duration,
    /// When in that time each call was made, by label and in order.
    pub(crate) while_loading: BTreeMap<&'static str, Vec<Duration>>,
}

impl Record {
    /// Stands between a connector and its platform.
    pub(crate) fn over(&self) -> impl Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync + use<> {
        let record = self.clone();
        move |inner| Arc::new(Recorded { inner, record: record.clone() })
    }

    fn add(&self, request: &Request, response: &Response, at: Instant) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let writes = request.effect != Effect::Read;
        kept.made.push(Made { at, label: request.label, writes });
        if writes {
            for (group, elements) in elements_of(request) {
                *kept.elements.entry(group).or_default() += elements;
            }
        } else if has_rows(response) {
            let mut hasher = blake3::Hasher::new();
            hasher.update(request.path.as_bytes()).update(request.body.as_deref().unwrap_or_default());
            let mut key = [0; 16];
            hasher.finalize_xof().fill(&mut key);
            kept.asked.insert((request.label, key));
        }
    }

    /// What was recorded so far.
    pub(crate) fn calls(&self) -> Calls {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut reads, mut counts): (BTreeMap<_, Count>, BTreeMap<_, Count>) = Default::default();
        for call in &kept.made {
            (if call.writes { &mut counts } else { &mut reads }).entry(call.label).or_default().made += 1;
        }
        for (label, _) in &kept.asked {
            reads.entry(*label).or_default().least += 1;
        }
        for (group, elements) in &kept.elements {
            counts.entry(group.label).or_default().least += elements.div_ceil(group.batch);
        }
        let writes: Vec<_> = kept.made.iter().filter(|call| call.writes).collect();
        let span = writes.first().zip(writes.last()).map(|(first, last)| (first.at, last.at));
        let within = |call: &&Made| span.is_some_and(|(first, last)| (first..=last).contains(&call.at));
        let loading: Vec<_> = kept.made.iter().filter(within).collect();
        let mut passed = Duration::ZERO;
        let mut while_loading: BTreeMap<&'static str, Vec<Duration>> = BTreeMap::new();
        for (call, next) in loading.iter().zip(loading.iter().skip(1)) {
            while_loading.entry(call.label).or_default().push(passed);
            passed += Some(next.at - call.at).filter(|gap| *gap < PAUSE).unwrap_or_default();
        }
        Calls { reads, writes: counts, loading: passed, while_loading }
    }
}

struct Recorded {
    inner: Arc<dyn Transport>,
    record: Record,
}

#[async_trait]
impl Transport for Recorded {
    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        let at = Instant::now();
        tokio::time::sleep(LATENCY).await;
        let response = self.inner.send(request).await?;
        if !request.label.starts_with("oauth") {
            self.record.add(request, &response, at);
        }
        Ok(response)
    }

    /// Is no call of the platform's interface.
    async fn download(&self, address: &str, bytes_max: u64) -> Result<Response, Fault> {
        tokio::time::sleep(LATENCY).await;
        self.inner.download(address, bytes_max).await
    }
}

/// Elements of a write by what they are: of a batch of QuickBooks the kinds of its items, of a call to Xero the list it
/// goes to and the type of its elements.
fn elements_of(request: &Request) -> BTreeMap<Group, usize> {
    let mut elements = BTreeMap::new();
    let body = request.body.as_deref().unwrap_or_default();
    let lists: BTreeMap<String, Vec<BTreeMap<String, Box<RawValue>>>> =
        serde_json::from_slice(body).unwrap_or_default();
    for element in lists.values().flatten() {
        *elements.entry(group_of(request, element)).or_default() += 1;
    }
    if elements.is_empty() {
        // A call for one thing: its body is the thing, or there is none.
        elements.insert(Group { label: request.label, kind: String::new(), batch: 1 }, 1);
    }
    elements
}

fn group_of(request: &Request, element: &BTreeMap<String, Box<RawValue>>) -> Group {
    if request.label == "batch" {
        let kind = element.keys().find(|key| !["bId", "operation", "optionsData"].contains(&key.as_str()));
        let kind = kind.cloned().unwrap_or_default();
        return Group { label: request.label, kind, batch: QUICKBOOKS_BATCH };
    }
    let batch = match request.label {
        // Xero takes them one at a time, and credits by the credit note they are of.
        "Accounts" | "TaxRates" | "TrackingCategories" | "Allocations" => 1,
        _ => XERO_BATCH,
    };
    let kind = element.get("Type").filter(|_| batch > 1).map(|kind| kind.get().trim_matches('"'));
    Group { label: request.label, kind: kind.unwrap_or_default().to_owned(), batch }
}

/// Pages behind the last row are not needed.
fn has_rows(response: &Response) -> bool {
    let nothing: &[u8] = br#""QueryResponse":{}"#;
    !response.body.windows(nothing.len()).any(|part| part == nothing)
}
