//! Long lists of a report, staged while the journal is walked once, read back as streams.

use std::collections::BTreeMap;
use std::vec::IntoIter;

use carry_model::{Code, Fault};
use carry_report::{
    Adjustment, ContactBalance, CrosswalkRow, DocumentBalance, RejectRow, ReportRows, Rows, Table,
    VanishedRow,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::SendError;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;

use crate::joined;
use crate::store::{RunStore, content_name, parse_line, push_line};

/// A staged part of a list is closed at this size, in bytes.
const PART_BYTES: usize = 1024 * 1024;

/// Rows that are handed over together while a list is read.
const PAGE_ROWS: usize = 250;

/// Pages of rows that wait at most.
const PAGES_AHEAD: usize = 4;

/// The lists, by the folder their parts lie in.
pub(crate) const DOCUMENTS: &str = "documents";
pub(crate) const CONTACTS: &str = "contacts";
pub(crate) const ADJUSTMENTS: &str = "adjustments";
pub(crate) const REJECTS: &str = "rejects";
pub(crate) const CROSSWALK: &str = "crosswalk";
pub(crate) const VANISHED: &str = "vanished";

/// The keys of each list's parts, in order.
pub(crate) type ListParts = BTreeMap<String, Vec<String>>;

/// Collects the rows of one list into staged parts.
pub(crate) struct ListWriter {
    name: &'static str,
    lines: Vec<u8>,
    parts: Vec<String>,
    /// The part before is staged while rows of the next come together.
    staging: Option<JoinHandle<Result<(), Fault>>>,
}

impl ListWriter {
    /// Goes on after the parts there are.
    pub(crate) fn new(name: &'static str, parts: &mut ListParts) -> Self {
        Self { name, lines: Vec::new(), parts: parts.remove(name).unwrap_or_default(), staging: None }
    }

    /// Stages what is left and adds its parts to the others.
    pub(crate) async fn end(mut self, store: &RunStore, parts: &mut ListParts) -> Result<(), Fault> {
        self.flush(store).await?;
        self.staged().await?;
        parts.insert(self.name.to_owned(), self.parts);
        Ok(())
    }

    pub(crate) async fn push(&mut self, store: &RunStore, row: &impl Serialize) -> Result<(), Fault> {
        push_line(&mut self.lines, row)?;
        if self.lines.len() >= PART_BYTES { self.flush(store).await } else { Ok(()) }
    }

    async fn flush(&mut self, store: &RunStore) -> Result<(), Fault> {
        if !self.lines.is_empty() {
            // Named by its content: rows of an interrupted walk are never taken for those of the one that ended.
            let (at, content) = (self.parts.len(), content_name(&self.lines));
            let key = format!("reconcile/{}/{at:06}-{content}.jsonl.zst", self.name);
            self.parts.push(key.clone());
            self.staged().await?;
            let (store, next) = (store.clone(), Vec::with_capacity(self.lines.len()));
            let lines = std::mem::replace(&mut self.lines, next);
            self.staging = Some(tokio::spawn(async move { store.create_list(&key, &lines).await }));
        }
        Ok(())
    }

    /// Waits until the part before is staged.
    async fn staged(&mut self) -> Result<(), Fault> {
        let Some(staging) = self.staging.take() else { return Ok(()) };
        joined(staging).await
    }
}

/// The staged lists of a run. Reads block, so a report is written on a blocking thread.
pub(crate) struct StagedRows {
    store: RunStore,
    parts: ListParts,
    runtime: Handle,
}

impl StagedRows {
    /// Of that run; `runtime` is the one the staging store works on.
    pub(crate) const fn new(store: RunStore, parts: ListParts, runtime: Handle) -> Self {
        Self { store, parts, runtime }
    }

    /// The rows of a list, read by a task ahead of the thread that takes them.
    fn stream<T: DeserializeOwned + Send + 'static>(&self, name: &'static str) -> Result<Rows<'_, T>, Fault> {
        let (sender, pages) = mpsc::channel(PAGES_AHEAD);
        let keys = self.parts.get(name).cloned().unwrap_or_default();
        let store = self.store.clone();
        self.runtime.spawn(async move {
            // Whoever takes no more rows need not be told that they could not be read.
            read_ahead(&store, &keys, &sender).await.unwrap_or_default();
        });
        Ok(Box::new(RowsAhead { pages, page: Vec::new().into_iter(), ended: false }))
    }
}

/// Rows that come together; None after the last.
type Page<T> = Option<Vec<Result<T, Fault>>>;

/// Reads the rows of parts page by page. An error where nobody takes them any more.
async fn read_ahead<T: DeserializeOwned>(
    store: &RunStore,
    keys: &[String],
    pages: &Sender<Page<T>>,
) -> Result<(), SendError<Page<T>>> {
    for key in keys {
        match store.get_text(key).await {
            Ok(text) => {
                let mut rest = text.as_str();
                while !rest.is_empty() {
                    let (page, after) = next_page(rest);
                    rest = after;
                    pages.send(Some(page)).await?;
                }
            }
            Err(fault) => pages.send(Some(vec![Err(fault)])).await?,
        }
    }
    pages.send(None).await
}

/// The rows that a text begins with, and what follows them.
fn next_page<T: DeserializeOwned>(text: &str) -> (Vec<Result<T, Fault>>, &str) {
    let (mut page, mut rest) = (Vec::with_capacity(PAGE_ROWS), text);
    while page.len() < PAGE_ROWS && !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        if !line.is_empty() {
            page.push(parse_line(line));
        }
    }
    (page, rest)
}

/// The rows that a task reads ahead.
struct RowsAhead<T> {
    pages: Receiver<Page<T>>,
    page: IntoIter<Result<T, Fault>>,
    ended: bool,
}

impl<T> Iterator for RowsAhead<T> {
    type Item = Result<T, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.page.next() {
                return Some(row);
            }
            if self.ended {
                return None;
            }
            match self.pages.blocking_recv() {
                Some(Some(page)) => self.page = page.into_iter(),
                end => {
                    self.ended = true;
                    let died = || Fault::new(Code::Bug).detail("the task that reads a list died");
                    return end.is_none().then(|| Err(died()));
                }
            }
        }
    }
}

impl ReportRows for StagedRows {
    fn documents(&self) -> Result<Rows<'_, DocumentBalance>, Fault> {
        self.stream(DOCUMENTS)
    }

    fn contacts(&self) -> Result<Rows<'_, ContactBalance>, Fault> {
        self.stream(CONTACTS)
    }

    fn adjustments(&self) -> Result<Rows<'_, Adjustment>, Fault> {
        self.stream(ADJUSTMENTS)
    }

    fn rejects(&self) -> Result<Rows<'_, RejectRow>, Fault> {
        self.stream(REJECTS)
    }

    fn crosswalk(&self) -> Result<Rows<'_, CrosswalkRow>, Fault> {
        self.stream(CROSSWALK)
    }

    fn vanished(&self) -> Result<Rows<'_, VanishedRow>, Fault> {
        self.stream(VANISHED)
    }

    fn json_lines(&self, list: Table) -> Result<Rows<'_, Vec<u8>>, Fault> {
        let keys = self.parts.get(list.name()).into_iter().flatten();
        Ok(Box::new(keys.map(|key| self.runtime.block_on(self.store.get_lines(key)))))
    }
}
