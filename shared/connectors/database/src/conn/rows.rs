use std::sync::Arc;

use carry_model::{Code, Fault};
use tokio::sync::mpsc;

use super::{COLUMNS_MAX, QUERY_SILENCE_MAX, ROW_BYTES_MAX, Row, Value, too_large};

const CHUNK_ROWS_MAX: usize = 256;
const CHUNK_BYTES_MAX: usize = 1024 * 1024;

pub(super) enum Message {
    Chunk(Vec<Row>),
    Done(Result<(), Fault>),
}

/// The rows of a query, streamed. Dropping them ends the query.
pub struct Rows {
    receiver: mpsc::Receiver<Message>,
    chunk: std::vec::IntoIter<Row>,
    done: bool,
    // Ends a query that is still working when nobody waits for it any longer.
    stop: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Rows {
    pub(super) fn new(stop: Option<Box<dyn FnOnce() + Send + Sync>>) -> (Self, mpsc::Sender<Message>) {
        let (sender, receiver) = mpsc::channel(2);
        (Self { receiver, chunk: Vec::new().into_iter(), done: false, stop }, sender)
    }

    /// The next row; None after the last. After a fault there are no more rows.
    pub async fn next(&mut self) -> Result<Option<Row>, Fault> {
        loop {
            if let Some(row) = self.chunk.next() {
                return Ok(Some(row));
            }
            if self.done {
                return Ok(None);
            }
            let message =
                tokio::time::timeout(QUERY_SILENCE_MAX, self.receiver.recv()).await.map_err(|_| {
                    self.done = true;
                    Fault::new(Code::TimedOut)
                        .detail(format!("A query gave no row for {} s.", QUERY_SILENCE_MAX.as_secs()))
                        .hint("Page by an indexed key, or simplify the query.")
                })?;
            match message {
                Some(Message::Chunk(rows)) => self.chunk = rows.into_iter(),
                Some(Message::Done(outcome)) => {
                    self.done = true;
                    outcome?;
                }
                None => {
                    self.done = true;
                    return Err(Fault::new(Code::Bug).detail("A query ended without saying so."));
                }
            }
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

/// Collects rows into chunks on the query's side of the channel and keeps the limits.
pub(super) struct Chunks {
    names: Arc<[String]>,
    rows: Vec<Row>,
    bytes: usize,
}

impl Chunks {
    pub(super) fn new(names: Vec<String>) -> Result<Self, Fault> {
        if names.len() > COLUMNS_MAX {
            return Err(Fault::new(Code::InputTooLarge)
                .detail(format!("A query has more than {COLUMNS_MAX} columns.")));
        }
        Ok(Self { names: names.into(), rows: Vec::with_capacity(CHUNK_ROWS_MAX), bytes: 0 })
    }

    /// Adds a row; the chunk to hand on once it is full.
    pub(super) fn push(&mut self, values: Vec<Value>) -> Result<Option<Message>, Fault> {
        let size: usize = values.iter().map(Value::size).sum();
        if size > ROW_BYTES_MAX {
            let widest =
                values.iter().enumerate().max_by_key(|(_, value)| value.size()).map_or(0, |(at, _)| at);
            return Err(too_large(self.names.get(widest).map_or("", String::as_str)));
        }
        self.bytes += size;
        self.rows.push(Row::new(&self.names, values));
        let full = self.rows.len() >= CHUNK_ROWS_MAX || self.bytes >= CHUNK_BYTES_MAX;
        Ok(full.then(|| self.take()))
    }

    pub(super) fn take(&mut self) -> Message {
        self.bytes = 0;
        Message::Chunk(std::mem::replace(&mut self.rows, Vec::with_capacity(CHUNK_ROWS_MAX)))
    }
}
